"""The streets that bus lines drive: continuous, and on the side of the street that is quickest."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.territories import grid_territory, territory_of
from tests.worlds import Street, grid, net_of
from twin.routing.lines import GAP_WEIGHT, LineRoutes, lines_on_streets
from twin.routing.topology import build_topology
from twin.scenario.ledger import Parameters
from twin.scenario.lines import LineTable, StopTable
from twin.territory.declared_lines import open_timetable, timetable_of_lines
from twin.territory.tables import ROAD_CLASSES, Streets
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

WORDS = {
    "headway_s": 3600,
    "first": "08:00",
    "last": "08:00",
    "speed_kmh": 18,
    "dwell_s": 20,
    "both_ways": False,
}
NEAR_M = 60.0
SAMPLING_MS = 510.0
"""Links are looked at every 10 m: a stop may seem 5 m too far away, half a second at 36 km/h."""


def at(territory: Territory, x_m: float, y_m: float) -> tuple[float, float]:
    """Degrees of a place in metres from the first node of a world."""
    streets = territory.streets
    scale_x = np.ptp(streets.node_lon) / max(np.ptp(streets.node_x_m), 1e-9)
    scale_y = 1.0 / 111_195.0
    return float(streets.node_lon.min() + x_m * scale_x), float(streets.node_lat.min() + y_m * scale_y)


def line(territory: Territory, *places: tuple[float, float], **words) -> Timetable:
    """A line that stops at places in metres; the world's box is made wide enough."""
    territory.meta["bbox"] = [-180.0, -90.0, 180.0, 90.0]
    names = [f"stop {place}" for place in range(len(places))]
    stops = [
        StopTable(name=name, **dict(zip(("lon", "lat"), at(territory, *place), strict=True)))
        for name, place in zip(names, places, strict=True)
    ]
    return timetable_of_lines([LineTable(name="bus", stops=names, **{**WORDS, **words})], stops, territory)


def driven(timetable: Timetable, streets: Streets, parameters: Parameters | None = None) -> LineRoutes:
    free_ms = np.rint(1000.0 * streets.free_flow_time_s).astype(np.int64)
    topology = build_topology(streets.tail, streets.head, streets.link_key, streets.n_nodes)
    return lines_on_streets(timetable, topology, free_ms, streets, parameters)


def legs_of(routes: LineRoutes, pattern: int = 0) -> list[list[int]]:
    first, last = routes.pattern_leg_start[pattern : pattern + 2].tolist()
    return [routes.links_of(leg).tolist() for leg in range(first, last)]


def assert_sound(routes: LineRoutes, timetable: Timetable, streets: Streets) -> None:
    """Every driven leg ends on the stop's link and goes on where the leg before ended."""
    assert len(routes.stop_link) == len(timetable.pattern_stop)
    assert routes.pattern_leg_start[-1] == len(routes.leg_link_start) - 1
    for pattern in range(timetable.n_patterns):
        own = slice(int(timetable.pattern_start[pattern]), int(timetable.pattern_start[pattern + 1]))
        links, legs = routes.stop_link[own].tolist(), legs_of(routes, pattern)
        assert len(legs) == len(links) - 1
        fresh = True
        for (a, b), leg in zip(pairwise(links), legs, strict=True):
            if a < 0 or b < 0:
                assert leg == []
                fresh = True
                continue
            path = leg if fresh else [a, *leg]
            assert path[0] == a
            assert path[-1] == b
            assert (streets.head[path[:-1]] == streets.tail[path[1:]]).all()
            fresh = False


@pytest.fixture(scope="module")
def riviera() -> Territory:
    return Territory.load(ROOT / "networks" / "riviera")


@pytest.fixture(scope="module")
def declared(riviera) -> Timetable:
    return open_timetable(ROOT / "networks" / "riviera" / "timetable.toml", riviera)


