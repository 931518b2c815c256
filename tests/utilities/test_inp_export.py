"""Networks out and in: the laid one run by EPANET as a whole, and given ones with pumps that stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.utilities.inp_cases import NETWORKS, SMALL, network_of
from tests.utilities.water_worlds import LEDGER, World, embedded, hill, quarters, radar_world, world_of
from twin.errors import InputError, WorkError
from twin.territory.utilities.tables import POWER
from twin.utilities.water import given as given_module
from twin.utilities.water.day import water_day
from twin.utilities.water.engine import run_inp
from twin.utilities.water.export import laid_inp, write_inp
from twin.utilities.water.given import run_given
from twin.utilities.water.inp import parse_inp, read_inp
from twin.utilities.water.laid import laid_water
from twin.utilities.water.placed import nearest_junctions, with_draws

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

DEPTH_M = LEDGER["utilities.tank_depth_m"]
HOUR_S, EVER_S = 3_600.0, 1e12


def apart(world: World) -> tuple[np.ndarray, float]:
    """How far EPANET's heads of the whole network lie above ours, hour by hour, and the share delivered."""
    drawn = quarters(world.mean_lps)[::4]
    day = water_day(world.laid, drawn, HOUR_S)
    asked = np.array([world.laid.asked(each) for each in drawn])
    run = run_inp(laid_inp(world.laid, asked, HOUR_S).text(), "exported")
    row = {name: at for at, name in enumerate(run.node.tolist())}
    junctions = np.flatnonzero(world.laid.zone >= 0)
    at = [row[f"n{each}"] for each in junctions.tolist()]
    assert len(run.time_s) == 24
    return run.head[:, at] - day.head_m[:, junctions], float(run.delivered[:, at].sum() / asked.sum())


@pytest.mark.parametrize(
    "rises", [[10.0, 15.0, 24.0, 33.0], [0.0, 20.0, 60.0, 120.0, 80.0, 40.0], [200.0, 100.0, 0.0]]
)
def test_zones_one_by_one_and_the_network_as_a_whole_agree(rises):
    """The twin solves zone after zone at the head of the tank's bottom; EPANET all at once, tanks filling."""
    more, share = apart(hill(rises))
    assert more.min() > -0.5
    assert more.max() < DEPTH_M + 0.5
    assert share == pytest.approx(1.0, abs=1e-3)


@pytest.mark.one_interpreter("long, and the engine is the same on each")
@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_on_both_territories_with_real_heights_they_agree(name, data_file):
    more, share = apart(radar_world(name, data_file))
    assert more.min() > -1.0
    assert more.max() < DEPTH_M + 0.5
    assert np.abs(np.median(more)) < DEPTH_M
    assert share == pytest.approx(1.0, abs=1e-3)


def test_an_exported_network_is_read_again_as_it_was(tmp_path):
    world = world_of(embedded("la_turbie_crop"))
    asked = np.array([world.laid.asked(each) for each in quarters(world.mean_lps)[:8]])
    network = laid_inp(world.laid, asked, 900.0)
    write_inp(network, tmp_path / "out.inp")
    again = read_inp(tmp_path / "out.inp")
    assert again.text() == network.text()
    for section in ("PUMPS", "TANKS", "RESERVOIRS", "EMITTERS", "CONTROLS", "TAGS", "COORDINATES"):
        assert again.sections[section], section
    assert "Demand Model PDA" in again.sections["OPTIONS"]
    one, other = (run_inp(each.text()) for each in (network, again))
    assert np.array_equal(one.head, other.head)
    assert {line.split()[2] for line in again.sections["TAGS"]} <= set(world.layers.nodes.node_id.tolist())
    day = run_given(again, LEDGER)
    assert day.served_share() == pytest.approx(1.0, abs=1e-3)
    with pytest.raises(InputError, match="not written"):
        write_inp(network, tmp_path / "absent" / "out.inp")


def test_valves_keep_the_head_of_a_zone_below():
    world = hill([200.0, 100.0, 0.0])
    network = laid_inp(world.laid, world.laid.asked(world.mean_lps)[None, :], 900.0)
    assert all(line.split()[4] == "PRV" for line in network.sections["VALVES"])
    assert network.sections["VALVES"]


