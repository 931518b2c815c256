"""Randomness as a function: the draw of (seed, stream, who, when) is the same in any order.

The mixer is SplitMix64's finaliser (Steele, Lea & Flood 2014, OOPSLA, doi 10.1145/2660193.2660195),
applied once for each part of the key. Two scenarios that ask for the same draw get the same number.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel, kernel, read_only
from twin.kernels.keys import key_of, keys_of, stream_of

__all__ = ["draw_word", "fill_uniforms", "key_of", "keys_of", "mix", "stream_of", "uniform", "uniforms"]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


@kernel
def mix(word: np.uint64) -> np.uint64:
    """One SplitMix64 step of a 64-bit word."""
    z = np.uint64(word) + _GAMMA
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))


@inline_kernel
def draw_word(seed: int, stream: np.uint64, who: np.uint64, when: int) -> np.uint64:
    """64 random bits of (seed, stream, who, when)."""
    word = mix(np.uint64(seed) ^ np.uint64(stream))
    word = mix(word ^ np.uint64(who))
    return mix(word ^ np.uint64(when))


@inline_kernel
def uniform(seed: int, stream: np.uint64, who: np.uint64, when: int) -> float:
    """Uniform draw in [0, 1) of (seed, stream, who, when)."""
    return float(draw_word(seed, stream, who, when) >> np.uint64(11)) * _TO_UNIT


@kernel
def fill_uniforms(seed: int, stream: np.uint64, who: np.ndarray, when: np.ndarray, out: np.ndarray) -> None:
    """Draws for many: who (n,) uint64 read, when (n,) int64 read, out (n,) float64 written."""
    for i in range(who.shape[0]):
        out[i] = uniform(seed, stream, who[i], when[i])


def uniforms(seed: int, stream: np.uint64, who: np.ndarray, when: np.ndarray | int = 0) -> np.ndarray:
    """Uniform draws in [0, 1) for keys ``who`` (n,) uint64 at moments ``when`` (n,) or one moment.

    >>> keys = np.array([1, 2], dtype=np.uint64)
    >>> a = uniforms(7, stream_of("app"), keys)
    >>> b = uniforms(7, stream_of("app"), keys[::-1])
    >>> bool((a == b[::-1]).all())
    True
    """
    who = np.ascontiguousarray(who, dtype=np.uint64)
    moments = np.ascontiguousarray(np.broadcast_to(np.asarray(when, dtype=np.int64), who.shape))
    out = np.empty(who.shape[0])
    fill_uniforms(seed, stream, read_only(who), read_only(moments), out)
    return out
