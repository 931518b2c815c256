"""How many shared vehicles to run: on what is seen of the demand for rides, at costs of a day's real routes.

The truth: some of those who cannot drive ask for a ride on a trip of theirs, more or less of them than
anybody knew; requests are inserted in the order in which they come (`twin.mobility.on_demand`). What is
seen tells the level of demand alone, each dataset with a ratio of its own that nobody knows well. Where
people ride from and to the operator has from a model of its own, people drawn anew: there it puts its depot,
and on days made up of their trips it tries its fleets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S, MS
from twin.indicators.accessibility import drives
from twin.kernels.insertion import FleetState, RideRequests
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.datasets import observations
from twin.knowledge.platform import DataPlatform
from twin.mobility.network import roads_of
from twin.mobility.on_demand import Terms, driving_times_ms, empty_problem, insert_best, promises
from twin.population.population import Population
from twin.population.tables import RESIDENT, Trips
from twin.routing.search import bounds_to
from twin.scenario.ledger import Parameters
from twin.study.value_of_data_game import NOW_S, DatasetSource, DecisionDay, NotApplicableError
from twin.study.value_of_data_sources import datasets_of, poisson
from twin.territory.territory import Territory
from twin.units import MS_PER_H, S_PER_H

Floats = NDArray[np.float64]
MOST_TRIPS = 400
"""Trips from which requests are drawn; a table of driving times between all their ends is made."""
MOST_VEHICLES = 8
FAR_MS = 2 * MS_PER_H
"""Places so far from the depot that they are not served: no way leads there."""
LEVELS = np.array([0.1, 0.25, 0.5, 1.0, 1.8, 3.0, 5.0])
"""Demand over its median at which the operator's tables are made."""
DAYS_TRIED = 2
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_LEVEL, _ASK, _RATIO, _COUNT, _POOL = (
    stream_of(f"value.rides.{name}") for name in ("level", "ask", "ratio", "count", "pool")
)


class PotentialRequests(NamedTuple):
    """Trips that may become requests (n,): ends as rows of the table, departure [ms] and random keys."""

    origin: NDArray[np.int32]
    destination: NDArray[np.int32]
    depart_ms: NDArray[np.int64]
    key: np.ndarray


