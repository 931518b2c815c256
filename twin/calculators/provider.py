"""The arithmetic of a provider: link weights from its picture, whom it advises, who follows.

Weights are whole milliseconds, never below free flow, `BLOCKED` where nobody may pass.
"""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.kernels.paths import BLOCKED
from twin.kernels.random import stream_of, uniforms

_RESPECT = stream_of("calculators.respect")
_OBEY = stream_of("calculators.obedience")


def advice_times_ms(
    travel_time_s: np.ndarray, free_flow_ms: np.ndarray, known_closed: np.ndarray
) -> np.ndarray:
    """Link weights of a provider (n_links,) int32 from the travel times that it believes.

    Noise may put a belief below free flow: the weight is free flow then. Links that the provider knows
    to be closed are blocked; of the others it knows nothing, and may send its users there.

    >>> advice_times_ms(np.array([9.5, 30.0, 8.0]), np.array([10_000, 10_000, 8_000]),
    ...                 np.array([False, False, True])).tolist()
    [10000, 30000, 1073741824]
    """
    believed_ms = np.minimum(np.rint(travel_time_s * MS), BLOCKED - 1)
    weight_ms = np.maximum(believed_ms, free_flow_ms)
    return np.where(known_closed, BLOCKED, weight_ms).astype(np.int32)


def honouring_times_ms(advice_ms: np.ndarray, secondary: np.ndarray, penalty_factor: float) -> np.ndarray:
    """The same weights for trips on which the provider honours the manager's classes (n_links,) int32.

    A link classed as secondary costs penalty_factor (1 or more) times its time: a trip that ends there
    still gets there, one that passes through is sent round while that is worth it.
    """
    if penalty_factor < 1.0:
        raise ValueError(f"a penalty factor of {penalty_factor} would draw traffic onto secondary links")
    felt_ms = np.minimum(np.rint(advice_ms * penalty_factor), BLOCKED - 1)
    return np.where(secondary & (advice_ms < BLOCKED), felt_ms, advice_ms).astype(np.int32)


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
