"""Moments at which many devices send: drawn by device and period, so that no device changes another's."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.random import draw_word, mix

_TO_UNIT = 2.0**-53


@kernel
def draw_sendings(
    seed: int,
    stream: np.uint64,
    key: np.ndarray,
    turn: int,
    period_us: int,
    n_channels: int,
    start_us: np.ndarray,
) -> None:
    """When each device sends in a period [µs], key (n,) uint64 read, start_us (n,) int64 written.

    Channels are laid one after the other on one line, two periods apart.
    """
    for i in range(key.shape[0]):
        word = draw_word(seed, stream, key[i], turn)
        moment = np.int64(float(word >> np.uint64(11)) * _TO_UNIT * period_us)
        channel = np.int64(float(mix(word) >> np.uint64(11)) * _TO_UNIT * n_channels)
        start_us[i] = 2 * period_us * channel + moment
