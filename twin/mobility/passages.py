"""Passages: which vehicle left which link when, as logs of the loading and as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.traffic import Events


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
        order = np.argsort((self.trip.astype(np.int64) << 32) + self.enter_ms)
        return Passages(self.trip[order], self.link[order], self.enter_ms[order], self.exit_ms[order])

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


def no_log(n_domains: int, n_events: int) -> Events:
    """Empty logs."""
    trip, link, enter_ms, exit_ms = np.empty((4, n_domains, n_events), dtype=np.int32)
    return Events(trip, link, enter_ms, exit_ms, np.zeros((n_domains, 16), dtype=np.uint32))


def passages_of(events: Events) -> tuple[list[Passages], bool]:
    """What was written to the logs, and whether it is the logs' own memory, which must not be written again.

    It is where the logs are mostly full: to copy them would take longer than to begin new ones. Else it is
    a copy, since the log's room would be held for as long as what was written.
    """
    n_domains, room = events.trip.shape
    is_own = 2 * int(events.n[:, 0].sum()) > n_domains * room
    logs = [[column[domain, : events.n[domain, 0]] for column in events[:4]] for domain in range(n_domains)]
    return [Passages(*(each if is_own else [column.copy() for column in each])) for each in logs], is_own