def test_the_declared_lines_of_the_riviera_keep_their_time_on_empty_roads(riviera, declared):
    streets = riviera.streets
    routes = driven(declared, streets)
    assert_sound(routes, declared, streets)
    assert (routes.stop_link >= 0).all()
    for pattern in range(declared.n_patterns):
        run = int(np.flatnonzero(declared.pattern_of_run == pattern)[0])
        rows = slice(int(declared.call_start[run]), int(declared.call_start[run + 1]))
        scheduled_s = declared.call_arrival_s[rows][-1] - declared.call_departure_s[rows][0]
        links = np.concatenate([np.array(leg, dtype=int) for leg in legs_of(routes, pattern)])
        standing_s = (declared.call_departure_s[rows] - declared.call_arrival_s[rows]).sum()
        needed_s = streets.free_flow_time_s[links].sum() + standing_s
        assert 0.4 * scheduled_s < needed_s <= scheduled_s
        assert not np.isin(streets.road_class[links], [ROAD_CLASSES.index("motorway")]).any()


def test_the_coast_line_drives_the_coast_road(riviera, declared):
    streets, routes = riviera.streets, driven(declared, riviera.streets)
    row = declared.line_name.tolist().index("Èze – Monaco – Beausoleil")
    outbound = np.char.find(declared.run_id, " out ") > 0
    pattern = int(declared.pattern_of_run[(declared.run_line == row) & outbound][0])
    links = [link for leg in legs_of(routes, pattern)[:5] for link in leg]
    refs = streets.member_ref[streets.member_start[links]]
    assert np.mean(refs == "M6098") > 0.9


def test_a_bus_stops_on_the_side_that_it_drives_on():
    """A straight two-way street: eastbound buses stop on eastbound links, westbound ones on the others."""
    pairs = [(node, node + 1) for node in range(4)]
    row = [Street(a, b, 300, 36, 900) for pair in pairs for a, b in (pair, pair[::-1])]
    world = territory_of(net_of(row, [(300.0 * node, 0.0) for node in range(5)]))
    out = line(world, (305, 5), (605, 5), (905, 5))
    assert legs_of(driven(out, world.streets)) == [[0, 2], [4]]
    back = line(world, (905, 5), (605, 5), (305, 5))
    assert legs_of(driven(back, world.streets)) == [[7, 5], [3]]


PLACES = st.lists(st.tuples(st.integers(0, 36), st.integers(0, 36)), min_size=2, max_size=4, unique=True)


@settings(max_examples=25)
@given(PLACES)
def test_no_choice_of_links_takes_less_time(places):
    """All choices tried one by one, with times between nodes by Floyd and Warshall."""
    world = territory_of(grid(4, 120.0))
    streets = world.streets
    timetable = line(world, *[(10.0 * x, 10.0 * y) for x, y in places])
    routes = driven(timetable, streets)
    assert_sound(routes, timetable, streets)
    free = np.rint(1000.0 * streets.free_flow_time_s)
    between = np.full((streets.n_nodes, streets.n_nodes), np.inf)
    np.fill_diagonal(between, 0.0)
    np.minimum.at(between, (streets.tail, streets.head), free)
    for node in range(streets.n_nodes):
        between = np.minimum(between, between[:, [node]] + between[[node]])
    stops = [(10.0 * x, 10.0 * y) for x, y in places]
    near = [
        [link for link in range(streets.n_links) if away_m(streets, link, place) <= NEAR_M - 1]
        for place in stops
    ]

    def cost(links: tuple[int, ...]) -> float:
        off_s = [
            (GAP_WEIGHT * end_m(streets, link, place) + away_m(streets, link, place))
            / streets.free_speed_mps[link]
            for link, place in zip(links, stops, strict=True)
        ]
        legs = [
            0.0 if a == b else between[streets.head[a], streets.tail[b]] + free[b] for a, b in pairwise(links)
        ]
        return float(sum(legs) + 1000.0 * sum(off_s) + turned_ms(*links[:2]))

    def turned_ms(a: int, b: int) -> float:
        """The first link and back, where the next one driven leads back."""
        begun, ended = streets.tail[a], streets.head[a]
        if a == b or not ((streets.tail == ended) & (streets.head == begun)).any():
            return 0.0
        at_once = ended == streets.tail[b] and begun == streets.head[b]
        later = between[ended, begun] + between[begun, streets.tail[b]] == between[ended, streets.tail[b]]
        turns = at_once if ended == streets.tail[b] else later
        return float(free[a] + between[ended, begun]) if turns else 0.0

    ours = cost(tuple(routes.stop_link.tolist()))
    few = [
        sorted(each, key=lambda link, p=place: end_m(streets, link, p))[:6]
        for each, place in zip(near, stops, strict=True)
    ]
    assert ours <= min(cost(links) for links in product(*few)) + SAMPLING_MS * len(stops)


