"""Habits kept by two processes that learn the same at once: the slower one is not stopped by the faster."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from twin.behaviour.habits import Habits
from twin.clock import N_SLICES
from twin.errors import WorkError
from twin.routing.routes import Routes
from twin.study import habits as room
from twin.study.people import RunPeople

PEOPLE = RunPeople(1, "a", "b", "/c")


def some() -> Habits:
    ends = np.array([0]), np.array([2])
    return Habits(Routes(np.array([3, 4], dtype=np.int32), *ends), np.ones((N_SLICES, 5)))


def swept_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another process clear the folder away when the first of its files is to be written."""
    write = room.store.write_table

    def gone(path: Path, *rest: object) -> object:
        shutil.rmtree(path.parent, ignore_errors=True)
        return write(path, *rest)

    monkeypatch.setattr(room.store, "write_table", gone)


def test_a_day_that_another_process_has_cleared_away_is_left_to_it(tmp_path, monkeypatch) -> None:
    room.keep_day(tmp_path, 3, some(), PEOPLE)
    swept_away(monkeypatch)
    room.keep_day(tmp_path, 2, some(), PEOPLE)
    found, following = room.kept_day(tmp_path, 6)
    assert following == 4
    assert found is not None
    assert np.array_equal(found.expected_ms, some().expected_ms)


def test_a_folder_that_vanishes_without_reason_is_told(tmp_path, monkeypatch) -> None:
    swept_away(monkeypatch)
    with pytest.raises(WorkError, match="cannot be written"):
        room.keep_day(tmp_path, 2, some(), PEOPLE)
