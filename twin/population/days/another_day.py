"""Another day of the same persons: what they do and when differs, who they are and where they work stays.

Draws that belong to a life (household, home, equipment, workplace, school, hours, mode, gate) are those of
the seed; draws that belong to a day (which chain of activities, where to shop, visit or eat out, when to
leave for it, how long to stay) are made anew for each day.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.random import key_of, stream_of, uniforms
from twin.population.draws import Draws
from twin.population.tables import PURPOSES, SCHOOL, WORK

_OF_A_DAY = ("day", "near_home", "depart.", "stay.", "lunch", "part_time")
_BY_PURPOSE = ("cell.", "place.", "outside.")
_FIXED = (PURPOSES[WORK], PURPOSES[SCHOOL])
_OF_A_DATE = ("rain_", "through_time", "freight")
"""Of a date also: what weather makes people do, when strangers pass, where carriers deliver."""


class DayDraws(Draws):
    """Draws of a later day; day 0 is that of `Draws`.

    >>> keys = np.arange(3, dtype=np.uint64)
    >>> plain, later = Draws(1), DayDraws(1, 2)
    >>> bool((plain.uniform("skill", keys) == later.uniform("skill", keys)).all())
    True
    >>> bool((plain.uniform("day", keys) == later.uniform("day", keys)).any())
    False
    """

    def __init__(self, seed: int, day: int) -> None:
        super().__init__(seed)
        self._salt = np.uint64(key_of(f"day {day}"))

    def uniform(self, purpose: str, key: np.ndarray, when: np.ndarray | int = 0) -> np.ndarray:
        """In [0, 1) for each key (n,), at moments (n,) or one moment."""
        if not self._anew(purpose):
            return super().uniform(purpose, key, when)
        anew = np.asarray(key, dtype=np.uint64) ^ self._salt
        return uniforms(self.seed, stream_of(f"population.{purpose}"), anew, when)

    def _anew(self, purpose: str) -> bool:
        return of_a_day(purpose)


class DateDraws(DayDraws):
    """Draws of a date: those of another day, and what differs by date only; the life is that of `Draws`."""

    def __init__(self, seed: int, ordinal: int) -> None:
        super().__init__(seed, ordinal)

    def _anew(self, purpose: str) -> bool:
        return of_a_day(purpose) or purpose.startswith(_OF_A_DATE)


def of_a_day(purpose: str) -> bool:
    """Whether a draw is made anew every day.

    >>> of_a_day("cell.shop"), of_a_day("cell.work"), of_a_day("lunch.a"), of_a_day("age")
    (True, False, True, False)
    """
    if purpose.startswith(_BY_PURPOSE):
        return purpose.split(".", 1)[1] not in _FIXED
    return purpose.startswith(_OF_A_DAY)
