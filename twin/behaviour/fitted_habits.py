"""Habits learned on the streets as they were, for the streets as they are known to be from now on.

Links keep their rows and new ones stand behind them; a new link is expected to take its free-flow time.
Whose habit leads over a link or by a turn that is no more chooses again, and whoever gains by a new link
takes it. That they are many is reckoned with as where habits begin: in rounds of successive averages
(Sheffi 1985, Urban Transportation Networks, ch. 5), on the times learned plus what a volume-delay function
(Akcelik 1991) says that the changed flows add. So those choose again, too, whose way the others make longer;
a lane more or less alone moves nobody. No day is lived on the new streets before the one that is reported.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.behaviour.habits import Drivers, Habits, felt_ms
from twin.behaviour.learning import reviewers, volume_delay_ms
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.errors import WorkError
from twin.kernels import paths
from twin.kernels.paths import BLOCKED, Topology
from twin.routing.routes import Routes
from twin.routing.search import bounds_to, times_between
from twin.routing.topology import usable_in
from twin.scenario.ledger import Parameters

ROUND_OFFSET = 1_000
"""Draws of who chooses again in a round are other ones than those with which habits began."""


def fitted(drivers: Drivers, habits: Habits, streets: str, parameters: Parameters) -> Habits:
    """Habits that can be driven on the edited streets, by the times learned and what the edits add to them.

    ``streets`` is the digest of the edited territory, empty for streets as they were. Who has no way stays at
    home. Where the edits bear on nobody, every route is the one learned.
    """
    if habits.streets == streets:
        return habits.extended(drivers)
    if habits.streets:
        raise WorkError("these habits were fitted to other streets: take those that were learned")
    n_known, n_links = habits.expected_ms.shape[1], drivers.free_ms.shape[0]
    free_ms = np.broadcast_to(drivers.free_ms[n_known:], (N_SLICES, n_links - n_known))
    habits = replace(habits, expected_ms=np.hstack([habits.expected_ms, free_ms]), streets=streets).extended(
        drivers
    )
    new = np.arange(n_known, n_links)
    new = new[usable_in(drivers.topology)[new]]
    must = _undrivable(drivers.topology, habits.routes, drivers.rows)
    if not (must.size or new.size):
        return habits
    routes = habits.routes
    if must.size:
        found = drivers.choose(drivers.weights(habits.expected_ms), drivers.bounds(), must)
        routes = routes.replaced(must, found)
    may = np.empty(0, dtype=np.int64)
    if new.size:
        routes, may = _with_new_links(drivers, replace(habits, routes=routes), new, _band(parameters))
    movers = np.isin(drivers.rows, np.concatenate([must, may]))
    return _evened_out(drivers, habits, (routes, movers), parameters)


def _evened_out(
    drivers: Drivers,
    habits: Habits,
    first: tuple[Routes, np.ndarray],
    parameters: Parameters,
) -> Habits:
    """Habits after rounds in which a shrinking part of those concerned choose again.

    ``first`` are the routes of the first round and who had to choose (n_rows,) bool: they are concerned in
    every round, and so is whose way is reckoned to take longer than learned by more than the band.
    """
    routes, movers = first
    rows, band = drivers.rows[first[0].start[drivers.rows] >= 0], _band(parameters)
    movers = movers[first[0].start[drivers.rows] >= 0]
    learned = drivers.weights(habits.expected_ms)
    usual_ms = _reckoned_ms(drivers, habits.routes, learned.time_ms, parameters)

    def expected(routes: Routes) -> np.ndarray:
        now_ms = _reckoned_ms(drivers, routes, learned.time_ms, parameters)
        return np.asarray(np.maximum(habits.expected_ms + (now_ms - usual_ms), drivers.free_ms))

    for number in range(2, int(parameters["behaviour.equilibrium_rounds"]) + 1):
        weights = drivers.weights(expected(routes))
        now = felt_ms(drivers, weights, routes, rows)
        concerned = movers | (now > (1.0 + band) * felt_ms(drivers, learned, routes, rows))
        draws = reviewers(drivers.seed, -number - ROUND_OFFSET, 1.0 / number, drivers.trips.person[rows])
        again, now = rows[concerned & draws], now[concerned & draws]
        if not again.size:
            continue
        found = drivers.choose(weights, drivers.bounds(), again)
        better = felt_ms(drivers, weights, found, again) < now * (1.0 - band)
        routes = routes.replaced(again[better], found)
    return replace(habits, routes=routes, expected_ms=expected(routes))


def _reckoned_ms(
    drivers: Drivers, routes: Routes, clock_ms: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Times by the volume-delay function where all drive those routes, (N_SLICES, n_links) int64 [ms]."""
    flow = np.zeros((N_SLICES, drivers.free_ms.shape[0]), dtype=np.int32)
    starts = drivers.trips.depart_ms
    paths.spread_flows(routes.pool, routes.start, routes.end, starts, clock_ms, SLICE_MS, flow)
    capacity_veh = drivers.capacity_vps * (SLICE_MS / MS)
    return volume_delay_ms(drivers.free_ms, flow, capacity_veh, SLICE_MS, parameters).astype(np.int64)


def _band(parameters: Parameters) -> float:
    return float(parameters["behaviour.switching_band"])


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


def _with_new_links(
    drivers: Drivers, habits: Habits, new: np.ndarray, band: float
) -> tuple[Routes, np.ndarray]:
    """Routes with those of drivers who find their best way over the new links (rows), and who these are."""
    weights = drivers.weights(habits.expected_ms)
    rows = drivers.rows[habits.routes.start[drivers.rows] >= 0]
    now = felt_ms(drivers, weights, habits.routes, rows)
    may = _least_over(drivers, new, rows) < now * (1.0 - band)
    rows, now = rows[may], now[may]
    if not rows.size:
        return habits.routes, rows
    found = drivers.choose(weights, drivers.bounds(), rows)
    uses = np.concatenate([[0], np.cumsum(np.isin(found.pool, new))])
    over = (found.start[rows] >= 0) & (uses[found.end[rows]] > uses[found.start[rows]])
    rows, now = rows[over], now[over]
    rows = rows[felt_ms(drivers, weights, found, rows) < now * (1.0 - band)]
    return habits.routes.replaced(rows, found), rows


def _least_over(drivers: Drivers, new: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What trips (rows) would feel to cost over the best of the new links at the very least (n,) [ms]."""
    topology, least = drivers.topology, np.floor(drivers.free_ms * drivers.aversion).astype(np.int64)
    to_new, to_end = bounds_to(topology, least, new), drivers.bounds()
    origin, destination = drivers.trips.origin[rows], drivers.trips.destination[rows]
    best = np.full(rows.shape[0], 2 * int(BLOCKED), dtype=np.int64)
    for link in new:
        ahead = times_between(topology, to_new, origin, link)
        behind = times_between(topology, to_end, link, destination)
        best = np.minimum(best, ahead + behind + least[link] + least[destination])
    return best
