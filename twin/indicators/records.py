"""What one simulated day leaves behind: the record that indicators, studies and reports read.

Truth (trips, link passages) stands beside knowledge (what owners came to believe). Nothing here is
changed after the day; what is derived from it is worked out once, when first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.accounts import Accounts
from twin.behaviour.days import NO_PATH
from twin.clock import HORIZON_MS, MS
from twin.indicators.accessibility import Accessibility, access_of
from twin.indicators.false_data_record import FalseDataRecord
from twin.indicators.fleets_record import FleetRecord
from twin.indicators.hindsight import Hindsight, hindsight_of
from twin.indicators.meterings import Metering
from twin.indicators.on_demand_record import OnDemandRecord
from twin.indicators.parking_record import ParkingRecord
from twin.indicators.powered_times import powered_of
from twin.indicators.services_record import ServiceRecord
from twin.indicators.transit_record import TransitRecord
from twin.indicators.utilities_record import UtilitiesRecord
from twin.indicators.walking import SERVICES, walk_to_nearest_m
from twin.mobility.charging import Charging, charging_of
from twin.mobility.curves import factors_of
from twin.mobility.emissions import Emissions, PassageColumns, day_emissions
from twin.population.residents.fleet import TripVehicles, VehicleFleet
from twin.population.tables import CAR
from twin.scenario.ledger import Parameters
from twin.utilities.demand import ConsumptionRates, DayConsumption

if TYPE_CHECKING:
    from twin.population.population import Population
    from twin.territory.territory import Territory

ROAD_MANAGER = "city"
"""Owner of the picture that road counters give."""

OBSERVATION_COLUMNS = ("dataset", "datastream", "phenomenon_time_s", "result_time_s", "result")
"""Names of the columns of observations (OGC 18-088 SensorThings, Observation)."""


class OwnerPicture(Protocol):
    """What an owner believes of the streets, by slice and link, (N_SLICES, n_links); NaN: unknown."""

    @property
    def flow_veh(self) -> NDArray[np.float64]:
        """Vehicles that left the link in the slice, as the owner counted them."""

    @property
    def speed_mps(self) -> NDArray[np.float64]:
        """Mean speed over the link [m/s]."""


@dataclass(frozen=True)
class DayRecord:
    """One simulated day: what was, and what was believed.

    Rows are trips of ``population.trips``, links of ``territory.streets``; slices quarter hours until 30:00.

    Parameters
    ----------
    territory, population, parameters, seed
        What the day was run on.
    fleet, vehicles
        All vehicles, and the one that makes each trip.
    departed_ms, entered_ms, arrived_ms
        (n_trips,) [ms]: the traveller left the origin; the vehicle entered its first link; the
        trip ended. -1: never.
    state
        (n_trips,) int8, row of `TRIP_STATES` at 30:00.
    free_flow_s
        (n_trips,) [s]: by car that of the free-flow shortest route, not finite: no path; else the duration.
    route_km
        (n_trips,) [km] driven.
    guided
        (n_trips,) bool: at least one advice of a provider was followed.
    provider
        (n_trips,) int8: the provider consulted, row of ``providers``; -1 none.
    n_reroutes
        (n_trips,) int16: routes taken anew on the way.
    entries, exits
        (N_SLICES, n_links) int32 [veh].
    time_ms
        (N_SLICES, n_links) int64: travel times, summed, of the vehicles that left in the slice [ms].
    event_trip, event_link, event_enter_ms, event_exit_ms
        (n_events,) int32: one for each link left, by trip and moment of entry.
    rotations, first_full, max_origin_queue_veh, max_gate_queue_veh
        Deadlocked cycles turned; first links to fill (row, moment [s]); longest waiting queues.
    knowledge
        Final picture by owner: `ROAD_MANAGER` and the providers by name.
    observations
        Columns (n_observations,) named as in `OBSERVATION_COLUMNS`; a datastream is the row of a link, or
        of what `feature_of` names.
    accounts, timings_s
        Money posted; seconds by phase.
    providers, datasets
        Names, in the order of ``provider`` and of the observations' column ``dataset``.
    probe_datasets
        By provider, the name of the dataset that holds the traces of its users.
    closed
        (n_links,) bool, closed at some moment of the day; None: none was.
    meters, fleets
        By the name of their dataset: fleets of meters, and all fleets that stand somewhere.
    transit
        Public transport by timetable; None: there is none. Links' counts have its buses in them, the
        events above do not.
    parking, utilities, false_data
        Where parking is limited, networks are reckoned, a fault or an attack falsifies data; None: not.
    toll_cents, barred_km
        (n_trips,): tolls paid; kilometres in low-emission zones by a vehicle they bar. None: no rule.
    on_demand, services
        On-demand transport, counted as buses are; what either did on the road. None: there is none.
    promised_ms
        (n_trips,) moment of arrival that the provider told when first asked [ms], -1: none was told.
    """

    territory: Territory
    population: Population
    fleet: VehicleFleet
    vehicles: TripVehicles
    parameters: Parameters
    seed: int
    departed_ms: NDArray[np.int64]
    entered_ms: NDArray[np.integer]
    arrived_ms: NDArray[np.int64]
    state: NDArray[np.int8]
    free_flow_s: NDArray[np.float64]
    route_km: NDArray[np.float64]
    guided: NDArray[np.bool_]
    provider: NDArray[np.int8]
    n_reroutes: NDArray[np.int16]
    entries: NDArray[np.int32]
    exits: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    event_trip: NDArray[np.int32]
    event_link: NDArray[np.int32]
    event_enter_ms: NDArray[np.integer]
    event_exit_ms: NDArray[np.integer]
    rotations: int
    first_full: list[tuple[int, float]]
    max_origin_queue_veh: int
    max_gate_queue_veh: int
    knowledge: Mapping[str, OwnerPicture]
    observations: Mapping[str, NDArray[Any]]
    accounts: Accounts
    timings_s: Mapping[str, float]
    providers: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    probe_datasets: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, Any] = field(default_factory=dict)
    closed: NDArray[np.bool_] | None = None
    meters: Mapping[str, Metering] = field(default_factory=dict)
    transit: TransitRecord | None = None
    parking: ParkingRecord | None = None
    toll_cents: NDArray[np.int64] | None = None
    barred_km: NDArray[np.float64] | None = None
    on_demand: OnDemandRecord | None = None
    services: ServiceRecord | None = None
    promised_ms: NDArray[np.int64] | None = None
    utilities: UtilitiesRecord | None = None
    fleets: Mapping[str, FleetRecord] = field(default_factory=dict)
    false_data: FalseDataRecord | None = None

    @property
    def n_trips(self) -> int:
        """Number of planned trips, all modes."""
        return len(self.state)

    def feature_of(self, dataset: str) -> str:
        """What a datastream of a dataset is the row of: "link", "place" or "node" of the utility layers."""
        features = {each.shared: each.shared_feature for each in self.meters.values()}
        features |= dict.fromkeys(self.meters, "place")
        return (features | {name: each.feature for name, each in self.fleets.items()}).get(dataset, "link")

    @property
    def personal_datasets(self) -> tuple[str, ...]:
        """Names of datasets that tell of single persons or households, sorted: they are not kept."""
        of_homes = (name for name, each in self.fleets.items() if each.personal)
        return tuple(sorted({*self.probe_datasets.values(), *self.meters, *of_homes}))

    @cached_property
    def consumption(self) -> DayConsumption:
        """What places drew from the networks, at any time of the day."""
        demand = ConsumptionRates(self.population, self.territory.places, self.parameters)
        return DayConsumption(demand, self.departed_ms, self.arrived_ms)

    @cached_property
    def by_car(self) -> NDArray[np.bool_]:
        """(n_trips,) trips made by driving a car."""
        return np.asarray(self.population.trips.mode == CAR)

    @cached_property
    def elapsed_s(self) -> NDArray[np.float64]:
        """(n_trips,) [s] from leaving the origin to arriving, waiting counted.

        A trip that has not ended by 30:00 counts until then; one that never left counts from its
        planned departure, since its traveller is late from that moment on.
        """
        planned_ms = np.rint(self.population.trips.depart_s * MS).astype(np.int64)
        from_ms = np.where(self.departed_ms >= 0, self.departed_ms, planned_ms)
        until_ms = np.where(self.arrived_ms >= 0, self.arrived_ms, HORIZON_MS)
        elapsed: NDArray[np.float64] = np.maximum(until_ms - from_ms, 0) / MS
        return elapsed

    @cached_property
    def comparable(self) -> NDArray[np.bool_]:
        """(n_trips,) car trips that have a path, so that their time can be held against free flow."""
        return np.asarray(self.by_car & np.isfinite(self.free_flow_s) & (self.state != NO_PATH))

    @cached_property
    def delay_s(self) -> NDArray[np.float64]:
        """(n_trips,) [s] time over free flow, NaN where there is no path."""
        free_s = np.where(np.isfinite(self.free_flow_s) & (self.state != NO_PATH), self.free_flow_s, np.nan)
        delay: NDArray[np.float64] = self.elapsed_s - free_s
        return delay

    @cached_property
    def passages(self) -> PassageColumns:
        """All links left, as columns."""
        return PassageColumns(self.event_trip, self.event_link, self.event_enter_ms, self.event_exit_ms)

    @cached_property
    def emissions(self) -> Emissions:
        """Energy used and pollutants emitted on all links left, by trip and by link."""
        length_m, factors = self.territory.streets.length_m, factors_of(self.parameters)
        of_trips = day_emissions(self.passages, self.vehicles, length_m, factors)
        return of_trips if self.services is None else of_trips.with_services(self.service_emissions)

    @cached_property
    def service_emissions(self) -> Emissions:
        """Energy used and pollutants emitted by buses and shared vehicles, by leg and by link."""
        length_m = self.territory.streets.length_m
        services = self.services or ServiceRecord.none()
        return day_emissions(services.passages, services.vehicles, length_m, factors_of(self.parameters))

    @cached_property
    def hindsight(self) -> Hindsight:
        """How much quicker some trips would have been by the best route, as it turned out."""
        return hindsight_of(self)

    @cached_property
    def charging(self) -> Charging:
        """Charging of electric vehicles."""
        return charging_of(
            self.population, self.fleet, self.vehicles, self.emissions.energy_by_trip,
            (self.departed_ms, self.arrived_ms), self.parameters, self.seed, powered_of(self.utilities),
        )  # fmt: skip

    @cached_property
    def link_flow_veh(self) -> NDArray[np.int64]:
        """(n_links,) vehicles that left the link during the day."""
        flow: NDArray[np.int64] = self.exits.sum(axis=0, dtype=np.int64)
        return flow

    @cached_property
    def link_time_s(self) -> NDArray[np.float64]:
        """(n_links,) time spent on the link by the vehicles that left it [veh s]."""
        time_s: NDArray[np.float64] = self.time_ms.sum(axis=0) / MS
        return time_s

    @cached_property
    def walk_to_service_m(self) -> dict[str, NDArray[np.float64]]:
        """By service, (n_path_nodes,) metres on foot to the nearest one; infinite: not to be reached."""
        return {service: walk_to_nearest_m(self.territory, service) for service in SERVICES}

    @cached_property
    def access(self) -> Accessibility:
        """What residents reach of the services of everyday life."""
        timetable = None if self.transit is None else self.transit.timetable
        return access_of(self.territory, self.population.persons, timetable, self.parameters)

    @cached_property
    def derived(self) -> dict[Any, Any]:
        """What else indicators worked out of the day: see `twin.indicators.once`."""
        return {}

    @cached_property
    def ends_in_zone(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """(n_trips,) zone rows of each trip's origin and destination place, -1: a gate or no zone."""
        trips = self.population.trips
        zone = np.append(self.territory.places.zone, np.int16(-1))  # the last is that of no place, -1
        return zone[trips.origin_place], zone[trips.destination_place]
