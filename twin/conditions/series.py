"""Series over dates as functions: each value is found from the date alone, in any order of asking.

A stationary process has no first day, so none is lived from: an autoregression is summed as the moving
average that it is, and a chain is followed from the last day that decides its state whatever came before
(coupling from the past; Propp & Wilson 1996, Random Structures & Algorithms 9).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms

LEFT_OUT = 1e-9
"""Weight, relative to the newest shock's, from which on older ones are left out of a moving average."""
_LEAST = 2.0**-54


def date_draws(seed: int, name: str, ordinal: np.ndarray) -> np.ndarray:
    """Uniform draws of dates (n,) in [0, 1)."""
    who = np.zeros(len(ordinal), dtype=np.uint64)
    return uniforms(seed, stream_of(f"conditions.{name}"), who, ordinal)


def date_draw(seed: int, name: str, ordinal: int) -> float:
    """The uniform draw of one date."""
    return float(date_draws(seed, name, np.array([ordinal]))[0])


def normal(u: np.ndarray) -> np.ndarray:
    """Standard normal values of uniform draws (n,)."""
    return np.asarray(ndtri(np.clip(u, _LEAST, 1.0 - 2.0**-53)))


def autoregression(seed: int, name: str, ordinal: int, persistence: float) -> float:
    """Value at a date of the stationary AR(1) process of mean 0 and variance 1, x_t = r x_(t-1) + e_t.

    Its moving average: sqrt(1 - r^2) * sum of r^k e_(t-k), e standard normal.
    """
    if not 0.0 <= persistence < 1.0:
        raise InputError("persistence", f"{persistence:g}", "0 or more, below 1")
    n = 1 if persistence == 0.0 else math.ceil(math.log(LEFT_OUT) / math.log(persistence))
    lag = np.arange(n)
    shocks = normal(date_draws(seed, name, ordinal - lag))
    return float(math.sqrt(1.0 - persistence**2) * (persistence**lag @ shocks))


def chain_state(seed: int, name: str, ordinal: int, chance: Callable[[int], tuple[float, float]]) -> bool:
    """State at a date of a two-state chain; ``chance`` gives p01 and p11 of the step to a date."""
    steps: list[tuple[float, float, float]] = []
    at = ordinal
    while True:
        u = date_draw(seed, name, at)
        p01, p11 = chance(at)
        if min(p01, p11) <= 0.0 and max(p01, p11) >= 1.0:
            raise InputError("persistence", "1: the state never changes", "below 1")
        if u < min(p01, p11) or u >= max(p01, p11):
            state = u < p01
            break
        steps.append((u, p01, p11))
        at -= 1
    for u, p01, p11 in reversed(steps):
        state = u < (p11 if state else p01)
    return bool(state)
