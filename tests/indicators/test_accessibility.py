"""Access to services: ways against a slow twin, measures worked out by hand, groups that hold together."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.indicators.small_day import small_day
from tests.territories import grid_territory
from tests.transit_worlds import timetable_of
from twin.indicators.accessibility import BUS, WITHOUT_CAR, Cells, access_of, floating_catchments, hansen
from twin.indicators.compute import compute
from twin.indicators.reach import Reach, Riding
from twin.population.days.cycling import paces
from twin.population.days.speeds import BICYCLE
from twin.routing.journeys import Offer
from twin.scenario.basket import SERVICES
from twin.scenario.ledger import Parameters
from twin.territory.services import Services
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
CROP = Territory.load(ROOT / "networks" / "la_turbie_crop")
ZONES_MIN, WEIGHTS = np.array([10.0, 20.0, 30.0]), np.array([1.0, 0.5, 0.25])


@cache
def by_networkx(way: str) -> nx.DiGraph:
    """The graph of a way, built edge by edge from the crop's tables; weights in metres or seconds."""
    graph, paths, streets = nx.DiGraph(), CROP.paths, CROP.streets
    if way == "car":
        arcs = zip(
            streets.tail.tolist(), streets.head.tolist(), streets.free_flow_time_s.tolist(), strict=True
        )
    else:
        forth, back = paces(paths, BICYCLE, LEDGER) if way == "bicycle" else np.ones((2, len(paths.u)))
        usable = paths.walk | paths.cycle if way == "bicycle" else paths.walk
        rows = np.flatnonzero(usable).tolist()
        arcs = [(int(paths.u[r]), int(paths.v[r]), paths.length_m[r] / forth[r]) for r in rows]
        arcs += [(int(paths.v[r]), int(paths.u[r]), paths.length_m[r] / back[r]) for r in rows]
    for a, b, weight in arcs:
        if not graph.has_edge(a, b) or graph[a][b]["weight"] > weight:
            graph.add_edge(a, b, weight=weight)
    return graph


def slow_path(way: str, home: int, place: int) -> float:
    a, b = (int(CROP.places.path_node[each]) for each in (home, place))
    graph = by_networkx(way)
    if a == b:
        return 0.0
    return float(nx.dijkstra_path_length(graph, a, b)) if nx.has_path(graph, a, b) else float("inf")


def slow_drive(home: int, place: int) -> float:
    """Half of both links, and the least way between any of the ends by which they may be left and come to."""
    streets, graph = CROP.streets, by_networkx("car")
    links = [int(CROP.places.access_link[each]) for each in (home, place)]
    ends = []
    for link, one_way_end in zip(links, (streets.head, streets.tail), strict=True):
        a, b = int(streets.tail[link]), int(streets.head[link])
        ends.append({a, b} if graph.has_edge(b, a) else {int(one_way_end[link])})
    least = min(
        nx.dijkstra_path_length(graph, a, b) if nx.has_path(graph, a, b) else float("inf")
        for a in ends[0]
        for b in ends[1]
    )
    return float(least + 0.5 * streets.free_flow_time_s[links].sum())


def test_ways_from_homes_are_those_of_a_search_from_each_home() -> None:
    homes = np.flatnonzero(CROP.places.dwellings > 0)[::37].astype(np.int32)
    places = np.unique(CROP.services.place)[:4]
    reach = Reach(CROP, homes, LEDGER)
    found = {
        "foot": reach.foot_metres(places, 1e9),
        "bicycle": reach.flat_metres(places, 1e9),
        "car": reach.drive_seconds(places, 1e9),
    }
    assert len(homes) > 15
    for way, table in found.items():
        for column, home in enumerate(homes.tolist()):
            for row, place in enumerate(places.tolist()):
                slow = slow_drive(home, place) if way == "car" else slow_path(way, home, place)
                assert table[row, column] == pytest.approx(slow, rel=1e-9), (way, home, place)
    near = reach.foot_metres(places, 300.0)
    assert np.array_equal(np.isfinite(near), found["foot"] <= 300.0), "nothing beyond the limit"
    assert (found["bicycle"] >= found["foot"] * 0.5).all(), "downhill is not boundlessly quick"


