"""Assimilation: an ensemble of states drawn to observations of some of them, one after the other.

The serial square-root filter of Whitaker & Hamill (2002, Monthly Weather Review 130): no observation is
perturbed, so nothing is drawn here, and no matrix is inverted. Covariances fade with distance by the
function of Gaspari & Cohn (1999, Quarterly Journal 125, eq. 4.10).
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel


@kernel
def fade(distance_m: float, half_m: float) -> float:
    """Weight of a covariance at a distance: 1 at none, 0 from twice `half_m` on (Gaspari & Cohn 1999)."""
    r = distance_m / half_m
    if r >= 2.0:
        return 0.0
    if r <= 1.0:
        return 1.0 + r * r * (-5.0 / 3.0 + r * (0.625 + r * (0.5 - 0.25 * r)))
    tail = r * (-5.0 + r * (5.0 / 3.0 + r * (0.625 + r * (-0.5 + r / 12.0))))
    return max(4.0 + tail - 2.0 / (3.0 * r), 0.0)


@kernel
def assimilate(
    states: np.ndarray,
    x_m: np.ndarray,
    y_m: np.ndarray,
    half_m: float,
    row: np.ndarray,
    value: np.ndarray,
    variance: np.ndarray,
    seen: np.ndarray,
) -> None:
    """Draw the members towards each observation in turn; states (n_states, n_members) rewritten.

    x_m, y_m (n_states,) where each state lies; row, value, variance (n_observations,): which state was
    observed, what was read and with what error variance; half_m: half the distance beyond which nothing
    is learned, inf: no fading. seen (n_members,) is room to work in.
    """
    n_members = states.shape[1]
    for o in range(row.shape[0]):
        here = row[o]
        mean = 0.0
        for m in range(n_members):
            mean += states[here, m]
        mean /= n_members
        spread = 0.0
        for m in range(n_members):
            seen[m] = states[here, m] - mean
            spread += seen[m] * seen[m]
        spread /= n_members - 1
        if spread <= 0.0:
            continue
        total = spread + variance[o]
        step = value[o] - mean
        shrink = 1.0 / (1.0 + np.sqrt(variance[o] / total))
        for i in range(states.shape[0]):
            weight = 1.0
            if half_m < np.inf:
                weight = fade(np.hypot(x_m[i] - x_m[here], y_m[i] - y_m[here]), half_m)
                if weight == 0.0:
                    continue
            mean_i, shared = 0.0, 0.0
            for m in range(n_members):
                mean_i += states[i, m]
                shared += states[i, m] * seen[m]
            mean_i /= n_members
            gain = weight * shared / ((n_members - 1) * total)
            for m in range(n_members):
                states[i, m] += gain * (step - shrink * seen[m])
