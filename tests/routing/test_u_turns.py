"""The rule of no immediate U-turn: dead ends are left, nobody turns back elsewhere, nothing is cut off."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.kernels.paths import RouteQueries
from twin.mobility.network import Roads, roads_of
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.routing.u_turns import BY_RULE, back_links, without_u_turns
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


@cache
def ground(name: str) -> Territory:
    return Territory.load(ROOT / "networks" / name)


def routes(roads: Roads, origin: np.ndarray, destination: np.ndarray) -> list[list[int]]:
    n = origin.shape[0]
    trips = RouteQueries(origin, destination, np.zeros(n, dtype=np.int64), np.arange(n).astype(np.uint64))
    bounds = bounds_to(roads.topology, roads.free_ms, destination)
    found = find_routes(roads.topology, static_weights(roads.free_ms), bounds, trips, np.arange(n), NO_DRAWS)
    return [found.of(k).tolist() if found.start[k] >= 0 else [] for k in range(n)]


@pytest.mark.parametrize("name", ["la_turbie_crop", "riviera"])
def test_bans_are_on_turning_back_where_another_link_follows(name: str) -> None:
    streets, turns = ground(name).streets, ground(name).turns
    back, rule = back_links(streets), without_u_turns(streets, turns)
    new = rule.relation == BY_RULE
    assert new.sum() > 100
    assert (rule.to_link[new] == back[rule.from_link[new]]).all()
    assert (streets.head[rule.from_link] == streets.tail[rule.to_link]).all()
    pairs = set(zip(rule.from_link.tolist(), rule.to_link.tolist(), strict=True))
    assert len(pairs) == rule.from_link.shape[0], "a turn is banned once"
    assert pairs >= set(zip(turns.from_link.tolist(), turns.to_link.tolist(), strict=True))
    for link in rule.from_link[new].tolist():
        onward = np.flatnonzero(streets.tail == streets.head[link]).tolist()
        assert any((link, other) not in pairs for other in onward)
    n_out = np.bincount(streets.tail, minlength=streets.n_nodes)[streets.head]
    dead_ends = np.flatnonzero((back >= 0) & (n_out == 1))
    assert not np.isin(dead_ends, rule.from_link[new]).any()


def test_who_may_not_turn_back_goes_round_and_who_is_in_a_dead_end_turns() -> None:
    here = ground("la_turbie_crop")
    streets, back = here.streets, back_links(here.streets)
    ledger = Parameters.defaults()
    assert ledger["mobility.u_turns"] == 0
    free, ruled = (
        roads_of(streets, ledger.replaced({"mobility.u_turns": allowed}), here.turns) for allowed in (1, 0)
    )
    rule = without_u_turns(streets, here.turns)
    banned = set(zip(rule.from_link.tolist(), rule.to_link.tolist(), strict=True))
    origin = np.flatnonzero(streets.core & (back >= 0)).astype(np.int32)
    before, after = (routes(roads, origin, back[origin]) for roads in (free, ruled))
    turned = 0
    for link, then, now in zip(origin.tolist(), before, after, strict=True):
        assert then == [link, back[link]], "without the rule the way back is the way back"
        assert now[:1] + now[-1:] == [link, back[link]], "nothing is cut off"
        assert not any(pair in banned for pair in pairwise(now))
        turned += now == then
    assert 0 < turned < len(before)


def test_the_map_s_own_bans_on_u_turns_hold_without_the_rule() -> None:
    here = ground("riviera")
    back = back_links(here.streets)
    mapped = np.flatnonzero(back[here.turns.from_link] == here.turns.to_link)
    assert mapped.size >= 5
    allowed = Parameters.defaults().replaced({"mobility.u_turns": 1})
    roads = roads_of(here.streets, allowed, here.turns)
    origin, destination = here.turns.from_link[mapped], here.turns.to_link[mapped]
    for link, onto, way in zip(
        origin.tolist(), destination.tolist(), routes(roads, origin, destination), strict=True
    ):
        assert way == [] or (way[0] == link and way[-1] == onto and len(way) > 2)
        assert way == [] or way[1] != onto
