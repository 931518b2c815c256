"""TwinModel: a Mesa model of one territory, whose actors are agents and whose inhabitants are arrays."""

from __future__ import annotations

from time import perf_counter

import mesa
import numpy as np

from twin.behaviour.days import Itineraries
from twin.behaviour.habits import Drivers, Habits, equilibrium_start
from twin.calculators.agreement import apply_agreement, closures_dataset, traffic_dataset
from twin.calculators.habit import habit_times_ms
from twin.calculators.market import app_users, choose_provider, provider_of
from twin.clock import HORIZON_S, MS, format_month, parse_month
from twin.errors import InputError
from twin.indicators.records import ROAD_MANAGER
from twin.kernels.paths import Trips
from twin.knowledge.datasets import Dataset
from twin.knowledge.estimates import prior_picture
from twin.knowledge.platform import DataPlatform
from twin.mobility.loading import Loader, Rules
from twin.mobility.network import roads_of
from twin.model.inhabitants import Inhabitants
from twin.model.manager import Lever, RoadManager
from twin.model.phases import PHASES, Phase
from twin.model.provider import ProviderAgent
from twin.model.register import enter_state
from twin.model.sources import load_population, load_territory
from twin.model.state import Access, DayState, Guidance, Log, Orders
from twin.population.population import MODES, Population
from twin.routing.kerbs import best_sides
from twin.routing.search import bounds_to
from twin.routing.topology import workspace_for
from twin.scenario.modifications import ClassifySecondary, DataAgreement, OnLinks
from twin.scenario.scenario import Scenario
from twin.sensing.fleets import Fleet, Site, deploy
from twin.sensing.probes import fleet_of_provider
from twin.territory.select import select_links
from twin.territory.territory import Territory

CAR = MODES.index("car")


