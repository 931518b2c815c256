"""Habits meet edited streets: who must drive another way does, and who gains by a new street; nobody else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests import worlds
from tests.behaviour.test_habits import drivers_on
from twin.behaviour.fitted_habits import fitted as fitted_to
from twin.behaviour.habits import Drivers, Habits
from twin.clock import N_SLICES
from twin.errors import WorkError
from twin.routing.routes import Routes
from twin.routing.topology import build_topology, restricted
from twin.scenario.ledger import Parameters

# 0 -0-> 1 -1-> 2 -3-> 3, 1 -2-> 2 is the long way beside link 1, and link 4 a short cut from 1 to 3
STREETS = [
    worlds.Street(0, 1, 100, 36, 600),
    worlds.Street(1, 2, 600, 36, 600),
    worlds.Street(1, 2, 900, 36, 600),
    worlds.Street(2, 3, 100, 36, 600),
    worlds.Street(1, 3, 500, 36, 600),
]
BAND = 0.05


def fitted(people: Drivers, habits: Habits, band: float) -> Habits:
    """Habits fitted to the streets of these people."""
    ledger = Parameters.defaults().replaced({"behaviour.switching_band": band}, "here")
    return fitted_to(people, habits, "edited", ledger)


def known(*routes: list[int], n_links: int = 4) -> Habits:
    """Habits of trips with these routes on the first links, at free-flow times."""
    end = np.cumsum([len(route) for route in routes])
    start = end - [len(route) for route in routes]
    pool = np.array([link for route in routes for link in route], dtype=np.int32)
    free_ms = worlds.net_of(STREETS[:n_links]).free_ms
    return Habits(Routes(pool, start, end), np.broadcast_to(free_ms, (N_SLICES, n_links)).astype(np.float64))


def drivers(
    trips: list[tuple[int, int]],
    n_links: int = 4,
    gone: tuple[int, ...] = (),
    banned: tuple[int, int] | None = None,
) -> Drivers:
    """Drivers on the first links, of which some are gone, with one turn banned."""
    net = worlds.net_of(STREETS[:n_links])
    bans = None if banned is None else tuple(np.array([each], dtype=np.int32) for each in banned)
    plain = build_topology(net.tail, net.head, net.link_key, net.n_nodes, bans)  # type: ignore[arg-type]
    topology = restricted(plain, ~np.isin(np.arange(n_links), gone))
    return replace(drivers_on(net, trips), topology=topology)


def routes_of(habits: Habits) -> list[list[int]]:
    return [habits.routes.of(trip).tolist() for trip in range(habits.routes.start.shape[0])]


def test_where_nothing_bears_on_them_habits_are_the_same() -> None:
    habits = known([0, 1, 3], [3])
    for more in ({}, {"gone": (2,)}, {"banned": (0, 2)}):
        after = fitted(drivers([(0, 3), (3, 3)], **more), habits, BAND)  # type: ignore[arg-type]
        assert after.routes is habits.routes
        assert np.array_equal(after.expected_ms, habits.expected_ms)


def test_who_drove_over_a_link_that_is_gone_takes_the_best_other_way() -> None:
    after = fitted(drivers([(0, 3), (0, 2)], gone=(1,)), known([0, 1, 3], [0, 2]), BAND)
    assert routes_of(after) == [[0, 2, 3], [0, 2]]


def test_who_made_a_turn_that_is_banned_takes_another() -> None:
    after = fitted(drivers([(0, 3), (1, 3)], banned=(0, 1)), known([0, 1, 3], [1, 3]), BAND)
    assert routes_of(after) == [[0, 2, 3], [1, 3]]


def test_who_has_no_other_way_stays_at_home() -> None:
    after = fitted(drivers([(0, 3)], gone=(1, 2)), known([0, 1, 3]), BAND)
    assert routes_of(after) == [[]]


def test_a_turn_between_two_trips_of_the_pool_is_nobodys() -> None:
    habits = known([0], [1, 3])
    assert fitted(drivers([(0, 0), (1, 3)], banned=(0, 1)), habits, BAND).routes is habits.routes


def test_a_new_link_draws_those_who_gain_by_more_than_the_band() -> None:
    trips = [(0, 3), (1, 3)]
    after = fitted(drivers(trips, n_links=5), known([0, 1, 3], [1, 3]), BAND)
    assert after.expected_ms.shape == (N_SLICES, 5)
    assert np.all(after.expected_ms[:, 4] == worlds.net_of(STREETS).free_ms[4])
    assert routes_of(after) == [[0, 1, 3], [1, 3]], "it ends behind the street where they go"


def test_a_new_link_is_taken_on_the_times_that_were_learned() -> None:
    streets = [*STREETS[:4], worlds.Street(3, 4, 100, 36, 600), worlds.Street(1, 3, 650, 36, 600)]
    net = worlds.net_of(streets)
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    people = replace(drivers_on(net, [(0, 4), (0, 4)]), topology=topology)
    free_ms = np.broadcast_to(net.free_ms[:5], (N_SLICES, 5)).astype(np.float64)
    habits = replace(known([0, 1, 3, 4], [0, 1, 3, 4]), expected_ms=free_ms)
    assert routes_of(fitted(people, habits, 0.2)) == [[0, 1, 3, 4]] * 2, (
        "a gain of a tenth is within the band"
    )
    jammed = free_ms.copy()
    jammed[:, 1] *= 2.0
    slow = replace(habits, expected_ms=jammed)
    assert routes_of(fitted(people, slow, 0.2)) == [[0, 5, 4]] * 2
    once = fitted(people, slow, 0.2)
    assert fitted(people, once, 0.2) is once, "fitting again changes nothing"


def test_a_lane_that_cars_may_not_enter_draws_nobody() -> None:
    habits = known([0, 1, 3])
    after = fitted(drivers([(0, 3)], n_links=5, gone=(4,)), habits, BAND)
    assert routes_of(after) == [[0, 1, 3]]
    assert after.expected_ms.shape == (N_SLICES, 5)


def many(n: int, gone: tuple[int, ...] = ()) -> Drivers:
    """Drivers within an hour from link 0 to link 3, by a short street and two longer ones beside it."""
    streets = [*STREETS[:4], worlds.Street(1, 2, 950, 36, 600)]
    net = worlds.net_of(streets)
    plain = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    topology = restricted(plain, ~np.isin(np.arange(5), gone))
    return replace(drivers_on(net, [(0, 3)] * n), topology=topology)


def learned_by(people: Drivers) -> Habits:
    """All drive the short street, and know no other times than those of free flow."""
    n = people.rows.shape[0]
    free_ms = np.broadcast_to(people.free_ms, (N_SLICES, 5)).astype(np.float64)
    return replace(known(*[[0, 1, 3]] * n), expected_ms=free_ms)


def test_many_who_must_go_round_do_not_all_take_the_one_best_way() -> None:
    people = many(900, gone=(1,))
    after = fitted(people, learned_by(people), BAND)
    on = np.bincount(after.routes.pool, minlength=5)
    assert on[1] == 0
    assert on[2] + on[4] == 900
    assert 0.3 < on[2] / 900 < 0.7, "both carry 600 an hour, and the one is hardly longer"
    few = many(20, gone=(1,))
    assert np.bincount(fitted(few, learned_by(few), BAND).routes.pool, minlength=5)[2] == 20


def test_habits_fitted_to_other_streets_are_refused() -> None:
    habits = replace(known([0, 1, 3]), streets="other")
    with pytest.raises(WorkError, match="fitted to other streets"):
        fitted(drivers([(0, 3)]), habits, BAND)
