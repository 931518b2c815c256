"""Tables of exact counts with totals, in which small cells are hidden so that no sum gives them away.

A hidden cell alone in its row is the total less the rest; so others must be hidden with it (complementary
suppression; Cox 1980, JASA 75; Fischetti & Salazar 2001, Management Science 47). Whether enough are hidden is
audited as an attacker would: by the least and greatest value that the published numbers leave open.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from twin.errors import InputError


def with_totals(counts: np.ndarray) -> np.ndarray:
    """A table (r, c) with its totals as a last row and column."""
    wide = np.column_stack([counts, counts.sum(axis=1)])
    return np.vstack([wide, wide.sum(axis=0)])


def hide_small(counts: np.ndarray, least_people: int) -> np.ndarray:
    """Cells and totals (r + 1, c + 1) bool that stand for 1 to k - 1 people: the ones to protect."""
    whole = with_totals(_checked(counts))
    return np.asarray((whole > 0) & (whole < least_people))


def hide_enough(counts: np.ndarray, least_people: int) -> np.ndarray:
    """What to hide (r + 1, c + 1) bool so that no small cell can be told from all that is left.

    Each pass looks at the hidden cells that are told, small or not, and hides another in their row or column
    where they are alone in it, or else in their row. It ends, for with everything hidden nothing is told.
    """
    whole = with_totals(_checked(counts))
    small = hide_small(counts, least_people)
    hidden = small.copy()
    while True:
        told = told_cells(np.where(hidden, -1, whole))
        if not (told & small).any():
            return hidden
        before = int(hidden.sum())
        for i, j in np.argwhere(told).tolist():
            if hidden[i].sum() == 1:
                _hide_one(whole[i], hidden[i], np.asarray(hidden.any(axis=0)))
            if hidden[:, j].sum() == 1:
                _hide_one(whole[:, j], hidden[:, j], np.asarray(hidden.any(axis=1)))
        if int(hidden.sum()) == before:
            for i in np.unique(np.nonzero(told)[0]).tolist():
                _hide_one(whole[i], hidden[i], np.asarray(hidden.any(axis=0)))
        if int(hidden.sum()) == before:
            return np.ones_like(hidden)


def told_cells(shown: np.ndarray) -> np.ndarray:
    """Hidden cells (-1) of a table with totals (r + 1, c + 1) whose value follows from what is shown."""
    low, high = bounds(shown)
    return np.asarray((shown < 0) & (high - low < 0.5))


def bounds(shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each cell that the shown ones allow, none below 0; hidden are -1."""
    low = np.where(shown >= 0, shown, 0.0).astype(np.float64)
    high = np.where(shown >= 0, shown, np.inf).astype(np.float64)
    hidden = np.argwhere(shown < 0)
    if not len(hidden):
        return low, high
    equations, right = _equations(shown, hidden)
    for k, (i, j) in enumerate(hidden.tolist()):
        aim = np.zeros(len(hidden))
        aim[k] = 1.0
        least = linprog(aim, A_eq=equations, b_eq=right)
        most = linprog(-aim, A_eq=equations, b_eq=right)
        low[i, j] = least.fun if least.status == 0 else 0.0
        high[i, j] = -most.fun if most.status == 0 else np.inf
    return low, high


def _equations(shown: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums that every row and column of the table with totals obeys: its cells less its total are 0."""
    n_rows, n_columns = shown.shape
    row_sign, column_sign = np.ones(n_columns), np.ones(n_rows)
    row_sign[-1] = column_sign[-1] = -1.0
    known = np.where(shown >= 0, shown, 0).astype(np.float64)
    equations = np.zeros((n_rows + n_columns, len(hidden)))
    rank = np.arange(len(hidden))
    equations[hidden[:, 0], rank] = row_sign[hidden[:, 1]]
    equations[n_rows + hidden[:, 1], rank] = column_sign[hidden[:, 0]]
    right = -np.concatenate([known @ row_sign, column_sign @ known])
    used = equations.any(axis=1)
    return equations[used], right[used]


def _hide_one(whole: np.ndarray, hidden: np.ndarray, crossed: np.ndarray) -> None:
    """Hide one more cell of a line: with people in it, where a hidden one crosses, the smallest."""
    open_ = np.flatnonzero(~hidden)
    if len(open_):
        best = np.lexsort((whole[open_], ~crossed[open_], whole[open_] == 0))[0]
        hidden[open_[best]] = True


def _checked(counts: np.ndarray) -> np.ndarray:
    table = np.asarray(counts)
    if table.ndim != 2 or not table.size or (table < 0).any():
        raise InputError("table of counts", f"shape {table.shape}", "rows and columns of counts")
    return table
