"""The calendar of a loading against a list for every second."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.kernels.calendar import CHUNK, SECONDS, clear, no_calendar, note, second_of, take
from twin.kernels.traffic import NEVER, Calendar


@numba.njit
def noted(calendar: Calendar, event: int, second: int, now_s: int) -> None:
    note(calendar, 0, event, second, now_s)


@numba.njit
def taken(calendar: Calendar, second: int, out: np.ndarray) -> int:
    return take(calendar, 0, second, out)


@numba.njit
def told(moment: int) -> int:
    return second_of(moment)


some_seconds = st.lists(
    st.lists(st.tuples(st.integers(1, SECONDS + 50), st.integers(1, 3 * CHUNK)), max_size=4), max_size=12
)


@given(some_seconds)
def test_each_event_comes_once_in_its_second_and_what_is_far_ahead_at_its_edge(
    steps: list[list[tuple[int, int]]],
) -> None:
    calendar, out = no_calendar(1, 12 * 4 * 3 * CHUNK), np.zeros((1, 12 * 4 * 3 * CHUNK), dtype=np.uint32)
    slow: dict[int, list[int]] = {}
    event = 0
    for now_s in range(len(steps) + SECONDS):
        found = out[0, : taken(calendar, now_s, out)].tolist()
        assert found == slow.pop(now_s, [])
        for ahead, n in steps[now_s] if now_s < len(steps) else []:
            for _ in range(n):
                noted(calendar, event, now_s + ahead, now_s)
                slow.setdefault(now_s + min(ahead, SECONDS - 1), []).append(event)
                event += 1
    assert not slow


def test_what_was_taken_out_leaves_its_room() -> None:
    """A calendar with room for few events holds as many again and again, and after it was cleared."""
    calendar, out = no_calendar(1, 2 * CHUNK), np.zeros((1, 2 * CHUNK), dtype=np.uint32)
    for now_s in range(3 * SECONDS):
        assert taken(calendar, now_s, out) == (2 * CHUNK if now_s % 2 else 0)
        if now_s % 2 == 0:
            for event in range(2 * CHUNK):
                noted(calendar, event, now_s + 1, now_s)
    clear(calendar)
    assert all(taken(calendar, second, out) == 0 for second in range(SECONDS))


def test_seconds_of_all_moments() -> None:
    for moment in (0, 1, 999, 1_000, 86_399_999, int(NEVER)):
        assert told(moment) == moment // 1_000
