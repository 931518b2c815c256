"""The arithmetic of a provider: link weights from its picture, whom it advises, who follows.

Weights are whole milliseconds, never below free flow, `BLOCKED` where nobody may pass.
"""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.kernels.paths import BLOCKED, whole_ms
from twin.kernels.random import stream_of, uniforms

_RESPECT = stream_of("calculators.respect")
_OBEY = stream_of("calculators.obedience")


def advice_times_ms(travel_time_s: np.ndarray, free_flow_ms: np.ndarray) -> np.ndarray:
    """What links take by a provider's beliefs (n_links,) int32 [ms], closed or not.

    Noise may put a belief below free flow: it is free flow then.

    >>> advice_times_ms(np.array([9.5, 30.0]), np.array([10_000, 10_000])).tolist()
    [10000, 30000]
    """
    return whole_ms(np.maximum(travel_time_s * MS, free_flow_ms))


def honouring_times_ms(advice_ms: np.ndarray, secondary: np.ndarray, penalty_factor: float) -> np.ndarray:
    """The same weights for trips on which the provider honours the manager's classes (n_links,) int32.

    A link classified as secondary costs penalty_factor (1 or more) times its time: a trip that ends there
    still gets there, one that passes through is sent round while that is worth it.
    """
    if penalty_factor < 1.0:
        raise ValueError(f"a penalty factor of {penalty_factor} would draw traffic onto secondary links")
    return np.where(secondary & (advice_ms < BLOCKED), whole_ms(advice_ms * penalty_factor), advice_ms)


def honours_class(trip_key: np.ndarray, respect: float | np.ndarray, seed: int) -> np.ndarray:
    """Trips on which a provider honours the class (n_trips,) bool: those whose own draw is below respect.

    At respect 0 there is none, so that the class changes nothing; more respect only adds trips.
    """
    return np.asarray(uniforms(seed, _RESPECT, trip_key) < respect)


def obeys(trip_key: np.ndarray, obedience: float | np.ndarray, seed: int) -> np.ndarray:
    """Trips on which the driver does what the calculator says (n_trips,) bool: one draw for the whole trip.

    Drawn anew at every advice, hardly anybody would resist a calculator that repeats itself.
    """
    return np.asarray(uniforms(seed, _OBEY, trip_key) < obedience)
