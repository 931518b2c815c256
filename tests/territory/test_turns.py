"""Turn restrictions of the map: which link must not follow which, worked out by hand at one crossing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.osm_maps import OsmMap
from twin.errors import InputError
from twin.kernels.paths import RouteQueries
from twin.mobility.network import roads_of
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

ARMS = {"W": (-200, 0), "S": (0, -200), "E": (200, 0), "N": (0, 200)}
IN = {"W": (2, 1), "S": (3, 1), "E": (4, 1), "N": (5, 1)}
OUT = {side: (1, ends[0]) for side, ends in IN.items()}


class Crossing(OsmMap):
    """Four two-way arms that meet at node 1; each is a way of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.node(1, 0, 0)
        self.ways = {}
        for number, (side, (x, y)) in enumerate(ARMS.items(), start=2):
            self.node(number, x, y)
            self.ways[side] = self.way([number, 1], "residential")
        self.n_relations = 0

    def restrict(self, first: str, onward: str, via: tuple[str, int] = ("n", 1), **tags: str) -> None:
        self.n_relations += 1
        members = [("w", self.ways[first], "from"), (*via, "via"), ("w", self.ways[onward], "to")]
        self.relation(members, 100 + self.n_relations, **{"type": "restriction", **tags})


def bans(territory: Territory) -> set[tuple[tuple[int, int], tuple[int, int]]]:
    """Banned pairs, each link by the first and last outside id of its members."""
    streets = territory.streets

    def ends(link: int) -> tuple[int, int]:
        first, last = streets.member_start[link], streets.member_start[link + 1] - 1
        return int(streets.member_from[first]), int(streets.member_to[last])

    turns = territory.turns
    return {(ends(a), ends(b)) for a, b in zip(turns.from_link, turns.to_link, strict=True)}


def built(town: OsmMap, tmp_path) -> Territory:
    return Territory.from_osm(town.write(tmp_path / "town.osm"))


