"""A day's record, taken from the model when the day is over."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.accounts import Accounts
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.indicators.footprint import PRICES
from twin.indicators.on_demand import operating_cost_eur
from twin.indicators.records import ROAD_MANAGER, DayRecord
from twin.indicators.utilities_record import UtilitiesRecord
from twin.kernels.experience import count_moments
from twin.kernels.paths import BLOCKED
from twin.knowledge.catalogue import catalogue_of
from twin.knowledge.day import DayEstimate
from twin.mobility.passages import Passages
from twin.model.city_day import city_estimate
from twin.model.false_data_record import false_data_record_of
from twin.model.fleet_day import fleets_record_of, observe_over
from twin.model.metering import meterings
from twin.model.on_demand_record import on_demand_record_of, trips_as_made
from twin.model.parking_record import parking_record_of
from twin.model.rules_record import barred_km, post_tolls, toll_cents
from twin.model.services_record import services_of
from twin.model.transit_record import transit_record_of
from twin.model.twin_model import TwinModel
from twin.model.utilities_record import utilities_record_of
from twin.population.population import Population
from twin.population.tables import CAR
from twin.routing.search import times_between
from twin.units import CENTS_PER_EUR

N_FIRST_FULL = 10


def record_of(model: TwinModel) -> DayRecord:
    """What the day leaves: truth of trips and links, and what its owners came to believe."""
    state, streets = model.state, model.territory.streets
    passages = Passages.join(state.log.parts).in_order()
    entries, exits = _counts_by_slice(model, passages)
    of_trips = passages.of(passages.trip < model.n_trips)
    days = state.itineraries
    population = trips_as_made(model)
    utilities = _utilities(model)
    return _booked(
        DayRecord(
            territory=model.territory,
            population=population,
            fleet=model.fleet,
            vehicles=model.trip_vehicles,
            parameters=model.parameters,
            seed=model.seed_,
            departed_ms=days.departed_ms,
            entered_ms=state.loader.vehicles.entered_ms[: model.n_trips],
            arrived_ms=days.arrived_ms,
            state=days.state,
            free_flow_s=_free_flow_s(model, population),
            route_km=_route_km(model, of_trips),
            guided=state.guidance.guided,
            provider=np.where(population.trips.mode == CAR, state.guidance.provider, np.int8(-1)),
            n_reroutes=state.guidance.n_reroutes,
            promised_ms=state.guidance.promised_ms,
            entries=entries,
            exits=exits,
            time_ms=_time_by_exit(passages, streets.n_links),
            **{f"event_{name}": column for name, column in vars(of_trips).items()},
            rotations=state.loader.rotations,
            first_full=_first_full(state.loader.full_since_s),
            max_origin_queue_veh=state.log.max_origin_queue_veh,
            max_gate_queue_veh=state.log.max_gate_queue_veh,
            knowledge=_pictures(model),
            accounts=Accounts(),
            timings_s=dict(model.timings_s),
            closed=state.orders.ever_closed,
            meters=meterings(state.devices.values()),
            transit=transit_record_of(model, passages),
            parking=parking_record_of(model, of_trips),
            toll_cents=toll_cents(model.rules, of_trips, model.from_gate),
            barred_km=barred_km(model.rules, model.trip_vehicles, of_trips, streets.length_m),
            on_demand=on_demand_record_of(model, passages),
            services=services_of(model, passages),
            utilities=utilities,
            **_published(model),
        )
    )


def _utilities(model: TwinModel) -> UtilitiesRecord | None:
    """What the utility networks did, and what devices could tell of it only now."""
    record = utilities_record_of(model)
    observe_over(model, record)
    return record


def _published(model: TwinModel) -> dict[str, Any]:
    """What was published on the platform, by which fleets, and which of it are the providers' probes."""
    kept = model.state.platform.record()
    return {
        "observations": {"dataset": kept.dataset, **kept.rows._asdict()},
        "datasets": kept.names,
        "catalogue": _catalogue(model),
        "fleets": fleets_record_of(model),
        "false_data": false_data_record_of(model),
        "providers": tuple(agent.name for agent in model.providers),
        "probe_datasets": {agent.name: f"{agent.name}.probes" for agent in model.providers},
    }


def _catalogue(model: TwinModel) -> dict[str, Any]:
    """What there is on the platform, whose, and who may read it."""
    place = model.territory.name
    about = f"Datasets of the simulated territory {place}, their holders and terms, seed {model.seed_}"
    return catalogue_of(model.state.platform, f"Data platform of {place}", about, "observations.parquet")


def _booked(record: DayRecord) -> DayRecord:
    """The record with the money of the day in its books."""
    _post_fuel(record)
    post_tolls(record)
    _post_fares(record)
    _post_rides(record)
    return record


def _route_km(model: TwinModel, of_trips: Passages) -> np.ndarray:
    """Kilometres driven by each trip (n_trips,)."""
    length_m = model.territory.streets.length_m[of_trips.link]
    return np.bincount(of_trips.trip, weights=length_m, minlength=model.n_trips) / 1_000.0


