"""Routes of many trips in one pool: link rows one after another, and where each trip's begin and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.jit import read_only
from twin.kernels.pools import pack


@dataclass(frozen=True)
class Routes:
    """Routes by trip row; a trip without one has start and end -1.

    Parameters
    ----------
    pool
        Links, one route after another, (n,) int32.
    start, end
        Place of each trip's route in the pool, (n_trips,) int64; end is one past the last link.
    """

    pool: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @staticmethod
    def joined(routes: list[np.ndarray]) -> Routes:
        """Routes (one at least), one after another."""
        end = np.cumsum([route.shape[0] for route in routes])
        start = end - [route.shape[0] for route in routes]
        return Routes(np.concatenate(routes).astype(np.int32), start, end)

    def of(self, trip: int) -> np.ndarray:
        """The links of one trip's route, in order."""
        if self.start[trip] < 0:
            return self.pool[:0]
        return self.pool[self.start[trip] : self.end[trip]]

    def taken(self, rows: np.ndarray) -> Routes:
        """The routes of some trips, in that order, in the same pool."""
        return Routes(self.pool, self.start[rows], self.end[rows])

    def replaced(self, rows: np.ndarray, other: Routes) -> Routes:
        """These routes, with those of the trips ``rows`` taken from ``other``; the pool is packed."""
        start, end = self.start.copy(), self.end.copy()
        shift = self.pool.shape[0]
        found = other.start[rows] >= 0
        start[rows] = np.where(found, other.start[rows] + shift, -1)
        end[rows] = np.where(found, other.end[rows] + shift, -1)
        return Routes(np.concatenate([self.pool, other.pool]), start, end).packed()

    def packed(self) -> Routes:
        """The same routes with no gaps, in the order of trips."""
        length = self.end - self.start
        new_end = np.cumsum(length)
        pool = np.empty(int(length.sum()), dtype=self.pool.dtype)
        pack(read_only(self.pool), read_only(self.start), read_only(self.end), pool)
        missing = self.start < 0
        return Routes(pool, np.where(missing, -1, new_end - length), np.where(missing, -1, new_end))
