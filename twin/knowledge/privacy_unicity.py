"""Unicity: how many people a few points of their trace single out among all (de Montjoye et al. 2013)."""

from __future__ import annotations

from functools import reduce

import numpy as np

from twin.kernels.random import stream_of, uniforms
from twin.knowledge.traces import Traces

_WHO = stream_of("knowledge.unicity.who")
_WHICH = stream_of("knowledge.unicity.which")


def drawn_points(
    traces: Traces, n_points: int, most: int, seed: int, targets: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Persons with enough points, at most so many of them (n,), and points of each (n, n_points).

    targets (n_persons,) bool: only of these, all if None.
    """
    person = traces.of_enough_points(n_points)
    person = person if targets is None else person[targets[person]]
    u = uniforms(seed, _WHO, person.astype(np.uint64))
    person = np.sort(person[np.argsort(u, kind="stable")[:most]])
    begin = np.searchsorted(traces.person, person)
    end = np.searchsorted(traces.person, person, side="right")
    known = np.empty((len(person), n_points), dtype=np.int64)
    for k, (low, high) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
        key = np.full(high - low, person[k], dtype=np.uint64)
        u = uniforms(seed, _WHICH, key, traces.point[low:high])
        known[k] = traces.point[low:high][np.argsort(u, kind="stable")[:n_points]]
    return person, known


def crowds(traces: Traces, known: np.ndarray) -> np.ndarray:
    """How many people have all the known points (n, n_points) of each row; (n,)."""
    order = np.argsort(traces.point, kind="stable")
    point, person = traces.point[order], traces.person[order]
    begin, end = np.searchsorted(point, known), np.searchsorted(point, known, side="right")
    rows = zip(begin.tolist(), end.tolist(), strict=True)
    return np.array([_all_have(person, low, high) for low, high in rows], dtype=np.int64)


def unicity(
    traces: Traces, n_points: int, seed: int, most: int = 2_000, targets: np.ndarray | None = None
) -> float:
    """Share of people with enough points whom random points of their own single out; NaN if nobody has.

    >>> both = Traces(np.array([0, 0, 1, 1]), np.array([3, 5, 3, 6]), 24)
    >>> unicity(both, 2, seed=1)
    1.0
    """
    _, known = drawn_points(traces, n_points, most, seed, targets)
    return float(np.mean(crowds(traces, known) == 1)) if len(known) else float("nan")


def _all_have(person: np.ndarray, begin: list[int], end: list[int]) -> int:
    """Number of people in every one of the spans of an array that is sorted within each."""
    spans = sorted((person[low:high] for low, high in zip(begin, end, strict=True)), key=len)
    return len(reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), spans))
