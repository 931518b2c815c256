"""Habits learned on the streets as they were, for the streets as they are: who must drive another way does.

Links keep their rows and new ones stand behind them. A new link is expected to take its free-flow time,
for nobody has driven on it; all other times are those learned. Nobody learns anew what the edits do to
traffic: as of any alternative, what is lived is the first day.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.behaviour.habits import Drivers, Habits, felt_ms
from twin.kernels.paths import BLOCKED, Topology
from twin.routing.routes import Routes
from twin.routing.search import bounds_to
from twin.routing.topology import usable_in


def fitted(drivers: Drivers, habits: Habits, band: float) -> Habits:
    """Habits that can be driven, and that use a new link where that feels better by more than the band.

    Whose route leads over a link or by a turn that is no more takes the one that feels best by the times
    learned; who has none stays at home. The same habits where nothing bears on them.
    """
    n_known, n_links = habits.expected_ms.shape[1], drivers.free_ms.shape[0]
    if n_known < n_links:
        free_ms = np.broadcast_to(drivers.free_ms[n_known:], (habits.expected_ms.shape[0], n_links - n_known))
        habits = replace(habits, expected_ms=np.hstack([habits.expected_ms, free_ms]))
    habits = habits.extended(drivers)
    rows = _undrivable(drivers.topology, habits.routes, drivers.rows)
    if rows.size:
        found = drivers.choose(drivers.weights(habits.expected_ms), drivers.bounds(), rows)
        habits = replace(habits, routes=habits.routes.replaced(rows, found))
    new = np.arange(n_known, n_links)
    new = new[usable_in(drivers.topology)[new]]
    return _with_new_links(drivers, habits, new, band) if new.size else habits


def _undrivable(topology: Topology, routes: Routes, rows: np.ndarray) -> np.ndarray:
    """Those of the trips ``rows`` whose route has a link that is no more, or a turn that is banned."""
    pool = routes.pool
    wrong = ~usable_in(topology)[pool]
    n_links = np.int64(topology.tail.shape[0])
    from_link = np.repeat(topology.turn_from, np.diff(topology.first_banned))
    banned = from_link.astype(np.int64) * n_links + topology.banned
    turns = np.isin(pool[:-1].astype(np.int64) * n_links + pool[1:], banned)
    n_wrong = np.concatenate([[0], np.cumsum(wrong)])
    n_turns = np.concatenate([[0, 0], np.cumsum(turns)])  # of the turns before each place in the pool
    known = rows[routes.start[rows] >= 0]
    start, end = routes.start[known], routes.end[known]
    found = (n_wrong[end] > n_wrong[start]) | (n_turns[end] > n_turns[start + 1])
    return np.asarray(known[found])


def _with_new_links(drivers: Drivers, habits: Habits, new: np.ndarray, band: float) -> Habits:
    """Habits of which those take to the new links (rows) who find their best way over one of them."""
    weights = drivers.weights(habits.expected_ms)
    rows = drivers.rows[habits.routes.start[drivers.rows] >= 0]
    now = felt_ms(drivers, weights, habits.routes, rows)
    may = _least_over(drivers, new, rows) < now * (1.0 - band)
    rows, now = rows[may], now[may]
    if not rows.size:
        return habits
    found = drivers.choose(weights, drivers.bounds(), rows)
    uses = np.concatenate([[0], np.cumsum(np.isin(found.pool, new))])
    over = (found.start[rows] >= 0) & (uses[found.end[rows]] > uses[found.start[rows]])
    rows, now = rows[over], now[over]
    rows = rows[felt_ms(drivers, weights, found, rows) < now * (1.0 - band)]
    return replace(habits, routes=habits.routes.replaced(rows, found))


def _least_over(drivers: Drivers, new: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What trips (rows) would feel to cost over the best of the new links at the very least (n,) [ms]."""
    topology, least = drivers.topology, np.floor(drivers.free_ms * drivers.aversion).astype(np.int64)
    to_new, to_end = bounds_to(topology, least, new), drivers.bounds()
    origin, destination = drivers.trips.origin[rows], drivers.trips.destination[rows]
    end = to_end.row_of_node[topology.tail[destination]]
    best = np.full(rows.shape[0], 2 * int(BLOCKED), dtype=np.int64)
    for link in new.tolist():
        ahead = to_new.cost_ms[to_new.row_of_node[topology.tail[link]], topology.head[origin]]
        behind = to_end.cost_ms[end, topology.head[link]]
        best = np.minimum(best, ahead.astype(np.int64) + behind + least[link] + least[destination])
    return best
