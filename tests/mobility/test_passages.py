"""Logs of a loading: whether copied or given away, what was once returned is not written again while held."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.loading_door import loader_of, rush_on_grid
from twin.mobility import loading
from twin.mobility.passages import PassageLog, Passages


def _written(log: PassageLog, n: tuple[int, ...], first: int = 0) -> list[Passages]:
    """What is taken from logs into which numbers from the first on were written."""
    events = log.empty(8)
    for column in events[:4]:
        for domain, count in enumerate(n):
            column[domain, :count] = first + np.arange(count)
    events.n[:, 0] = n
    return log.taken()


def test_memory_is_written_again_once_nobody_holds_any_part_of_it():
    log = PassageLog(2)
    memory = log.empty(8).trip
    for first in (0, 100):
        parts = _written(log, (3, 8), first)
        assert [part.trip.tolist() for part in parts] == [list(range(first, first + n)) for n in (3, 8)]
        assert np.shares_memory(parts[1].exit_ms, memory.base)
        del parts


def test_who_keeps_a_part_is_given_copies():
    log = PassageLog(1)
    memory = log.empty(8).trip
    slice_of_one_column = _written(log, (8,))[0].link[2:5][::-1]
    for first in (100, 200):
        events = log.empty(8)
        assert not np.shares_memory(events.trip, memory.base)
        part = _written(log, (8,), first)[0]
        assert part.trip.tolist() == list(range(first, first + 8))
        assert not np.shares_memory(part.trip, events.trip)
    assert slice_of_one_column.tolist() == [4, 3, 2]


def test_a_log_is_pickled_without_what_was_taken():
    log = PassageLog(2)
    held = _written(log, (8, 8))
    again = pickle.loads(pickle.dumps(log))
    assert _written(again, (2, 1), first=50)[0].trip.tolist() == [50, 51]
    assert held[0].trip.tolist() == list(range(8))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_writes_to_memory_of_its_own():
    log = PassageLog(1)
    events = log.empty(8)
    events.trip[:] = 1
    child = os.fork()
    if child == 0:
        events.trip[:] = 2
        os._exit(0 if events.trip.min() == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert events.trip.max() == 1


def test_a_log_stays_as_it_is_when_more_is_loaded(monkeypatch):
    case = rush_on_grid(n_side=4, n_trips=500, n_steps=1_500)
    day = loader_of(case).advance(0, case.n_steps).in_order()
    taken, lent = PassageLog.taken, []

    def seen(log: PassageLog) -> list[Passages]:
        parts = taken(log)
        lent.append(bool(np.shares_memory(parts[0].trip, log._memory)))
        return parts

    monkeypatch.setattr(loading, "LOG_ROOM", 10)
    monkeypatch.setattr(PassageLog, "taken", seen)
    loader, parts, copies = loader_of(case), [], []
    for from_s in range(0, case.n_steps, 250):
        parts.append(loader.advance(from_s, from_s + 250))
        copies.append([column.copy() for column in vars(parts[-1]).values()])
    assert set(lent) == {False, True}
    assert len(lent) > len(parts), "some log was full before its time"
    for part, copied in zip(parts, copies, strict=True):
        assert all(map(np.array_equal, vars(part).values(), copied))
    joined = Passages.join(parts).in_order()
    assert all(map(np.array_equal, vars(joined).values(), vars(day).values()))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), unique=True))
def test_in_order_is_by_vehicle_and_moment_of_entry_however_they_were_logged(entries):
    trip, enter_ms = (np.array([each[k] for each in entries], dtype=np.int32) for k in range(2))
    ordered = Passages(trip, 7 * trip + enter_ms, enter_ms, enter_ms + 40).in_order()
    right = np.array(sorted(entries), dtype=np.int32).reshape(-1, 2)
    assert np.array_equal(np.stack([ordered.trip, ordered.enter_ms], axis=1), right)
    assert np.array_equal(ordered.link, 7 * right[:, 0] + right[:, 1])
    assert np.array_equal(ordered.exit_ms, right[:, 1] + 40)
