"""Where somebody lives, from the own trace or from what is published of everybody.

A trace tells a home as the place where days end (Krumm 2007, Pervasive Computing, LNCS 4480). A published
table tells it by the odds that it gives to cells: the attacker knows everybody else, and the buildings.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from twin.clock import DAY_S
from twin.knowledge.privacy_attacks import log_odds, own_rows
from twin.knowledge.privacy_release import NoiseKey, release
from twin.knowledge.privacy_tables import ExactTable
from twin.knowledge.traces import Sightings

NEAR_M = 100.0
_SAME_M = 10.0


class Dwellings(NamedTuple):
    """Where people may live, as maps of buildings tell: x_m, y_m and weight (n,), cell of the table (n,)."""

    x_m: np.ndarray
    y_m: np.ndarray
    weight: np.ndarray
    cell: np.ndarray


def home_of_trace(seen: Sightings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each person's days end most often: person (n,) ascending, x_m, y_m (n,).

    >>> seen = Sightings(np.zeros(2, int), np.array([5.0, 900.0]), np.zeros(2), np.array([72000.0, 30000.0]))
    >>> home_of_trace(seen)[1].tolist()
    [5.0]
    """
    day = np.floor(seen.moment_s / DAY_S).astype(np.int64)
    order = np.lexsort((seen.moment_s, day, seen.person))
    person, day = seen.person[order], day[order]
    last = np.append((np.diff(person) != 0) | (np.diff(day) != 0), True)
    rows = order[last]
    spot = np.column_stack([seen.person[rows], seen.x_m[rows] // _SAME_M, seen.y_m[rows] // _SAME_M])
    found, first, n_days = np.unique(spot, axis=0, return_index=True, return_counts=True)
    by_person = np.lexsort((-n_days, found[:, 0]))
    people, best = np.unique(found[by_person, 0], return_index=True)
    chosen = rows[first[by_person[best]]]
    return people.astype(np.int64), seen.x_m[chosen], seen.y_m[chosen]


def homes_told(
    table: ExactTable, person: np.ndarray, home_m: np.ndarray, dwellings: Dwellings, exact: bool
) -> tuple[float, float]:
    """Chance that a guess lies within 100 m of the home: from the table of persons, and from maps alone.

    person (n,), home_m (n, 2). A guess is a dwelling drawn by what is believed after looking at all cells and
    spans; n_columns of the table are spans. The chances are worked out, not drawn.
    """
    n_rows, n_spans = table.shape
    total = dwellings.weight.sum()
    prior = np.bincount(dwellings.cell, weights=dwellings.weight, minlength=n_rows) / total
    near = cKDTree(np.column_stack([dwellings.x_m, dwellings.y_m])).query_ball_point(home_m, NEAR_M)
    sums = table.sums
    told, blind = np.zeros(len(person)), np.zeros(len(person))
    for k in range(len(person)):
        others = sums.copy()
        _, row = own_rows(table.kept, person[k : k + 1])
        others[table.kept.cell[row]] -= table.kept.amount[row]
        if exact:
            odds = log_odds(sums.astype(np.float64), others, others + 1, None)
        else:
            shown = release(sums, table.policy, NoiseKey.fresh(), table.name)
            odds = log_odds(shown, others, others + 1, table.policy)
        likely = np.exp(odds).reshape(n_rows, n_spans).mean(axis=1)
        own = np.array(near[k], dtype=np.int64)
        weight = dwellings.weight[own] / total
        blind[k] = weight.sum()
        told[k] = (weight * likely[dwellings.cell[own]]).sum() / (prior * likely).sum()
    return float(told.mean()), float(blind.mean())
