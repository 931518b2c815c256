"""Choices by random utility whose errors are kept: what changes a choice is what changed, never luck.

Each person has an error for each alternative, the same in every scenario. It is worked out from the first
choice only where somebody is asked again (`twin.kernels.choice`), so that a day on which nothing changed
asks nobody. From this follows what paired scenarios need: who has the same options chooses the same; and
where the utility of one alternative falls and the others stay, nobody comes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.kernels.choice import ALTERNATIVES_LIMIT, fill_choices, fill_errors
from twin.kernels.random import stream_of


@dataclass(frozen=True, eq=False)
class Choice:
    """Who chose what (n,) among m alternatives.

    Parameters
    ----------
    name
        Of the draws: choices of one name, key and moment share their errors.
    key, moment
        Whose errors they are (n,) uint64, and which of that person's (n,) int64.
    first, first_chosen
        Utility (n, m) at which the errors are worked out, -inf what cannot be chosen, and what was chosen.
    utility, chosen
        Utility (n, m) now, and what is chosen.

    >>> key, moment = np.arange(3, dtype=np.uint64), np.zeros(3, dtype=np.int64)
    >>> choice = Choice.made("mode", key, moment, np.log([[0.7, 0.3]] * 3), np.array([0, 0, 1]))
    >>> choice.with_gains(np.array([[0.0, 50.0]] * 3), seed=1).chosen.tolist()
    [1, 1, 1]
    >>> choice.with_gains(np.array([[0.0, 0.0]] * 3), seed=1).chosen.tolist()
    [0, 0, 1]
    """

    name: str
    key: np.ndarray
    moment: np.ndarray
    first: np.ndarray
    first_chosen: np.ndarray
    utility: np.ndarray
    chosen: np.ndarray

    @staticmethod
    def made(
        name: str, key: np.ndarray, moment: np.ndarray, utility: np.ndarray, chosen: np.ndarray
    ) -> Choice:
        """A first choice: utility (n, m), of which what was chosen (n,) is possible."""
        if utility.shape[1] > ALTERNATIVES_LIMIT:
            raise ValueError(f"{utility.shape[1]} alternatives, at most {ALTERNATIVES_LIMIT}")
        if not np.isfinite(utility[np.arange(chosen.shape[0]), chosen]).all():
            raise ValueError("somebody chose what cannot be chosen")
        return Choice(name, key, moment, utility, chosen, utility, chosen)

    def errors(self, rows: np.ndarray, seed: int) -> np.ndarray:
        """Errors of every alternative of those rows (n_rows, m)."""
        first = np.ascontiguousarray(self.first[rows], dtype=np.float64)
        out = np.empty_like(first)
        chosen = np.ascontiguousarray(self.first_chosen[rows], dtype=np.int64)
        who = np.ascontiguousarray(self.key[rows], dtype=np.uint64)
        when = np.ascontiguousarray(self.moment[rows], dtype=np.int64)
        fill_errors(first, chosen, seed, stream_of(f"behaviour.{self.name}"), who, when, out)
        return out

    def with_utility(self, utility: np.ndarray, seed: int) -> Choice:
        """The choice at another utility (n, m); who has the same of everything is not asked."""
        rows = np.flatnonzero((utility != self.utility).any(axis=1))
        if not rows.size:
            return self
        chosen = self.chosen.copy()
        again = np.empty(rows.shape[0], dtype=np.int64)
        fill_choices(np.ascontiguousarray(utility[rows]), self.errors(rows, seed), again)
        chosen[rows] = again
        return replace(self, utility=utility, chosen=chosen)

    def with_gains(self, gain: np.ndarray, seed: int) -> Choice:
        """The choice after utilities rose by so much (n, m); who gains and loses nothing is not asked."""
        rows = np.flatnonzero((gain != 0.0).any(axis=1))
        if not rows.size:
            return self
        utility = self.utility.copy()
        utility[rows] += gain[rows]
        return self.with_utility(utility, seed)
