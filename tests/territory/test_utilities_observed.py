"""Every utility element of the map arrives once, as observed: counted here from the files themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import osmium
import pytest

from tests.osm_maps import OsmMap, small_town
from twin.readers.osm import read_extract
from twin.scenario.ledger import Parameters
from twin.territory.tables import OBSERVED
from twin.territory.territory import Territory
from twin.territory.utilities.draft import Draft
from twin.territory.utilities.observed import enter_observed, read_observed, utility_of
from twin.territory.utilities.tables import UTILITIES, Utilities
from twin.utilities.heat.flow import HeatFlow
from twin.utilities.heat.laid import heat_control_of, laid_heat

DATA = Path(__file__).parent / "data"
LEDGER = Parameters.defaults()


def counted(file: Path) -> Counter[str]:
    """Objects of a file by what mappers call them, straight from the file."""
    found: Counter[str] = Counter()
    for item in osmium.FileProcessor(str(file)):
        tags, kind = dict(item.tags), item.type_str()
        if tags.get("man_made") == "pipeline":
            found[f"pipeline {tags.get('substance', 'unknown')}"] += 1
        found["pole"] += tags.get("man_made") == "utility_pole"
        found["cabinet"] += tags.get("man_made") == "street_cabinet"
        found["antenna"] += tags.get("telecom") == "antenna"
        found["base station"] += tags.get("telecom") == "bts"
        found["hydrant"] += tags.get("emergency") == "fire_hydrant"
        found["tower"] += kind == "n" and tags.get("power") == "tower"
        found["line"] += kind == "w" and tags.get("power") in ("line", "minor_line")
        found["power"] += "power" in tags
        found["exchange"] += tags.get("telecom") in ("exchange", "central_office")
    return found


def observed_of(file: Path) -> Utilities:
    draft = Draft()
    enter_observed(read_observed(read_extract(file), None), draft)
    return draft.finished()


def kinds(layers: Utilities) -> Counter[tuple[str, str]]:
    """Observed elements by utility and kind."""
    found: Counter[tuple[str, str]] = Counter()
    for table in (layers.nodes, layers.edges):
        seen = table.provenance == OBSERVED
        found.update(
            (UTILITIES[number], kind)
            for number, kind in zip(table.utility[seen].tolist(), table.kind[seen].tolist(), strict=True)
        )
    return found


def check_helsinki(layers: Utilities, file: Path) -> None:
    file_says, found = counted(file), kinds(layers)
    assert (file_says["pipeline gas"], file_says["pipeline water"], file_says["pipeline heat"]) == (10, 2, 1)
    assert sum(count for what, count in file_says.items() if what.startswith("pipeline")) == 78
    for utility in ("gas", "water", "heat", "unknown"):
        assert found[utility, "pipeline"] == file_says[f"pipeline {utility}"], utility
    assert found["unknown", "pole"] == file_says["pole"] == 85
    cabinets = sum(count for (_, kind), count in found.items() if kind == "cabinet")
    assert cabinets == file_says["cabinet"] == 8
    assert found["telecom", "site"] == file_says["antenna"] + file_says["base station"] == 2
    assert found["water", "hydrant"] == file_says["hydrant"] == 37
    of_power = sum(count for (utility, _), count in found.items() if utility == "power")
    assert of_power == file_says["power"] + 1, "one street cabinet says that it is of power"


def test_helsinkis_pipelines_poles_cabinets_and_antenna_arrive(data_file):
    file = data_file("osm/helsinki_centre.osm.bz2")
    territory = Territory.from_osm(file)
    check_helsinki(territory.utilities, file)
    assert "utility_elements_without_place" not in territory.meta["repairs"]
    counts = territory.meta["utilities"]
    assert counts["gas"]["observed"] == 10
    assert counts["unknown"]["observed"] == 65 + 85 + 4
    assert counts["heat"]["inferred"] > 0, "a mapped heat pipe is evidence of district heating"
    laid = laid_heat(territory.utilities, territory.places.place_id, LEDGER)
    assert laid is not None
    asked_w = np.full(laid.n_stations, 20_000.0)
    control = heat_control_of(
        laid, np.full(territory.places.n_places, 50_000.0), 0.0 * territory.places.lon, LEDGER
    )
    flow, opened = HeatFlow(laid.network, control, (90.0, 50.0)), np.ones(laid.n_stations, dtype=bool)
    steps = [flow.step(asked_w, 90.0, 300.0, True, opened) for _ in range(12)]
    assert max(each.imbalance for each in steps) < 1e-6
    assert steps[-1].taken_j.sum() == pytest.approx(300.0 * asked_w.sum(), rel=1e-2)


def test_the_derived_fixtures_arrive_whole():
    check_helsinki(observed_of(DATA / "helsinki_utilities.osm.bz2"), DATA / "helsinki_utilities.osm.bz2")
    monaco = DATA / "monaco_utilities.osm.bz2"
    file_says, found = counted(monaco), kinds(observed_of(monaco))
    assert found["power", "tower"] == file_says["tower"] == 28
    assert found["power", "line"] == file_says["line"] == 4
    assert found["telecom", "exchange"] == file_says["exchange"] == 2
    assert found["water", "hydrant"] == file_says["hydrant"] == 1


@pytest.mark.one_interpreter("what a real map holds; small maps are read on each")
@pytest.mark.parametrize("name", ["geoclimate_redon.osm", "geneva.osm.pbf"])
def test_nothing_of_other_towns_is_dropped(data_file, name):
    """Each object that belongs to a utility is one observed row, or counted as without a place."""
    file = data_file(f"osm/{name}")
    wanted = {
        f"{ {'n': 'node', 'w': 'way', 'r': 'relation'}[item.type_str()] }:{item.id}"
        for item in osmium.FileProcessor(str(file))
        if utility_of(dict(item.tags)) and dict(item.tags).get("type") not in ("route", "boundary")
    }
    observed = read_observed(read_extract(file), None)
    found = {each.id for each in (*observed.points, *observed.lines)}
    assert found <= wanted
    assert len(wanted) == len(found) + observed.unplaced
    assert len(found) > 10


def test_elements_are_told_by_their_tags(tmp_path):
    town = small_town()
    town.node(60, 10, 10, man_made="street_cabinet", street_cabinet="telecom")
    town.node(61, 30, 10, man_made="street_cabinet", street_cabinet="waste")
    town.node(62, 30, 40, man_made="mast", communication__mobile_phone="yes")
    town.node(63, 30, 60, man_made="mast"), town.node(64, 30, 80, power="no")
    town.node(65, 90, 0, man_made="manhole", manhole="drain"), town.node(66, 95, 0, man_made="manhole")
    town.node(67, 60, 0), town.node(68, 60, 30), town.node(69, 80, 30)
    town.way([60, 61], man_made="pipeline", substance="oil")
    town.way([60, 61, 60], man_made="pipeline", substance="gas")
    town.way([67, 68, 69, 67], power="substation", voltage="63000;20000")
    town.way([900, 901], man_made="pipeline")
    observed = read_observed(read_extract(town.write(tmp_path / "town.osm")), None)
    by_id = {each.id: (UTILITIES[each.utility], each.kind) for each in (*observed.points, *observed.lines)}
    assert {kind: sum(each == kind for each in by_id.values()) for kind in set(by_id.values())} == {
        ("telecom", "cabinet"): 1, ("other", "cabinet"): 1, ("telecom", "site"): 1, ("other", "manhole"): 1,
        ("unknown", "manhole"): 1, ("other", "pipeline"): 1, ("gas", "pipeline"): 1,
        ("power", "substation"): 1,
    }  # fmt: skip
    assert observed.unplaced == 1, "a way of which the file has no node"
    assert {each.voltage_kv for each in observed.points if each.kind == "substation"} == {63.0}


def test_a_box_keeps_what_touches_it(tmp_path):
    lines = OsmMap()
    for number, x in enumerate((0, 100, 200, 300), start=1):
        lines.node(number, x, 0, power="tower")
    lines.way([1, 2, 3, 4], power="line")
    extract = read_extract(lines.write(tmp_path / "lines.osm"))
    west = min(lon for lon, _ in extract.nodes.values())
    observed = read_observed(extract, (west - 0.001, 43.7, west + 0.0015, 43.8))
    assert len(observed.points) == 2
    assert len(observed.lines) == 1
    assert observed.lines[0].points.shape == (4, 2)
