"""Passages: which vehicle left which link when, as logs of the loading and as columns."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from mmap import MAP_PRIVATE, mmap

import numpy as np

from twin.kernels.passages import Traversals, by_vehicle
from twin.kernels.traffic import STEP_MS, Events

LOG_ROOM = 2**24
"""Most events that a log has room for; memory is taken as it is written to."""


@dataclass(frozen=True)
class Passages:
    """Links left, in no order unless `in_order`: trip and link rows, moments [ms], each (n,) int32."""

    trip: np.ndarray
    link: np.ndarray
    enter_ms: np.ndarray
    exit_ms: np.ndarray

    def of(self, chosen: np.ndarray) -> Passages:
        """Those chosen by a mask; the log itself where that is all."""
        if chosen.all():
            return self
        return Passages(self.trip[chosen], self.link[chosen], self.enter_ms[chosen], self.exit_ms[chosen])

    def in_order(self) -> Passages:
        """The same passages by trip and moment of entry, whatever order they were logged in.

        A vehicle enters one link at a moment, so no two share both. Sums of decimal numbers over passages
        differ in their last digit with the order: what sums them takes them in this one.
        """
        count = np.bincount(self.trip)
        ordered = Traversals(*np.empty((3, self.trip.shape[0]), dtype=np.int32))
        logged = Traversals(self.link, self.enter_ms, self.exit_ms)
        by_vehicle(self.trip, logged, np.cumsum(count) - count, np.zeros_like(count), ordered)
        return Passages(np.repeat(np.arange(count.shape[0], dtype=np.int32), count), *ordered)

    @staticmethod
    def join(parts: list[Passages]) -> Passages:
        """One log from several, in order."""
        if not parts:
            empty = np.empty(0, dtype=np.int32)
            return Passages(empty, empty, empty, empty)
        if len(parts) == 1:
            return parts[0]
        return Passages(
            np.concatenate([p.trip for p in parts]),
            np.concatenate([p.link for p in parts]),
            np.concatenate([p.enter_ms for p in parts]),
            np.concatenate([p.exit_ms for p in parts]),
        )


def most_passages(headway_ms: np.ndarray, duration_s: int) -> int:
    """As many links as can be left in that time, by the headway of each [ms] (n_links,)."""
    return int((duration_s * STEP_MS // headway_ms + 2).sum() + headway_ms.shape[0])


class PassageLog:
    """Memory that a loading writes passages to: given away with them, written again once nobody holds any.

    Memory that was never touched is dear: the system clears it at a tenth of the speed at which it is written
    later. So it goes round; who keeps what was given is given copies from then on.

    Parameters
    ----------
    n_domains
        Each writes for itself.
    """

    __slots__ = ("_are_kept", "_lease", "_memory", "_n")

    def __init__(self, n_domains: int) -> None:
        self._memory = _untouched((4, n_domains, 0))
        self._n = np.zeros((n_domains, 16), dtype=np.uint32)
        self._lease: weakref.ref[_Lease] | None = None
        self._are_kept = False

    def __reduce__(self) -> tuple[type[PassageLog], tuple[int]]:
        """A copy has memory of its own; what was written has been taken."""
        return PassageLog, (self._n.shape[0],)

    def empty(self, n_events: int) -> Events:
        """Empty logs with room for so many events of each domain."""
        room = self._memory.shape[2]
        if self._lease is not None and self._lease() is not None:
            self._are_kept, room = True, 0
        self._lease = None
        if room < n_events:
            self._memory = _untouched((4, self._n.shape[0], max(n_events, 2 * room)))
        self._n[:] = 0
        trip, link, enter_ms, exit_ms = self._memory
        return Events(trip, link, enter_ms, exit_ms, self._n)

    def taken(self) -> list[Passages]:
        """What was written, one part a domain; `empty` must be called before more is."""
        columns = self._memory
        if not self._are_kept:
            lease = _Lease(self._memory)
            self._lease, columns = weakref.ref(lease), np.asarray(lease)
        parts = [columns[:, domain, :n] for domain, n in enumerate(self._n[:, 0].tolist())]
        return [Passages(*(part.copy() if self._are_kept else part)) for part in parts]


def _untouched(shape: tuple[int, int, int]) -> np.ndarray:
    """Memory in small pages: of large ones, which numpy asks for, columns touch more than they write.

    It is private: a process that is forked while others hold passages writes to its own.
    """
    n = int(np.prod(shape))
    pages = mmap(-1, max(n * np.dtype(np.int32).itemsize, 1), flags=MAP_PRIVATE)
    return np.frombuffer(pages, dtype=np.int32, count=n).reshape(shape)


class _Lease:
    """Lends memory as an array: there as long as that array or any view of it is."""

    def __init__(self, memory: np.ndarray) -> None:
        self.memory = memory
        self.__array_interface__ = memory.__array_interface__
