"""Draws of the synthesis: by named streams, so that each depends on a key and on nothing else."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import read_only
from twin.kernels.random import key_of, stream_of, uniforms
from twin.kernels.synthesis import fill_keys, fill_picks


def derive_keys(text: str, number: np.ndarray) -> np.ndarray:
    """Keys of numbered things of one name; they depend on the name and the number only.

    >>> bool((derive_keys("household", np.arange(3)) == derive_keys("household", np.arange(5))[:3]).all())
    True
    """
    return member_keys(np.full(len(number), key_of(text), dtype=np.uint64), number)


def member_keys(base: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Keys of numbered members of what has the keys ``base`` (n,)."""
    number = np.ascontiguousarray(number, dtype=np.int64)
    out = np.empty(len(number), dtype=np.uint64)
    fill_keys(read_only(np.ascontiguousarray(base, dtype=np.uint64)), read_only(number), out)
    return out


class Draws:
    """Uniform draws of one seed; a stream is named by its purpose.

    >>> draws = Draws(1)
    >>> keys = derive_keys("person", np.arange(4))
    >>> bool((draws.uniform("age", keys)[1:] == draws.uniform("age", keys[1:])).all())
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, purpose: str, key: np.ndarray, when: np.ndarray | int = 0) -> np.ndarray:
        """In [0, 1) for each key (n,), at moments (n,) or one moment."""
        return uniforms(self.seed, stream_of(f"population.{purpose}"), key, when)

    def bell(self, purpose: str, key: np.ndarray, when: np.ndarray | int = 0) -> np.ndarray:
        """Mean 0, standard deviation 1, within -3..3: the sum of three uniform draws (Irwin-Hall)."""
        total = sum(self.uniform(f"{purpose}.{part}", key, when) for part in "abc")
        return np.asarray(2.0 * (total - 1.5))

    def chosen(
        self, purpose: str, weights: np.ndarray, row: np.ndarray, key: np.ndarray, when: np.ndarray | int = 0
    ) -> np.ndarray:
        """Column drawn by the weights (n_rows, n_columns) of each row (n,), -1 where a row has no weight."""
        return picks(np.cumsum(weights, axis=1), row, self.uniform(purpose, key, when))


def picks(cumulative: np.ndarray, row: np.ndarray, u: np.ndarray) -> np.ndarray:
    """First column whose running sum exceeds u times the total of the row; -1 where that is 0.

    >>> picks(np.array([[1.0, 4.0], [0.0, 0.0]]), np.array([0, 0, 1]), np.array([0.2, 0.3, 0.5])).tolist()
    [0, 1, -1]
    """
    out = np.empty(len(row), dtype=np.int32)
    rows = np.ascontiguousarray(row, dtype=np.int64)
    fill_picks(np.ascontiguousarray(cumulative, dtype=np.float64), rows, u, out)
    return out
