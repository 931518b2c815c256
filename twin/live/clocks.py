"""Clocks of devices: what they were wrong by, and moments put right.

A message tells when it was sent by the device's clock, and is received by a clock that is right. The least
difference over a run (a device between two starts or settings of its clock) is the clock's error and the way
of the quickest message (Cristian 1989, Distributed Computing 3, taken one way); rounded down to the unit in
which devices stamp, the way falls out. What is left is told: messages without a time of sending, moments to
come, and runs in which a clock was set without a new start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.readers.sensorthings import UNKNOWN_US

_NEVER = np.int64(np.iinfo(np.int64).max)


class ClockErrors(NamedTuple):
    """By run (n_runs,): what is to be added to a device's stamps [us], 0 where nothing is known.

    spread_us: greatest less least difference; a clock that was set amidst the run makes it large.
    """

    add_us: np.ndarray
    spread_us: np.ndarray


class Clocks:
    """Least and greatest difference between receiving and sending by run; the same in any order."""

    def __init__(self, resolution_us: int) -> None:
        self.resolution_us = resolution_us
        self.least_us = np.empty(0, dtype=np.int64)
        self.most_us = np.empty(0, dtype=np.int64)

    def note(self, rows: np.ndarray, n_runs: int) -> None:
        """Learn from rows of observations."""
        more = max(n_runs - len(self.least_us), 0)
        self.least_us = np.append(self.least_us, np.full(more, _NEVER))
        self.most_us = np.append(self.most_us, np.full(more, -_NEVER))
        known = (rows["sent_us"] != UNKNOWN_US) & (rows["received_us"] != UNKNOWN_US)
        difference = rows["received_us"][known] - rows["sent_us"][known]
        np.minimum.at(self.least_us, rows["run"][known], difference)
        np.maximum.at(self.most_us, rows["run"][known], difference)

    def errors(self) -> ClockErrors:
        """What is known of each run's clock.

        >>> clocks = Clocks(1_000_000)
        >>> row = np.zeros(2, dtype=[("run", "u4"), ("sent_us", "i8"), ("received_us", "i8")])
        >>> row["received_us"] = 600_400_000, 603_000_000
        >>> clocks.note(row, 1)
        >>> clocks.errors().add_us.tolist(), clocks.errors().spread_us.tolist()
        ([600000000], [2600000])
        """
        known = self.least_us != _NEVER
        least = np.where(known, self.least_us, 0)
        spread = np.where(known, self.most_us - least, 0)
        return ClockErrors(least // self.resolution_us * self.resolution_us, spread)


def event_times_us(rows: np.ndarray, errors: ClockErrors) -> np.ndarray:
    """When each observation was so (n_rows,) [us], by a clock that is right."""
    return np.asarray(rows["phenomenon_us"] + errors.add_us[rows["run"]])


def to_come(event_us: np.ndarray, rows: np.ndarray, resolution_us: int) -> np.ndarray:
    """Which observations tell of a time after they were received (n_rows,) bool: their clock is wrong."""
    return np.asarray(event_us > rows["received_us"] + resolution_us)
