"""The signal plan: green by Webster on the flows that the city sees, delays by the loading of vehicles.

Of plans for the flows believed, and for some deviations more, the city takes the one whose expected delay
under what it believes is least (`expected_delay_s`).

The truth of a day: trips of the population on their quickest routes, each zone's people more or less of
them that day. Plans are made the day before, on the counts of that day; what an approach may carry by the
class of its street is all that is known where nothing is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.kernels.observe import bells
from twin.kernels.paths import Trips
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.datasets import Observations, observations
from twin.knowledge.platform import DataPlatform
from twin.mobility.loading import Loader
from twin.mobility.network import Roads, roads_of
from twin.mobility.rules import Rules
from twin.mobility.signals import SignalPlans, plan_signals, saturation_vps
from twin.population.population import Population
from twin.population.tables import CAR
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.scenario.ledger import Parameters
from twin.study.value_of_data_game import NOW_S, Day, Source
from twin.study.value_of_data_sources import DAY_S, datasets_of, lognormal
from twin.territory.territory import Territory

Floats = NDArray[np.float64]
HOUR_S = 3_600.0
_ZONE, _TRIP, _NOISE, _USER, _FOLLOWED, _LOOP, _BELIEF = (
    stream_of(f"value.signals.{name}") for name in ("zone", "trip", "noise", "user", "followed", "loop", "belief")
)
TODAY, BEFORE = 1, 0
DEVIATIONS = (0.0, 0.5, 1.0, 1.5, 2.0)
N_BELIEFS = 32


class Passing(NamedTuple):
    """Vehicles that come to a signal in the hour, if they drive: one row each (n,).

    The link before the signal and the one after, the moment at which it is entered [s], and the trip.
    """

    link: np.ndarray
    onto: np.ndarray
    enter_s: np.ndarray
    trip: np.ndarray


@dataclass(frozen=True)
class SignalTruth:
    """Which passages there are today, and the seed that offsets are drawn with."""

    passes: np.ndarray
    seed: int


class SignalPlanning:
    """Fixed plans of the signals of a focus (rows of zones); without signals there the cost is nothing."""

    name, actor = "signal plan", "city/roads"
    datasets = datasets_of("road_counts", "calculator_traffic")

    def __init__(
        self, territory: Territory, population: Population, parameters: Parameters, zones: np.ndarray
    ) -> None:
        self.territory, self.population, self.parameters = territory, population, parameters
        streets = territory.streets
        self.roads = roads_of(streets, parameters, territory.turns)
        planned = plan_signals(streets, parameters, 0)
        self.approach = np.flatnonzero((planned.junction >= 0) & np.isin(streets.zone, zones))
        self.passing = _passing(self, self.approach)
        self.prior_veh = HOUR_S * parameters["junctions.design_load"] * streets.flow_capacity_vps
        self.saturation_vph = HOUR_S * saturation_vps(streets, parameters)[self.approach]
        draw = uniforms(0, _LOOP, streets.link_key[self.approach])
        self.loops = self.approach[draw < parameters["value.loop_share"]]
        self.followed = float(parameters["scenario.app_share"] * parameters["scenario.provider_sampling"])

    def day(self, seed: int) -> Day:
        """Who drives today, and what loops and the calculator saw of the day before."""
        p, n = self.parameters, self.territory.streets.n_links
        veh = np.bincount(self.passing.link[self._drives(seed, BEFORE)], minlength=n).astype(np.float64)
        noise = 1.0 + p["sensing.counter_noise_share"] * bells(seed, _NOISE, self._key(self.loops))
        counted = np.rint(veh[self.loops] * np.maximum(noise, 0.0))
        spread = float(lognormal(bells(seed, _FOLLOWED, keys_of(np.array(["share"]))), p["value.app_share_spread"])[0])
        key = self.population.trips.trip_key[self.passing.trip]
        users = self._drives(seed, BEFORE) & (uniforms(seed, _USER, key) < min(self.followed * spread, 1.0))
        seen = np.bincount(self.passing.link[users], minlength=n)[self.approach]
        at_s = NOW_S - 0.5 * DAY_S
        return Day(
            SignalTruth(self._drives(seed, TODAY), seed),
            (
                Source(self.datasets[0], observations(self.loops, at_s, at_s, counted)),
                Source(self.datasets[1], observations(self.approach, at_s, at_s, seen)),
            ),
        )

    def act(self, platform: DataPlatform) -> Floats:
        """Flows (n_links,) [veh/s] that the actor makes its plan for, by what it may see.

        Each approach is known by class alone to a log spread; loops by their error and Poisson's; users by
        Poisson's, and by how many of all they are: where loops stand too, that is learned.
        """
        counts = platform.visible(self.actor, "road_counts", NOW_S)
        users = platform.visible(self.actor, "calculator_traffic", NOW_S)
        mean = self.prior_veh.copy()
        precision = 1.0 / (mean * self.parameters["value.flow_prior_spread"]) ** 2
        weighed = mean * precision
        noise = float(self.parameters["sensing.counter_noise_share"])
        followed, unsure = self._share_followed(counts, users)
        for rows, scale, relative in ((counts, 1.0, noise), (users, followed, unsure)):
            veh = rows.result / scale
            exact = 1.0 / (np.maximum(rows.result, 1.0) / scale**2 + (relative * veh) ** 2)
            np.add.at(precision, rows.datastream, exact)
            np.add.at(weighed, rows.datastream, exact * veh)
        return self._least_expected(weighed / precision, 1.0 / np.sqrt(precision))

    def _least_expected(self, mean_veh: Floats, deviation_veh: Floats) -> Floats:
        """Of flows so many deviations above the mean, those whose plan is expected to delay least."""
        day = float(self.parameters["value.day_spread"])
        spread = np.sqrt(np.log1p((deviation_veh / mean_veh) ** 2) + day**2)[self.approach]
        key = self._key(self.approach)
        draws = np.array([bells(0, _BELIEF, key, number) for number in range(N_BELIEFS)])
        veh_h = mean_veh[self.approach] * lognormal(draws, spread)
        best, least = mean_veh, np.inf
        for deviations in DEVIATIONS:
            flow_vps = np.maximum(mean_veh + deviations * deviation_veh, 1.0) / HOUR_S
            plans = plan_signals(self.territory.streets, self.parameters, 0, flow_vps)
            delay_s = expected_delay_s(plans, self.approach, veh_h, self.saturation_vph)
            if delay_s < least:
                best, least = flow_vps, delay_s
        return best

    def cost(self, day: Day, action: Floats) -> float:
        """Delay of all who pass the signals under that plan, by the loading kernel [EUR/day]."""
        p, truth = self.parameters, day.truth
        rows = np.flatnonzero(truth.passes)
        if not rows.size:
            return 0.0
        plans = plan_signals(self.territory.streets, p, truth.seed, action)
        delay_h = self._delay_h(plans, rows)
        eur_per_h = float(p["population.value_of_time_commute_eur_per_h"])
        return float(delay_h * eur_per_h * p["value.peak_hours_per_day"])

    def _share_followed(self, counts: Observations, users: Observations) -> tuple[float, float]:
        """Share of drivers that the calculator follows, and how unsure that is: learned where both count."""
        p = self.parameters
        both = np.intersect1d(counts.datastream, users.datastream)
        n_users = users.result[np.isin(users.datastream, both)].sum()
        n_counted = counts.result[np.isin(counts.datastream, both)].sum()
        spread = float(p["value.app_share_spread"])
        if n_users <= 0 or n_counted <= 0:
            return self.followed, spread
        exact, prior = float(n_users), 1.0 / spread**2
        log = (prior * np.log(self.followed) + exact * np.log(n_users / n_counted)) / (prior + exact)
        return float(np.exp(log)), float(1.0 / np.sqrt(prior + exact))

    def _drives(self, seed: int, day: int) -> np.ndarray:
        """Which passages there are on a day (n,) bool: trips of zones with more or fewer drivers."""
        trips, persons = self.population.trips, self.population.persons
        n_zones = int(persons.zone.max(initial=0)) + 2
        zone_key = keys_of(np.arange(n_zones).astype(np.str_))
        level = lognormal(bells(seed, _ZONE, zone_key, day), float(self.parameters["value.day_spread"]))
        share = np.minimum(0.75 * level[persons.zone[trips.person[self.passing.trip]]], 1.0)
        return np.asarray(uniforms(seed, _TRIP, trips.trip_key[self.passing.trip], day) < share)

    def _delay_h(self, plans: SignalPlans, rows: np.ndarray) -> float:
        """Hours by which passages are longer than in free flow without signals."""
        roads: Roads = self.roads
        supply = roads.supply()._replace(
            cycle_ms=plans.cycle_ms.copy(), offset_ms=plans.offset_ms.copy(), green_ms=plans.green_ms.copy()
        )
        link, onto = self.passing.link[rows], self.passing.onto[rows]
        pool = np.stack([link, onto], axis=1).ravel().astype(np.int32)
        start = 2 * np.arange(rows.shape[0], dtype=np.int64)
        rules = Rules(float(self.parameters["mobility.origin_priority"]), 0)
        key = keys_of(rows.astype(np.str_))
        loader = Loader(roads.network, supply, key, Routes(pool, start, start + 2), rules)
        first_s = int(self.passing.enter_s.min())
        release_ms = np.rint((self.passing.enter_s[rows] - first_s) * 1_000.0).astype(np.int64)
        loader.release(np.arange(rows.shape[0]), release_ms)
        until_s = 0
        while until_s < 6 * HOUR_S and (until_s == 0 or (loader.vehicles.arrived_ms < 0).any()):
            loader.advance(until_s, until_s + 1_800)
            until_s += 1_800
        left_ms = np.where(loader.vehicles.arrived_ms < 0, until_s * 1_000, loader.vehicles.arrived_ms)
        free_ms = roads.free_ms[link] + roads.free_ms[onto]
        return float(np.maximum(left_ms - release_ms - free_ms, 0).sum() / 3.6e6)

    def _key(self, links: np.ndarray) -> np.ndarray:
        return self.territory.streets.link_key[links]


def expected_delay_s(plans: SignalPlans, approach: np.ndarray, veh_h: Floats, saturation_vph: Floats) -> float:
    """Mean over beliefs veh_h (n_beliefs, n_approaches) of the delay of all vehicles of an hour [s].

    Uniform and overflow delay of the Highway Capacity Manual (TRB 2000, equations 16-10 to 16-12) for an
    hour, fixed times: 0.5 C (1 - u)^2 / (1 - min(1, x) u) + 900 ((x - 1) + sqrt((x - 1)^2 + 4 x / c)),
    u the share of green, c the capacity, x flow over capacity.
    """
    cycle_s = plans.cycle_ms[approach] / 1_000.0
    share = plans.green_ms[approach] / np.maximum(plans.cycle_ms[approach], 1)
    capacity = saturation_vph * share
    x = veh_h / capacity
    uniform = 0.5 * cycle_s * (1.0 - share) ** 2 / (1.0 - np.minimum(x, 1.0) * share)
    overflow = 900.0 * ((x - 1.0) + np.sqrt((x - 1.0) ** 2 + 4.0 * x / capacity))
    return float((veh_h * (uniform + overflow)).sum(axis=1).mean())


def _passing(planning: SignalPlanning, approach: np.ndarray) -> Passing:
    """Who would pass the approaches in the hour, all trips made: quickest routes in free flow."""
    trips, roads = planning.population.trips, planning.roads
    begin_s = HOUR_S * float(planning.parameters["value.peak_hour"])
    may = (trips.mode == CAR) & (trips.origin_link >= 0) & (trips.destination_link >= 0)
    may &= (trips.depart_s >= begin_s - HOUR_S) & (trips.depart_s < begin_s + HOUR_S)
    rows = np.flatnonzero(may)
    weight_ms = roads.free_ms.astype(np.int32)
    asked = Trips(
        trips.origin_link[rows].astype(np.int32),
        trips.destination_link[rows].astype(np.int32),
        np.rint(trips.depart_s[rows] * 1_000.0).astype(np.int64),
        trips.trip_key[rows],
    )
    bounds = bounds_to(roads.topology, weight_ms, asked.destination)
    n = rows.shape[0]
    routes = find_routes(roads.topology, static_weights(weight_ms), bounds, asked, np.arange(n), NO_DRAWS)
    length = np.where(routes.start >= 0, routes.end - routes.start, 0)
    owner = np.repeat(np.arange(n), length)
    links = routes.pool
    onto = np.append(links[1:], -1)
    last = np.append(owner[1:] != owner[:-1], True)
    spent_s = np.cumsum(roads.free_ms[links]) / 1_000.0
    first = np.cumsum(length) - length
    base_s = np.append(0.0, spent_s)[first]
    enter_s = trips.depart_s[rows][owner] + np.append(0.0, spent_s[:-1]) - base_s[owner]
    here = np.isin(links, approach) & ~last & (enter_s >= begin_s) & (enter_s < begin_s + HOUR_S)
    return Passing(links[here], onto[here], enter_s[here], rows[owner[here]])
