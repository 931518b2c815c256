"""Random utility with errors that are kept: Gumbel errors given what was chosen, drawn from the top down.

Of alternatives with utility V_k + e_k, errors independent and of the standard Gumbel law, the greatest is at
G(log sum exp V), and it is independent of which alternative it belongs to (McFadden 1974). So who was seen
to choose j has a greatest utility M drawn from that law, e_j = M - V_j, and each other error is a Gumbel
draw cut off at M (Maddison, Tarlow & Minka 2014, A* Sampling, NIPS 27, section 3). Errors and choice
together have the very law that errors drawn first would give.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import uniform

ALTERNATIVES_LIMIT = 64
"""Alternatives that a choice can have: draws of one moment are so far apart."""
_LEAST = 2.0**-60


@inline_kernel
def _gumbel(u: float) -> float:
    """Standard Gumbel draw of a uniform one."""
    return -np.log(-np.log(max(u, _LEAST)))


@kernel
def fill_errors(
    utility: np.ndarray,
    chosen: np.ndarray,
    seed: int,
    stream: np.uint64,
    who: np.ndarray,
    when: np.ndarray,
    error: np.ndarray,
) -> None:
    """Errors of each alternative given the chosen one, error (n, m) written.

    utility (n, m) systematic, -inf what cannot be chosen, finite where chosen; chosen (n,); draws are those
    of (seed, stream, who (n,), when (n,) * 64 + alternative). What cannot be chosen has a plain error.
    """
    n, m = utility.shape
    for i in range(n):
        best = -np.inf
        for k in range(m):
            best = max(best, utility[i, k])
        total = 0.0
        for k in range(m):
            total += np.exp(utility[i, k] - best)
        first = when[i] * ALTERNATIVES_LIMIT
        j = chosen[i]
        top = best + np.log(total) + _gumbel(uniform(seed, stream, who[i], first + j))
        error[i, j] = top - utility[i, j]
        for k in range(m):
            if k == j:
                continue
            own = _gumbel(uniform(seed, stream, who[i], first + k))
            if utility[i, k] == -np.inf:
                error[i, k] = own
                continue
            # -log(exp(-top) + exp(-free)), the free draw cut off at the top
            free = utility[i, k] + own
            below = min(top, free) - np.log1p(np.exp(-np.abs(top - free)))
            error[i, k] = below - utility[i, k]


@kernel
def fill_choices(utility: np.ndarray, error: np.ndarray, chosen: np.ndarray) -> None:
    """What is best by utility and error, (n, m) each, the first of equals; chosen (n,) written."""
    for i in range(utility.shape[0]):
        best = -np.inf
        for k in range(utility.shape[1]):
            value = utility[i, k] + error[i, k]
            if value > best:
                best = value
                chosen[i] = k
