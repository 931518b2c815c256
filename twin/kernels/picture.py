"""What actors make of observations: sums over a window, and lines over gaps between slices.

Sums are of whole milliseconds, which do not depend on the order of the rows.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel


@kernel
def sum_recent_passages(
    link: np.ndarray,
    left_s: np.ndarray,
    time_s: np.ndarray,
    after_s: float,
    until_s: float,
    n_probes: np.ndarray,
    total_ms: np.ndarray,
    newest_s: np.ndarray,
) -> None:
    """Probes of each link that left it in (after_s, until_s]: count, sum of times [ms], newest moment [s].

    link, left_s, time_s (n,) read; n_probes int32, total_ms int64, newest_s float64 (n_links,) added to.
    """
    for i in range(link.shape[0]):
        if after_s < left_s[i] <= until_s:
            row = link[i]
            n_probes[row] += 1
            total_ms[row] += np.int64(np.floor(time_s[i] * 1_000.0 + 0.5))
            newest_s[row] = max(newest_s[row], left_s[i])


@kernel
def sum_by_owner(
    trip: np.ndarray,
    link: np.ndarray,
    enter_ms: np.ndarray,
    exit_ms: np.ndarray,
    owner: np.ndarray,
    n_probes: np.ndarray,
    total_ms: np.ndarray,
) -> None:
    """Passages of each owner's own trips: how many, and the sum of their times [ms], by link.

    trip, link, enter_ms, exit_ms (n,) read; owner (n_trips,) row of the owner, -1 none; n_probes int32,
    total_ms int64 (n_owners, n_links) added to.
    """
    for i in range(trip.shape[0]):
        whose = owner[trip[i]]
        if whose >= 0:
            n_probes[whose, link[i]] += 1
            total_ms[whose, link[i]] += np.int64(exit_ms[i]) - enter_ms[i]


@kernel
def fill_gaps(values: np.ndarray, longest_gap: int) -> None:
    """Straight line between neighbouring known slices, where at most longest_gap lie between; rewritten.

    values (n_slices, n_links) float64, NaN where unknown. A column without any value stays unknown.
    """
    for link in range(values.shape[1]):
        last = -1
        for slot in range(values.shape[0]):
            if np.isnan(values[slot, link]):
                continue
            gap = slot - last - 1
            if last >= 0 and 0 < gap <= longest_gap:
                low, high = values[last, link], values[slot, link]
                for k in range(1, gap + 1):
                    values[last + k, link] = low + (high - low) * k / (gap + 1)
            last = slot
