"""What drivers live through: travel times by slice of entry and link, summed from the log of passages."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel


@kernel
def sum_passages(
    link: np.ndarray,
    enter_ms: np.ndarray,
    exit_ms: np.ndarray,
    slice_ms: int,
    count: np.ndarray,
    total_ms: np.ndarray,
) -> None:
    """Add passages to count (n_slices, n_links) int32 and total_ms int64, by the slice of entry."""
    last = count.shape[0] - 1
    for i in range(link.shape[0]):
        slot = min(enter_ms[i] // slice_ms, last)
        count[slot, link[i]] += 1
        total_ms[slot, link[i]] += exit_ms[i] - enter_ms[i]


@kernel
def count_moments(link: np.ndarray, moment_ms: np.ndarray, slice_ms: int, count: np.ndarray) -> None:
    """Add events at moments to count (n_slices, n_links) int32."""
    last = count.shape[0] - 1
    for i in range(link.shape[0]):
        count[min(moment_ms[i] // slice_ms, last), link[i]] += 1
