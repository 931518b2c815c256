"""Random keys of outside ids: plain Python, so that what only names things needs no compiler."""

from __future__ import annotations

import hashlib

import numpy as np


def key_of(text: str) -> np.uint64:
    """Stable 64-bit key of an outside id or a stream's name (BLAKE2b, 8 bytes, little-endian).

    >>> int(key_of("app") % np.uint64(1000))
    295
    """
    return np.uint64(_number_of(text))


def keys_of(texts: np.ndarray) -> np.ndarray:
    """`key_of` for an array of texts (n,), as uint64 (n,)."""
    return np.array([_number_of(str(text)) for text in texts.tolist()], dtype=np.uint64)


def _number_of(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


stream_of = key_of
"""A stream is named by a text: one name for each independent purpose of randomness."""