@pytest.mark.parametrize(
    ("kind", "onward", "expected"),
    [
        ("no_left_turn", "N", {(IN["W"], OUT["N"])}),
        ("no_right_turn", "S", {(IN["W"], OUT["S"])}),
        ("no_straight_on", "E", {(IN["W"], OUT["E"])}),
        ("no_u_turn", "W", {(IN["W"], OUT["W"])}),
        ("only_straight_on", "E", {(IN["W"], OUT[side]) for side in "WSN"}),
        ("only_right_turn", "S", {(IN["W"], OUT[side]) for side in "WEN"}),
    ],
)
def test_restrictions_at_a_crossing(tmp_path, kind, onward, expected):
    town = Crossing()
    town.restrict("W", onward, restriction=kind)
    territory = built(town, tmp_path)
    assert bans(territory) == expected
    assert set(territory.turns.relation.tolist()) == {101}
    assert territory.meta["turn_restrictions"] == {
        "applied": 1, "read": 1, "banned pairs of links": len(expected),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "counted"),
    [
        ({"restriction": "no_left_turn", "except": "bus;motorcar"}, "not for cars"),
        ({"restriction:hgv": "no_left_turn"}, "not for cars"),
        ({"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, "conditional"),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, "conditional"),
        ({"restriction": "give_way"}, "unknown kind"),
        ({}, "unknown kind"),
    ],
)
def test_what_does_not_hold_for_cars_at_all_hours_is_counted_and_left(tmp_path, tags, counted):
    town = Crossing()
    town.restrict("W", "N", **tags)
    territory = built(town, tmp_path)
    assert bans(territory) == set()
    assert territory.meta["turn_restrictions"] == {counted: 1, "read": 1, "banned pairs of links": 0}


@pytest.mark.parametrize(
    "tags",
    [
        {"restriction": "no_left_turn", "except": "bus;bicycle"},
        {"restriction:motorcar": "no_left_turn"},
        {"type": "restriction:motor_vehicle", "restriction:motor_vehicle": "no_left_turn"},
    ],
)
def test_what_holds_for_cars_is_taken(tmp_path, tags):
    town = Crossing()
    town.restrict("W", "N", **tags)
    assert bans(built(town, tmp_path)) == {(IN["W"], OUT["N"])}


def test_what_cannot_be_placed_is_counted_and_left(tmp_path):
    """Over a way; without a way to; at a node where the ways do not meet; onto a footway."""
    town = Crossing()
    town.restrict("W", "N", via=("w", town.ways["S"]), restriction="no_left_turn")
    town.relation(
        [("w", town.ways["W"], "from"), ("n", 1, "via")], 200, type="restriction", restriction="no_u_turn"
    )
    town.restrict("W", "N", via=("n", 4), restriction="no_left_turn")
    town.ways["footway"] = town.way([1, 4], "footway")
    town.restrict("W", "footway", restriction="no_straight_on")
    territory = built(town, tmp_path)
    assert bans(territory) == set()
    assert territory.meta["turn_restrictions"] == {
        "incomplete": 1, "read": 4, "via a way": 1, "without effect": 2, "banned pairs of links": 0,
    }  # fmt: skip


def test_an_unsplit_way_leaves_open_which_half_is_meant(tmp_path):
    """The way to passes through the node: left onto it and right onto it are one to the relation."""
    town = OsmMap()
    for number, (x, y) in enumerate([(0, 0), (-200, 0), (0, -200), (0, 200)], start=1):
        town.node(number, x, y)
    first, through = town.way([2, 1], "residential"), town.way([3, 1, 4], "residential")
    members = [("w", first, "from"), ("n", 1, "via"), ("w", through, "to")]
    town.relation(members, 7, type="restriction", restriction="no_left_turn")
    territory = built(town, tmp_path)
    assert bans(territory) == set()
    assert territory.meta["turn_restrictions"]["ambiguous"] == 1


def test_a_ban_onto_a_street_that_was_merged_away_holds_for_what_it_leads_to(tmp_path):
    """West and south meet 8 m before north and east; who must not enter those 8 m reaches neither."""
    town = OsmMap()
    places = [(0, 0), (-200, 0), (0, -200), (8, 0), (208, 0), (8, 200)]
    for number, (x, y) in enumerate(places, start=1):
        town.node(number, x, y)
    west, _ = town.way([2, 1], "residential"), town.way([3, 1], "residential")
    middle = town.way([1, 4], "residential")
    town.way([4, 5], "residential"), town.way([4, 6], "residential")
    members = [("w", west, "from"), ("n", 1, "via"), ("w", middle, "to")]
    town.relation(members, 7, type="restriction", restriction="no_straight_on")
    territory = built(town, tmp_path)
    assert territory.meta["repairs"]["short_links_merged"] == 2
    assert bans(territory) == {((2, 1), (4, 5)), ((2, 1), (4, 6))}


def test_bans_are_kept_with_the_folder(tmp_path):
    town = Crossing()
    town.restrict("W", "N", restriction="no_left_turn")
    territory = built(town, tmp_path)
    territory.save(tmp_path / "out")
    again = Territory.load(tmp_path / "out")
    assert bans(again) == bans(territory)
    assert again.turns.relation.tolist() == [101]
    assert "- applied: 1" in (tmp_path / "out" / "README.md").read_text()
    (tmp_path / "out" / "turns.parquet").unlink()
    with pytest.raises(InputError, match="the content has the digest"):  # routes depend on them
        Territory.load(tmp_path / "out")


def test_a_folder_without_bans_is_as_one_from_before_they_were_kept(tmp_path):
    territory = built(Crossing(), tmp_path)
    territory.save(tmp_path / "out")
    (tmp_path / "out" / "turns.parquet").unlink()
    again = Territory.load(tmp_path / "out")
    assert (again.digest, bans(again)) == (territory.digest, set())


def test_cars_do_not_take_a_banned_turn(tmp_path):
    """From the west to the north, left is banned: over the east and back is what is left."""
    town = Crossing()
    town.restrict("W", "N", restriction="no_left_turn")
    town.restrict("W", "W", restriction="no_u_turn")
    territory = built(town, tmp_path)
    roads = roads_of(territory.streets, Parameters.defaults(), territory.turns)
    link_id = territory.streets.link_id.tolist()
    first, last = (
        link_id.index(f"{town.ways[side]}:{a}:{b}") for side, (a, b) in (("W", (2, 1)), ("N", (1, 5)))
    )
    trips = RouteQueries.between(np.array([first]), np.array([last]))
    bounds = bounds_to(roads.topology, roads.free_ms, trips.destination)
    routes = find_routes(roads.topology, static_weights(roads.free_ms), bounds, trips, np.arange(1), NO_DRAWS)
    driven = [link_id[link] for link in routes.of(0)]
    assert len(driven) == 4
    assert (driven[0], driven[-1]) == (link_id[first], link_id[last])


def test_bans_of_links_that_are_not_there_are_refused(tmp_path):
    town = Crossing()
    town.restrict("W", "N", restriction="no_left_turn")
    built(town, tmp_path).save(tmp_path / "many")
    smaller = OsmMap()
    smaller.node(1, 0, 0), smaller.node(2, 100, 0)
    smaller.node(3, 0, 100), smaller.way([1, 2, 3, 1], "residential", oneway="yes")
    Territory.from_osm(smaller.write(tmp_path / "small.osm")).save(tmp_path / "few")
    (tmp_path / "many" / "turns.parquet").replace(tmp_path / "few" / "turns.parquet")
    with pytest.raises(InputError, match="names no link"):
        Territory.load(tmp_path / "few")
