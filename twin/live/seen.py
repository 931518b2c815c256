"""Which messages have been kept: a bit for each number of each run of a device, so that none counts twice."""

from __future__ import annotations

import numpy as np

_BITS = 6


class Seen:
    """Numbers seen by run (device, boot), in words of 64; and the highest number of each run.

    >>> seen = Seen()
    >>> seen.add(0, 70), seen.note_highest(0, 70), seen.add(0, 70), seen.add(0, 3), seen.note_highest(0, 3)
    (True, False, False, True, True)
    """

    def __init__(self) -> None:
        self._words: list[dict[int, int]] = []
        self._highest: list[int] = []

    def add(self, run: int, number: int) -> bool:
        """Take a number; False where it was there already."""
        self._reach(run)
        words = self._words[run]
        word, bit = number >> _BITS, 1 << (number & 63)
        kept = words.get(word, 0)
        if kept & bit:
            return False
        words[word] = kept | bit
        return True

    def note_highest(self, run: int, number: int) -> bool:
        """Whether a number lies below one of the same run that came before it."""
        below = number < self._highest[run]
        if not below:
            self._highest[run] = number
        return below

    def add_all(self, run: np.ndarray, number: np.ndarray) -> None:
        """Take many numbers, (n,) each."""
        if not len(run):
            return
        order = np.lexsort((number, run))
        run, number = run[order].astype(np.int64), number[order].astype(np.int64)
        self._reach(int(run[-1]))
        word, bit = number >> _BITS, np.uint64(1) << (number & 63).astype(np.uint64)
        first = np.flatnonzero(np.r_[True, (run[1:] != run[:-1]) | (word[1:] != word[:-1])])
        joined = np.bitwise_or.reduceat(bit, first)
        for r, w, b in zip(run[first].tolist(), word[first].tolist(), joined.tolist(), strict=True):
            self._words[r][w] = self._words[r].get(w, 0) | b
        last = np.flatnonzero(np.r_[run[1:] != run[:-1], True])
        for r, n in zip(run[last].tolist(), number[last].tolist(), strict=True):
            self._highest[r] = max(self._highest[r], n)

    def highest(self, run: int) -> int:
        """Highest number of a run, -1 where it has none."""
        return self._highest[run] if run < len(self._highest) else -1

    def _reach(self, run: int) -> None:
        while len(self._words) <= run:
            self._words.append({})
            self._highest.append(-1)
