"""Trajectories from counts: people who were counted hour after hour, joined again by how far they moved.

Counts of one hour are as many nameless people; who is who an hour later is the assignment of least
distance (Xu, Tu, Li, Zhang, Fu & Jin 2017, WWW). How much is recovered is told by the best matching
of recovered and true trajectories, so a crowd that is counted exactly is told apart and noise is not.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.traces import Sightings

_SPREAD = stream_of("knowledge.privacy.trajectories")


def whereabouts(seen: Sightings, person: np.ndarray, moments_s: np.ndarray) -> np.ndarray:
    """Row of the last sighting of each person up to each moment (n, n_moments); before any, of the first.

    >>> seen = Sightings(np.zeros(2, int), np.array([1.0, 2.0]), np.zeros(2), np.array([10.0, 20.0]))
    >>> whereabouts(seen, np.array([0]), np.array([5.0, 15.0, 25.0])).tolist()
    [[0, 0, 1]]
    """
    order = np.lexsort((seen.moment_s, seen.person))
    who, moment_s = seen.person[order], seen.moment_s[order]
    rows = np.empty((len(person), len(moments_s)), dtype=np.int64)
    for k, each in enumerate(person.tolist()):
        first, after = np.searchsorted(who, [each, each + 1])
        if first == after:
            raise InputError("trajectories", f"person {each} was never seen", "persons with sightings")
        at = np.searchsorted(moment_s[first:after], moments_s, side="right") - 1
        rows[k] = order[first + np.maximum(at, 0)]
    return rows


def counts_by_hour(cell: np.ndarray, n_cells: int) -> np.ndarray:
    """People in each cell at each moment (n_moments, n_cells), from cells (n, n_moments)."""
    return np.stack([np.bincount(column, minlength=n_cells) for column in cell.T])


def recovered(counts: np.ndarray, centre_m: np.ndarray, n_people: int, seed: int) -> np.ndarray:
    """Cells of so many people at each moment (n_people, n_moments), joined by least distance.

    counts (n_moments, n_cells) may be noisy or NaN; centre_m (n_cells, 2). People whom an hour's counts do
    not place are spread over all cells.
    """
    slots = [_slots(row, n_people, seed, hour) for hour, row in enumerate(counts)]
    path = [slots[0]]
    for after in slots[1:]:
        before = centre_m[path[-1]]
        apart = before[:, None, :] - centre_m[after][None, :, :]
        distance_m = np.sqrt((apart * apart).sum(axis=2))
        _, chosen = linear_sum_assignment(distance_m)
        path.append(after[chosen])
    return np.stack(path, axis=1)


def share_recovered(true: np.ndarray, found: np.ndarray) -> float:
    """Share of person-hours told rightly, trajectories matched as well as can be; both (n, n_moments)."""
    alike = np.zeros((len(true), len(found)))
    for moment in range(true.shape[1]):
        alike += true[:, moment][:, None] == found[:, moment][None, :]
    rows, columns = linear_sum_assignment(-alike)
    return float(alike[rows, columns].sum() / true.size)


def _slots(counts: np.ndarray, n_people: int, seed: int, hour: int) -> np.ndarray:
    """Cells of so many people (n_people,) by an hour's counts, scaled where they do not add up."""
    known = np.maximum(np.nan_to_num(counts), 0.0)
    total = known.sum()
    if total == 0.0:
        u = uniforms(seed, _SPREAD, np.arange(n_people, dtype=np.uint64), hour)
        return np.sort((u * len(counts)).astype(np.int64))
    edges = np.rint(np.cumsum(known) / total * n_people).astype(np.int64)
    return np.repeat(np.arange(len(counts)), np.diff(edges, prepend=0))
