"""A synthetic timetable: every zone tied to the largest, gateways to it, all flagged and by the ledger."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.routing.test_lines import assert_sound, driven, legs_of
from tests.territories import grid_territory, territory_of
from tests.worlds import grid
from twin.routing.synthetic_lines import synthetic_timetable
from twin.scenario.ledger import Parameters
from twin.territory.tables import ASSUMED, ROAD_CLASSES
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

LEDGER = Parameters.defaults().replaced({"timetable.least_inhabitants": 100}, "test")
HOUR = 3600.0


@pytest.fixture(scope="module")
def riviera() -> Territory:
    return Territory.load(ROOT / "networks" / "riviera")


@pytest.fixture(scope="module")
def drawn(riviera) -> Timetable:
    return synthetic_timetable(riviera)


def test_every_zone_of_the_riviera_has_its_line_to_the_dense_one(riviera, drawn):
    names = set(drawn.line_name.tolist())
    assert {f"{zone} – dense" for zone in riviera.zones.name if zone != "dense"} <= names
    gates = {name.removeprefix("dense – ") for name in names if name.startswith("dense – ")}
    assert gates
    assert gates <= set(riviera.gateways.group.tolist())
    assert not any(gate.startswith("A") for gate in gates), "no bus line leaves by the motorway"


def test_all_of_it_is_flagged_and_says_what_it_rests_on(riviera, drawn):
    assert set(drawn.line_provenance.tolist()) == {ASSUMED}
    assert drawn.meta["synthetic"]
    assert drawn.meta["territory_digest"] == riviera.digest
    assert set(drawn.meta["parameters"]) == set(LEDGER.names("timetable.*"))


def test_buses_can_keep_it_on_empty_roads(riviera, drawn):
    """Every leg takes its free-flow time with the ledger's room, so a bus alone is never late."""
    streets = riviera.streets
    routes = driven(drawn, streets)
    assert_sound(routes, drawn, streets)
    assert (routes.stop_link >= 0).all()
    share = LEDGER["timetable.running_time_share"]
    for pattern in range(drawn.n_patterns):
        run = int(np.flatnonzero(drawn.pattern_of_run == pattern)[0])
        rows = slice(int(drawn.call_start[run]), int(drawn.call_start[run + 1]))
        scheduled_s = drawn.call_arrival_s[rows][1:] - drawn.call_departure_s[rows][:-1]
        free_s = np.array([streets.free_flow_time_s[leg].sum() for leg in legs_of(routes, pattern)])
        assert (scheduled_s >= share * free_s - 0.1).all()
        assert (scheduled_s <= share * free_s + 1.1).all()
        classes = streets.road_class[[link for leg in legs_of(routes, pattern) for link in leg]]
        assert not np.isin(classes, [ROAD_CLASSES.index("motorway")]).any()


def test_denser_zones_are_served_more_often(riviera, drawn):
    """Roquebrune is dense by its houses, La Turbie a town, the rest a village: headways are the ledger's."""
    runs = {str(drawn.line_name[line]): int((drawn.run_line == line).sum()) for line in range(drawn.n_lines)}
    assert runs["roquebrune – dense"] > runs["la_turbie – dense"] > runs["rest – dense"]


def test_headways_are_the_ledgers_halved_in_the_peaks():
    timetable = synthetic_timetable(grid_territory(), LEDGER)
    line = (
        timetable.line_name.tolist().index("village – town") if "village – town" in timetable.line_name else 0
    )
    out = [run for run in np.flatnonzero(timetable.run_line == line) if " out " in str(timetable.run_id[run])]
    moments = timetable.call_departure_s[timetable.call_start[out]]
    gaps = np.diff(moments)
    peak = np.isin(np.floor(moments[:-1] / HOUR), [7, 8, 16, 17, 18])
    assert moments[0] == 6 * HOUR
    assert moments[-1] <= 21 * HOUR
    assert set(gaps[peak].tolist()) == {0.5 * gaps[~peak][0]}
    assert len(set(gaps[~peak].tolist())) == 1
    assert gaps[~peak][0] in LEDGER["timetable.headway_s"]


def test_two_zones_make_one_line_both_ways():
    timetable = synthetic_timetable(territory_of(grid(6, 200.0)), LEDGER)
    assert timetable.n_lines == 1
    assert set(str(timetable.line_name[0]).split(" – ")) == {"town", "village"}
    assert {run.split()[-2] for run in timetable.run_id.tolist()} == {"out", "back"}
    stops = timetable.pattern_stop[: int(timetable.pattern_start[1])].tolist()
    assert timetable.pattern_stop[int(timetable.pattern_start[1]) :].tolist() == stops[::-1]


def test_where_nobody_lives_there_is_none_and_it_says_so():
    world = grid_territory()
    empty = np.zeros(world.places.n_places, dtype=np.float32)
    object.__setattr__(world.places, "dwellings", empty)
    timetable = synthetic_timetable(world, LEDGER)
    assert (timetable.n_lines, timetable.n_runs) == (0, 0)
    assert timetable.meta["synthetic"]
    assert timetable.digest == Timetable.none().digest


def test_it_is_the_same_every_time(riviera, drawn):
    assert synthetic_timetable(riviera).digest == drawn.digest