def end_m(streets: Streets, link: int, place: tuple[float, float]) -> float:
    head = streets.head[link]
    return float(np.hypot(streets.node_x_m[head] - place[0], streets.node_y_m[head] - place[1]))


def away_m(streets: Streets, link: int, place: tuple[float, float]) -> float:
    """Distance of a place from a straight link."""
    a, b = (
        np.array([streets.node_x_m[node], streets.node_y_m[node]])
        for node in (streets.tail[link], streets.head[link])
    )
    along = np.clip(np.dot(np.array(place) - a, b - a) / np.dot(b - a, b - a), 0.0, 1.0)
    return float(np.linalg.norm(np.array(place) - a - along * (b - a)))


def test_two_stops_of_one_long_link_need_no_driving_between_them():
    world = territory_of(
        net_of([Street(0, 1, 900, 36, 900), Street(1, 0, 900, 36, 900)], [(0.0, 0.0), (900.0, 0.0)])
    )
    timetable = line(world, (300, 5), (600, 5), (880, 5))
    routes = driven(timetable, world.streets)
    assert_sound(routes, timetable, world.streets)
    assert routes.stop_link.tolist() == [0, 0, 0]
    assert legs_of(routes) == [[0], []]


def test_a_stop_far_from_any_street_is_off_the_road_and_the_rest_is_driven():
    world = grid_territory()
    timetable = line(world, (0, 5), (200, 5), (400, 3_000), (600, 200), (600, 400))
    routes = driven(timetable, world.streets)
    assert_sound(routes, timetable, world.streets)
    assert (routes.stop_link < 0).tolist() == [False, False, True, False, False]
    assert [len(leg) > 0 for leg in legs_of(routes)] == [True, False, False, True]


def test_a_bus_station_is_served_from_the_nearest_street():
    world = grid_territory()
    timetable = line(world, (0, -150), (600, 5))
    assert (driven(timetable, world.streets).stop_link >= 0).all()
    close = Parameters.defaults().replaced({"timetable.station_reach_m": 100})
    assert driven(timetable, world.streets, close).stop_link.tolist() == [-1, -1], "nothing is left to drive"


def test_where_no_street_leads_back_the_line_is_off_the_road_there():
    one_way = net_of(
        [Street(0, 1, 300, 36, 900), Street(1, 2, 300, 36, 900)], [(300.0 * node, 0.0) for node in range(3)]
    )
    world = territory_of(one_way)
    forward = driven(line(world, (280, 0), (590, 0)), world.streets)
    assert forward.stop_link.tolist() == [0, 1]
    assert driven(line(world, (590, 0), (20, 0)), world.streets).stop_link.tolist() == [-1, -1]


@pytest.mark.parametrize("mode", ["tram", "metro", "rail", "ferry", "other"])
def test_only_buses_use_the_streets(mode):
    world = grid_territory()
    routes = driven(line(world, (0, 5), (600, 5), mode=mode), world.streets)
    assert routes.stop_link.tolist() == [-1, -1]
    assert legs_of(routes) == [[]]


def test_no_bus_stops_on_a_motorway():
    row = [Street(0, 1, 300, 36, 900), Street(1, 2, 300, 36, 900)]
    world = territory_of(net_of(row, [(300.0 * node, 0.0) for node in range(3)]))
    motorway = np.full(2, ROAD_CLASSES.index("motorway"), dtype=np.int8)
    motorway.flags.writeable = False
    timetable = line(world, (280, 0), (590, 0))
    object.__setattr__(world.streets, "road_class", motorway)
    assert driven(timetable, world.streets).stop_link.tolist() == [-1, -1]


def test_a_place_without_a_timetable_has_no_routes():
    world = grid_territory()
    routes = driven(Timetable.none(), world.streets)
    assert routes.pattern_leg_start.tolist() == routes.leg_link_start.tolist() == [0]
    assert len(routes.leg_links) == len(routes.stop_link) == 0
    assert not routes.leg_links.flags.writeable