def test_by_bus_the_median_departure_counts_with_the_walks_at_both_ends() -> None:
    """A bus on the half hour from the grid's first to its last node: 200 m of walk need 149 s."""
    town = grid_territory()
    runs = [
        [(0, 3_600 * h + 1_800, 3_600 * h + 1_800), (1, 3_600 * h + 2_100, 3_600 * h + 2_100)]
        for h in (9, 10, 11)
    ]
    timetable = timetable_of(runs, nodes=[0, 15])
    ledger = LEDGER.replaced({"indicators.bus_departure_hours": [9.25, 9.25, 9.25, 10.75]})
    home = np.flatnonzero(town.places.path_node == 1)[:1].astype(np.int32)
    riding = Riding.of(town, home, Offer.of(timetable, town.paths, ledger), ledger)
    walk_s = 200.0 / float(ledger["population.walk_speed_mps"])
    at_stop, further = riding.minutes(np.array([15, 14], dtype=np.int32))[:, 0] * 60.0
    assert at_stop == pytest.approx(900 + 300, abs=1.0)
    assert further == pytest.approx(900 + 300 + walk_s, abs=1.0)
    unserved = Riding.of(town, home, Offer.of(timetable_of(runs, nodes=[-1, -1]), town.paths, ledger), ledger)
    assert np.isinf(unserved.minutes(np.array([15], dtype=np.int32))).all()


def test_doctors_are_shared_as_on_paper() -> None:
    """Two doctors: one near 100 people and 15 min from 50; one near these, 25 min from the 100.

    The first has 100 + 0.5 * 50 = 125 people, 2 / 125 each; the second 50 + 0.25 * 100 = 75, 1 / 75 each.
    """
    minutes = np.array([[5.0, 15.0, 40.0], [25.0, 10.0, np.inf]])
    found = floating_catchments(
        minutes, np.array([2.0, 1.0]), np.array([100.0, 50.0, 10.0]), ZONES_MIN, WEIGHTS
    )
    first, second = 2.0 / 125.0, 1.0 / 75.0
    assert found == pytest.approx([first + 0.25 * second, 0.5 * first + second, 0.0])
    assert hansen(minutes[:, :1], 10.0) == pytest.approx([2**-0.5 + 2**-2.5])


@settings(max_examples=100)
@given(st.data())
def test_all_supply_that_anybody_reaches_is_shared_out(data: st.DataObject) -> None:
    """People times access sums to the supply (Luo & Wang 2003); nobody gains by more people near."""
    m, n = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    floats = st.floats(0.0, 60.0)
    minutes = np.array(data.draw(st.lists(st.lists(floats, min_size=n, max_size=n), min_size=m, max_size=m)))
    supply = np.array(data.draw(st.lists(st.floats(0.5, 9.0), min_size=m, max_size=m)))
    people = np.array(data.draw(st.lists(st.floats(1.0, 500.0), min_size=n, max_size=n)))
    found = floating_catchments(minutes, supply, people, ZONES_MIN, WEIGHTS)
    reached = (minutes <= ZONES_MIN[-1]).any(axis=1)
    assert people @ found == pytest.approx(supply[reached].sum())
    more = people.copy()
    more[0] *= 2.0
    assert (floating_catchments(minutes, supply, more, ZONES_MIN, WEIGHTS) <= found + 1e-12).all()


def test_the_small_day_on_paper() -> None:
    """Food and bank lie at path node 1, 402 m from the town's homes and 804 m from the village's; all drive.

    The school is in the village's own home. By car: 50 s of the first and the last link, 100 s of those
    between, and the minutes of access.
    """
    record = small_day()
    access = record.access
    assert access.known.tolist() == [name in ("food", "school", "bank") for name in SERVICES]
    values = {
        (each.name, each.group): each.value
        for each in compute(record, "village")[::1]
        if each.focus == "village"
    }
    metres_a_min = 60.0 * np.array(LEDGER["population.walk_age_factor"]) * LEDGER["population.walk_speed_mps"]
    drive_min = (50.0 + 4 * 100.0 + 50.0) / 60.0 + LEDGER["indicators.car_access_min"]
    walks_min = 804.0 / metres_a_min[[4, 5, 2]]  # 70, 80 and 40 years old
    own = np.minimum(walks_min, drive_min)
    assert values["minutes_to_food", ""] == pytest.approx(own.mean())
    assert values["minutes_to_food", "age:75+"] == pytest.approx(own[1])
    assert values["minutes_to_school", ""] == 0.0
    assert values["minutes_to_basket", "by:foot"] == pytest.approx(walks_min.mean() * 2 / 3)
    assert values["services_within_reach", "by:foot, 15 min"] == 3.0
    assert values["maintained_services", "car:drives"] == 1.0
    assert ("minutes_to_basket", "by:bus") not in values, "no timetable, no bus"
    assert ("minutes_to_doctor", "") not in values, "no doctor is known of"