class FleetSizing:
    """Vehicles of a service on demand for a focus (rows of zones)."""

    name, actor = "on-demand fleet", "city/mobility"
    datasets = datasets_of("bookings", "searches", "entitled")

    def __init__(
        self,
        territory: Territory,
        population: Population,
        parameters: Parameters,
        zones: np.ndarray,
        model: Population,
    ) -> None:
        self.parameters = p = parameters
        pools = [_pool(each, p, zones) for each in (population, model)]
        if not all(each.size for each in pools):
            raise NotApplicableError(
                f"focus: {self.name}", "nobody who cannot drive makes a trip there", "another focus"
            )
        trips = population.trips, model.trips
        ends = [_ends(each, rows) for each, rows in zip(trips, pools, strict=True)]
        links = np.unique(np.concatenate([each.ravel() for each in ends]))
        self.travel_ms = _driving_ms(territory, p, links)
        self.depot = _depot(self.travel_ms, np.searchsorted(links, ends[1]))
        self.asking, self.model = (
            _asking(each, rows, np.searchsorted(links, end), self.travel_ms, self.depot)
            for each, rows, end in zip(trips, pools, ends, strict=True)
        )
        first, last = (float(each) for each in p["on_demand.service_hours"])
        self.hours = (first, last)
        self.ratios = {each.name: float(p[f"value.{each.name}_per_request"]) for each in self.datasets}
        self.table_eur = self._table()

    def day(self, seed: int) -> DecisionDay:
        """The demand of a seed, its requests today, and what the week before told of it."""
        p = self.parameters
        bell = float(bells(seed, _LEVEL, keys_of(np.array(["level"])))[0])
        level = float(np.exp(p["value.request_spread"] * bell))
        names = np.array([each.name for each in self.datasets])
        off = bells(seed, _RATIO, keys_of(names))
        sources = []
        for row, (name, ratio) in enumerate(self.ratios.items()):
            rate = (
                self._median(self.asking)
                * level
                * ratio
                * float(np.exp(p[f"value.{name}_spread"] * off[row]))
            )
            n = int(p["value.observed_days"]) if name != "entitled" else 1
            key = keys_of(np.array([f"{name} {number}" for number in range(n)]))
            counted = poisson(uniforms(seed, _COUNT, key), rate)
            at_s = NOW_S - DAY_S * np.arange(1.0, n + 1.0)
            zero = np.zeros(n, dtype=np.int32)
            sources.append(DatasetSource(self.datasets[row], observations(zero, at_s, at_s, counted)))
        return DecisionDay((seed, level), tuple(sources))

    def act(self, platform: DataPlatform) -> int:
        """Vehicles whose expected cost under what is believed of the demand is least."""
        p = self.parameters
        precision = 1.0 / float(p["value.request_spread"]) ** 2
        weighed = 0.0
        for name, ratio in self.ratios.items():
            seen = platform.visible(self.actor, name, NOW_S)
            if seen.n_rows:
                total = max(float(seen.result.sum()), 0.5)
                exact = 1.0 / (float(p[f"value.{name}_spread"]) ** 2 + 1.0 / total)
                weighed += exact * float(np.log(total / seen.n_rows / ratio / self._median(self.model)))
                precision += exact
        level = np.exp(weighed / precision + NODES / np.sqrt(precision))
        return int(np.argmin(self.expected_eur(level)))

    def cost(self, day: DecisionDay, action: int) -> float:
        """What that many vehicles cost today, refused and waiting riders included [EUR/day]."""
        seed, level = day.truth
        return self.cost_of(self.asking, action, level, (seed, 0))

    def expected_eur(self, level: Floats) -> Floats:
        """Cost of each number of vehicles (MOST_VEHICLES + 1,), mean over levels of Gauss and Hermite."""
        inside = np.clip(np.log(level), np.log(LEVELS[0]), np.log(LEVELS[-1]))
        costs = np.array([np.interp(inside, np.log(LEVELS), row) for row in self.table_eur])
        return np.asarray(costs @ WEIGHTS / WEIGHTS.sum())

    def cost_of(self, asking: PotentialRequests, vehicles: int, level: float, luck: tuple[int, int]) -> float:
        """Cost of a day (seed, number) with so many vehicles and so much demand: hours, refusals, waits."""
        p = self.parameters
        rows = self._requests(asking, level, *luck)
        hours = self.hours[1] - self.hours[0]
        cost = vehicles * hours * float(p["on_demand.cost_eur_per_h"])
        if not rows.size:
            return cost
        if not vehicles:
            return cost + rows.size * float(p["value.refusal_eur"])
        refused, wait_ms = self._routed(asking, rows, vehicles)
        value = float(p["population.value_of_time_other_eur_per_h"])
        return cost + refused * float(p["value.refusal_eur"]) + wait_ms / MS / S_PER_H * value

    def _median(self, asking: PotentialRequests) -> float:
        """Requests of a day of median demand; fewer where few could ask."""
        p = self.parameters
        return min(float(p["value.requests_per_day"]), float(p["value.asking_share"]) * len(asking.key))

    def _requests(self, asking: PotentialRequests, level: float, seed: int, day: int) -> NDArray[np.int64]:
        """Trips that are asked for, in the order of the day."""
        share = min(self._median(asking) * level / max(len(asking.key), 1), 1.0)
        rows = np.flatnonzero(uniforms(seed, _ASK, asking.key, day) < share)
        return rows[np.lexsort((asking.key[rows], asking.depart_ms[rows]))]

    def _routed(self, asking: PotentialRequests, rows: NDArray[np.int64], vehicles: int) -> tuple[int, float]:
        """Requests refused, and milliseconds that the others wait."""
        p = self.parameters
        origin, destination = asking.origin[rows], asking.destination[rows]
        direct_ms = self.travel_ms[origin, destination]
        by = promises(
            asking.depart_ms[rows], direct_ms, float(p["on_demand.max_wait_s"]),
            float(p["on_demand.detour_factor"]), float(p["on_demand.detour_s"]),
        )  # fmt: skip
        n = rows.shape[0]
        none = np.full(n, -1, dtype=np.int32)
        requests = RideRequests(
            origin,
            destination,
            np.ones(n, np.int32),
            asking.depart_ms[rows],
            *by,
            none,
            np.zeros(n, np.int64),
        )
        whole = np.ones(vehicles, dtype=np.int32)
        opens_ms = np.full(vehicles, round(self.hours[0] * S_PER_H * MS), dtype=np.int64)
        fleet = FleetState(
            self.depot * whole, opens_ms, int(p["on_demand.seats"]) * whole, 0 * whole, self.depot * whole
        )
        problem = empty_problem(fleet, requests, self.travel_ms, Terms.of(p))
        for row in range(n):
            insert_best(problem, np.array([row]))
        served = problem.plan.vehicle >= 0
        wait_ms = (problem.plan.begin_ms - asking.depart_ms[rows])[served].sum()
        return int((~served).sum()), float(wait_ms)

    def _table(self) -> Floats:
        """Costs as the actor tries them on days of its model (MOST_VEHICLES + 1, n_levels)."""

        def tried(vehicles: int, level: float) -> float:
            days = range(1, DAYS_TRIED + 1)
            return float(np.mean([self.cost_of(self.model, vehicles, level, (0, day)) for day in days]))

        return np.array([[tried(n, each) for each in LEVELS.tolist()] for n in range(MOST_VEHICLES + 1)])


