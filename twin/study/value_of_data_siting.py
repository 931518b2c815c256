"""Where to open a public counter: on where need is seen, at minutes of real ways to it.

The truth: people need a counter by their age and skill, and more or less of them by neighbourhood. The city
opens one more where the minutes of those in need are least on what it believes (p-median; Hakimi 1964,
Operations Research 12(3)), counters that there are counted. It knows which buildings are homes, and no
inhabitant: without inhabitants by neighbourhood it takes each home for as good as another and people for
those of the ledger (`twin.study.value_of_data_ways`); reports by app are those of the people who report
(`twin.knowledge.app_reports`), visits those of who lives near a counter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S
from twin.indicators.accessibility import Cells
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.app_reports import NEED_AGE_GROUPS, App, need_age_group, would_report
from twin.knowledge.datasets import Observations, observations
from twin.knowledge.platform import DataPlatform
from twin.population.population import Population
from twin.population.tables import RESIDENT
from twin.scenario.basket import SERVICES
from twin.scenario.ledger import Parameters
from twin.study.value_of_data_game import NOW_S, DatasetSource, DecisionDay, NotApplicableError
from twin.study.value_of_data_sources import datasets_of, lognormal, squares_of
from twin.study.value_of_data_ways import (
    Known,
    NearestMinutes,
    SitingGround,
    known_ways,
    siting_ground_of,
    true_ways,
)
from twin.territory.territory import Territory
from twin.units import DAYS_PER_YEAR

Floats = NDArray[np.float64]
MOST_CANDIDATES = 40
PRIOR_REPORTS = 1.0
"""Expected reports or visits that what is usual weighs as much as, over the square of its spread."""
_FIELD, _NEED, _VISIT, _PRESENCE, _SITE = (
    stream_of(f"value.siting.{name}") for name in ("field", "need", "visit", "presence", "site")
)


class Town(NamedTuple):
    """People of the focus (n,): neighbourhood, age group, cell of those who reach the same, share in need."""

    hood: NDArray[np.int64]
    group: NDArray[np.int64]
    cell: NDArray[np.int64]
    share: Floats
    key: np.ndarray
    tells: NDArray[np.bool_]


class CounterSiting:
    """One more public counter in a focus (rows of zones)."""

    name, actor = "siting of a counter", "city/counters"
    datasets = datasets_of("inhabitants", "need_reports", "counter_visits", "presence")

    def __init__(
        self, territory: Territory, population: Population, parameters: Parameters, zones: np.ndarray
    ) -> None:
        self.parameters = parameters
        persons = population.persons
        here = (persons.kind == RESIDENT) & (persons.home >= 0) & np.isin(persons.zone, zones)
        self.persons = persons = persons.take(np.flatnonzero(here))
        if not len(persons):
            raise NotApplicableError(f"focus: {self.name}", "nobody lives there", "a focus with inhabitants")
        self.cells = Cells.of(persons)
        homes = self.cells.homes
        x, y = territory.places.x_m[homes], territory.places.y_m[homes]
        self.hood_key, self.hood_of_home = squares_of(x, y, float(parameters["value.neighbourhood_m"]))
        self.n_hoods = len(self.hood_key)
        self.homes_in = np.bincount(self.hood_of_home, minlength=self.n_hoods).astype(np.float64)
        share = np.array(parameters["data_platform.need_share_by_age"])[need_age_group(persons.age)]
        ratio = np.array(parameters["data_platform.need_ratio_by_skill"])[persons.skill]
        app = App(float(parameters["data_platform.mediation_share"]))
        self.town = Town(
            self.hood_of_home[self.cells.home[self.cells.of_person]], need_age_group(persons.age),
            self.cells.of_person, np.minimum(share * ratio, 1.0), persons.person_key,
            would_report(persons, app, parameters, 0),
        )  # fmt: skip
        self.usual_share = np.array(parameters["data_platform.need_share_by_age"])
        ground = self._ground(territory)
        self.minutes, self.now_min = true_ways(ground, self.cells, parameters)
        density = np.zeros(len(homes), dtype=np.int8)  # of the area of a home, whoever lives there
        density[self.cells.home[self.cells.of_person]] = persons.density
        self.known = self._known_by_hood(known_ways(ground, density, parameters))

    def day(self, seed: int) -> DecisionDay:
        """Who needs a counter, and what is known of it by then."""
        p, town = self.parameters, self.town
        field = lognormal(bells(seed, _FIELD, self.hood_key), float(p["value.need_spread"]))
        needs = uniforms(seed, _NEED, town.key) < np.minimum(town.share * field[town.hood], 1.0)
        people = self._table(np.ones(len(town.hood), dtype=bool))
        reports = self._table(needs & town.tells)
        goes = np.exp2(-self.now_min[town.cell] / float(p["value.register_visit_half_min"]))
        visits = np.bincount(
            town.hood[needs & (uniforms(seed, _VISIT, town.key) < goes)], minlength=self.n_hoods
        )
        noise = lognormal(bells(seed, _PRESENCE, self.hood_key), float(p["value.presence_noise_share"]))
        present = np.rint(people.reshape(self.n_hoods, -1).sum(axis=1) * noise)
        return DecisionDay(
            needs,
            tuple(
                DatasetSource(dataset, _all(values))
                for dataset, values in zip(self.datasets, (people, reports, visits, present), strict=True)
            ),
        )

    def act(self, platform: DataPlatform) -> int:
        """The site that is best for need as it is believed, alike in all homes of a neighbourhood."""
        return int(np.argmin(np.einsum("gsh,hg->s", self.known.ways.minutes, self.believed(platform))))

    def cost(self, day: DecisionDay, action: int) -> float:
        """Time of those in need on their ways to the nearest counter, there and back [EUR/day]."""
        p = self.parameters
        cell = self.town.cell[day.truth]
        minutes = self.minutes[action][cell].sum()
        visits = float(p["value.visits_per_year"]) / DAYS_PER_YEAR
        return float(2.0 * minutes / 60.0 * visits * p["population.value_of_time_other_eur_per_h"])

    def believed(self, platform: DataPlatform) -> Floats:
        """People in need by neighbourhood and age group (n_hoods, n_groups) as the actor believes (Gamma and
        Poisson).
        """
        people = self._people(platform)
        by_age = people * self.usual_share
        more, expected = np.zeros(self.n_hoods), np.zeros(self.n_hoods)
        reports = platform.visible(self.actor, "need_reports", NOW_S)
        if reports.n_rows:
            table = _filled(reports, self.n_hoods * len(NEED_AGE_GROUPS)).reshape(self.n_hoods, -1)
            told = (table.sum(axis=0) / np.maximum(people.sum(axis=0), 1.0))[None, :]
            more += table.sum(axis=1)
            expected += (people * told).sum(axis=1)
        visits = platform.visible(self.actor, "counter_visits", NOW_S)
        if visits.n_rows:
            half_min = float(self.parameters["value.register_visit_half_min"])
            goes = np.exp2(-self.known.ways.now_min.T / half_min)
            seen = _filled(visits, self.n_hoods)
            rate = (goes * by_age).sum(axis=1)
            more += seen
            expected += rate * (seen.sum() / max(rate.sum(), 1e-9))
        weight = PRIOR_REPORTS / float(self.parameters["value.need_spread"]) ** 2
        return np.asarray(by_age * ((weight + more) / (weight + expected))[:, None])

    def _people(self, platform: DataPlatform) -> Floats:
        """Inhabitants by neighbourhood and age group: counted, by those present, or by homes alone."""
        counted = platform.visible(self.actor, "inhabitants", NOW_S)
        if counted.n_rows:
            return _filled(counted, self.n_hoods * len(NEED_AGE_GROUPS)).reshape(self.n_hoods, -1)
        present = platform.visible(self.actor, "presence", NOW_S)
        total = _filled(present, self.n_hoods) if present.n_rows else self.homes_in
        return np.asarray(total[:, None] * self.known.age_share)

    def _table(self, who: NDArray[np.bool_]) -> Floats:
        """People by neighbourhood and age group, (n_hoods * n_groups,)."""
        row = self.town.hood[who] * len(NEED_AGE_GROUPS) + self.town.group[who]
        return np.bincount(row, minlength=self.n_hoods * len(NEED_AGE_GROUPS)).astype(np.float64)

    def _ground(self, territory: Territory) -> SitingGround:
        """Ways from homes to the candidates, some of the homes, and to the counters of now."""
        services, homes = territory.services, self.cells.homes
        counters = services.place[(services.service == SERVICES.index("counter")) & (services.place >= 0)]
        draw = uniforms(0, _SITE, keys_of(territory.places.place_id[homes]))
        sites = homes[np.argsort(draw, kind="stable")[:MOST_CANDIDATES]]
        return siting_ground_of(territory, homes, sites, counters, self.parameters)

    def _known_by_hood(self, known: Known) -> Known:
        """The same by neighbourhood instead of home: its mean over the homes there."""
        minutes, now_min = known.ways
        n_groups, n_sites, n_homes = minutes.shape
        by_hood = self._by_hood(minutes.reshape(-1, n_homes).T).T.reshape(n_groups, n_sites, -1)
        return Known(NearestMinutes(by_hood, self._by_hood(now_min.T).T), self._by_hood(known.age_share))

    def _by_hood(self, of_homes: Floats) -> Floats:
        """Mean over the homes of each neighbourhood (n_hoods, n) of values (n_homes, n)."""
        total = np.zeros((self.n_hoods, of_homes.shape[1]))
        np.add.at(total, self.hood_of_home, of_homes)
        return np.asarray(total / np.maximum(self.homes_in, 1.0)[:, None])


def _all(values: NDArray[np.float64] | NDArray[np.int64]) -> Observations:
    at_s = NOW_S - DAY_S
    return observations(np.arange(len(values)), at_s, at_s, values)


def _filled(rows: Observations, n: int) -> Floats:
    """Values by datastream (n,), 0 where nothing is said."""
    return np.bincount(rows.datastream, rows.result, n).astype(np.float64)