def test_groups_are_parts_of_the_whole_and_who_drives_is_never_worse_off() -> None:
    record = small_day()
    persons = record.population.persons
    licence = np.arange(len(persons)) % 2 == 0
    mixed = replace(
        record,
        population=type(record.population)(
            **{**vars(record.population), "persons": persons.with_columns(licence=licence)}
        ),
    )
    access = mixed.access
    cells = access.cells
    assert cells.people.sum() == (persons.kind == 0).sum()
    assert (access.own_min <= access.nearest_min[WITHOUT_CAR] + 1e-12).all()
    drivers = np.flatnonzero(cells.drives)
    assert drivers.size
    twin_of = [
        np.flatnonzero((cells.home == cells.home[row]) & (cells.speed == cells.speed[row]) & ~cells.drives)
        for row in drivers
    ]
    for row, others in zip(drivers.tolist(), twin_of, strict=True):
        assert (access.own_min[:, [row]] <= access.own_min[:, others] + 1e-12).all()
    values = {(each.name, each.group): each.value for each in compute(mixed) if each.focus == "all"}
    resident = persons.age[persons.kind == 0]
    n = np.bincount(np.searchsorted([18, 65, 75], resident, side="right"), minlength=4)
    parts = [values["minutes_to_food", f"age:{band}"] for band in ("0-17", "18-64", "65-74", "75+")]
    assert n @ np.array(parts) / n.sum() == pytest.approx(values["minutes_to_food", ""])


def test_a_place_without_known_services_has_no_such_numbers() -> None:
    record = small_day()
    bare = type(record.territory)(**{**vars(record.territory), "services": Services.none()})
    names = {each.name for each in compute(replace(record, territory=bare))}
    assert not {
        name for name in names if name.startswith(("minutes_to", "services_", "maintained", "doctors"))
    }


def test_a_timetable_helps_those_who_do_not_drive() -> None:
    """A bus every five minutes from door to door brings services within reach of whoever only walked."""
    record = small_day()
    persons = record.population.persons.with_columns(licence=np.zeros(10, dtype=bool))
    runs = [[(0, t, t), (1, t + 60, t + 60)] for t in range(9 * 3_600, 12 * 3_600, 300)]
    far = replace(record.territory.paths, length_m=record.territory.paths.length_m * 5.0)
    ground = type(record.territory)(**{**vars(record.territory), "paths": far})
    without = access_of(ground, persons, None, LEDGER)
    by_bus = access_of(ground, persons, timetable_of(runs, nodes=[2, 1]), LEDGER)
    food, village = SERVICES.index("food"), Cells.of(persons).of_person[4:7]
    assert BUS not in without.ways
    assert BUS in by_bus.ways
    assert (by_bus.own_min[food, village] < 10.0).all()
    assert (by_bus.own_min[food, village] < without.own_min[food, village] - 30.0).all()


def test_days_on_the_same_ground_share_what_is_reached_and_no_others() -> None:
    record = small_day()
    persons, ground = record.population.persons, record.territory
    first = access_of(ground, persons, None, LEDGER)
    assert access_of(ground, persons, None, LEDGER.replaced({})) is first
    slower = LEDGER.replaced({"population.walk_speed_mps": 0.6})
    assert (access_of(ground, persons, None, slower).own_min >= first.own_min).all()
    assert (access_of(ground, persons, None, slower).nearest_min["foot"] > first.nearest_min["foot"]).any()
    elsewhere = type(ground)(**{**vars(ground), "services": Services.none()})
    assert not access_of(elsewhere, persons, None, LEDGER).known.any()
    again = access_of(ground, persons.with_columns(), None, LEDGER)
    assert again is not first
    assert np.array_equal(again.own_min, first.own_min)
