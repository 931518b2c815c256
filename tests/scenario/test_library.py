"""The scenarios that ship: two focuses of one area, and what-ifs that name what they mean."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from twin.cli.fit import fit
from twin.scenario.modification import OnLinks
from twin.scenario.modifications import Incident
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.territory.select import select_links
from twin.territory.territory import Territory

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "scenarios"
FILES = sorted(file.name for file in LIBRARY.glob("*.toml"))


def load(name: str) -> Scenario:
    return Scenario.load(LIBRARY / name)


@cache
def riviera() -> Territory:
    return Territory.load(ROOT / "networks" / "riviera")


def links_of(scenario: Scenario, row: int = 0) -> np.ndarray:
    change = scenario.modifications[row]
    assert isinstance(change, OnLinks)
    return select_links(change.links, riviera().streets, riviera().zones)


@pytest.mark.parametrize("name", FILES)
def test_every_scenario_fits_its_territory(name: str) -> None:
    scenario = load(name)
    if scenario.with_utilities:
        pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    named = fit(scenario)["modification_links"]
    assert len(named) == len(scenario.modifications)
    assert all(count is None or count > 0 for count in named)
    for change in scenario.modifications:
        assert change.from_s % 300 == 0, "moments fall on a step of the model"


def test_metropolis_and_village_are_two_focuses_of_one_simulation() -> None:
    metropolis, village = load("metropolis.toml"), load("village.toml")
    assert (metropolis.focus, village.focus) == ("dense", "la_turbie")
    assert metropolis.simulation_digest() == village.simulation_digest()
    for what_if in ("a8_one_lane", "a8_closed"):
        pair = [load(f"{focus}_{what_if}.toml").simulation_digest() for focus in ("metropolis", "village")]
        assert pair[0] == pair[1] != metropolis.simulation_digest()


def test_two_rivals_share_the_market() -> None:
    shares = {each.name: each.market_share for each in load("riviera.toml").providers}
    assert len(shares) == 2
    assert sum(shares.values()) == 1.0


def test_the_village_links_are_all_of_both_roads_inside_the_commune() -> None:
    roads = LinkSelector(ref=("D 2564", "D 2204 A"), commune=("La Turbie",))
    streets = riviera().streets
    rows = select_links(roads, streets, riviera().zones)
    with (LIBRARY / "village_links.csv").open(encoding="utf-8", newline="") as file:
        listed = [row["link_id"] for row in csv.DictReader(file)]
    assert sorted(listed) == sorted(streets.link_id[rows].tolist())
    assert np.array_equal(np.sort(links_of(load("village_classified.toml"))), rows)


def test_the_a8_is_narrowed_and_closed_between_the_two_half_interchanges() -> None:
    streets = riviera().streets
    eastbound = links_of(load("metropolis_a8_one_lane.toml"))
    both = links_of(load("metropolis_a8_closed.toml"))
    assert set(eastbound) < set(both)
    exit_of_la_turbie, entry_of_roquebrune = 24963776, 26948473
    assert streets.node_id[streets.tail[eastbound[0]]] == exit_of_la_turbie
    assert streets.node_id[streets.head[eastbound[-1]]] == entry_of_roquebrune
    assert np.all(streets.flow_capacity_vps[eastbound] * 3_600.0 > 1_500.0), "one lane is less than it has"


def test_the_incident_is_in_the_dense_zone_and_only_the_app_share_differs() -> None:
    base, none, many = (load(f"metropolis_incident{part}.toml") for part in ("", "_app00", "_app60"))
    assert (none.app_share, many.app_share) == (0.0, 0.6)
    assert none.varied("app_share", 0.6).simulation_digest() == many.simulation_digest()
    assert base.modifications == none.modifications == many.modifications
    change = base.modifications[0]
    assert isinstance(change, Incident)
    rows = links_of(base)
    assert {riviera().zones.name[row] for row in riviera().streets.zone[rows]} == {"dense"}
    assert change.capacity_vph is not None
    assert np.all(streets_capacity_vph(rows) > change.capacity_vph)


def streets_capacity_vph(rows: np.ndarray) -> np.ndarray:
    return riviera().streets.flow_capacity_vps[rows] * 3_600.0


def test_the_classified_village_stands_under_the_works_with_thirty_per_cent() -> None:
    works, classified = load("village_a8_one_lane.toml"), load("village_a8_one_lane_classified.toml")
    assert classified.app_share == 0.3
    assert classified.modifications[0] == works.modifications[0]
    assert [each.kind for each in classified.in_force()] == ["reduce_capacity", "classify_secondary"]
