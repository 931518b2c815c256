"""The signal plan: green by Webster on the flows that the city sees, delays by the loading of vehicles.

Of cycles and splits of green the city takes, junction by junction, those with the least expected delay under
what it believes (`expected_delay_s`), on saturation flows as they are measured in the street.

The truth of a day: trips of the population on their quickest routes, each zone's people more or less of
them that day. Plans are made the day before, on the counts of that day; what an approach may carry by the
class of its street is all that is known where nothing is seen.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S
from twin.kernels.observe import bells
from twin.kernels.paths import RouteQueries
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.datasets import Observations, observations
from twin.knowledge.platform import DataPlatform
from twin.mobility.loading import Loader
from twin.mobility.network import roads_of
from twin.mobility.rules import Rules
from twin.mobility.signals import SignalPlans, plan_signals, saturation_vps
from twin.population.population import Population
from twin.population.tables import CAR
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.scenario.ledger import Parameters
from twin.study.value_of_data_game import NOW_S, DatasetSource, DecisionDay
from twin.study.value_of_data_sources import datasets_of, lognormal
from twin.study.value_of_data_splits import expected_delay_s, splits, timed
from twin.territory.territory import Territory
from twin.units import S_PER_H

Floats = NDArray[np.float64]
_ZONE, _TRIP, _NOISE, _USER, _FOLLOWED, _LOOP, _BELIEF = (
    stream_of(f"value.signals.{name}")
    for name in ("zone", "trip", "noise", "user", "followed", "loop", "belief")
)
TODAY, BEFORE = 1, 0
LEAST_FOLLOWED = 1e-3
N_BELIEFS = 32
HALF_S, TRIED_MS, QUEUE_VEH = 1_800, 45_000, 800
OUTSIDE = "outside"
"""Where those live who live in no zone."""
QUEUE_KEY = keys_of(np.arange(QUEUE_VEH).astype(np.str_))
"""Random keys of vehicles of a queue, by their place in it: nobody's trip."""


