"""What moves in a day, in groups; each group is truth, policy, plan or knowledge.

A phase of the model sees the groups it declares and no other: see `Access`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from twin.behaviour.days import Itineraries
from twin.kernels.riding import Queues, Riders
from twin.kernels.traffic import Supply
from twin.knowledge.day import DayEstimate
from twin.knowledge.estimates import LinkPicture
from twin.knowledge.platform import DataPlatform
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.mobility.riders import ActualService
from twin.mobility.shared_rides import SharedRides
from twin.model.road_state import Standing, TrafficOrders
from twin.model.utility_state import Servers, UtilityState
from twin.routing.routes import Routes
from twin.sensing.devices import Fleet
from twin.variables import Kind


@dataclass
class Guidance:
    """Each traveller's dealings with calculators, (n_trips,) rows."""

    provider: np.ndarray  # int8 provider consulted, -1 none
    guided: np.ndarray  # bool, has followed an advice
    n_reroutes: np.ndarray  # int16
    detoured: np.ndarray  # bool, has seen the sign of a closure and left the habit for it
    promised_ms: np.ndarray  # int64 moment of arrival told at the first advice, -1 none


@dataclass
class ParkingState:
    """Where cars stand, and who searched for a space; all arrays are empty where parking is not limited.

    Free spaces: own (n_places,), of streets by their first link (n_links,) int32. Of each driver the kind
    (see `twin.kernels.parking`) int8 and place or link row int32 of the space, -1 none (n_persons,). Of
    each trip (n_trips,): link where it parked int32, -1 not yet; kind of space found int8; whether the
    driver drove on for it bool; walk back int64 [ms]; fee float64 [EUR]. Spaces of streets taken by step
    and zone (n_steps, n_zones) int32.
    """

    own: np.ndarray
    free: np.ndarray
    kind: np.ndarray
    row: np.ndarray
    link: np.ndarray
    found: np.ndarray
    searched: np.ndarray
    walk_ms: np.ndarray
    fee_eur: np.ndarray
    taken: np.ndarray

    @staticmethod
    def none() -> ParkingState:
        """Parking that is not limited."""
        own, free, row, link = np.zeros((4, 0), dtype=np.int32)
        kind, found = np.zeros((2, 0), dtype=np.int8)
        walk_ms, fee_eur = np.zeros(0, dtype=np.int64), np.zeros(0)
        taken = np.zeros((0, 0), dtype=np.int32)
        return ParkingState(
            own, free, kind, row, link, found, np.zeros(0, dtype=np.bool_), walk_ms, fee_eur, taken
        )


@dataclass
class AdviceRequests:
    """What users tell their provider when they ask: who they are to it, and how they mean to drive on."""

    trip: np.ndarray  # int64 row of the trip, (n,)
    key: np.ndarray  # uint64 key of the trip
    person: np.ndarray  # uint64 key of the person
    group: np.ndarray  # int64 rules that hold for the vehicle, 0 none (`twin.model.vehicle_rules`)
    guided: np.ndarray  # bool, follows a route that it was given
    told: np.ndarray  # bool, has been told an arrival
    routes: Routes  # by place in ``trip``: from the present link to the destination

    def of(self, chosen: np.ndarray) -> AdviceRequests:
        """Those of a mask (n,)."""
        return AdviceRequests(
            self.trip[chosen],
            self.key[chosen],
            self.person[chosen],
            self.group[chosen],
            self.guided[chosen],
            self.told[chosen],
            self.routes.taken(chosen),
        )


@dataclass
class Advice:
    """What a provider proposes: trips (n,) int64, and a route for each by place in ``trip``.

    And what it tells those who ask for the first time, whether they keep their route or not: trips (m,)
    int64, and the time that it expects them to take (m,) int64 [ms].
    """

    trip: np.ndarray
    routes: Routes
    told: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    promised_ms: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass
class Belief:
    """What a provider holds of the roads: its picture, what links cost by it, and its picture of the day.

    plain_ms, honouring_ms (n_links,) int32: weights, and those where the manager's class is honoured.
    time_ms (n_links,) int32: travel times expected; closed, classed (n_links,) bool: links that it knows to
    be closed, or classed as secondary.
    """

    picture: LinkPicture
    time_ms: np.ndarray
    closed: np.ndarray
    classed: np.ndarray
    plain_ms: np.ndarray
    honouring_ms: np.ndarray
    estimate: DayEstimate


@dataclass
class Log:
    """Links left: of the last step, and of the day so far."""

    last: Passages = field(default_factory=lambda: Passages.join([]))
    parts: list[Passages] = field(default_factory=list)
    max_origin_queue_veh: int = 0
    max_gate_queue_veh: int = 0


