"""Who knows the hours of a closed street plans round it; home may be reached, and other hours are free."""

from __future__ import annotations

import numpy as np
import pytest

from tests import worlds
from tests.behaviour.test_habits import drivers_on
from twin.behaviour.closed_hours import ClosedHours, planned_round
from twin.behaviour.habits import Drivers, Habits
from twin.clock import N_SLICES
from twin.routing.routes import Routes

# 0 -0-> 1 -1-> 2 -3-> 3 -4-> 4, and 1 -2-> 2 is the long way beside link 1
NET = worlds.net_of(
    [
        worlds.Street(0, 1, 100, 36, 600),
        worlds.Street(1, 2, 600, 36, 600),
        worlds.Street(1, 2, 700, 36, 600),
        worlds.Street(2, 3, 100, 36, 600),
        worlds.Street(3, 4, 100, 36, 600),
    ]
)
SEVEN, EIGHT = slice(28, 32), slice(32, 36)


def known(*routes: list[int]) -> Habits:
    """Habits of trips with these routes, at free-flow times."""
    end = np.cumsum([len(route) for route in routes])
    start = end - [len(route) for route in routes]
    pool = np.array([link for route in routes for link in route], dtype=np.int32)
    expected_ms = np.broadcast_to(NET.free_ms, (N_SLICES, NET.n_links)).astype(np.float64)
    return Habits(Routes(pool, start, end), expected_ms)


def closed(
    drivers: Drivers, links: list[int], hours: slice = SEVEN, home: tuple[int, ...] = ()
) -> ClosedHours:
    barred = np.zeros((N_SLICES, NET.n_links), dtype=np.bool_)
    barred[hours, links] = True
    n = drivers.rows.shape[0]
    return ClosedHours(barred, np.isin(np.arange(n), home), np.zeros(n, dtype=np.int64))


def planned(routes: list[list[int]], links: list[int], **more: object) -> list[list[int]]:
    drivers = drivers_on(NET, [(route[0], route[-1]) for route in routes])
    habits = planned_round(drivers, known(*routes), closed(drivers, links, **more))  # type: ignore[arg-type]
    assert habits.expected_ms.shape == (N_SLICES, NET.n_links)
    return [habits.routes.of(trip).tolist() for trip in range(len(routes))]


def test_through_traffic_takes_the_long_way_while_the_street_is_closed() -> None:
    assert planned([[0, 1, 3]], [1]) == [[0, 2, 3]]
    assert planned([[0, 1, 3]], [1], hours=EIGHT) == [[0, 1, 3]]


def test_where_no_way_leads_round_the_habit_stays() -> None:
    assert planned([[0, 1, 3]], [1, 2]) == [[0, 1, 3]]


def test_visitors_park_before_it_and_set_out_from_there() -> None:
    assert planned([[0, 1, 3, 4], [4]], [3, 4]) == [[0, 1], [4]]
    assert planned([[0, 1, 3], [3, 4]], [3]) == [[0, 1], [4]]  # back at the car, before the closed street


def test_those_who_live_there_come_in_and_who_is_inside_leaves() -> None:
    assert planned([[0, 1, 3]], [3], home=(0,)) == [[0, 1, 3]]
    assert planned([[0, 1, 3]], [1, 3], home=(0,)) == [[0, 1, 3]]  # the closure is where they live
    assert planned([[3, 4]], [3]) == [[3, 4]]
    assert planned([[1, 3]], [1, 3]) == [[1, 3]]


def test_a_resident_goes_round_another_closed_street_on_the_way_home() -> None:
    assert planned([[0, 1, 3, 4]], [1, 4], home=(0,)) == [[0, 2, 3, 4]]


@pytest.mark.parametrize("links", [[], [2]])
def test_who_meets_no_closed_street_keeps_the_very_habits(links: list[int]) -> None:
    drivers = drivers_on(NET, [(0, 3)])
    habits = known([0, 1, 3])
    assert planned_round(drivers, habits, closed(drivers, links)) is habits