def _pictures(model: TwinModel) -> dict[str, DayEstimate]:
    """What each owner came to believe of the day."""
    beliefs = {name: belief.estimate for name, belief in model.state.pictures.items()}
    return {ROAD_MANAGER: city_estimate(model), **beliefs}


def _counts_by_slice(model: TwinModel, passages: Passages) -> tuple[np.ndarray, np.ndarray]:
    """Entries and exits of links (N_SLICES, n_links), with those who are still on a link."""
    loader, n_links = model.state.loader, model.territory.streets.n_links
    entries, exits = (np.zeros((N_SLICES, n_links), dtype=np.int32) for _ in range(2))
    count_moments(passages.link, passages.enter_ms, SLICE_MS, entries)
    on_way = loader.on_way
    count_moments(loader.link_of(on_way), loader.entered_link_ms(on_way), SLICE_MS, entries)
    count_moments(passages.link, passages.exit_ms, SLICE_MS, exits)
    return entries, exits


def _first_full(full_s: np.ndarray) -> list[tuple[int, float]]:
    """The links that filled first, row and moment [s]."""
    order = [row for row in np.argsort(full_s, kind="stable").tolist() if full_s[row] >= 0]
    return [(row, float(full_s[row])) for row in order[:N_FIRST_FULL]]


def _post_fuel(record: DayRecord) -> None:
    """Book what travellers pay for fuel and electricity, by the zone where they live."""
    persons = record.population.persons
    prices = np.array([record.parameters[name] for name in PRICES])
    person = record.population.trips.person
    cost_eur = record.emissions.energy_by_trip @ prices
    for row, name in ((-1, "outside"), *enumerate(record.territory.zones.name)):
        cents = round(float(cost_eur[persons.zone[person] == row].sum()) * CENTS_PER_EUR)
        record.accounts.post(f"travellers of {name}", "energy suppliers", cents, "fuel and electricity")


def _post_fares(record: DayRecord) -> None:
    """Book what passengers pay for the timetable's lines and for parking, by the zone where they live."""
    transit = record.transit
    if transit is None:
        return
    zone = record.population.persons.zone[record.population.trips.person[transit.trip]]
    for row, name in ((-1, "outside"), *enumerate(record.territory.zones.name)):
        cents = int(transit.paid_cents[zone == row].sum())
        record.accounts.post(f"travellers of {name}", "transit operators", cents, "fares")
        cents = int(transit.parking_cents[zone == row].sum())
        record.accounts.post(f"travellers of {name}", "car parks", cents, "park and ride")


def _post_rides(record: DayRecord) -> None:
    """Book fares of shared rides, by the zone where riders live, and what the rides cost the operator."""
    service = record.on_demand
    if service is None:
        return
    zone = record.population.persons.zone[record.population.trips.person[service.trip[service.rode]]]
    for row, name in ((-1, "outside"), *enumerate(record.territory.zones.name)):
        cents = round(float((zone == row).sum()) * service.fare_eur * CENTS_PER_EUR)
        record.accounts.post(f"travellers of {name}", service.name, cents, "fares")
    cents = round(operating_cost_eur(record, service) * CENTS_PER_EUR)
    record.accounts.post(service.name, "drivers and suppliers", cents, "vehicle hours and kilometres")


def _time_by_exit(passages: Passages, n_links: int) -> np.ndarray:
    """Travel times summed by slice of exit and link, (N_SLICES, n_links) int64 [ms]."""
    slot = np.minimum(passages.exit_ms // SLICE_MS, N_SLICES - 1).astype(np.int64)
    cell = slot * n_links + passages.link
    spent = (passages.exit_ms - passages.enter_ms).astype(np.float64)
    total = np.bincount(cell, weights=spent, minlength=N_SLICES * n_links)
    return np.rint(total).astype(np.int64).reshape(N_SLICES, n_links)


def _free_flow_s(model: TwinModel, population: Population) -> np.ndarray:
    """Free-flow time of the quickest route of car trips; the duration of others; inf without a path.

    Who parks and rides: from door to door, as planned in free flow and by the timetable.
    """
    trips = population.trips
    out = np.asarray(trips.duration_s, dtype=np.float64).copy()
    cars = np.flatnonzero(trips.mode == CAR)
    origin, destination = model.car_trips.origin[cars], model.car_trips.destination[cars]
    between = times_between(model.roads.topology, model.bounds, origin, destination)
    total = between + model.roads.free_ms[origin] + model.roads.free_ms[destination]
    same = origin == destination
    total = np.where(same, model.roads.free_ms[origin], total)
    out[cars] = np.where((between >= BLOCKED) & ~same, np.inf, total / MS)
    park_and_ride = model.transit.park_and_ride
    out[park_and_ride.out], out[park_and_ride.back] = park_and_ride.planned_s
    return out
