"""Indices of interruptions (IEEE 1366): how long, how often, and how much was not delivered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Flags, Floats


@dataclass(frozen=True)
class Interruptions:
    """SAIDI [min per customer], SAIFI [interruptions per customer], and customers that were ever without."""

    saidi_min: float
    saifi: float
    affected: float


def interruptions(without: Flags, customers: Floats, step_s: float, sustained_s: float) -> Interruptions:
    """Indices from who is without (n_steps, n), and how many customers each stands for (n,).

    Only interruptions of more than `sustained_s` count; one that lasts beyond the end counts as it is.

    >>> without = np.array([[False], [True], [True], [False], [True]])
    >>> interruptions(without, np.array([10.0]), 300.0, 300.0)
    Interruptions(saidi_min=10.0, saifi=1.0, affected=10.0)
    """
    padded = np.zeros((len(without) + 2, without.shape[1]), dtype=np.int8)
    padded[1:-1] = without
    change = np.diff(padded, axis=0).T
    row, begin = np.nonzero(change == 1)
    end = np.nonzero(change == -1)[1]
    lasts_s = (end - begin) * step_s
    counted = lasts_s > sustained_s
    total = float(customers.sum())
    if total <= 0.0:
        return Interruptions(0.0, 0.0, 0.0)
    weight = customers[row[counted]]
    affected = float(customers[np.unique(row[counted])].sum())
    return Interruptions(
        saidi_min=float((weight * lasts_s[counted]).sum() / 60.0 / total),
        saifi=float(weight.sum() / total),
        affected=affected,
    )


def not_delivered(asked: Floats, share: Floats) -> float:
    """What was asked for (n_steps, n) and not delivered, in asked's unit; NaN shares ask nothing."""
    return float((asked * (1.0 - np.nan_to_num(share, nan=1.0))).sum())


def time_to_share(served: Floats, share: float, step_s: float) -> float:
    """Seconds from the first loss until a served share (n_steps,) is back for good; NaN if it is not.

    >>> time_to_share(np.array([1.0, 0.4, 0.7, 0.95, 1.0]), 0.9, 60.0)
    120.0
    """
    low = np.flatnonzero(served < share)
    if not len(low):
        return 0.0
    if low[-1] == len(served) - 1:
        return float("nan")
    lost = np.flatnonzero(served < 1.0 - 1e-9)[0]
    return float((low[-1] + 1 - lost) * step_s)
