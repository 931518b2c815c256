"""What is worked out once for a record is worked out again for another, and cannot be written to."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indicators.small_day import small_day
from twin.indicators.focus import Focus
from twin.indicators.once import once
from twin.indicators.records import DayRecord


def test_work_is_done_once_for_each_record_and_focus() -> None:
    done: list[str] = []

    @once
    def named(record: DayRecord, focus: Focus) -> np.ndarray:
        done.append(focus.name)
        return np.full(record.n_trips, len(focus.name))

    first, second = small_day(), small_day()
    town, village = Focus("town", (0,)), Focus("village", (1,))
    for record, focus in ((first, town), (first, town), (first, village), (second, town)):
        assert named(record, focus).tolist() == [len(focus.name)] * record.n_trips
    assert done == ["town", "village", "town"]
    with pytest.raises(ValueError, match="read-only"):
        named(first, town)[0] = 0
