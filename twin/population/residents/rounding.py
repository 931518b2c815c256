"""Fitted tables into whole households: every margin to within one, where whole numbers can.

Largest remainders and single moves come first and almost always do. Where a margin is then missed by more
than one, the nearest whole numbers are sought by integer programming: controlled rounding (Cox 1987, Journal
of the American Statistical Association 82(398)).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

from twin.population.residents.fit import integerise, mend

SLACK = 1
"""Most by which a margin may be missed."""
ASKED_WEIGHT = 100.0
"""What it counts to miss a margin that was given, over one that is only a default."""
OVER_WEIGHT = 1_000.0
"""What it counts to miss a margin by one more than `SLACK`, over the nearness to the fitted table."""
GAP = 0.5
"""Part of its cost by which a rounding may lie from the nearest one; far less than missing a margin costs."""
NODES_LIMIT = 200
"""Most branches of the search: a limit that, unlike one of time, is the same on every machine."""


def mended_numbers(
    fitted: np.ndarray, group: np.ndarray, counts: np.ndarray, targets: np.ndarray
) -> np.ndarray:
    """Whole numbers (n_cells,) by largest remainders within each group, mended towards the targets.

    >>> margins = np.array([[1, 1, 0], [0, 1, 1]])
    >>> mended_numbers(np.array([0.5, 0.5, 1.5]), np.zeros(3), margins, np.array([1, 2])).tolist()
    [0, 1, 1]
    """
    numbers = np.zeros(len(fitted), dtype=np.int64)
    for each in np.unique(group):
        cells = np.flatnonzero(group == each)
        numbers[cells] = integerise(fitted[cells], round(float(fitted[cells].sum())))
    return mend(numbers, group, counts, targets)


def nearest_numbers(
    numbers: np.ndarray, fitted: np.ndarray, counts: np.ndarray, targets: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """Whole numbers (n_cells,) that miss margins by as little beyond one as any do, and lie near the fitted.

    ``fitted`` (n_cells,) meets ``targets`` (n_margins,), where ``counts`` (n_margins, n_cells) says how often
    a cell counts in a margin; of margins that cannot all be met, ``given`` ones (n_margins,) bool come first.
    They are sought beside the fitted first, then anywhere; where the search finds none within its limit that
    are better than ``numbers``, those stand.
    """
    weight = np.where(given, ASKED_WEIGHT, 1.0)

    def missed(made: np.ndarray) -> float:
        return float((weight * np.maximum(np.abs(counts @ made - targets) - SLACK, 0)).sum())

    best = numbers
    for reach in (1.0, np.inf):
        found = _programmed(fitted, counts, targets, weight, reach)
        if found is not None and missed(found) < missed(best):
            best = found
        if missed(best) == 0.0:
            break
    return best


def _programmed(
    fitted: np.ndarray, counts: np.ndarray, targets: np.ndarray, weight: np.ndarray, reach: float
) -> np.ndarray | None:
    """Whole numbers (n_cells,) by integer programming, no further than ``reach`` beyond the fitted's floor.

    Variables: the numbers, how far each lies from the fitted, how far each margin lies off, and beyond one.
    """
    n_margins, n_cells = counts.shape
    cells, margins = np.eye(n_cells), np.eye(n_margins)
    beside, square, wide = (
        np.zeros(shape) for shape in ((n_cells, n_margins), (n_margins,) * 2, counts.shape)
    )
    rows = [
        ([cells, -cells, beside, beside], fitted),
        ([-cells, -cells, beside, beside], -fitted),
        ([counts, wide, -margins, square], targets),
        ([-counts, wide, -margins, square], -targets),
        ([wide, wide, margins, -margins], np.full(n_margins, SLACK)),
    ]
    cost = np.concatenate([np.zeros(n_cells), np.ones(n_cells), weight, OVER_WEIGHT * weight])
    low, high = np.zeros(len(cost)), np.full(len(cost), np.inf)
    low[:n_cells], high[:n_cells] = np.maximum(np.floor(fitted) - reach, 0.0), np.ceil(fitted) + reach
    found = milp(
        cost,
        constraints=[LinearConstraint(csr_array(np.hstack(parts)), ub=limit) for parts, limit in rows],
        integrality=np.concatenate([np.ones(n_cells), np.zeros(n_cells + 2 * n_margins)]),
        bounds=Bounds(low, high),
        options={"node_limit": NODES_LIMIT, "mip_rel_gap": GAP},
    )
    return None if found.x is None else np.rint(found.x[:n_cells]).astype(np.int64)


def reachable_targets(
    prior: np.ndarray, counts: np.ndarray, targets: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """Targets (n_margins,) that some table meets, as near as there are to those asked (linear programming).

    Where they contradict each other, those that are only defaults give way before those given.

    >>> twice = np.array([[1, 1], [1, 1]])
    >>> reachable_targets(np.ones(2), twice, np.array([3.0, 5.0]), np.array([True, False])).tolist()
    [3.0, 3.0]
    """
    n_margins, used = len(targets), prior > 0.0
    table = np.hstack([counts[:, used], np.eye(n_margins), -np.eye(n_margins)])
    weight = np.where(given, ASKED_WEIGHT, 1.0)
    cost = np.concatenate([np.zeros(int(used.sum())), weight, weight])
    found = linprog(cost, A_eq=csr_array(table), b_eq=targets)
    return np.asarray(counts[:, used] @ found.x[: int(used.sum())])
