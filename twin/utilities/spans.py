"""Levels of elements through a day, kept as spans in which none of them changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Flags, Floats, Ints

QUARTER_S = 900
RUNNING = 0.5
"""Level from which an element is up: it runs, stands, or is supplied with what it was asked for."""


@dataclass(frozen=True)
class Spans:
    """Levels (n_spans, n) of elements from step `begin` (n_spans,) until the next span, of `n_steps` in all.

    `carries` (n_spans, n) says what is whole and closed: an open tie or breaker carries nothing.
    """

    step_s: float
    n_steps: int
    begin: Ints
    level: Floats
    carries: Flags

    @property
    def edges(self) -> Ints:
        """Ends of the spans in steps (n_spans + 1,)."""
        return np.append(self.begin, self.n_steps).astype(np.int32)

    @property
    def per_quarter(self) -> int:
        """Steps in a quarter of an hour."""
        return round(QUARTER_S / self.step_s)

    @property
    def n_quarters(self) -> int:
        """Whole quarters of an hour."""
        return self.n_steps // self.per_quarter

    def of_steps(self, of_spans: Floats) -> Floats:
        """Values of spans (n_spans, ...) for every step (n_steps, ...)."""
        return np.repeat(of_spans, np.diff(self.edges), axis=0)

    def of_quarters(self, of_spans: Floats) -> Floats:
        """Means over quarters (n_quarters, ...) of values of spans (n_spans, ...).

        >>> half = Spans(300.0, 3, np.array([0, 1]), np.array([[1.0], [0.0]]), np.array([[True], [True]]))
        >>> half.of_quarters(half.level).round(3).tolist()
        [[0.333]]
        """
        edges = self.edges
        starts = np.arange(self.n_quarters)[:, None] * self.per_quarter
        overlap = np.minimum(starts + self.per_quarter, edges[1:]) - np.maximum(starts, edges[:-1])
        weight = np.maximum(overlap, 0) / self.per_quarter
        return np.asarray(weight @ of_spans)

    def segments(self, of_spans: Flags) -> tuple[Ints, Ints, Floats]:
        """Parts of quarters in which no flag (n_spans, n) changes: quarter, span and share of the quarter."""
        fresh = np.append(True, (of_spans[1:] != of_spans[:-1]).any(axis=1))
        cuts = np.union1d(self.begin[fresh], np.arange(self.n_quarters) * self.per_quarter)
        cuts = cuts[cuts < self.n_quarters * self.per_quarter]
        lasts = np.diff(np.append(cuts, self.n_quarters * self.per_quarter))
        span = np.searchsorted(self.begin, cuts, side="right") - 1
        return (cuts // self.per_quarter).astype(np.int32), span.astype(np.int32), lasts / self.per_quarter


class SpanLog:
    """Levels as they are noted step by step: a span ends where one changes."""

    def __init__(self, step_s: float) -> None:
        self.step_s, self.n_steps = step_s, 0
        self._begin: list[int] = []
        self._kept: list[Floats] = []
        self._carries: list[Flags] = []

    def note(self, level: Floats, carries: Flags) -> None:
        """Keep the levels (n,) of the next step, and what carries (n,)."""
        alike = self._kept and np.array_equal(level, self._kept[-1])
        if not (alike and np.array_equal(carries, self._carries[-1])):
            self._begin.append(self.n_steps)
            self._kept.append(level.copy())
            self._carries.append(carries.copy())
        self.n_steps += 1

    def spans(self) -> Spans:
        """All that was noted."""
        begin = np.array(self._begin, dtype=np.int32)
        return Spans(self.step_s, self.n_steps, begin, np.array(self._kept), np.array(self._carries))
