"""A day small enough to be worked out on paper: 20 links, 10 persons, 30 trips.

Eleven nodes stand 1 km apart on a line from west to east. Links 0..9 lead east, 10..19 lead back
(link 10 + i is the way back of link i). Free flow is 10 m/s: 100 s a link. West of node 5 is the town
(zone 0), east of it the village (zone 1). Links 2 and 12 are residential, 7 and 17 a living street.

    trips of     zone      mode  route of each of the three trips        a link takes  waits to enter
    0            town      car   0 1                                     200 s         0 s
    1            town      car   3 4 5 6; the third trip never begins    200 s         0 s
    2            town      car   12 11; the third finds no path          200 s         0 s
    3            town      walk  600 s, 800 m
    4            village   car   7 8                                     200 s         0 s
    5            village   car   15 14 13                                200 s         0 s
    6            village   cycle, transit, passenger; 600 s, 3,000 m
    7 commuter   outside   car   0..6 from the western gate              200 s         60 s
    8 commuter   outside   car   19..14 from the eastern gate; the third 200 s         60 s
                                 has left three links at 30:00
    9 through    outside   car   0..9 gate to gate; the third never      150 s         0 s
                                 enters

Trips depart at 8, 12 and 16 h; those that do not end by 30:00 at 29:45. Persons 4 and 7 consult the
provider Alpha, and 7 follows it: guided, one new route on each trip. Petrol: even persons; diesel: odd.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from twin.accounts import Accounts
from twin.behaviour.days import ARRIVED, DRIVING, NO_PATH, PLANNED, WAITING
from twin.clock import N_SLICES, SLICE_S
from twin.indicators.records import DayRecord
from twin.kernels.random import keys_of
from twin.population.residents.fleet import TripVehicles, VehicleFleet
from twin.population.tables import (
    CAR,
    COMMUTER,
    CYCLE,
    MODES,
    PASSENGER,
    RESIDENT,
    THROUGH,
    TRANSIT,
    WALK,
    Persons,
    Trips,
)
from twin.scenario.basket import SERVICES
from twin.scenario.ledger import Parameters
from twin.territory.services import Services
from twin.territory.tables import ROAD_CLASSES, Paths, Places, Streets, TurnBans, Zones

N_LINKS, N_PERSONS, TRIPS_EACH = 20, 10, 3
LINK_S, FREE_S, THROUGH_S, GATE_WAIT_S = 200.0, 100.0, 150.0, 60.0
DEPART_S = (8 * 3_600.0, 12 * 3_600.0, 16 * 3_600.0)
LATE_S = 29.75 * 3_600.0
TOWN, VILLAGE = 0, 1

ROUTES: Mapping[int, tuple[int, ...]] = {
    0: (0, 1),
    1: (3, 4, 5, 6),
    2: (12, 11),
    4: (7, 8),
    5: (15, 14, 13),
    7: tuple(range(7)),
    8: (19, 18, 17, 16, 15, 14),
    9: tuple(range(10)),
}
KINDS = (RESIDENT,) * 7 + (COMMUTER, COMMUTER, THROUGH)
HOMES = (TOWN,) * 4 + (VILLAGE,) * 3 + (-1,) * 3
AGES = (10, 20, 35, 50, 70, 80, 40, 40, 40, 40)
SKILLS = (0, 1, 2, 3, 0, 0, 3, 3, 2, 2)


@dataclass(frozen=True)
class Drive:
    """One trip by car as it went: links left, seconds a link, seconds waited, and how it ended."""

    links: tuple[int, ...]
    link_s: float = LINK_S
    wait_s: float = 0.0
    state: int = ARRIVED


def drive(person: int, turn: int) -> Drive:
    """What the table in this module's head says of a trip by car."""
    route = ROUTES[person]
    if (person, turn) == (1, 2):
        return Drive((), state=PLANNED)
    if (person, turn) == (2, 2):
        return Drive((), state=NO_PATH)
    if (person, turn) == (8, 2):
        return Drive(route[:3], wait_s=GATE_WAIT_S, state=DRIVING)
    if person == 9:
        return Drive((), state=WAITING) if turn == 2 else Drive(route, link_s=THROUGH_S)
    return Drive(route, wait_s=GATE_WAIT_S if person in (7, 8) else 0.0)


