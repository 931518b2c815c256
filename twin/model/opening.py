"""The state with which a day opens: everybody at home, every fleet in place, every right granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import Itineraries
from twin.calculators.agreement import apply_agreement, classes_dataset, closures_dataset, traffic_dataset
from twin.errors import InputError
from twin.indicators.records import ROAD_MANAGER
from twin.knowledge.datasets import Dataset
from twin.knowledge.holders import hold_datasets, open_rights
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right
from twin.mobility.fleet import vehicle_kinds
from twin.mobility.loading import Loader
from twin.mobility.riders import ActualService
from twin.mobility.rules import Rules
from twin.mobility.shared_rides import SharedFleet, SharedRides, joined
from twin.model.device_spots import spots_of
from twin.model.fleet_day import open_fleets
from twin.model.metering import place_site
from twin.model.parking_plan import opening_of
from twin.model.road_state import Standing, TrafficOrders
from twin.model.state import Bookings, DayState, Dispatch, Guidance, Log
from twin.model.surroundings import DeviceGround
from twin.model.utility_state import Servers, UtilityState
from twin.routing.routes import Routes
from twin.scenario.actors import SensorFleet
from twin.scenario.entry import told_of
from twin.scenario.modification import Modification
from twin.scenario.transit_offers import ParkAndRide
from twin.sensing.fleets import Fleet, Site, deploy
from twin.sensing.probes import fleet_of_provider
from twin.territory.select import select_links

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def opening_state(model: TwinModel) -> DayState:
    """The state at 00:00."""
    n_links, n_trips = model.territory.streets.n_links, model.n_trips
    supply = model.roads.supply()
    trips, routes, service = model.population.trips, _routes(model), model.on_demand.fleet
    buses, shared = model.transit.buses.legs, model.on_demand.legs
    kind, places, pace = vehicle_kinds(
        model.trip_vehicles.vehicle_class, (buses.n_legs, shared.n_legs), model.parameters
    )
    rules = Rules(
        float(model.parameters["mobility.origin_priority"]),
        int(model.parameters["mobility.deadlock_check_s"]),
        places,
        pace,
    )
    off = [np.zeros(n, dtype=np.bool_) for n in (n_links,) * 4 + (len(model.manager.levers),)]
    standing = Standing(np.zeros(len(model.levers), dtype=np.bool_), np.zeros(0, dtype=np.bool_))
    fleets = _deployed_fleets(model)
    model.false_data.make(model, fleets)
    return DayState(
        loader=Loader(
            model.roads.network, supply, trips.trip_key, routes, rules, joined(buses, shared), kind
        ),
        service=ActualService.fresh(model.transit.buses),
        riders=model.transit.plans.fresh(),
        parking=opening_of(model),
        queues=model.transit.plans.nobody(),
        supply=supply,
        standing=standing,
        itineraries=Itineraries.planned(trips.depart_s, trips.sequence),
        log=Log(),
        orders=TrafficOrders(*off),
        guidance=Guidance(
            provider=model.trip_provider.copy(),
            guided=np.zeros(n_trips, dtype=np.bool_),
            n_reroutes=np.zeros(n_trips, dtype=np.int16),
            detoured=np.zeros(n_trips, dtype=np.bool_),
            promised_ms=np.full(n_trips, -1, dtype=np.int64),
        ),
        platform=_open_platform(model, fleets),
        pictures={agent.name: agent.first_belief() for agent in model.providers},
        devices={fleet.name: fleet for fleet in fleets},
        shared=SharedRides.fresh(trips.mode, trips.duration_s, service.n_stops, service.n_vehicles),
        bookings=_no_bookings(service),
        dispatch=Dispatch.fresh(service.n_requests, service.n_vehicles),
        utilities=UtilityState.none() if model.networks is None else model.networks.opening(),
        servers=Servers.all_up(len(model.spec.providers)),
    )


def _routes(model: TwinModel) -> Routes:
    """Habitual routes; who parks and rides takes what feels best to and from the car park."""
    habits, park_and_ride = model.habits, model.transit.park_and_ride
    rows = np.sort(np.concatenate([park_and_ride.out, park_and_ride.back]))
    if not rows.size:
        return habits.routes
    drivers = model.drivers()
    found = drivers.choose(drivers.weights(habits.expected_ms), drivers.bounds(), rows)
    if (found.start[rows] < 0).any():
        row = int(rows[np.flatnonzero(found.start[rows] < 0)[0]])
        park = park_and_ride.park[np.flatnonzero((park_and_ride.out == row) | (park_and_ride.back == row))[0]]
        orders = model.spec.orders(ParkAndRide)
        raise InputError(
            orders[park].where("place"),
            "cannot be driven to or from",
            "a place on a street that is connected",
        )
    return habits.routes.replaced(rows, found)


def _no_bookings(service: SharedFleet) -> Bookings:
    """Nobody has called; every vehicle is ready at its depot when the service begins."""
    never = [np.full(n, -1, dtype=np.int64) for n in (service.n_requests, service.n_stops)]
    ready_ms = np.full(service.n_vehicles, service.from_ms, dtype=np.int64)
    return Bookings(never[0], np.zeros(service.n_vehicles, dtype=np.int32), ready_ms, never[1])


def _deployed_fleets(model: TwinModel) -> list[Fleet]:
    """Fleets of the scenario where they stand, and the phones of every provider's users."""
    streets = model.territory.streets
    rows = {agent.name: agent.row for agent in model.providers}
    fleets = []
    model.device_ground = DeviceGround(model)
    for order in model.spec.fleets():
        if order.kind == "probe" and order.owner not in rows:
            continue  # nobody uses that provider today
        named = _named(model, order)
        site = Site(
            named, streets.link_key, streets.road_class, model.seed_, place_site(order, model),
            spots_of(order, named, model), model.month, model.networks is not None,
        )  # fmt: skip
        if site.spots is not None:
            model.device_ground.spots[order.name] = site.spots
        fleets.append(deploy(order, site, model.parameters, rows.get(order.owner, -1)))
    known = {fleet.dataset.name for fleet in fleets}
    for agent in model.providers:
        own = fleet_of_provider(agent.order, agent.row, model.parameters)
        if own.dataset.name not in known:
            fleets.append(own)
    open_fleets(model, fleets)
    return fleets


