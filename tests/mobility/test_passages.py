"""Logs of a loading: whether copied or handed over, what was once returned is not written again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.loading_door import loader_of, rush_on_grid
from twin.mobility import loading
from twin.mobility.passages import Passages, no_log, taken_from


@pytest.mark.parametrize(("written", "is_own"), [((3, 4), False), ((4, 5), True), ((8, 0), False)])
def test_the_logs_own_memory_is_given_where_they_are_mostly_full(written, is_own):
    events = no_log(2, 8)
    events.n[:, 0] = written
    for column in events[:4]:
        column[:] = np.arange(16).reshape(2, 8)
    logs, after = taken_from(events)
    assert (after is not events) == is_own
    assert [log.trip.tolist() for log in logs] == [
        list(range(8 * k, 8 * k + n)) for k, n in enumerate(written)
    ]
    assert all(np.shares_memory(log.trip, events.trip) == is_own for log in logs if log.trip.size)


def test_a_log_stays_as_it_is_when_more_is_loaded(monkeypatch):
    case = rush_on_grid(n_side=4, n_trips=500, n_steps=1_500)
    day = loader_of(case).advance(0, case.n_steps).in_order()
    given = []

    def seen(events):
        passages, after = taken_from(events)
        given.append(after is not events)
        return passages, after

    monkeypatch.setattr(loading, "LOG_ROOM", 10)
    monkeypatch.setattr(loading, "taken_from", seen)
    loader, parts, copies = loader_of(case), [], []
    for from_s in range(0, case.n_steps, 250):
        parts.append(loader.advance(from_s, from_s + 250))
        copies.append([column.copy() for column in vars(parts[-1]).values()])
    assert set(given) == {False, True}
    assert len(given) > len(parts), "some log was full before its time"
    for part, copied in zip(parts, copies, strict=True):
        assert all(map(np.array_equal, vars(part).values(), copied))
    joined = Passages.join(parts).in_order()
    assert all(map(np.array_equal, vars(joined).values(), vars(day).values()))
