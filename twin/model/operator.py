"""The operator of an on-demand transport: it knows who called, and what its own vehicles report."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.clock import MS
from twin.kernels import insertion
from twin.kernels.insertion import FleetState, Problem, RideRequests
from twin.mobility.on_demand import Terms, empty_problem, improve, insert_best, promises
from twin.model.actor import Actor
from twin.model.on_demand import OnDemand
from twin.model.state import Bookings, Dispatch

MOST_SETS_A_STEP = 40
"""Sets of requests of one size that are placed again in a step: a bound on the time that it takes."""


class Operator(Actor):
    """Who runs the shared vehicles.

    It answers each call at once: yes with a promise that is kept as far as the streets allow, or no. Its
    driving times are those of the map, longer by a share; what streets really take it sees only when
    vehicles report where they are.
    """

    def __init__(self, model: Any, service: OnDemand) -> None:
        super().__init__(model)
        assert service.order is not None
        self.name, self.order, self.service = service.order.name, service.order, service
        self.terms = Terms.of(model.parameters)

    def assign(self, bookings: Bookings, dispatch: Dispatch, moment_s: int) -> None:
        """Answer those who have called, plan every vehicle's next stops anew, send home whoever is done."""
        fleet = self.service.fleet
        new = (bookings.asked_ms >= 0) & (dispatch.vehicle < 0) & ~dispatch.refused
        in_hours = (bookings.asked_ms >= fleet.from_ms) & (
            np.maximum(bookings.asked_ms, moment_s * MS) < fleet.until_ms
        )
        dispatch.refused |= new & ~in_hours
        new &= in_hours
        if new.any():
            self._plan(bookings, dispatch, new, moment_s * MS)
        if moment_s * MS >= fleet.until_ms:
            self._send_home(bookings, dispatch)

    def _plan(self, bookings: Bookings, dispatch: Dispatch, new: np.ndarray, now_ms: int) -> None:
        """Insert the new requests (n_requests,) bool one after another, then improve."""
        live = new.copy()
        for v in range(self.service.fleet.n_vehicles):
            live[dispatch.ahead(bookings, v) // 2] = True
        rows = np.flatnonzero(live)
        rows = rows[np.lexsort((self.service.key[rows], bookings.asked_ms[rows]))]  # not by row
        problem = self._problem(bookings, dispatch, rows, now_ms)
        for k in np.flatnonzero(new[rows]).tolist():
            self._wait_for(problem, int(bookings.asked_ms[rows[k]]))
            if not insert_best(problem, np.array([k])):
                dispatch.refused[rows[k]] = True
        improve(problem, np.flatnonzero(problem.plan.vehicle >= 0), MOST_SETS_A_STEP)
        served = problem.plan.vehicle >= 0
        dispatch.vehicle[rows[served]] = problem.plan.vehicle[served]
        for v in range(self.service.fleet.n_vehicles):
            stops = problem.plan.stop[v, : problem.plan.n[v]]
            dispatch.put(bookings, v, 2 * rows[stops // 2] + stops % 2)

    def _wait_for(self, problem: Problem, asked_ms: int) -> None:
        """Vehicles with nothing to do stand until somebody calls."""
        for v in np.flatnonzero((problem.plan.n == 0) & (problem.fleet.ready_ms < asked_ms)).tolist():
            problem.fleet.ready_ms[v] = asked_ms

    def _problem(self, bookings: Bookings, dispatch: Dispatch, rows: np.ndarray, now_ms: int) -> Problem:
        """What is open at a moment: requests ``rows``, vehicles from where they will next be free to go on.

        What is promised already is kept as well as it can be: where it cannot, its limit moves.
        """
        service = self.service
        sits_in, picked_ms = self._aboard(bookings, dispatch, rows)
        place = service.place
        asked_ms = bookings.asked_ms[rows]
        direct_ms = service.travel_ms[place[2 * rows], place[2 * rows + 1]]
        order = self.order
        pick_up_by, set_down_by = promises(
            asked_ms, direct_ms, order.max_wait_s, order.detour_factor, order.detour_s
        )
        one = np.ones(rows.shape[0], dtype=np.int32)
        requests = RideRequests(
            place[2 * rows], place[2 * rows + 1], one, asked_ms, pick_up_by, set_down_by, sits_in, picked_ms
        )
        aboard = np.bincount(sits_in[sits_in >= 0], minlength=service.fleet.n_vehicles)
        problem = empty_problem(
            self._fleet(bookings, dispatch, aboard, now_ms), requests, service.travel_ms, self.terms
        )
        local = np.full(service.fleet.n_requests, -1, dtype=np.int64)
        local[rows] = np.arange(rows.shape[0])
        for v in range(service.fleet.n_vehicles):
            self._take_over(problem, v, dispatch.ahead(bookings, v), local)
        return problem

    def _take_over(self, problem: Problem, v: int, ahead: np.ndarray, local: np.ndarray) -> None:
        """Put the stops ahead of vehicle v into its route, and move limits that it will miss."""
        plan, requests = problem.plan, problem.requests
        stops = 2 * local[ahead // 2] + ahead % 2
        plan.n[v] = stops.shape[0]
        plan.stop[v, : stops.shape[0]] = stops
        plan.vehicle[stops // 2] = v
        insertion.schedule(problem, v)
        for k, stop in enumerate(stops.tolist()):
            limit = requests.set_down_by_ms if stop % 2 else requests.pick_up_by_ms
            limit[stop // 2] = max(limit[stop // 2], plan.reach_ms[v, k] + plan.wait_ms[v, k])
        insertion.schedule(problem, v)

    def _aboard(
        self, bookings: Bookings, dispatch: Dispatch, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Vehicle that has picked up each request, or drives to it (n,) int32, -1 none; and when [ms]."""
        picked = np.zeros(self.service.fleet.n_requests, dtype=np.bool_)
        for v in range(self.service.fleet.n_vehicles):
            given = dispatch.stop[v, : bookings.given[v]]
            picked[given[given < 2 * picked.shape[0]] // 2] = True
        sits_in = np.where(picked[rows], dispatch.vehicle[rows], -1).astype(np.int32)
        expected_ms = bookings.ready_ms[np.maximum(sits_in, 0)] - self.service.fleet.stay_ms
        known_ms = bookings.served_ms[2 * rows]
        return sits_in, np.where(known_ms >= 0, known_ms, expected_ms).astype(np.int64)

    def _fleet(self, bookings: Bookings, dispatch: Dispatch, aboard: np.ndarray, now_ms: int) -> FleetState:
        """Where and when each vehicle is free to go on, and how many are aboard then."""
        service = self.service
        n = service.fleet.n_vehicles
        depot = service.place[-n:]
        last = dispatch.stop[np.arange(n), np.maximum(bookings.given - 1, 0)]
        place = np.where(bookings.given > 0, service.place[last], depot)
        return FleetState(
            place.astype(np.int32),
            np.maximum(bookings.ready_ms, now_ms),
            np.full(n, self.order.seats, dtype=np.int32),
            aboard.astype(np.int32),
            depot.astype(np.int32),
        )

    def _send_home(self, bookings: Bookings, dispatch: Dispatch) -> None:
        """Vehicles that have nothing ahead return to their depot once the service is over."""
        for v in range(self.service.fleet.n_vehicles):
            home, n = self.service.fleet.depot_stop(v), int(dispatch.n[v])
            if n == bookings.given[v] and (n == 0 or dispatch.stop[v, n - 1] != home):
                dispatch.put(bookings, v, np.array([home]))
