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


def taken_from(events: Events) -> tuple[list[Passages], Events]:
    """What was written to the logs, and logs to go on with.

    Logs that are mostly full are given away themselves, since to copy them would take longer than to begin
    new ones; of others a copy is given, since their room would be held for as long as what was written.
    """
    n_domains, room = events.trip.shape
    logs = [[column[domain, : events.n[domain, 0]] for column in events[:4]] for domain in range(n_domains)]
    if 2 * int(events.n[:, 0].sum()) > n_domains * room:
        return [Passages(*log) for log in logs], no_log(n_domains, 0)
    return [Passages(*(column.copy() for column in log)) for log in logs], events
