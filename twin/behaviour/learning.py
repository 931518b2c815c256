"""How drivers come to their habits: an equilibrium start, then day-to-day learning.

The start is a traffic assignment by individuals: in round k a k-th part of the travellers chooses
again (method of successive averages; Sheffi 1985, Urban Transportation Networks, ch. 5) on times from
a time-dependent volume-delay function (Akcelik 1991). Then whole days are lived: expected times are
smoothed from day to day (Horowitz 1984, Transp. Res. B 18(1)), and a part of the travellers reviews
the route, leaving it only for a gain outside an indifference band (Mahmassani & Chang 1987,
Transp. Sci. 21(2)).
"""

from __future__ import annotations

import numpy as np

from twin.kernels.experience import sum_passages
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters

REVIEW_STREAM = stream_of("behaviour.review")


def reviewers(seed: int, round_number: int, share: float, person_key: np.ndarray) -> np.ndarray:
    """Which travellers review their route in that round, (n,) bool: a draw of person and round."""
    return uniforms(seed, REVIEW_STREAM, person_key, round_number) < share


def volume_delay_ms(
    free_ms: np.ndarray, flow_veh: np.ndarray, capacity_veh: np.ndarray, slice_ms: int, parameters: Parameters
) -> np.ndarray:
    """Mean time of those who enter a link in a slice under a flow, int32 [ms].

    Parameters
    ----------
    free_ms, capacity_veh
        By link, (n_links,); the capacity is that of a whole slice.
    flow_veh
        By slice and link, (n_slices, n_links).
    slice_ms
        Length T of a slice.
    parameters
        Of them J, how much random arrivals add below capacity, and the load above which nothing is added.

    Notes
    -----
    Akcelik (1991), Travel time functions for transport planning purposes, Australian Road Research
    21(3): t = t0 + T/4 ((x - 1) + sqrt((x - 1)^2 + 8 J x / (Q T))), with x the flow over the capacity Q.
    Above capacity it tends to the deterministic queue, T/2 (x - 1). A slice knows nothing of the queue
    that the slice before left.
    """
    j = float(parameters["behaviour.volume_delay_parameter"])
    x = np.minimum(flow_veh / capacity_veh, float(parameters["behaviour.volume_delay_most_load"]))
    over = x - 1.0
    delay_ms = 0.25 * slice_ms * (over + np.sqrt(over**2 + 8.0 * j * x / capacity_veh))
    time_ms: np.ndarray = np.rint(free_ms + delay_ms).astype(np.int32)
    return time_ms


def lived_times_ms(
    link: np.ndarray,
    enter_ms: np.ndarray,
    exit_ms: np.ndarray,
    slice_ms: int,
    n_slices: int,
    free_ms: np.ndarray,
) -> np.ndarray:
    """Mean time of those who entered each link in each slice, free-flow time where nobody did.

    Passages are (n,); the answer is (n_slices, n_links) float64 [ms]. A slice without an entry that
    follows a slice whose queue has not yet gone keeps the rest of that queue: who enters later cannot
    leave before those ahead.
    """
    shape = (n_slices, free_ms.shape[0])
    count, total = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int64)
    sum_passages(link, enter_ms, exit_ms, slice_ms, count, total)
    times = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    times[0] = np.where(np.isnan(times[0]), free_ms, times[0])
    for slot in range(1, n_slices):
        queue_left = np.maximum(times[slot - 1] - slice_ms, free_ms)
        times[slot] = np.where(np.isnan(times[slot]), queue_left, times[slot])
    lived_ms: np.ndarray = np.maximum(times, free_ms)
    return lived_ms


def smoothed(expected_ms: np.ndarray, lived_ms: np.ndarray, weight: float) -> np.ndarray:
    """Expectation after one more day: (1 - weight) * expected + weight * lived."""
    return (1.0 - weight) * expected_ms + weight * lived_ms
