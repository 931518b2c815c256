"""What the loading's slow twin is made of: links with queues, places and moments, and who may move."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stored:
    """A vehicle on a link: its trip, moments [ms] and the places that it takes there."""

    trip: int
    enter_ms: int
    ready_ms: int
    places: int


@dataclass
class SlowLink:
    """One link: a first-in-first-out queue, its origin queue, its places and its moments [ms]."""

    tail: int
    head: int
    free_ms: int
    hole_ms: int
    storage: int
    headway_ms: int
    key: int
    weight: int
    signal: tuple[int, int, int]
    gap_ms: int
    yields_to: tuple[int, ...]
    closed: bool = False
    on_link: deque[Stored] = field(default_factory=deque)
    origin_queue: deque[int] = field(default_factory=deque)
    hole_moments: list[int] = field(default_factory=list)  # when each place that was ever free is so upstream
    n_taken: int = 0  # how many of those have been taken again, from the first on
    next_entry_ms: int = 0
    next_exit_ms: int = 0
    looks_again_ms: int = 0  # the head, hindered by a gap too short, does not move before
    kept_for: int | None = None  # key of the candidate for whose places nobody else may enter

    def __post_init__(self) -> None:
        self.hole_moments = [0] * self.storage

    @property
    def n_free(self) -> int:
        """Places that nobody takes, whether or not their holes have arrived."""
        return len(self.hole_moments) - self.n_taken

    def hole_comes_ms(self, places: int) -> float:
        """When the last of so many places is free at the upstream end; infinite if it has not been left."""
        last = self.n_taken + places - 1
        return self.hole_moments[last] if last < len(self.hole_moments) else math.inf

    def opens_ms(self, places: int) -> float:
        """Earliest moment at which so many places may be entered."""
        return max(self.next_entry_ms, self.hole_comes_ms(places))

    def green_ms(self, moment_ms: float) -> float:
        """The first moment of green from a moment on."""
        cycle_ms, offset_ms, green_ms = self.signal
        if cycle_ms == 0 or moment_ms == math.inf:
            return moment_ms
        if green_ms <= 0:
            return math.inf
        into = (moment_ms - offset_ms) % cycle_ms
        return moment_ms if into < green_ms else moment_ms + cycle_ms - into


@dataclass(order=True)
class Candidate:
    """A vehicle that may move over a node: earliest moment first, then key."""

    moment_ms: float
    key: int
    source: SlowLink | None = field(compare=False)  # None: from the target's origin queue
    target: SlowLink | None = field(compare=False)  # None: the vehicle ends
