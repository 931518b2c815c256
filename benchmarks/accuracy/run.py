"""What one run of a case leaves, whichever engine ran it, and the columns that measures read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.case import Case
from twin.mobility.links import link_ms
from twin.units import KMH_PER_MPS

STILL_THERE = np.int64(2**60)
"""Exit moment of a vehicle that has not left its link at the end [ms]."""


@dataclass(frozen=True)
class Passage:
    """Vehicles on one link in order of entry: trip (n,), moments (n,) [ms]."""

    trip: NDArray[np.int32]
    enter_ms: NDArray[np.int64]
    exit_ms: NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """All passages, those not ended included, and the trips (n_trips,): -1 ms is never."""

    case: Case
    trip: NDArray[np.int32]
    link: NDArray[np.int32]
    enter_ms: NDArray[np.int64]
    exit_ms: NDArray[np.int64]
    release_ms: NDArray[np.int64]
    entered_ms: NDArray[np.int64]
    arrived_ms: NDArray[np.int64]
    flow: NDArray[np.int32]  # row of the case's flow that a trip belongs to
    first_link: NDArray[np.int32]
    rotations: int

    def row(self, link: str) -> int:
        """Row of a link's id."""
        return next(row for row, other in enumerate(self.case.links) if other.id == link)

    def on(self, link: str) -> Passage:
        """Who was on a link, in order of entry."""
        chosen = np.flatnonzero(self.link == self.row(link))
        order = chosen[np.lexsort((self.exit_ms[chosen], self.enter_ms[chosen]))]
        return Passage(self.trip[order], self.enter_ms[order], self.exit_ms[order])

    def free_ms(self, link: str) -> int:
        """Free-flow time of a link."""
        return free_flow_ms(self.case, self.row(link))


def free_flow_ms(case: Case, row: int) -> int:
    """Length over free speed as the engine drives it: whole ms, at least one step."""
    link = case.links[row]
    return int(link_ms(np.array([link.length_m / link.speed_kmh * KMH_PER_MPS]))[0])
