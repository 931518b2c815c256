"""Games of coalitions: who brings how much of a value that many make together.

A game of n players is its value by coalition, (2^n,): bit i of the row says whether player i takes part.
"""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from twin.errors import WorkError

MOST_PLAYERS = 12
"""Coalitions are all gone through: 4096 at most."""
Floats = NDArray[np.float64]


def n_players(value: Floats) -> int:
    """Number of players of a game, (2^n,)."""
    n = int(value.shape[0]).bit_length() - 1
    if value.shape[0] != 1 << n or n > MOST_PLAYERS:
        raise WorkError(f"{value.shape[0]} coalitions: a power of two, {1 << MOST_PLAYERS} at most")
    return n


def shapley(value: Floats) -> Floats:
    """Each player's share (n,) of what all together are worth over nobody, exactly.

    The mean over orders of arrival of what the player adds (Shapley 1953, Contributions to the Theory of
    Games II), summed over coalitions: |S|! (n - |S| - 1)! / n! for each S without the player.

    >>> shapley(np.array([0.0, 0.0, 0.0, 6.0])).tolist()  # two halves of a pair of gloves
    [3.0, 3.0]
    """
    n = n_players(value)
    coalition = np.arange(1 << n)
    size = np.array([int(each).bit_count() for each in coalition])
    weight = np.array([factorial(k) * factorial(n - k - 1) / factorial(n) for k in range(n)])
    share = np.zeros(n)
    for player in range(n):
        without = coalition[coalition & (1 << player) == 0]
        share[player] = weight[size[without]] @ (value[without | (1 << player)] - value[without])
    return share


def crossing(value: Floats, a: int, b: int) -> float:
    """What two players make together beyond what each makes alone: V(A+B) - V(A) - V(B) + V(nobody).

    >>> crossing(np.array([0.0, 2.0, 3.0, 4.0]), 0, 1)
    -1.0
    """
    return float(value[(1 << a) | (1 << b)] - value[1 << a] - value[1 << b] + value[0])


def pairs(n: int) -> tuple[tuple[int, int], ...]:
    """All pairs of n players."""
    return tuple(combinations(range(n), 2))


def merged(value: Floats, groups: tuple[int, ...], n_groups: int) -> Floats:
    """The game of holders (2^n_groups,) in which each brings all its datasets: player i is groups[i]'s.

    >>> merged(np.array([0.0, 2.0, 3.0, 4.0]), (1, 1), 2).tolist()
    [0.0, 0.0, 4.0, 4.0]
    """
    out = np.empty(1 << n_groups)
    for coalition in range(1 << n_groups):
        mask = sum(1 << player for player, group in enumerate(groups) if coalition >> group & 1)
        out[coalition] = value[mask]
    return out