def _named(model: TwinModel, order: SensorFleet) -> np.ndarray:
    """Links where a fleet may stand (rows): what a scenario builds takes no sensor from elsewhere.

    A fleet stood before the streets were edited, unless it names what was built by link or nothing else.
    """
    n_before = model.ground.streets.n_links
    if order.links is None:
        return np.arange(n_before, dtype=np.int32)
    named = select_links(order.links, model.territory.streets, model.territory.zones)
    stood = named[named < n_before]
    return named if order.links.link or not stood.size else stood


def _open_platform(model: TwinModel, fleets: list[Fleet]) -> DataPlatform:
    """An empty platform with every dataset open and every agreement's rights granted."""
    platform = DataPlatform()
    platform.add(closures_dataset(ROAD_MANAGER))
    platform.add(classes_dataset(ROAD_MANAGER))
    for agent in model.providers:
        reports = Dataset.of_links(f"{agent.name}.reports", agent.name, "road is closed", "1", cadence_s=0.0)
        platform.add(reports)
        platform.add(traffic_dataset(agent.name, agent.order.refresh_s))
    entries = {each.name: each for each in model.spec.fleets()}
    for fleet in fleets:
        entry = entries.get(fleet.name)
        for dataset in fleet.datasets:
            with told_of(entry, "name"):
                platform.add(dataset)
    orders = _data_orders(model)
    hold_datasets(platform, orders)
    for agent in model.providers:
        platform.rights.grant(platform.dataset(f"{ROAD_MANAGER}.classes"), agent.name, Right())
    lag_s = float(model.parameters["calculators.returned_traffic_lag_s"])
    active = {agent.name for agent in model.providers}
    for agreement in model.agreements:
        if agreement.provider in active:
            with told_of(agreement, "provider"):
                apply_agreement(platform, agreement, ROAD_MANAGER, lag_s)
    open_rights(platform, orders)
    return platform


def _data_orders(model: TwinModel) -> list[Modification]:
    """What the scenario orders of data, but of those of providers whom nobody consults: there are none."""
    gone = {offer.name for offer in model.spec.providers} - {agent.name for agent in model.providers}
    none = {f"{name}.{which}" for name in gone for which in ("probes", "reports", "traffic")}
    return [each for each in model.spec.in_force() if getattr(each, "dataset", "") not in none]
