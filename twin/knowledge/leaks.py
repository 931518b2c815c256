"""Where a main leaks, from pressure loggers, and how much, from what flows at night.

A leak lowers pressures by a pattern of its own: the network's model says which for each node. The node whose
pattern points as the residuals do, measured less expected, is the most likely (angles between residuals and
sensitivities: Pudar & Liggett 1992, Journal of Hydraulic Engineering 118; Casillas et al. 2013, Sensors 13).
At night little is drawn, and what flows in beyond it is lost (minimum night flow).
"""

from __future__ import annotations

import numpy as np


def night_leak_lps(inflow_lps: np.ndarray, usual_lps: np.ndarray) -> tuple[float, float]:
    """What flows in at night beyond the usual of other nights, and its standard error [l/s].

    inflow_lps (n_slices,) of the night asked about; usual_lps (n_nights, n_slices).
    """
    nights = np.asarray(usual_lps, dtype=np.float64).mean(axis=1)
    more = float(np.mean(inflow_lps) - nights.mean())
    return more, float(nights.std(ddof=1) * np.sqrt(1.0 + 1.0 / len(nights)))


def likelier_nodes(residual_m: np.ndarray, sensitivity_m: np.ndarray) -> np.ndarray:
    """Nodes in the order of how well a leak there explains the residuals, the likeliest first (n_nodes,).

    residual_m (n_loggers,): measured less expected pressure; sensitivity_m (n_nodes, n_loggers): the same for
    a leak of one size at each node. Nodes that no logger feels come last; ties by row.

    >>> likelier_nodes(np.array([-2.0, 0.0]), np.array([[0.0, -1.0], [-1.0, -0.1]])).tolist()
    [1, 0]
    """
    length = np.linalg.norm(sensitivity_m, axis=1)
    felt = length > 1e-9
    cosine = np.full(len(sensitivity_m), -2.0)
    size = max(float(np.linalg.norm(residual_m)), 1e-12)
    cosine[felt] = sensitivity_m[felt] @ residual_m / length[felt] / size
    return np.lexsort((np.arange(len(cosine)), -cosine))
