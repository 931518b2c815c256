"""Queries by departure: one metric a slice of the day, and each trip asks that of its own slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.routing.hierarchy import Hierarchy, Metric, customize, paths
from twin.routing.routes import Routes


@dataclass(frozen=True)
class DayMetrics:
    """Metrics of slices that follow each other from the start of the day; the last one has no end."""

    metrics: tuple[Metric, ...]
    slice_ms: int


def customize_day(hierarchy: Hierarchy, weights_ms: np.ndarray, slice_ms: int) -> DayMetrics:
    """One metric for each row of weights (n_slices, n_links) [ms]."""
    return DayMetrics(tuple(customize(hierarchy, row) for row in weights_ms), slice_ms)


def paths_by_departure(
    day: DayMetrics, depart_ms: np.ndarray, origin_links: np.ndarray, destination_links: np.ndarray
) -> tuple[np.ndarray, Routes]:
    """Costs and routes as by `paths`, under the weights at departure, which hold till arrival."""
    n = depart_ms.shape[0]
    slot = np.clip(depart_ms // day.slice_ms, 0, len(day.metrics) - 1)
    cost_ms, start, end = (np.full(n, -1, dtype=np.int64) for _ in range(3))
    pools, shift = [np.empty(0, dtype=np.int32)], 0
    for each in np.unique(slot).tolist():
        rows = np.flatnonzero(slot == each)
        cost_ms[rows], routes = paths(day.metrics[each], origin_links[rows], destination_links[rows])
        there = routes.start >= 0
        start[rows[there]], end[rows[there]] = routes.start[there] + shift, routes.end[there] + shift
        pools.append(routes.pool)
        shift += routes.pool.shape[0]
    return cost_ms, Routes(np.concatenate(pools), start, end)
