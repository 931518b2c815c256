"""What several indicators need of a day is worked out once, and kept with its record."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from twin.indicators.records import DayRecord

P = ParamSpec("P")
R = TypeVar("R")


def once(work: Callable[Concatenate[DayRecord, P], R]) -> Callable[Concatenate[DayRecord, P], R]:
    """Do such work once for each record and what else it is of; an array that it gives is read only."""

    def kept(record: DayRecord, /, *of: P.args, **named: P.kwargs) -> R:
        key = (work, of, tuple(sorted(named.items())))
        if key not in record.derived:
            found = work(record, *of, **named)
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
            record.derived[key] = found
        return record.derived[key]  # type: ignore[no-any-return]

    update_wrapper(kept, work)
    return kept