class TwinModel(mesa.Model):  # type: ignore[misc]
    """One territory through a representative day, in steps of minutes; the traffic inside has seconds.

    Parameters
    ----------
    scenario
        The question asked.
    rng
        Seed of every draw; the scenario's own if not given.
    territory, population
        Loaded and synthesised from what the scenario names, unless handed over.
    habits
        What drivers have learned; without it they start from an equilibrium of the volume-delay function.
    threads
        Threads for route searches; the result is the same for any number.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        rng: int | None = None,
        territory: Territory | None = None,
        population: Population | None = None,
        habits: Habits | None = None,
        threads: int = 1,
    ) -> None:
        seed = scenario.seed if rng is None else int(rng)
        super().__init__(rng=seed)
        self.spec, self.seed_, self.threads = scenario, seed, threads
        self.parameters = scenario.ledger()
        self.month = parse_month(scenario.month)
        self.step_s = int(self.parameters["mobility.step_s"])
        self.territory = load_territory(scenario) if territory is None else territory
        self.population = (
            load_population(scenario, self.territory, seed) if population is None else population
        )
        self.inhabitants = Inhabitants.of(self.population.persons)
        self.roads = roads_of(self.territory.streets, self.parameters, self.territory.turns)
        self._set_trips()
        drivers = self.drivers()
        self.habits = (
            equilibrium_start(drivers, self.parameters) if habits is None else habits.extended(drivers)
        )
        self._set_actors()
        self.state = self._fresh_state()
        self.phases: tuple[Phase, ...] = PHASES
        self.timings_s = {phase.name: 0.0 for phase in self.phases}
        enter_state()
        self.now_s = 0
        self.running = True
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "moment_s": "now_s",
                "driving_veh": lambda m: m.state.loader.driving.shape[0],
                "waiting_veh": lambda m: m.state.loader.waiting.shape[0],
                "rotations": lambda m: m.state.loader.rotations,
            }
        )

    if "time" not in vars(mesa.Model):  # Mesa before 3.4 counts steps only; later it hides from hasattr
        time = property(lambda self: float(self.steps), doc="Mesa's own counter: steps made.")

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
        """The strategic clock: each month lives one representative day, then the slow state moves on.

        What moves from month to month so far is which modifications are in force.
        """
        for _ in range(n_months):
            if not self.running:
                self._begin_month(self.month + 1)
            self.run_day()

    def _begin_month(self, month: int) -> None:
        """Midnight of another month's representative day; habits stay as they were learned."""
        self.month = month
        self.spec = self.spec.model_copy(update={"month": format_month(month)})
        self.remove_all_agents()
        self._set_actors()
        self.state = self._fresh_state()
        self.now_s = 0
        self.running = True

    @property
    def n_trips(self) -> int:
        """Planned trips of all modes."""
        return int(self.population.trips.trip_id.shape[0])

    def drivers(self) -> Drivers:
        """Who drives on what, for learning."""
        return Drivers(
            topology=self.roads.topology,
            free_ms=self.roads.free_ms,
            capacity_vps=self.territory.streets.flow_capacity_vps,
            aversion=self.aversion,
            sigma=float(self.parameters["calculators.perception_spread"]),
            trips=self.car_trips,
            rows=np.flatnonzero(self.by_car),
            seed=self.seed_,
            threads=self.threads,
        )

    def respect_of(self, agent: ProviderAgent, moment_s: int) -> float:
        """Share of trips on which a provider honours the classification that is in force."""
        shares = {
            agent.order.respect if lever.order.respect is None else lever.order.respect
            for lever in self.manager.levers
            if isinstance(lever.order, ClassifySecondary) and lever.holds(moment_s)
        }
        if len(shares) > 1:
            raise InputError(
                "modification 'classify_secondary': respect",
                f"{' and '.join(f'{share:g}' for share in sorted(shares))} at one time",
                "one share for all classes in force",
            )
        return shares.pop() if shares else 0.0

    def _set_trips(self) -> None:
        """What is fixed of every trip, and how drivers feel about every link."""
        trips, persons = self.population.trips, self.population.persons
        streets = self.territory.streets
        self.by_car = trips.mode == CAR
        self.from_gate = trips.origin_place < 0
        self.trip_person_key = persons.person_key[trips.person]
        self.plan_ms = np.rint(trips.depart_s * MS).astype(np.int64)
        self.stay_ms = np.rint(trips.min_stay_s * MS).astype(np.int64)
        addresses = Trips(trips.origin_link, trips.destination_link, self.plan_ms, self.trip_person_key)
        topology, free_ms, cars = self.roads.topology, self.roads.free_ms, np.flatnonzero(self.by_car)
        self.car_trips = best_sides(topology, free_ms, streets.length_m, addresses, cars)
        factors = tuple(self.parameters["calculators.habit_class_factor"])
        self.habit_cost_ms = habit_times_ms(self.roads.free_ms, streets.road_class, factors)
        self.aversion = np.asarray(factors)[streets.road_class]
        self.workspace = workspace_for(topology)
        self.bounds = bounds_to(topology, free_ms, self.car_trips.destination[cars])

    def _set_actors(self) -> None:
        """City, providers and fleets, as Mesa agents or as what agents own."""
        spec, streets, persons = self.spec, self.territory.streets, self.population.persons
        orders = [part for order in spec.in_force() for part in order.parts()]
        levers = tuple(
            Lever(order, select_links(order.links, streets, self.territory.zones))
            for order in orders
            if isinstance(order, OnLinks)
        )
        self.agreements = [order for order in orders if isinstance(order, DataAgreement)]
        self.manager = RoadManager(self, streets, self.roads, levers)
        share = spec.app_share_in_force
        offers = spec.providers if share > 0.0 else ()
        self.providers = [
            ProviderAgent(self, offer, row, streets.length_m, self.roads.free_ms)
            for row, offer in enumerate(offers)
        ]
        owner_share = float(self.parameters["calculators.smartphone_owner_share"])
        uses = app_users(persons.person_key, persons.smartphone, share, owner_share, self.seed_)
        choice = choose_provider(persons.person_key, tuple(o.market_share for o in offers), self.seed_)
        trip_person = self.population.trips.person
        self.trip_provider = np.where(self.by_car, provider_of(uses, choice)[trip_person], -1).astype(np.int8)
        sends = provider_of(uses, choice, persons.consent)[trip_person]
        self.trip_sends = np.where(self.by_car, sends, -1).astype(np.int8)
        self.obedience = float(self.parameters["calculators.obedience"])
        self.least_saving_ms = round(float(self.parameters["calculators.least_saving_s"]) * MS)
        self.fleets = self._deployed_fleets()

    def _deployed_fleets(self) -> list[Fleet]:
        """Fleets of the scenario where they stand, and the phones of every provider's users."""
        streets = self.territory.streets
        rows = {agent.name: agent.row for agent in self.providers}
        fleets = []
        for order in self.spec.fleets():
            if order.kind == "probe" and order.owner not in rows:
                continue  # nobody uses that provider today
            named = (
                np.arange(streets.n_links, dtype=np.int32)
                if order.links is None
                else select_links(order.links, streets, self.territory.zones)
            )
            site = Site(named, streets.link_key, streets.road_class, self.seed_)
            fleets.append(deploy(order, site, self.parameters, rows.get(order.owner, -1)))
        known = {fleet.dataset.name for fleet in fleets}
        for agent in self.providers:
            own = fleet_of_provider(agent.order, agent.row, self.parameters)
            if own.dataset.name not in known:
                fleets.append(own)
        return fleets

    def _fresh_state(self) -> DayState:
        """The state at 00:00."""
        n_links, n_trips = self.territory.streets.n_links, self.n_trips
        supply = self.roads.supply()
        rules = Rules(
            float(self.parameters["mobility.origin_priority"]),
            int(self.parameters["mobility.deadlock_check_s"]),
        )
        trips = self.population.trips
        off = [np.zeros(n_links, dtype=np.bool_) for _ in range(3)]
        return DayState(
            loader=Loader(self.roads.network, supply, trips.trip_key, self.habits.routes, rules, self.seed_),
            supply=supply,
            itineraries=Itineraries.planned(trips.depart_s, trips.sequence),
            log=Log(),
            orders=Orders(*off),
            guidance=Guidance(
                provider=self.trip_provider.copy(),
                guided=np.zeros(n_trips, dtype=np.bool_),
                n_reroutes=np.zeros(n_trips, dtype=np.int16),
                detoured=np.zeros(n_trips, dtype=np.bool_),
            ),
            platform=self._fresh_platform(),
            pictures={a.name: prior_picture(a.name, 0.0, a.prior) for a in self.providers},
        )

    def _fresh_platform(self) -> DataPlatform:
        """An empty platform with every dataset open and every agreement's rights granted."""
        platform = DataPlatform()
        platform.add(closures_dataset(ROAD_MANAGER))
        for fleet in self.fleets:
            platform.add(fleet.dataset)
        for agent in self.providers:
            reports = Dataset.of_links(
                f"{agent.name}.reports", agent.name, "road is closed", "1", cadence_s=0.0
            )
            platform.add(reports)
            platform.add(traffic_dataset(agent.name, agent.order.refresh_s))
        lag_s = float(self.parameters["calculators.returned_traffic_lag_s"])
        by_name = {agent.name: agent for agent in self.providers}
        for agreement in self.agreements:
            if agreement.provider in by_name:
                apply_agreement(platform, agreement, ROAD_MANAGER, lag_s)
                by_name[agreement.provider].publishes |= agreement.returns_traffic
            elif agreement.provider not in {offer.name for offer in self.spec.providers}:
                raise InputError("data_agreement: provider", f"no provider {agreement.provider!r}",
                                 ", ".join(offer.name for offer in self.spec.providers))  # fmt: skip
        return platform

    def __repr__(self) -> str:
        return f"TwinModel({self.spec.title!r}, {self.territory.name}, {len(self.inhabitants)} persons)"
