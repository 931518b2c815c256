"""Fitting of joint tables to marginals, and their turning into whole numbers.

Raking keeps the odds ratios of the prior (Deming & Stephan 1940, Ann. Math. Stat. 11(4)); in its general
form, for margins that count a cell more than once (trips of a day, persons of a household), each margin in
turn is met by the tilt closest to the weights so far (Csiszar 1975, Ann. Probab. 3(1)).
"""

from __future__ import annotations

import numpy as np

MOVES_LIMIT = 20_000


def rake(
    prior: np.ndarray, counts: np.ndarray, targets: np.ndarray, rounds: int = 400, tolerance: float = 1e-9
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

    Examples
    --------
    >>> table = np.array([1.0, 2.0, 3.0, 4.0])
    >>> margins = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    >>> fitted = rake(table, margins, np.array([5.0, 5.0, 4.0, 6.0]))
    >>> (margins @ fitted).round(6).tolist()
    [5.0, 5.0, 4.0, 6.0]
    """
    weights = np.array(prior, dtype=float)
    counts = np.asarray(counts, dtype=float)
    scale = max(float(np.max(targets, initial=0.0)), 1e-300)
    for _ in range(rounds):
        for count, target in zip(counts, targets, strict=True):
            _tilt(weights, count, float(target))
        worst = max(
            (abs(float((weights * c).sum()) - float(t)) for c, t in zip(counts, targets, strict=True)),
            default=0.0,
        )
        if worst <= tolerance * scale:
            break
    return weights


def _tilt(weights: np.ndarray, count: np.ndarray, target: float) -> None:
    """Multiply weights by x ** count so that their margin is the target: Newton's rule for log x."""
    part = np.flatnonzero((count > 0.0) & (weights > 0.0))
    if not len(part):
        return
    if target <= 0.0:
        weights[part] = 0.0
        return
    count, start = count[part], weights[part]
    tilted = start * (target / float((start * count).sum())) ** (1.0 / count.max())
    log_x = np.log(target / float((start * count).sum())) / count.max()
    for _ in range(50):
        gap = float((tilted * count).sum()) - target
        if abs(gap) <= 1e-13 * target:
            break
        log_x -= gap / float((tilted * count * count).sum())
        tilted = start * np.exp(log_x * count)
    weights[part] = tilted


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
    """Move single units between cells of one group while that brings the margins nearer to the targets.

    numbers (n_cells,) whole; group (n_cells,) sums per group are kept; counts (n_margins, n_cells) whole;
    targets (n_margins,) whole. The best move is made first; of equal ones, the first.
    """
    numbers = numbers.copy()
    pairs = [np.flatnonzero(group == g) for g in np.unique(group)]
    giver = np.concatenate([np.repeat(cells, len(cells)) for cells in pairs])
    taker = np.concatenate([np.tile(cells, len(cells)) for cells in pairs])
    change = (counts[:, taker] - counts[:, giver]).astype(np.int64)
    gap = (counts @ numbers - targets).astype(np.int64)
    for _ in range(MOVES_LIMIT):
        error = np.abs(gap[:, None] + change).sum(axis=0)
        error[numbers[giver] == 0] = np.iinfo(np.int64).max
        best = int(np.argmin(error))
        if error[best] >= np.abs(gap).sum():
            break
        numbers[giver[best]] -= 1
        numbers[taker[best]] += 1
        gap += change[:, best]
    return numbers
