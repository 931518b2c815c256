"""Fitting of joint tables to marginals, and their turning into whole numbers.

Raking keeps the odds ratios of the prior (Deming & Stephan 1940, Ann. Math. Stat. 11(4)); in its general
form, for margins that count a cell more than once (trips of a day, persons of a household), each margin in
turn is met by the tilt closest to the weights so far (Csiszar 1975, Ann. Probab. 3(1)).
"""

from __future__ import annotations

import numpy as np

from twin.kernels.synthesis import rake_weights

MOVES_LIMIT = 20_000
WITHIN = 1e-9
"""By how much a fitted margin may miss its target, in persons or households, whatever its size."""
STEPS_LIMIT = 400
LARGEST_STEP = 2.0
"""Most that one step of Newton's rule changes the logarithm of a weight."""


def rake(
    prior: np.ndarray, counts: np.ndarray, targets: np.ndarray, rounds: int = 1_000, tolerance: float = 1e-9
) -> np.ndarray:
    """Weights closest to the prior whose margins meet the targets, as far as they can be met.

    Parameters
    ----------
    prior
        (n_cells,) weights to start from, >= 0; a cell of weight 0 keeps it.
    counts
        (n_margins, n_cells) how often a cell counts in a margin, >= 0. The margins that stand last are met
        exactly, also where the others contradict each other.
    targets
        (n_margins,) what each margin is to be, >= 0.
    rounds
        at most, where margins contradict each other.
    tolerance
        part of its target by which each margin, however small, may miss it.

    Examples
    --------
    >>> table = np.array([1.0, 2.0, 3.0, 4.0])
    >>> margins = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    >>> fitted = rake(table, margins, np.array([5.0, 5.0, 4.0, 6.0]))
    >>> (margins @ fitted).round(6).tolist()
    [5.0, 5.0, 4.0, 6.0]
    """
    weights = np.array(prior, dtype=np.float64)
    aims = np.array(targets, dtype=np.float64)
    rake_weights(weights, np.array(counts, dtype=np.float64, order="C"), aims, rounds, tolerance)
    return weights


def rake_closely(prior: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, float]:
    """Raked weights (n_cells,) and by how much the worst margin is missed: at most `WITHIN` if any can be.

    Raking comes close slowly where the targets leave some cells all but empty; Newton's rule on the
    exponents of the same family of tables goes the rest of the way. Where targets contradict each other
    what raking has found stands.

    >>> margins = np.array([[1, 1, 0], [0, 1, 2]])
    >>> fitted, miss = rake_closely(np.ones(3), margins, np.array([1e5, 1.0]))
    >>> bool(miss <= WITHIN)
    True
    """
    aims, table = np.asarray(targets, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    raked = rake(prior, table, aims, tolerance=WITHIN / max(float(aims.max(initial=0.0)), 1.0))
    weights, miss = raked, _miss(raked, table, aims)
    for _ in range(STEPS_LIMIT):
        if miss <= WITHIN:
            return weights, miss
        step = _newton_step(weights, table, aims) @ table
        most = float(np.abs(step[weights > 0.0]).max(initial=0.0))
        if not 0.0 < most < np.inf:
            break
        weights = weights * np.exp(step * min(1.0, LARGEST_STEP / most))
        miss = _miss(weights, table, aims)
    return (weights, miss) if miss <= WITHIN else (raked, _miss(raked, table, aims))


def _newton_step(weights: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Exponents (n_margins,) that meet the targets to first order; the shortest, as margins overlap."""
    axes, stretch, _ = np.linalg.svd(counts * np.sqrt(weights), full_matrices=False)
    kept = stretch > 1e-11 * stretch[0]
    along = axes[:, kept].T @ (targets - counts @ weights) / stretch[kept] ** 2
    return np.asarray(axes[:, kept] @ along)


def _miss(weights: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> float:
    return float(np.abs(counts @ weights - targets).max(initial=0.0))


def integerise(weights: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to the weights that sum to the total (largest remainders).

    The first of two equal remainders is served first.

    >>> integerise(np.array([0.5, 0.25, 0.25]), 5).tolist()
    [3, 1, 1]
    """
    weights = np.asarray(weights, dtype=float)
    wanted = weights * (total / weights.sum()) if weights.sum() > 0.0 else np.zeros(len(weights))
    wanted = wanted.round(9)  # so that the last bits of a sum decide no remainder
    whole = np.floor(wanted).astype(np.int64)
    rest = np.argsort(-(wanted - whole), kind="stable")[: max(total - int(whole.sum()), 0)]
    whole[rest] += 1
    return whole


def mend(numbers: np.ndarray, group: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Move single units between cells while that brings the margins nearer to the targets.

    Moves within a group come first and keep its sum; where none helps any more, a unit goes to another group,
    is added or taken away. Of the moves that help, the best is made; of equal ones, the first.

    Parameters
    ----------
    numbers
        (n_cells,) whole.
    group
        (n_cells,) group of each cell.
    counts
        (n_margins, n_cells) whole.
    targets
        (n_margins,) whole.
    """
    n_cells = len(numbers)
    all_cells = np.arange(n_cells + 1)
    within = [np.flatnonzero(group == each) for each in np.unique(group)]
    moves = (
        (
            np.concatenate([np.repeat(cells, len(cells)) for cells in within]),
            np.concatenate([np.tile(cells, len(cells)) for cells in within]),
        ),
        (np.repeat(all_cells, n_cells + 1), np.tile(all_cells, n_cells + 1)),
    )
    # a last cell that counts for nothing and never runs out gives what is added and takes what is removed
    stock = np.append(numbers, MOVES_LIMIT)
    weight = np.column_stack([counts, np.zeros(len(counts), dtype=np.int64)]).astype(np.int64)
    gap = (counts @ numbers - targets).astype(np.int64)
    for giver, taker in moves:
        change = weight[:, taker] - weight[:, giver]
        for _ in range(MOVES_LIMIT):
            error = np.abs(gap[:, None] + change).sum(axis=0)
            error[stock[giver] == 0] = np.iinfo(np.int64).max
            best = int(np.argmin(error))
            if error[best] >= np.abs(gap).sum():
                break
            stock[giver[best]] -= 1
            stock[taker[best]] += 1
            gap = gap + change[:, best]
    return stock[:n_cells]
