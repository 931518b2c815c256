"""Edited streets: rows keep their place, lanes go by the territory's own rules, errors name what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.territories import grid_territory, territory_of
from tests.worlds import Street, net_of
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.territory.attributes import lane_capacity_vps, storage_veh
from twin.territory.edit_rows import BUS_SUFFIX, lanes_beside, opposites
from twin.territory.edited_streets import EditedStreets
from twin.territory.edits import edited_territory, edits_of
from twin.territory.tables import ROAD_CLASSES, Streets
from twin.territory.territory import Territory

HEAD = 'title = "Streets"\nterritory = "riviera"\n'
LEDGER = Parameters.defaults()
CROP = Territory.load(ROOT / "networks" / "la_turbie_crop")
MAIN = "196017189:247693726:247693725"
"""A stretch of the main street that can be done without the other way."""


def made(territory: Territory, *orders: str) -> tuple[Territory, EditedStreets]:
    text = HEAD + "".join(f"[[modification]]\n{order}\n" for order in orders)
    return edited_territory(territory, edits_of(Scenario.loads(text).in_force()), LEDGER)


def row_of(streets: Streets, link_id: str) -> int:
    return int(np.flatnonzero(streets.link_id == link_id)[0])


def same_rows(before: Streets, after: Streets, but: tuple[str, ...] = ()) -> bool:
    """Whether the columns of links of the one stand unchanged at the beginning of the other."""
    n = before.n_links
    names = [
        name for name, value in before.columns().items() if isinstance(value, np.ndarray) and len(value) == n
    ]
    return all(
        np.array_equal(getattr(before, name), getattr(after, name)[:n]) for name in names if name not in but
    )


def test_the_present_number_of_lanes_leaves_the_territory_itself() -> None:
    lanes = CROP.streets.lanes[row_of(CROP.streets, MAIN)]
    territory, streets = made(CROP, f'kind = "lanes"\nlinks = {{ link = "{MAIN}" }}\nlanes = {lanes}')
    assert territory is CROP
    assert streets.for_cars.all()


def test_lanes_bring_the_capacity_and_room_that_mapped_lanes_would_have() -> None:
    streets = made(CROP, f'kind = "lanes"\nlinks = {{ link = "{MAIN}" }}\nlanes = 3')[0].streets
    row = row_of(streets, MAIN)
    three = np.array([3.0])
    expected = lane_capacity_vps(streets.road_class[[row]], three, LEDGER)
    assert streets.flow_capacity_vps[row] == expected[0]
    assert streets.storage_veh[row] == storage_veh(streets.length_m[[row]] * three, LEDGER)[0]
    assert streets.lanes[row] == 3
    others = np.arange(streets.n_links) != row
    for name in ("lanes", "storage_veh", "flow_capacity_vps"):
        assert np.array_equal(getattr(streets, name)[others], getattr(CROP.streets, name)[others])


def test_a_road_that_narrows_ahead_takes_what_the_narrow_part_takes_and_more_where_it_widens() -> None:
    net = net_of([Street(0, 1, 500, 50, 900), Street(1, 2, 500, 50, 900), Street(2, 3, 500, 50, 900)])
    plain = territory_of(net)
    capacity = lane_capacity_vps(plain.streets.road_class, np.ones(3), LEDGER)
    road = replace(plain, streets=replace(plain.streets, flow_capacity_vps=capacity))
    first, second = road.streets.link_id[:2].tolist()
    wide = 'kind = "lanes"\nlinks = {{ link = "{}" }}\nlanes = 2'
    one, both, all_ = (
        made(road, *(wide.format(each) for each in links))[0].streets.flow_capacity_vps
        for links in ([first], [first, second], road.streets.link_id.tolist())
    )
    assert np.array_equal(one, capacity), "the lane ends before the next link"
    assert np.array_equal(both, capacity)
    assert np.array_equal(all_, 2.0 * capacity)


def test_a_bus_lane_is_a_row_of_its_own_beside_the_street() -> None:
    order = 'kind = "bus_lane"\nlinks = { ref = "D2564" }\ntakes_lane = false'
    territory, streets = made(CROP, order)
    before, after = CROP.streets, territory.streets
    beside = lanes_beside(after)
    assert same_rows(before, after)
    assert len(beside) == after.n_links - before.n_links > 10
    for street, lane in beside.items():
        assert after.link_id[lane] == after.link_id[street] + BUS_SUFFIX
        assert (after.tail[lane], after.head[lane]) == (after.tail[street], after.head[street])
        assert after.free_speed_mps[lane] == after.free_speed_mps[street]
        assert after.lanes[lane] == 1
        assert streets.for_buses[lane]
        assert not streets.for_cars[lane]
        assert streets.for_cars[street]
        assert not streets.for_buses[street]
    assert len(np.unique(after.link_key)) == after.n_links
    assert territory.digest != CROP.digest


def test_a_lane_taken_from_cars_leaves_them_one_less() -> None:
    two = f'kind = "lanes"\nlinks = {{ link = "{MAIN}" }}\nlanes = 2'
    lane = f'kind = "bus_lane"\nlinks = {{ link = "{MAIN}" }}'
    after = made(CROP, two, lane)[0].streets
    assert same_rows(CROP.streets, after, but=("lanes_provenance",))
    with pytest.raises(InputError, match=r"1 of 1 links have no second lane to give: 196017189:.*takes_lane"):
        made(CROP, lane)


def test_a_bike_lane_takes_a_lane_from_cars_only_where_it_is_told_to() -> None:
    two = f'kind = "lanes"\nlinks = {{ link = "{MAIN}" }}\nlanes = 2'
    lane = f'kind = "bike_lane"\nlinks = {{ link = "{MAIN}" }}'
    assert made(CROP, lane)[0] is CROP
    after = made(CROP, two, lane + "\ntakes_lane = true")[0].streets
    assert after.n_links == CROP.streets.n_links
    assert same_rows(CROP.streets, after, but=("lanes_provenance",))


def test_banned_turns_hold_for_the_bus_lane_too() -> None:
    streets = CROP.streets
    first = row_of(streets, MAIN)
    second = int(np.flatnonzero(streets.tail == streets.head[first])[0])
    ban = f'kind = "turn_ban"\nlinks = {{ link = "{MAIN}" }}\nonto = {{ link = "{streets.link_id[second]}" }}'
    lane = f'kind = "bus_lane"\ntakes_lane = false\nlinks = {{ link = "{MAIN}" }}'
    for orders in ((ban, lane), (lane, ban)):
        turns = made(CROP, *orders)[0].turns
        pairs = set(zip(turns.from_link.tolist(), turns.to_link.tolist(), strict=True))
        assert pairs == {(first, second), (streets.n_links, second)}


def test_one_way_shuts_the_other_direction_and_moves_the_doors_on_it() -> None:
    territory, streets = made(CROP, f'kind = "one_way"\nlinks = {{ link = "{MAIN}" }}')
    kept = row_of(CROP.streets, MAIN)
    gone = int(opposites(CROP.streets, np.arange(CROP.streets.n_links))[kept])
    assert np.flatnonzero(~streets.for_cars).tolist() == [gone]
    assert not streets.for_buses[gone]
    assert same_rows(CROP.streets, territory.streets)
    doors = CROP.places.access_link
    assert (doors == gone).any()
    assert np.array_equal(territory.places.access_link, np.where(doors == gone, kept, doors))


def test_a_street_that_is_one_way_already_stays_as_it_is() -> None:
    lone = np.flatnonzero(opposites(CROP.streets, np.arange(CROP.streets.n_links)) < 0)
    link = CROP.streets.link_id[lone[0]]
    assert made(CROP, f'kind = "one_way"\nlinks = {{ link = "{link}" }}')[0] is CROP


def test_a_ban_that_stands_already_changes_nothing() -> None:
    riviera = Territory.load(ROOT / "networks" / "riviera")
    first, second = (
        riviera.streets.link_id[each[0]] for each in (riviera.turns.from_link, riviera.turns.to_link)
    )
    ban = f'kind = "turn_ban"\nlinks = {{ link = "{first}" }}\nonto = {{ link = "{second}" }}'
    assert made(riviera, ban)[0] is riviera


def test_a_new_link_lies_between_its_nodes_and_is_named_by_them() -> None:
    town = grid_territory(3, 200.0)
    order = 'kind = "new_link"\nstart = 1\nend = 9\nroad_class = "residential"\nlanes = 2\nname = "Diagonal"'
    after = made(town, order)[0].streets
    n = town.streets.n_links
    assert same_rows(town.streets, after)
    assert after.link_id[n:].tolist() == ["new:1:9", "new:9:1"]
    assert after.length_m[n:] == pytest.approx(
        400.0 * np.sqrt(2.0) * LEDGER["scenario.new_link_detour"], abs=0.01
    )
    residential = ROAD_CLASSES.index("residential")
    assert after.free_speed_mps[n] == LEDGER["territory.urban_speed_kmh"][residential] / 3.6
    two = np.array([2.0, 2.0])
    assert np.array_equal(after.flow_capacity_vps[n:], lane_capacity_vps(after.road_class[n:], two, LEDGER))
    assert np.array_equal(after.storage_veh[n:], storage_veh(after.length_m[n:] * two, LEDGER))
    assert after.name[n] == "Diagonal"
    assert after.core[n:].all()
    single = made(town, order + "\nboth_ways = false\nlength_m = 700\nspeed_kmh = 36")[0].streets
    assert single.link_id[n:].tolist() == ["new:1:9"]
    assert (single.length_m[n], single.free_speed_mps[n]) == (700.0, 10.0)


def test_the_end_of_a_new_link_may_be_a_place_near_a_node() -> None:
    town = grid_territory(3, 200.0)
    lon, lat = town.streets.node_lon[8], town.streets.node_lat[8]
    order = f'kind = "new_link"\nstart = 1\nend = [{lon + 1e-4:.6f}, {lat:.6f}]\nroad_class = "residential"'
    assert made(town, order)[0].streets.link_id[-1] == "new:9:1"
    with pytest.raises(InputError, match=r"end: no node within 5 m of .*the nearest, 9, is 8 m off"):
        made(town, order + "\nsnap_m = 5")


def test_a_later_edit_may_name_what_an_earlier_one_built() -> None:
    town = grid_territory(3, 200.0)
    new = 'kind = "new_link"\nstart = 1\nend = 9\nroad_class = "residential"'
    after = made(town, new, 'kind = "one_way"\nlinks = { link = "new:1:9" }')[1]
    assert after.streets.link_id[~after.for_cars].tolist() == ["new:9:1"]


NEW = 'kind = "new_link"\nroad_class = "residential"\n'


@pytest.mark.parametrize(
    ("order", "where", "what"),
    [
        (
            'kind = "lanes"\nlanes = 2\nlinks = { way = 999 }',
            "modification 1: links",
            "no way 999 in the territory",
        ),
        ('kind = "one_way"\nlinks = { zone = "town" }', "links", "names both directions of"),
        (
            'kind = "turn_ban"\nlinks = { way = 1 }\nonto = { way = 1 }',
            "onto",
            "none of the links leads onto",
        ),
        (NEW + "start = 1\nend = 99", "modification 1: end", "no node 99 in the territory"),
        (NEW + "start = 1\nend = 1", "end", "begins and ends at node 1"),
        (
            NEW + "start = 1\nend = 9\nlength_m = 100",
            "length_m",
            "100 m is less than the straight line, 566 m",
        ),
        (
            NEW.replace("residential", "residental") + "start = 1\nend = 9",
            "road_class",
            "no road class residental",
        ),
        (NEW + "start = [7.0, 43.0]\nend = 9", "start", "no node within 30 m of [7, 43]"),
        (
            'kind = "bus_lane"\nlinks = { way = 1 }',
            "modification 1: links",
            "1 of 1 links have no second lane",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(order: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        made(grid_territory(3, 200.0), order)
    assert where in refused.value.where
    assert what in refused.value.what
    assert "\n" not in str(refused.value)


def test_the_same_new_link_twice_and_a_second_bus_lane_are_refused() -> None:
    with pytest.raises(InputError, match="one new link between two nodes"):
        made(grid_territory(3), NEW + "start = 1\nend = 9", NEW + "start = 9\nend = 1\nboth_ways = false")
    lane = 'kind = "bus_lane"\nlinks = { way = 1 }\ntakes_lane = false'
    with pytest.raises(InputError, match="has a bus lane already"):
        made(grid_territory(3), lane, lane)


def test_what_cuts_places_off_says_how_many_and_which() -> None:
    with pytest.raises(
        InputError, match=r"cuts off 952 places \(way:125643674, .* and 949 more\) and 4 gateways"
    ):
        made(CROP, 'kind = "one_way"\nlinks = { ref = "D2564", direction = "eastbound" }')
    net = net_of([Street(0, 1, 100, 36, 900), Street(1, 0, 100, 36, 900), Street(1, 2, 100, 36, 900),
                  Street(2, 1, 100, 36, 900)])  # fmt: skip
    road = territory_of(net)
    with pytest.raises(InputError, match="cuts off 2 places"):
        made(road, 'kind = "one_way"\nlinks = { way = 3 }')
    with pytest.raises(InputError, match="cuts off"):
        made(road, 'kind = "turn_ban"\nlinks = { way = 1 }\nonto = { way = 3 }')


def test_edits_of_different_things_may_be_written_in_any_order() -> None:
    town = grid_territory(3, 200.0)
    order = NEW + "start = 1\nend = 9\nboth_ways = false"
    ban = 'kind = "turn_ban"\nlinks = { way = 1 }\nonto = { way = 5 }'
    row = {each: k for k, each in enumerate(town.streets.link_id.tolist())}
    onto = next(each for each in row if each.startswith("5:"))
    leads = int(town.streets.head[row[next(each for each in row if each.startswith("1:"))]])
    assert leads == town.streets.tail[row[onto]], "the world's ways 1 and 5 are neighbours"
    one, other = made(town, order, ban)[0], made(town, ban, order)[0]
    assert np.array_equal(one.streets.link_id, other.streets.link_id)
    assert np.array_equal(one.turns.from_link, other.turns.from_link)