@dataclass
class Bookings:
    """What an operator of shared vehicles is told: by those who call, and by its own vehicles.

    Parameters
    ----------
    asked_ms
        When each request was made (n_requests,) int64, -1 not yet.
    given
        Stops of its route that each vehicle has been to or has set off for (n_vehicles,) int32.
    ready_ms
        When each may go on from the last of them (n_vehicles,) int64: as it reckons by the map if it is
        still on its way.
    served_ms
        When riders were picked up or set down at each stop (n_stops,) int64, -1 not yet.
    """

    asked_ms: np.ndarray
    given: np.ndarray
    ready_ms: np.ndarray
    served_ms: np.ndarray


@dataclass
class Dispatch:
    """What the operator has decided.

    Parameters
    ----------
    stop, n
        Stops of each vehicle's day in order (n_vehicles, room) int32, the first n of a row (n_vehicles,).
    vehicle, refused
        Who serves each request (n_requests,) int32, -1 nobody yet; whether it was refused.
    """

    stop: np.ndarray
    n: np.ndarray
    vehicle: np.ndarray
    refused: np.ndarray

    @staticmethod
    def fresh(n_requests: int, n_vehicles: int) -> Dispatch:
        """Nobody has called."""
        none = np.zeros(n_vehicles, dtype=np.int32)
        stop = np.full((n_vehicles, 2 * n_requests + 1), -1, dtype=np.int32)
        nobody, no = np.full(n_requests, -1, dtype=np.int32), np.zeros(n_requests, dtype=np.bool_)
        return Dispatch(stop, none, nobody, no)

    def ahead(self, bookings: Bookings, v: int) -> np.ndarray:
        """Stops of vehicle v for which it has not set off."""
        return self.stop[v, bookings.given[v] : self.n[v]]

    def put(self, bookings: Bookings, v: int, stops: np.ndarray) -> None:
        """Let those stops be what is ahead of vehicle v."""
        at = int(bookings.given[v])
        self.n[v] = at + stops.shape[0]
        self.stop[v, at : self.n[v]] = stops


KINDS: dict[str, Kind] = {
    "loader": "truth",
    "supply": "truth",
    "standing": "truth",
    "itineraries": "truth",
    "log": "truth",
    "service": "truth",
    "riders": "truth",
    "parking": "truth",
    "queues": "truth",
    "shared": "truth",
    "utilities": "truth",
    "servers": "knowledge",
    "bookings": "knowledge",
    "dispatch": "policy",
    "orders": "policy",
    "guidance": "plan",
    "platform": "knowledge",
    "pictures": "knowledge",
    "requests": "knowledge",
    "advice": "knowledge",
    "devices": "knowledge",
}
"""Every group of the state and its kind."""


@dataclass
class DayState:
    """The state of a day; the model owns one. Whatever belongs to one actor or fleet goes by its name."""

    loader: Loader
    service: ActualService
    riders: Riders
    parking: ParkingState
    queues: Queues
    supply: Supply
    standing: Standing
    itineraries: Itineraries
    log: Log
    orders: TrafficOrders
    guidance: Guidance
    platform: DataPlatform
    pictures: dict[str, Belief]
    devices: dict[str, Fleet]
    shared: SharedRides
    bookings: Bookings
    dispatch: Dispatch
    utilities: UtilityState
    servers: Servers
    requests: dict[str, AdviceRequests] = field(default_factory=dict)
    advice: dict[str, Advice] = field(default_factory=dict)

    def columns(self) -> dict[str, np.ndarray]:
        """All arrays by dotted name, ``group.name``."""
        return dict(_arrays("", self))


def _arrays(prefix: str, value: Any) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray):
        if value.dtype.names is None:
            yield prefix, value
        else:  # records: each of their fields is an array
            yield from ((f"{prefix}.{name}", value[name]) for name in value.dtype.names)
    elif hasattr(value, "_asdict"):
        yield from _arrays(prefix, value._asdict())
    elif isinstance(value, dict):
        for name in sorted(value):
            yield from _arrays(f"{prefix}.{name}", value[name])
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _arrays(f"{prefix}.{number}", item)
    elif is_dataclass(value):
        for entry in fields(value):
            name = f"{prefix}.{entry.name}" if prefix else entry.name
            yield from _arrays(name, getattr(value, entry.name))
    elif hasattr(value, "__dict__"):
        yield from _arrays(prefix, vars(value))


class Access:
    """The groups of a state that a phase has declared; asking for another is an error."""

    def __init__(self, state: DayState, phase: str, groups: frozenset[str]) -> None:
        self._state, self._phase, self._groups = state, phase, groups

    def __getattr__(self, group: str) -> Any:
        if group.startswith("_"):
            raise AttributeError(group)  # asked for while it is unpickled, and has nothing yet
        if group not in self._groups:
            raise AttributeError(f"phase {self._phase!r} does not declare {group!r}")
        return getattr(self._state, group)