@pytest.mark.parametrize("name", NETWORKS)
def test_given_networks_go_on_without_any_pump(name):
    network = network_of(name)
    whole = run_given(network, LEDGER, where=name)
    assert whole.served_share().mean() > 0.95
    stands = dict.fromkeys(network.names("PUMPS"), (0.0, EVER_S))
    dark = run_given(network, LEDGER, stands, name)
    share = dark.served_share()
    assert ((share >= 0.0) & (share <= 1.0 + 1e-3)).all(), "EPANET gives a little beyond what is asked"
    assert share[-1] < 0.5 * whole.served_share()[-1]
    assert np.isfinite(dark.head).all()
    assert dark.head.max() < whole.head.max() + 1.0, "no head out of nowhere"
    assert (dark.served_lps[~dark.fed] == 0.0).all()
    for day in (whole, dark):
        assert (day.amiss_lps <= day.allowed_lps).all()
    again = run_given(network, LEDGER, dict.fromkeys(stands, (6 * HOUR_S, 12 * HOUR_S)), name)
    assert again.served_share()[-1] > share[-1], "pumps start again"
    assert (again.head[:6] == whole.head[:6]).mean() > 0.99, "until they stop nothing differs"


def test_places_draw_at_the_nearest_junctions_of_a_given_network():
    """Net1 has coordinates of 10 to 90, which pass for degrees."""
    network = network_of("Net1")
    spots = {
        line.split()[0]: tuple(map(float, line.split()[1:3])) for line in network.sections["COORDINATES"]
    }
    lon, lat = (np.array([spots[name][at] for name in network.junction.tolist()]) for at in (0, 1))
    rows = nearest_junctions(network, lon + 0.1, lat)
    assert rows.tolist() == list(range(len(network.junction)))
    drawn = np.outer(np.array([1.0, 3.0, 2.0]), np.full(len(rows), 2.0))
    placed = with_draws(network, rows, drawn, HOUR_S)
    day = run_given(placed, LEDGER, where="Net1")
    assert day.time_s.tolist() == [0.0, HOUR_S, 2 * HOUR_S]
    assert day.asked_lps == pytest.approx(drawn, rel=1e-5), "in litres a second, whatever the file's units"
    assert day.served_share() == pytest.approx(1.0, abs=1e-5)
    more = run_given(with_draws(network, rows, 5.0 * drawn, HOUR_S), LEDGER, where="Net1")
    assert (more.head[0] < day.head[0]).all(), "who draws more has less"


def test_coordinates_that_are_none_are_one_line():
    network = network_of("Net1")
    lines = network.sections["COORDINATES"]
    for wrong, said in (
        (lines[1:], "junction 10: it has no coordinates"),
        ((f"{network.junction[0]} 700000 4800000", *lines[1:]), "they are no degrees"),
        ((f"{network.junction[0]} here", *lines[1:]), "no coordinates"),
    ):
        given = replace(network, sections={**network.sections, "COORDINATES": tuple(wrong)})
        with pytest.raises(InputError, match=said):
            nearest_junctions(given, np.array([20.0]), np.array([70.0]), "Net1")


def test_a_given_network_that_does_not_add_up_ends_the_run(monkeypatch):
    fed = given_module._Run._fed

    def wrong(self, is_open):
        found = fed(self, is_open)
        found[np.flatnonzero(self.junction)[:2]] = False
        return found

    monkeypatch.setattr(given_module._Run, "_fed", wrong)
    with pytest.raises(WorkError, match=r"Net1: .* l/s do not add up"):
        run_given(network_of("Net1"), LEDGER, where="Net1")


def test_wrong_networks_and_names_are_one_line_each():
    with pytest.raises(InputError, match="Net1: pump7: no pump of the network; right would be: one of 9"):
        run_given(network_of("Net1"), LEDGER, {"pump7": (0.0, EVER_S)}, "Net1")
    broken = parse_inp(SMALL, "small.inp")
    broken = replace(broken, tail=np.array(["r", "nowhere"]))
    with pytest.raises(InputError, match="small: link 2: it ends at 'nowhere', which is no node"):
        run_given(broken, LEDGER, where="small")


def test_a_pump_without_a_power_node_is_one_line():
    world = hill([10.0, 20.0])
    table = world.layers.dependencies
    kept = ~((table.consumer_kind == "pump") & (table.utility == POWER))
    columns = {name: column[kept] for name, column in table.columns().items()}
    layers = replace(world.layers, dependencies=replace(table, **columns))
    with pytest.raises(
        InputError, match=r"pump water:pump:.*: it has no power node; right would be: a dependency"
    ):
        laid_water(layers, world.territory.places.place_id, world.mean_lps, LEDGER)
