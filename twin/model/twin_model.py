"""TwinModel: a Mesa model of one territory, whose actors are agents and whose inhabitants are arrays."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import mesa
import numpy as np

from twin.behaviour.fitted_habits import fitted
from twin.behaviour.habits import Drivers, Habits, equilibrium_start
from twin.calculators.habit import habit_times_ms
from twin.calculators.market import NO_PROVIDER
from twin.clock import HORIZON_S, MS, format_month, parse_month
from twin.kernels.paths import RouteQueries
from twin.model.choices import Felt
from twin.model.closed_services import rerouted, with_services_closed
from twin.model.collector import day_collector
from twin.model.conditions import ordered_levers, refuse_months_of_a_date, weather_levers
from twin.model.day_plan import planned_today
from twin.model.district_heat import heated
from twin.model.driven import driven_today
from twin.model.edited_roads import day_roads
from twin.model.false_data import FalseData
from twin.model.inhabitant import Inhabitant
from twin.model.inhabitants import Inhabitants
from twin.model.manager import RoadManager
from twin.model.networks import networks_of
from twin.model.offer import day_of, lines_of
from twin.model.on_demand import on_demand_of
from twin.model.opening import opening_state
from twin.model.operator import Operator
from twin.model.parking_plan import parking_plan_of
from twin.model.phase_order import phases_of
from twin.model.provider import ProviderAgent
from twin.model.register import enter_state
from twin.model.sources import conditions_of, load_population, load_territory, scenario_of
from twin.model.state import Access
from twin.model.surroundings import DeviceGround
from twin.model.users import EarlierDays, users_of
from twin.population.population import Population
from twin.population.tables import CAR, ON_DEMAND
from twin.routing.search import bounds_to
from twin.routing.topology import workspace_for
from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.modification import Modification
from twin.scenario.modifications import BusLine, ClassifySecondary, CloseLink, DataAgreement, Parking
from twin.scenario.on_demand import OnDemandTransport
from twin.scenario.road_edits import RoadEdit, SignalPlan
from twin.scenario.scenario import Scenario
from twin.scenario.services import CloseService
from twin.scenario.transit_offers import Fare, ParkAndRide
from twin.scenario.utility_events import UTILITY_KINDS
from twin.scenario.vehicle_rules import LowEmissionZone, Toll
from twin.sensing.fleets import Fleet
from twin.territory.closed_services import without_services
from twin.territory.edits import edits_of
from twin.territory.territory import Territory
from twin.utilities.demand import ConsumptionRates

OF_ROADS: tuple[type[Modification], ...] = (RoadEdit, SignalPlan, CloseService)
"""Modifications that change the ground: all is set anew where a month begins."""
OF_TRIPS: tuple[type[Modification], ...] = (
    *(BusLine, Fare, LowEmissionZone, OnDemandTransport, ParkAndRide, Parking, Toll),
    *UTILITY_KINDS,
)
"""Modifications that change trips or what belongs to them: these are set anew where a month begins."""


class TwinModel(mesa.Model):  # type: ignore[misc]
    """One territory through a representative day or a date, in steps of minutes; traffic inside has seconds.

    Parameters
    ----------
    scenario
        The question asked, or its file.
    rng
        Seed of every draw; the scenario's own if not given.
    territory, population
        Loaded and synthesised from what the scenario names, unless handed over.
    habits
        What drivers have learned; without it they start from an equilibrium of the volume-delay function.
    threads
        Threads for route searches; the result is the same for any number.
    earlier
        What days before left behind: who consults whom then, instead of the scenario's app share.
    felt
        What days before taught residents of driving: modes are chosen by it.
    changes
        Values of the scenario to change, named as for `Scenario.varied`: ``app_share=0.3``.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path,
        *,
        rng: int | None = None,
        territory: Territory | None = None,
        population: Population | None = None,
        habits: Habits | None = None,
        threads: int = 1,
        earlier: EarlierDays | None = None,
        felt: Felt | None = None,
        **changes: Any,
    ) -> None:
        scenario = scenario_of(scenario, changes)
        seed = scenario.seed if rng is None else int(rng)
        super().__init__(rng=seed)
        self.spec, self.seed_, self.threads = scenario, seed, threads
        self.parameters = scenario.ledger()
        self.month = parse_month(scenario.month)
        self.step_s = int(self.parameters["mobility.step_s"])
        self.ground = heated(scenario, load_territory(scenario) if territory is None else territory)
        self.conditions = conditions_of(scenario, self.ground, seed)
        self.planned = load_population(scenario, self.ground, seed) if population is None else population
        self.inhabitants = Inhabitants.of(self.planned.persons, self)
        self.learned, self.earlier, self.felt = habits, earlier, felt
        self._set_roads()
        self._open()
        self.timings_s = {phase.name: 0.0 for phase in self.phases}
        enter_state()
        self.datacollector = day_collector()

    device_ground: DeviceGround
    if "time" not in vars(mesa.Model):  # Mesa before 3.4 counts steps only; later it hides from hasattr
        time = property(lambda self: float(self.steps), doc="Mesa's own counter: steps made.")

    @property
    def agent_types(self) -> list[type]:
        """Types of the actors, and that of the inhabitants, who are not among `agents`."""
        return [*super().agent_types, Inhabitant]

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Actors by type, and the inhabitants: so that a collector can have reporters of theirs."""
        return {**super().agents_by_type, Inhabitant: self.inhabitants}

    def step(self) -> None:
        """One step: every phase in order, each timed."""
        for phase in self.phases:
            begun = perf_counter()
            phase.run(self, Access(self.state, phase.name, phase.reads | phase.writes), self.now_s)
            self.timings_s[phase.name] += perf_counter() - begun
        self.now_s += self.step_s
        self.running = self.now_s < HORIZON_S
        self.datacollector.collect(self)

    def run_until(self, moment_s: int) -> None:
        """Steps until that moment of the day."""
        while self.now_s < min(moment_s, HORIZON_S):
            self.step()

    def run_day(self) -> None:
        """Steps until the end of the day, 30:00."""
        self.run_until(HORIZON_S)

    def run_months(self, n_months: int = 1) -> None:
        """The strategic clock: a representative day of each month; in between, modifications come and go."""
        for _ in range(n_months):
            if not self.running:
                self._begin_month(self.month + 1)
            self.run_day()

    def _begin_month(self, month: int) -> None:
        """Midnight of another month's representative day; habits stay as they were learned."""
        refuse_months_of_a_date(self.spec)
        self.month = month
        self.spec = self.spec.model_copy(update={"month": format_month(month)})
        ever = self.spec.parts()
        if any(isinstance(each, OF_ROADS) for each in ever):
            self._set_roads()
        elif any(isinstance(each, OF_TRIPS) for each in ever):
            self._set_trips()
        self._open()

    def begin_day(self, habits: Habits) -> None:
        """Midnight of another day like it, for drivers with those habits."""
        self.learned = habits
        self._set_habits()
        self._open()

    def _open(self) -> None:
        """Actors and state at midnight."""
        self.remove_all_agents()
        self._set_actors()
        self.state = opening_state(self)
        self.now_s, self.running = 0, True

    @property
    def n_trips(self) -> int:
        """Planned trips of all modes."""
        return int(self.population.trips.trip_id.shape[0])

    @property
    def fleets(self) -> list[Fleet]:
        """Fleets of sensors as they stand today."""
        return list(self.state.devices.values())

    def with_others(self, of_trips: np.ndarray) -> np.ndarray:
        """A column of trips, with -1 for every bus and shared vehicle behind them."""
        n = self.transit.buses.legs.n_legs + self.on_demand.legs.n_legs
        return np.concatenate([of_trips, np.full(n, -1, dtype=of_trips.dtype)]) if n else of_trips

    def drivers(self) -> Drivers:
        """Who drives on what, for learning."""
        return Drivers(
            topology=self.roads.topology,
            free_ms=self.roads.free_ms,
            capacity_vps=self.territory.streets.flow_capacity_vps,
            aversion=self.aversion,
            sigma=float(self.parameters["calculators.perception_spread"]),
            trips=self.car_trips,
            rows=self.car_rows,
            seed=self.seed_,
            threads=self.threads,
        )

    def _set_roads(self) -> None:
        """The month's streets, whoever drives on them, and the habits that they have there."""
        edits = edits_of(self.spec.in_force())
        if edits and self.learned is None:
            self._drive_on(())  # habits are those of the streets as they were
        self._drive_on(edits)

    def _drive_on(self, edits: tuple[RoadEdit, ...]) -> None:
        plans = self.spec.orders(SignalPlan)
        ground = without_services(self.ground, self.spec.in_force())
        day = self.day_roads = day_roads(ground, edits, self.parameters, self.seed_, plans)
        self.territory, self.roads = day.territory, day.roads
        self._set_trips()
        self._set_habits()

    def _set_habits(self) -> None:
        """What was learned, on today's streets and for all who drive today."""
        drivers = self.drivers()
        self.learned = self.learned or equilibrium_start(drivers, self.parameters)
        streets = self.territory.digest if self.day_roads.edited else ""
        self.habits = rerouted(self, fitted(drivers, self.learned, streets, self.parameters))

    def _set_trips(self) -> None:
        """The month's public transport, what is fixed of every trip, how drivers feel about every link."""
        self.accustomed = with_services_closed(self)
        lines = lines_of(self)
        today, self.modes = planned_today(self, lines)
        self.population, self.transit = day_of(self, today, lines)
        garage, self.rules = driven_today(self)
        self.population, self.fleet, self.trip_vehicles = garage.population, garage.fleet, garage.vehicles()
        by_line = self.population
        self.population, self.on_demand = on_demand_of(self, by_line, self.transit)
        trips, persons = self.population.trips, self.population.persons
        streets = self.territory.streets
        self.by_car = trips.mode == CAR
        self.may_drive = self.by_car | ((trips.mode == ON_DEMAND) & (by_line.trips.mode == CAR))
        self.from_gate = trips.origin_place < 0
        self.trip_person_key = persons.person_key[trips.person]
        moments = np.stack([trips.depart_s, trips.min_stay_s])
        self.plan_ms, self.stay_ms = np.rint(moments * MS).astype(np.int64)
        addresses = RouteQueries(
            trips.origin_link, trips.destination_link, self.plan_ms, self.trip_person_key
        )
        # whoever is used to drive, though some may ride instead, and who drives today
        drives = (self.accustomed.trips.mode == CAR) | (by_line.trips.mode == CAR)
        cars = self.car_rows = np.flatnonzero(drives)
        self.car_trips = self.day_roads.addressed(addresses, cars)
        factors = tuple(self.parameters["calculators.habit_class_factor"])
        self.habit_cost_ms = habit_times_ms(self.roads.free_ms, streets.road_class, factors)
        self.aversion = np.asarray(factors)[streets.road_class]
        self.workspace = workspace_for(self.roads.topology)
        self.demand = ConsumptionRates(self.population, self.territory.places, self.parameters)
        self.parking = parking_plan_of(self)
        self.phases = phases_of(self)
        self.bounds = bounds_to(self.roads.topology, self.roads.free_ms, self.car_trips.destination[cars])

    def _set_actors(self) -> None:
        """City, providers and fleets, as Mesa agents or as what agents own."""
        spec, streets = self.spec, self.territory.streets
        self.levers = (*ordered_levers(self), *weather_levers(self))
        self.networks, self.false_data = networks_of(self), FalseData.of(self)
        self.agreements = spec.orders(DataAgreement)
        told = tuple(each for each in self.levers if isinstance(each.order, CloseLink | ClassifySecondary))
        self.manager = RoadManager(self, streets, self.roads.topology, told, spec.orders(RankByGhg))
        share = spec.app_share_in_force
        offers = spec.providers if share > 0.0 or self.earlier is not None else ()
        giving = {agreement.provider for agreement in self.agreements if agreement.returns_traffic}
        self.providers = [
            ProviderAgent(self, offer, row, streets, self.roads.free_ms, offer.name in giving)
            for row, offer in enumerate(offers)
        ]
        self.operator = Operator(self, self.on_demand) if self.on_demand.runs else None
        self.trip_provider, self.trip_sends, self.obeys = users_of(self, offers, share)
        for consulted in (self.trip_provider, self.trip_sends):
            consulted[np.isin(consulted, spec.withdrawn)] = NO_PROVIDER

    def __repr__(self) -> str:
        return f"TwinModel({self.spec.title!r}, {self.territory.name}, {len(self.inhabitants)} persons)"
