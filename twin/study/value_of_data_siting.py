"""Where to open a public counter: on where need is seen, at minutes of real ways to it.

The truth: people need a counter by their age and skill, and more or less of them by neighbourhood. The city
opens one more where the minutes of those in need are least on what it believes (p-median; Hakimi 1964,
Operations Research 12(3)), counters that there are counted. Without inhabitants by neighbourhood it takes
each home for as good as another; reports by app are those of the people who report
(`twin.knowledge.app_reports`), visits those of who lives near a counter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.indicators.accessibility import Cells
from twin.indicators.reach import S_PER_MIN, Reach
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.app_reports import AGE_GROUPS, App, age_group, would_report
from twin.knowledge.datasets import Observations, observations
from twin.knowledge.platform import DataPlatform
from twin.population.population import Population
from twin.population.tables import RESIDENT
from twin.scenario.ledger import Parameters
from twin.scenario.services import SERVICES
from twin.study.value_of_data_game import NOW_S, Day, Source
from twin.study.value_of_data_sources import DAY_S, datasets_of, lognormal
from twin.territory.territory import Territory

Floats = NDArray[np.float64]
MOST_CANDIDATES = 40
DAYS_A_YEAR = 365.0
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
            raise InputError(f"focus: {self.name}", "nobody lives there", "a focus with inhabitants")
        self.cells = Cells.of(persons)
        homes = self.cells.homes
        hood_of_home = _hoods(territory, homes, float(parameters["value.neighbourhood_m"]))
        self.n_hoods = int(hood_of_home.max(initial=-1)) + 1
        self.homes_in = np.bincount(hood_of_home, minlength=self.n_hoods).astype(np.float64)
        share = np.array(parameters["data_platform.need_share_by_age"])[age_group(persons.age)]
        ratio = np.array(parameters["data_platform.need_ratio_by_skill"])[persons.skill]
        app = App(float(parameters["data_platform.mediation_share"]))
        self.town = Town(
            hood_of_home[self.cells.home[self.cells.of_person]], age_group(persons.age),
            self.cells.of_person, np.minimum(share * ratio, 1.0), persons.person_key,
            would_report(persons, app, parameters, 0),
        )  # fmt: skip
        self.usual_share = np.array(parameters["data_platform.need_share_by_age"])
        to_site_min, self.now_min = self._minutes(territory)
        self.minutes = np.minimum(to_site_min, self.now_min)
        self.hood_min = self._by_hood(self.now_min)

    def day(self, seed: int) -> Day:
        """Who needs a counter, and what is known of it by then."""
        p, town = self.parameters, self.town
        hoods = keys_of(np.arange(self.n_hoods).astype(np.str_))
        field = lognormal(bells(seed, _FIELD, hoods), float(p["value.need_spread"]))
        needs = uniforms(seed, _NEED, town.key) < np.minimum(town.share * field[town.hood], 1.0)
        people = self._table(np.ones(len(town.hood), dtype=bool))
        reports = self._table(needs & town.tells)
        goes = np.exp2(-self.now_min[town.cell] / float(p["value.register_visit_half_min"]))
        visits = np.bincount(
            town.hood[needs & (uniforms(seed, _VISIT, town.key) < goes)], minlength=self.n_hoods
        )
        noise = lognormal(bells(seed, _PRESENCE, hoods), float(p["value.presence_noise_share"]))
        present = np.rint(people.reshape(self.n_hoods, -1).sum(axis=1) * noise)
        return Day(
            needs,
            tuple(
                Source(dataset, _all(values))
                for dataset, values in zip(self.datasets, (people, reports, visits, present), strict=True)
            ),
        )

    def act(self, platform: DataPlatform) -> int:
        """The site that is best for need as it is believed, by neighbourhood."""
        need = self.believed(platform)
        per_home = need / np.maximum(self.homes_in, 1.0)
        weight = per_home[self._hood_of_cell()] * self._homes_share()
        return int(np.argmin(self.minutes @ weight))

    def cost(self, day: Day, action: int) -> float:
        """Time of those in need on their ways to the nearest counter, there and back [EUR/day]."""
        p = self.parameters
        cell = self.town.cell[day.truth]
        minutes = self.minutes[action][cell].sum()
        visits = float(p["value.visits_per_year"]) / DAYS_A_YEAR
        return float(2.0 * minutes / 60.0 * visits * p["population.value_of_time_other_eur_per_h"])

    def believed(self, platform: DataPlatform) -> Floats:
        """People in need by neighbourhood (n_hoods,) as the actor believes (Gamma and Poisson)."""
        people = self._people(platform)
        usual = people @ self.usual_share
        more, expected = np.zeros(self.n_hoods), np.zeros(self.n_hoods)
        reports = platform.visible(self.actor, "need_reports", NOW_S)
        if reports.n_rows:
            table = _filled(reports, self.n_hoods * len(AGE_GROUPS)).reshape(self.n_hoods, -1)
            told = (table.sum(axis=0) / np.maximum(people.sum(axis=0), 1.0))[None, :]
            more += table.sum(axis=1)
            expected += (people * told).sum(axis=1)
        visits = platform.visible(self.actor, "counter_visits", NOW_S)
        if visits.n_rows:
            goes = np.exp2(-self.hood_min / float(self.parameters["value.register_visit_half_min"]))
            seen = _filled(visits, self.n_hoods)
            rate = goes * usual
            more += seen
            expected += rate * (seen.sum() / max(rate.sum(), 1e-9))
        weight = PRIOR_REPORTS / float(self.parameters["value.need_spread"]) ** 2
        return np.asarray(usual * (weight + more) / (weight + expected))

    def _people(self, platform: DataPlatform) -> Floats:
        """Inhabitants by neighbourhood and age group: counted, by those present, or by homes alone."""
        counted = platform.visible(self.actor, "inhabitants", NOW_S)
        if counted.n_rows:
            return _filled(counted, self.n_hoods * len(AGE_GROUPS)).reshape(self.n_hoods, -1)
        present = platform.visible(self.actor, "presence", NOW_S)
        total = _filled(present, self.n_hoods) if present.n_rows else self.homes_in
        return np.asarray(total[:, None] * np.full(len(AGE_GROUPS), 1.0 / len(AGE_GROUPS)))

    def _table(self, who: NDArray[np.bool_]) -> Floats:
        """People by neighbourhood and age group, (n_hoods * n_groups,)."""
        row = self.town.hood[who] * len(AGE_GROUPS) + self.town.group[who]
        return np.bincount(row, minlength=self.n_hoods * len(AGE_GROUPS)).astype(np.float64)

    def _minutes(self, territory: Territory) -> tuple[Floats, Floats]:
        """Minutes of each cell to each candidate (n_candidates, n_cells), and to the nearest counter now."""
        p, cells = self.parameters, self.cells
        reach = Reach(territory, cells.homes, p)
        limit_min = float(p["indicators.access_limit_min"])
        walk = S_PER_MIN * float(p["population.walk_speed_mps"]) * np.array(p["population.walk_age_factor"])

        def own(places: NDArray[np.int32]) -> Floats:
            foot = reach.foot_metres(places, limit_min * float(walk.max()))[:, cells.home] / walk[cells.speed]
            car = reach.drive_seconds(places, S_PER_MIN * limit_min)[:, cells.home] / S_PER_MIN
            car = np.where(cells.drives, car + float(p["indicators.car_access_min"]), np.inf)
            return np.asarray(np.minimum(np.minimum(foot, car), limit_min))

        services = territory.services
        counters = services.place[(services.service == SERVICES.index("counter")) & (services.place >= 0)]
        now = own(counters).min(axis=0) if counters.size else np.full(cells.people.shape[0], limit_min)
        draw = uniforms(0, _SITE, keys_of(territory.places.place_id[cells.homes]))
        return own(cells.homes[np.argsort(draw, kind="stable")[:MOST_CANDIDATES]]), now

    def _hood_of_cell(self) -> NDArray[np.int64]:
        found = np.zeros(self.cells.people.shape[0], dtype=np.int64)
        found[self.town.cell] = self.town.hood
        return found

    def _homes_share(self) -> Floats:
        """What part of its home each cell is, as far as the city knows: equal parts (n_cells,)."""
        n = np.bincount(self.cells.home, minlength=self.cells.homes.shape[0])
        return np.asarray(1.0 / n[self.cells.home])

    def _by_hood(self, of_cells: Floats) -> Floats:
        """Mean over the homes of each neighbourhood."""
        weight = self._homes_share()
        hood = self._hood_of_cell()
        total = np.bincount(hood, of_cells * weight, self.n_hoods)
        return np.asarray(total / np.maximum(np.bincount(hood, weight, self.n_hoods), 1e-9))


def _hoods(territory: Territory, homes: NDArray[np.int32], side_m: float) -> NDArray[np.int64]:
    """Neighbourhood of each home: the square in which it lies."""
    x, y = territory.places.x_m[homes], territory.places.y_m[homes]
    square = np.stack([np.floor(x / side_m), np.floor(y / side_m)], axis=1)
    return np.unique(square, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _all(values: NDArray[np.float64] | NDArray[np.int64]) -> Observations:
    at_s = NOW_S - DAY_S
    return observations(np.arange(len(values)), at_s, at_s, values)


def _filled(rows: Observations, n: int) -> Floats:
    """Values by datastream (n,), 0 where nothing is said."""
    return np.bincount(rows.datastream, rows.result, n).astype(np.float64)
