"""Shared vehicles on the road: each way from stop to stop is a vehicle of the loading, as a bus's is.

Stops are numbered: 2 r is where request r is picked up, 2 r + 1 where it is set down, and behind those of all
requests comes each vehicle's depot. Every stop has one row of the loading, the leg that leads to it; its
route is given when the leg before it is known. Stops at the end of one link are served one after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.jit import read_only
from twin.kernels.synthesis import fill_keys
from twin.mobility.loading import Loader
from twin.mobility.vehicles import Legs
from twin.routing.routes import Routes


@dataclass(frozen=True, eq=False)
class SharedFleet:
    """What is fixed of a day's shared vehicles.

    Parameters
    ----------
    n_requests, n_vehicles
        Trips that may be asked for; vehicles.
    stop_link
        Link at whose end each stop is (n_stops,), n_stops = 2 n_requests + n_vehicles.
    depot_link
        Link at whose end the vehicles stand in the morning.
    first_row
        Row of the loading that leads to stop 0.
    stay_ms
        Time that a vehicle stands at a stop.
    from_ms, until_ms
        Hours of service.
    """

    n_requests: int
    n_vehicles: int
    stop_link: np.ndarray
    depot_link: int
    first_row: int
    stay_ms: int
    from_ms: int
    until_ms: int

    @property
    def n_stops(self) -> int:
        """Number of stops."""
        return int(self.stop_link.shape[0])

    def depot_stop(self, vehicle: int) -> int:
        """The stop at which a vehicle's day ends."""
        return 2 * self.n_requests + vehicle

    def is_pick_up(self, stop: int) -> bool:
        """Whether somebody is picked up there."""
        return stop < 2 * self.n_requests and stop % 2 == 0


def legs_of(trip_key: np.ndarray, n_vehicles: int) -> Legs:
    """A leg for every stop, without a route and behind no other: requests by their trips' keys (uint64)."""
    n = 2 * trip_key.shape[0] + n_vehicles
    key = np.empty(n, dtype=np.uint64)
    ends = np.concatenate([np.tile([1, 2], trip_key.shape[0]), np.full(n_vehicles, 3)]).astype(np.int64)
    who = np.concatenate([np.repeat(trip_key, 2), np.arange(n_vehicles, dtype=np.uint64)])
    fill_keys(read_only(who.astype(np.uint64)), read_only(ends), key)
    no = np.zeros(n, dtype=np.int64)
    routes = Routes(np.empty(0, dtype=np.int32), no, no.copy())
    return Legs(key, routes, np.full(n, -1, dtype=np.int32), no.copy(), no.copy())


def joined(one: Legs, other: Legs) -> Legs:
    """The legs of two kinds of vehicles, one behind the other."""
    if not other.n_legs:
        return one
    shift, at = one.routes.pool.shape[0], one.n_legs
    routes = Routes(
        np.concatenate([one.routes.pool, other.routes.pool]),
        np.concatenate([one.routes.start, other.routes.start + shift]),
        np.concatenate([one.routes.end, other.routes.end + shift]),
    )
    after = np.where(other.next_leg >= 0, other.next_leg + at, -1)
    return Legs(
        np.concatenate([one.key, other.key]),
        routes,
        np.concatenate([one.next_leg, after]).astype(np.int32),
        np.concatenate([one.not_before_ms, other.not_before_ms]),
        np.concatenate([one.dwell_ms, other.dwell_ms]),
    )


def chain(loader: Loader, row: int, following: int, not_before_ms: int, dwell_ms: int) -> None:
    """Let the leg ``following`` (-1 none) go on where ``row``, which has not arrived, will."""
    loader.chain(*(np.array([each]) for each in (row, following, not_before_ms, dwell_ms)))


@dataclass
class SharedRides:
    """Where shared vehicles have been: moments by stop (n_stops,) int64 [ms], -1 not yet.

    Parameters
    ----------
    mode, duration_s
        How each trip of the day is really made, and its time from door to door but by car (n_trips,).
    reached_ms, served_ms, left_ms
        The vehicle comes; riders are picked up or set down; it may go on.
    n_reached
        Stops of its route that each vehicle has come to (n_vehicles,) int32.
    came_from
        Link from whose end the leg to each stop has a route (n_stops,) int32, -1 none.
    """

    mode: np.ndarray
    duration_s: np.ndarray
    reached_ms: np.ndarray
    served_ms: np.ndarray
    left_ms: np.ndarray
    n_reached: np.ndarray
    came_from: np.ndarray

    @staticmethod
    def fresh(mode: np.ndarray, duration_s: np.ndarray, n_stops: int, n_vehicles: int) -> SharedRides:
        """Nobody has been anywhere; every trip is made as planned."""
        never, nowhere = np.full(n_stops, -1, dtype=np.int64), np.full(n_stops, -1, dtype=np.int32)
        none = np.zeros(n_vehicles, dtype=np.int32)
        moments = (never, never.copy(), never.copy())
        return SharedRides(mode.copy(), duration_s.copy(), *moments, none, nowhere)

    def standing(self, fleet: SharedFleet, route: np.ndarray, n: int) -> tuple[int, int]:
        """Link at whose end a vehicle is after the first n stops of its route, and when it may go on."""
        if n == 0:
            return fleet.depot_link, fleet.from_ms
        return int(fleet.stop_link[route[n - 1]]), int(self.left_ms[route[n - 1]])

    def note(
        self,
        fleet: SharedFleet,
        loader: Loader,
        route: np.ndarray,
        n: int,
        v: int,
        asked_ms: np.ndarray,
        until_ms: int,
    ) -> None:
        """Take over the stops of vehicle v's route (the first n) that it has come to before a moment."""
        while self.n_reached[v] < n:
            stop = int(route[self.n_reached[v]])
            link, leaves_ms = self.standing(fleet, route, int(self.n_reached[v]))
            reached_ms = leaves_ms
            if fleet.stop_link[stop] != link:
                reached_ms = int(loader.vehicles.arrived_ms[fleet.first_row + stop])
            if reached_ms < 0 or reached_ms >= until_ms:
                return
            served_ms = max(reached_ms, int(asked_ms[stop // 2])) if fleet.is_pick_up(stop) else reached_ms
            self.reached_ms[stop], self.served_ms[stop] = reached_ms, served_ms
            self.left_ms[stop] = served_ms + fleet.stay_ms
            self.n_reached[v] += 1