def _pool(population: Population, parameters: Parameters, zones: np.ndarray) -> NDArray[np.int64]:
    """Trips of residents of the focus who cannot drive, by random key; no more than there is room for."""
    trips, persons = population.trips, population.persons
    first, last = (S_PER_H * float(each) for each in parameters["on_demand.service_hours"])
    who = (persons.kind == RESIDENT) & np.isin(persons.zone, zones) & ~drives(persons)
    who &= persons.age >= float(parameters["value.ride_from_age"])
    may = who[trips.person] & (trips.origin_link >= 0) & (trips.destination_link >= 0)
    may &= trips.distance_m >= float(parameters["value.least_ride_m"])
    may &= (trips.depart_s >= first) & (trips.depart_s < last - S_PER_H)
    may &= trips.origin_link != trips.destination_link
    rows = np.flatnonzero(may)
    order = np.argsort(uniforms(0, _POOL, trips.trip_key[rows]), kind="stable")
    return rows[order[:MOST_TRIPS]]


def _ends(trips: Trips, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Links at which trips begin and end (n, 2)."""
    return np.stack([trips.origin_link[rows], trips.destination_link[rows]], axis=1).astype(np.int64)


def _asking(
    trips: Trips,
    rows: NDArray[np.int64],
    place: NDArray[np.int64],
    travel_ms: NDArray[np.int64],
    depot: int,
) -> PotentialRequests:
    """Those of the trips whose ends (n, 2), as rows of the table, a vehicle can reach and leave."""
    linked = (travel_ms[depot] < FAR_MS) & (travel_ms[:, depot] < FAR_MS)
    kept = linked[place].all(axis=1)
    origin, destination = (np.ascontiguousarray(place[kept, end], dtype=np.int32) for end in (0, 1))
    depart_ms = np.rint(trips.depart_s[rows[kept]] * MS).astype(np.int64)
    return PotentialRequests(origin, destination, depart_ms, trips.trip_key[rows[kept]])


def _driving_ms(territory: Territory, parameters: Parameters, links: NDArray[np.int64]) -> NDArray[np.int64]:
    """Driving times between links (n, n) [ms], by which an operator reckons."""
    roads = roads_of(territory.streets, parameters, territory.turns)
    bounds = bounds_to(roads.topology, roads.free_ms, links)
    return driving_times_ms(roads, bounds, links, parameters)


def _depot(travel_ms: NDArray[np.int64], ends: NDArray[np.int64]) -> int:
    """That of the ends of trips, rows of the table, from and to which the others are nearest."""
    rows = np.unique(ends)
    near = np.minimum(travel_ms[np.ix_(rows, rows)], FAR_MS)
    return int(rows[np.argmin(near.sum(axis=0) + near.sum(axis=1))])