def small_streets() -> Streets:
    """The line of links."""
    tail = np.r_[np.arange(10), np.arange(1, 11)].astype(np.int32)
    head = np.r_[np.arange(1, 11), np.arange(10)].astype(np.int32)
    link_id = np.array([f"{100 + row}:{tail[row]}:{head[row]}" for row in range(N_LINKS)])
    road_class = np.full(N_LINKS, ROAD_CLASSES.index("primary"), dtype=np.int8)
    road_class[[2, 12]] = ROAD_CLASSES.index("residential")
    road_class[[7, 17]] = ROAD_CLASSES.index("living_street")
    each, zeros = np.arange(N_LINKS), np.zeros(N_LINKS, dtype=np.int8)
    return Streets(
        node_id=np.arange(11), node_lon=7.3 + np.arange(11) / 100, node_lat=np.full(11, 43.7),
        node_x_m=1_000.0 * np.arange(11), node_y_m=np.zeros(11), node_elevation_m=np.full(11, np.nan),
        link_id=link_id, link_key=keys_of(link_id), tail=tail, head=head,
        length_m=np.full(N_LINKS, 1_000.0), free_speed_mps=np.full(N_LINKS, 10.0), lanes=np.ones(N_LINKS),
        flow_capacity_vps=np.full(N_LINKS, 2.0 / SLICE_S), storage_veh=np.full(N_LINKS, 150, dtype=np.int32),
        road_class=road_class, zone=(np.arange(N_LINKS) % 10 // 5).astype(np.int16),
        commune=zeros.astype(np.int16), core=np.ones(N_LINKS, dtype=bool),
        parking_spaces=np.zeros(N_LINKS, dtype=np.float32),
        parking_eur_per_h=np.zeros(N_LINKS, dtype=np.float32), control=zeros, control_provenance=zeros,
        parking_provenance=zeros, speed_provenance=zeros, lanes_provenance=zeros,
        capacity_provenance=zeros, elevation_provenance=zeros, name=np.array(["Main Street"] * N_LINKS),
        member_start=np.arange(N_LINKS + 1), member_way=each + 100, member_from=tail.astype(np.int64),
        member_to=head.astype(np.int64), member_ref=np.array([""] * N_LINKS),
        member_commune=zeros.astype(np.int16), shape_start=2 * np.arange(N_LINKS + 1),
        shape_lon=np.zeros(2 * N_LINKS), shape_lat=np.zeros(2 * N_LINKS), communes=("Smallville",),
    )  # fmt: skip


def small_places() -> Places:
    """One home and one workplace in each zone; the town has a shop and a counter, the village neither."""
    zeros = np.zeros(4, dtype=np.float32)
    return Places(
        place_id=np.array(["way:1", "way:2", "way:3", "way:4"]), lon=np.zeros(4), lat=np.zeros(4),
        x_m=np.array([0.0, 2_000.0, 7_000.0, 9_000.0]), y_m=np.zeros(4),
        zone=np.array([0, 0, 1, 1], dtype=np.int16), commune=np.zeros(4, dtype=np.int16),
        floor_area_m2=np.full(4, 100.0), levels=zeros, dwellings=zeros, jobs=zeros, school_places=zeros,
        shop=np.array([0, 1, 0, 0], dtype=np.float32), health=zeros,
        counter=np.array([1, 0, 0, 0], dtype=np.float32), leisure=zeros, parking=zeros,
        parking_eur_per_h=zeros, provenance=np.full(4, 2, dtype=np.int8),
        use=np.array(["home", "work", "home", "work"]),
        access_link=np.array([0, 2, 7, 8], dtype=np.int32), path_node=np.array([0, 1, 2, -1], dtype=np.int32),
        fuel=np.zeros(4, dtype=bool),
    )  # fmt: skip


def small_services() -> Services:
    """A food shop and a bank in the town's workplace, a school in the village's home."""
    return Services(
        service_id=np.array(["node:1", "node:2", "node:3"]),
        service=np.array([SERVICES.index(name) for name in ("food", "bank", "school")], dtype=np.int8),
        place=np.array([1, 1, 2], dtype=np.int32), capacity=np.array([1, 0, 0], dtype=np.float32),
        provenance=np.zeros(3, dtype=np.int8),
    )  # fmt: skip


def small_territory() -> Any:
    """Town and village on one line; path nodes 0, 1, 2 lie 402, then 804 m apart."""
    paths = Paths(
        node_x_m=np.array([0.0, 402.0, 1_206.0]), node_y_m=np.zeros(3), u=np.array([0, 2, 0], dtype=np.int32),
        v=np.array([1, 1, 2], dtype=np.int32), length_m=np.array([402.0, 804.0, 10.0]),
        walk=np.array([True, True, False]), cycle=np.ones(3, dtype=bool),
    )  # fmt: skip
    zones = Zones(
        name=("town", "village"), inhabitants=np.array([4.0, 3.0]), communes=((), ()), insee=((), ()),
        rings=(None, None), method=("polygon", "polygon"),
    )  # fmt: skip
    meta = {"licence": "ODbL", "attribution": "© OpenStreetMap contributors", "place": "Smallville"}
    return SimpleNamespace(
        name="small", streets=small_streets(), zones=zones, places=small_places(), paths=paths, meta=meta,
        digest="territory", gateways=None, turns=TurnBans.none(), services=small_services(),
    )  # fmt: skip


def small_persons() -> Persons:
    """The ten of the table above."""
    n = N_PERSONS
    home = np.array([{TOWN: 0, VILLAGE: 2, -1: -1}[zone] for zone in HOMES])
    return Persons(
        person_id=np.arange(n) + 1_000, person_key=keys_of(np.arange(n)), kind=KINDS, household=np.arange(n),
        zone=HOMES, home=home, density=np.zeros(n), age=AGES, female=np.zeros(n), occupation=np.zeros(n),
        licence=np.ones(n), household_cars=np.ones(n), smartphone=np.ones(n), home_internet=np.ones(n),
        skill=SKILLS, consent=np.ones(n),
    )  # fmt: skip


def small_trips() -> Trips:
    """Three trips a person; ends at places lie in the zone of the first and last link, gates at -1."""
    person = np.repeat(np.arange(N_PERSONS), TRIPS_EACH)
    turn = np.tile(np.arange(TRIPS_EACH), N_PERSONS)
    mode = np.full(person.shape, CAR)
    mode[person == 3] = WALK
    mode[person == 6] = [CYCLE, TRANSIT, PASSENGER]
    ends = ((0, 0), (1, 2), (1, 0), (0, 1), (2, 3), (2, 1), (2, 3), (-1, 2), (-1, 1), (-1, -1))
    origin, destination = np.array([ends[each] for each in person]).T
    links = [ROUTES.get(each, (0,)) for each in person]
    depart_s = np.array(
        [LATE_S if not _ends(p, t) else DEPART_S[t] for p, t in zip(person, turn, strict=True)]
    )
    trip_id = (person + 1_000) * 32 + turn
    return Trips(
        trip_id=trip_id, trip_key=keys_of(trip_id), person=person, sequence=turn, purpose=np.zeros(30),
        mode=mode, depart_s=depart_s, min_stay_s=np.full(30, 600.0), origin_place=origin,
        destination_place=destination, origin_link=[route[0] for route in links],
        destination_link=[route[-1] for route in links],
        distance_m=np.where(mode == WALK, 800.0, np.where(mode == CAR, np.nan, 3_000.0)),
        duration_s=np.where(mode == CAR, np.nan, 600.0),
    )  # fmt: skip


def small_fleet() -> VehicleFleet:
    """The ten cars, each of its own household."""
    n = N_PERSONS
    return VehicleFleet(
        vehicle_key=keys_of(np.arange(n) + 500), household=np.arange(n), person=np.full(n, -1),
        vehicle_class=np.zeros(n), fuel=np.arange(n) % 2, euro=np.full(n, 3),
    )  # fmt: skip


def small_vehicles(trips: Trips) -> TripVehicles:
    """Cars of Euro 4: of persons with an even row on petrol, of the others on diesel."""
    drives, zeros = trips.mode == CAR, np.zeros(len(trips), dtype=np.int8)
    columns = (zeros, (trips.person % 2).astype(np.int8), zeros + 3)
    row = np.where(drives, trips.person, -1).astype(np.int32)
    return TripVehicles(row, *(np.where(drives, column, -1).astype(np.int8) for column in columns))


def _ends(person: int, turn: int) -> bool:
    return person not in ROUTES or drive(person, turn).state == ARRIVED


def small_day(**changed: Any) -> DayRecord:
    """The record of the day; keywords replace fields of it."""
    trips = small_trips()
    population = SimpleNamespace(persons=small_persons(), trips=trips, digest="population", report={})
    fields = {
        "territory": small_territory(),
        "population": population,
        "fleet": small_fleet(),
        "vehicles": small_vehicles(trips),
        "parameters": Parameters.defaults(),
        "seed": 1,
        **truth_of([_went(trips, row) for row in range(len(trips))], trips),
        "rotations": 2,
        "first_full": [(3, 30_600.0)],
        "max_origin_queue_veh": 4,
        "max_gate_queue_veh": 7,
        "accounts": _books(),
        "timings_s": {"loading": 0.5},
        "providers": ("Alpha", "Beta"),
        "datasets": ("counts", "traces of Alpha"),
        "probe_datasets": {"Alpha": "traces of Alpha"},
    }
    record = DayRecord(**{**fields, "knowledge": {}, "observations": small_observations()})
    return replace(record, **{"knowledge": small_knowledge(record), **changed})


def _went(trips: Trips, row: int) -> Drive | None:
    return drive(row // TRIPS_EACH, row % TRIPS_EACH) if trips.mode[row] == CAR else None


def truth_of(drives: Sequence[Drive | None], trips: Trips) -> dict[str, Any]:
    """All truth columns of trips and links that follow from the drives; None: not by car, as planned."""
    n = len(drives)
    depart_ms = np.rint(trips.depart_s * 1_000).astype(np.int64)
    departed, entered, arrived = depart_ms.copy(), np.full(n, -1), np.full(n, -1)
    state, free_s, route_km = np.full(n, ARRIVED, dtype=np.int8), np.array(trips.duration_s), np.zeros(n)
    events: list[tuple[int, int, int, int]] = []
    for row, went in enumerate(drives):
        if went is None:
            arrived[row] = departed[row] + round(trips.duration_s[row] * 1_000)
            continue
        state[row] = went.state
        free_s[row] = np.inf if went.state == NO_PATH else FREE_S * len(ROUTES[row // TRIPS_EACH])
        route_km[row] = float(len(went.links))
        if went.state in (PLANNED, NO_PATH):
            departed[row] = -1
        if went.links:
            entered[row] = now = departed[row] + round(went.wait_s * 1_000)
            for link in went.links:
                events.append((row, link, now, now + round(went.link_s * 1_000)))
                now = events[-1][-1]
            arrived[row] = now if went.state == ARRIVED else -1
    trip, link, enter, left = (np.array(column, dtype=np.int64) for column in zip(*events, strict=True))
    shape = (N_SLICES, N_LINKS)
    entries, exits, time_ms = np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int64)
    np.add.at(entries, (enter // (SLICE_S * 1_000), link), 1)
    np.add.at(exits, (left // (SLICE_S * 1_000), link), 1)
    np.add.at(time_ms, (left // (SLICE_S * 1_000), link), left - enter)
    person = np.asarray(trips.person)
    return {
        "departed_ms": departed, "entered_ms": entered, "arrived_ms": arrived, "state": state,
        "free_flow_s": free_s, "route_km": route_km, "guided": person == 7,
        "provider": np.where(np.isin(person, [4, 7]), 0, -1).astype(np.int8),
        "n_reroutes": (person == 7).astype(np.int16), "entries": entries, "exits": exits, "time_ms": time_ms,
        "event_trip": trip.astype(np.int32), "event_link": link.astype(np.int32), "event_enter_ms": enter,
        "event_exit_ms": left,
    }  # fmt: skip


def small_knowledge(record: DayRecord) -> dict[str, Any]:
    """The city counts links 0 and 5, one vehicle too many where there are any; Alpha is 25 % too fast."""
    unknown = np.full(record.exits.shape, np.nan)
    counted = unknown.copy()
    counted[:, [0, 5]] = record.exits[:, [0, 5]] + (record.exits[:, [0, 5]] > 0)
    speed = unknown.copy()
    used = record.exits > 0
    speed[used] = 1.25 * 1_000.0 * record.exits[used] / (record.time_ms[used] / 1_000.0)
    return {
        "city": SimpleNamespace(owner="city", flow_veh=counted, speed_mps=unknown),
        "Alpha": SimpleNamespace(owner="Alpha", flow_veh=unknown, speed_mps=speed),
    }


def small_observations() -> dict[str, np.ndarray]:
    """Two counts of link 0, and Alpha's trace of person 7 leaving link 6 in the morning."""
    return {
        "dataset": np.array([0, 0, 1], dtype=np.int16),
        "datastream": np.array([0, 0, 6], dtype=np.int32),
        "phenomenon_time_s": np.array([900.0, 1_800.0, 8 * 3_600.0 + 60.0 + 7 * 200.0]),
        "result_time_s": np.array([960.0, 1_860.0, 8 * 3_600.0 + 60.0 + 7 * 200.0 + 120.0]),
        "result": np.array([0.0, 0.0, 200.0]),
    }


def _books() -> Accounts:
    accounts = Accounts()
    accounts.post("household", "fuel_station", 6_120, "fuel")
    return accounts


def modes_of(record: DayRecord) -> list[str]:
    """Mode of each trip, by name."""
    return [MODES[mode] for mode in record.population.trips.mode]