class Passing(NamedTuple):
    """Vehicles that come to a signal in the hour, if they drive: one row each (n,), by random key.

    The link before the signal and the one after, the moment at which it is entered [s], the trip, and the
    random key of that trip on that link.
    """

    link: np.ndarray
    onto: np.ndarray
    enter_s: np.ndarray
    trip: np.ndarray
    key: np.ndarray


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
        self.base = plan_signals(streets, parameters, 0)
        self.approach = np.flatnonzero((self.base.junction >= 0) & np.isin(streets.zone, zones))
        self.passing = _passing(self, self.approach)
        self.zone_key = keys_of(np.append(territory.zones.name, OUTSIDE))
        self.prior_veh = S_PER_H * parameters["junctions.design_load"] * streets.flow_capacity_vps
        self.saturation_vph = S_PER_H * saturation_vps(streets, parameters)
        self.passable_vph = self._measured_vph()
        draw = uniforms(0, _LOOP, streets.link_key[self.approach])
        self.loops = self.approach[draw < parameters["value.loop_share"]]
        followed = float(parameters["scenario.app_share"] * parameters["scenario.provider_sampling"])
        self.followed = max(followed, LEAST_FOLLOWED)

    def equipped(self, n_loops: int) -> SignalPlanning:
        """The same decision with so many loops; those of fewer are among those of more."""
        other = copy(self)
        draw = uniforms(0, _LOOP, self._key(self.approach))
        other.loops = np.sort(self.approach[np.argsort(draw, kind="stable")[:n_loops]])
        return other

    def day(self, seed: int) -> DecisionDay:
        """Who drives today, and what loops and the calculator saw of the day before."""
        p, n = self.parameters, self.territory.streets.n_links
        veh = np.bincount(self.passing.link[self._drives(seed, BEFORE)], minlength=n).astype(np.float64)
        noise = 1.0 + p["sensing.counter_noise_share"] * bells(seed, _NOISE, self._key(self.loops))
        counted = np.rint(veh[self.loops] * np.maximum(noise, 0.0))
        spread = float(
            lognormal(bells(seed, _FOLLOWED, keys_of(np.array(["share"]))), p["value.app_share_spread"])[0]
        )
        key = self.population.trips.trip_key[self.passing.trip]
        users = self._drives(seed, BEFORE) & (uniforms(seed, _USER, key) < min(self.followed * spread, 1.0))
        seen = np.bincount(self.passing.link[users], minlength=n)[self.approach]
        at_s = NOW_S - 0.5 * DAY_S
        return DecisionDay(
            self._drives(seed, TODAY),
            (
                DatasetSource(self.datasets[0], observations(self.loops, at_s, at_s, counted)),
                DatasetSource(self.datasets[1], observations(self.approach, at_s, at_s, seen)),
            ),
        )

    def act(self, platform: DataPlatform) -> SignalPlans:
        """The plan that the actor makes on what it may see.

        Each approach is known by class alone to a log spread; loops by their error and Poisson's; users by
        Poisson's, and by how many of all they are: where loops stand too, that is learned.
        """
        counts = platform.visible(self.actor, "road_counts", NOW_S)
        users = platform.visible(self.actor, "calculator_traffic", NOW_S)
        followed, unsure = self._share_followed(counts, users)
        seen_veh = np.concatenate([counts.result, users.result / followed])
        log, spread = self._by_class(np.concatenate([counts.datastream, users.datastream]), seen_veh)
        precision = np.full(log.shape, 1.0 / spread**2)
        weighed = log * precision
        noise = float(self.parameters["sensing.counter_noise_share"])
        for rows, scale, relative in ((counts, 1.0, noise), (users, followed, unsure)):
            exact = 1.0 / (1.0 / np.maximum(rows.result, 1.0) + relative**2)
            np.add.at(precision, rows.datastream, exact)
            np.add.at(weighed, rows.datastream, exact * np.log(np.maximum(rows.result, 0.5) / scale))
        return self._least_expected(weighed / precision, 1.0 / np.sqrt(precision))

    def _by_class(self, links: np.ndarray, seen_veh: Floats) -> tuple[Floats, float]:
        """Log flows (n_links,) by class of street alone and their spread, scaled by what is seen elsewhere.

        That all streets carry more or less than classes say is as unsure as that one of them does; the
        median of those seen tells it. One far off tells little of others (Huber 1964, Annals of
        Mathematical Statistics 35(1)): beyond two spreads no more.
        """
        spread = float(self.parameters["value.flow_prior_spread"])
        off = np.append(np.log(np.maximum(seen_veh, 1.0) / self.prior_veh[links]), 0.0)
        off = np.clip(off, -2.0 * spread, 2.0 * spread)
        common, unsure = float(np.median(off)), spread / np.sqrt(len(off))
        return np.log(self.prior_veh) + common, float(np.hypot(spread, unsure))

    def _measured_vph(self) -> Floats:
        """Flow that leaves each approach in green (n_approaches,): counted behind a standing queue."""
        found = np.empty(len(self.approach))
        times = [np.full(self.territory.streets.n_links, each, dtype=np.int32) for each in (2, 1, 0)]
        cycle, green, offset = (TRIED_MS * (self.base.junction >= 0) * each for each in times)
        plans = replace(self.base, cycle_ms=cycle, green_ms=green, offset_ms=offset)
        for row, link in enumerate(self.approach.tolist()):
            known = np.flatnonzero(self.passing.link == link)
            found[row] = self.saturation_vph[link]
            if known.size:
                rows = np.resize(known, QUEUE_VEH)
                left_ms = self._left_ms(plans, rows, QUEUE_KEY, np.zeros(QUEUE_VEH, dtype=np.int64), 1)
                found[row] = min(found[row], 4.0 * float((left_ms < HALF_S * 1_000).sum()))
        return np.maximum(found, 1.0)

    def _least_expected(self, log: Floats, spread: Floats) -> SignalPlans:
        """By junction, the cycle and split with the least delay over flows as they are believed."""
        p, rows = self.parameters, self.approach
        all_spread = np.hypot(spread, float(p["value.day_spread"]))[rows]
        draws = np.array([bells(0, _BELIEF, self._key(rows), number) for number in range(N_BELIEFS)])
        veh_h = np.exp(log[rows] + all_spread * draws)
        plans = self.base
        for junction in np.unique(plans.junction[rows]).tolist():
            mine = np.flatnonzero(plans.junction[rows] == junction)
            if plans.phase[rows[mine]].max() != 1:
                continue  # one phase has nothing to share, and three are shared as the class of streets says
            tried = [
                (expected_delay_s(cycle_ms, green_ms[plans.phase[rows[mine]]], veh_h[:, mine],
                                  self.passable_vph[mine]), cycle_ms, green_ms)
                for cycle_ms, green_ms in splits(p)
            ]  # fmt: skip
            _, cycle_ms, green_ms = min(tried, key=lambda each: each[0])
            plans = timed(plans, rows[mine], cycle_ms, green_ms, p)
        return plans

    def cost(self, day: DecisionDay, action: SignalPlans) -> float:
        """Delay of all who pass the signals under that plan, by the loading kernel [EUR/day]."""
        p, rows = self.parameters, np.flatnonzero(day.truth)
        if not rows.size:
            return 0.0
        since_ms = np.rint((self.passing.enter_s[rows] - self.passing.enter_s.min()) * 1_000.0).astype(
            np.int64
        )
        link, onto = self.passing.link[rows], self.passing.onto[rows]
        free_ms = self.roads.free_ms[link] + self.roads.free_ms[onto]
        left_ms = self._left_ms(action, rows, self.passing.key[rows], since_ms, 12)
        late_ms = np.maximum(left_ms - since_ms - free_ms, 0)
        eur_per_h = float(p["population.value_of_time_commute_eur_per_h"])
        return float(late_ms.sum() / 3.6e6 * eur_per_h * p["value.peak_hours_per_day"])

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
        p = self.parameters
        level = lognormal(bells(seed, _ZONE, self.zone_key, day), float(p["value.day_spread"]))
        share = np.minimum(
            float(p["value.drive_share"]) * level[persons.zone[trips.person[self.passing.trip]]], 1.0
        )
        return np.asarray(uniforms(seed, _TRIP, trips.trip_key[self.passing.trip], day) < share)

    def _left_ms(
        self, plans: SignalPlans, rows: np.ndarray, key: np.ndarray, enter_ms: np.ndarray, halves: int
    ) -> np.ndarray:
        """When passages (rows) of these keys that come at those moments are through (n,) [ms]; after so many
        half hours all are taken to be.
        """
        supply = self.roads.supply()._replace(
            cycle_ms=plans.cycle_ms.copy(), offset_ms=plans.offset_ms.copy(), green_ms=plans.green_ms.copy()
        )
        n = rows.shape[0]
        pool = np.stack([self.passing.link[rows], self.passing.onto[rows]], axis=1).ravel().astype(np.int32)
        start = 2 * np.arange(n, dtype=np.int64)
        rules = Rules(float(self.parameters["mobility.origin_priority"]), 0)
        loader = Loader(self.roads.network, supply, key, Routes(pool, start, start + 2), rules)
        loader.release(np.arange(n), enter_ms)
        for half in range(halves):
            loader.advance(half * HALF_S, (half + 1) * HALF_S)
            if (loader.vehicles.arrived_ms >= 0).all():
                break
        arrived = loader.vehicles.arrived_ms[:n].astype(np.int64)
        return np.asarray(np.where(arrived < 0, halves * HALF_S * 1_000, arrived))

    def _key(self, links: np.ndarray) -> np.ndarray:
        return np.asarray(self.territory.streets.link_key[links])


def _passing(planning: SignalPlanning, approach: np.ndarray) -> Passing:
    """Who would pass the approaches in the hour, all trips made: quickest routes in free flow."""
    trips, roads = planning.population.trips, planning.roads
    begin_s = S_PER_H * float(planning.parameters["value.peak_hour"])
    may = (trips.mode == CAR) & (trips.origin_link >= 0) & (trips.destination_link >= 0)
    may &= (trips.depart_s >= begin_s - S_PER_H) & (trips.depart_s < begin_s + S_PER_H)
    rows = np.flatnonzero(may)
    weight_ms = roads.free_ms.astype(np.int32)
    asked = RouteQueries(
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
    here = np.flatnonzero(
        np.isin(links, approach) & ~last & (enter_s >= begin_s) & (enter_s < begin_s + S_PER_H)
    )
    key = trips.trip_key[rows[owner[here]]] ^ planning.territory.streets.link_key[links[here]]
    order = np.argsort(key, kind="stable")  # by key, so that rows of trips may come in any order
    here = here[order]
    return Passing(links[here], onto[here], enter_s[here], rows[owner[here]], key[order])
