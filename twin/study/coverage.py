"""What a city's flow estimate is worth by how many links it counts: beside its rivals, also with phones.

The city has a model of its own: days of another draw of people, lived on other dates, teach its filter what
is usual and what varies together. It counts on some links, and on other dates it counted there too. Truth
judges, and teaches nothing. What a seed decides: the date that is judged, where counters stand, which of them
are out, what they miss, and whose phones report; which town (draw of people and habits) it is of goes round.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin.indicators.focus import Focus, focuses_of
from twin.knowledge.filtered_day import FilteredDay, FlowPrior, filter_day, learn_prior
from twin.knowledge.flow_filter import FilterRule
from twin.knowledge.inference import NodeBalances, infer_at_nodes, node_balances
from twin.knowledge.own_record import Sites, learn_record, model_error
from twin.knowledge.probe_flows import flows_from_phones, joined_readings, penetration
from twin.knowledge.scores import calibration, persistence, rmse, whiteness
from twin.model.sources import load_territory
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.sensing.nested import place_by_value
from twin.study.coverage_days import KeptDay, dates_of_year, kept_days, nobody
from twin.study.coverage_readings import Luck, Phones, counter_readings, drawn_order, phones_of
from twin.study.coverage_table import Row, kept_rows, write_rows
from twin.study.progress import Progress, silent
from twin.territory.territory import Territory

COVERAGES = (0.0, 0.05, 0.1, 0.2, 0.4)
HOURS_JUDGED = slice(5, 23)
"""From five in the morning until eleven at night."""
MODEL_SEED = 1_000
MODEL_FIRST, MODEL_STEP_DAYS = dt.date(2026, 1, 5), 17
JUDGED_YEAR = 2027
TABLE = "coverage.csv"
Reading = tuple[np.ndarray, np.ndarray]
"""Vehicles and their variances (n_hours, n_links), NaN where nothing is read."""


@dataclass(frozen=True)
class CoveragePlan:
    """How much is lived: dates of the city's model, towns that seeds go round, seeds."""

    n_model_days: int = 14
    n_towns: int = 2
    seeds: tuple[int, ...] = tuple(range(1, 21))

    @property
    def model_dates(self) -> list[dt.date]:
        """Dates on which the city's model lives, all days of the week."""
        return [MODEL_FIRST + dt.timedelta(days=MODEL_STEP_DAYS * day) for day in range(self.n_model_days)]

    def town(self, seed: int) -> int:
        """The seed of the people and habits of which a seed's date is."""
        return 1 + (seed - 1) % self.n_towns

    def date(self, seed: int) -> dt.date:
        """The date that is judged with a seed, drawn by it."""
        return dates_of_year(JUDGED_YEAR, seed, 1, dt.date(JUDGED_YEAR - 1, 12, 31))[0]

    def told(self) -> str:
        """What was lived, and what a seed decides, in words."""
        return (
            f"{len(self.seeds)} seeds. Each draws the date of {JUDGED_YEAR} that is judged, where counters "
            "stand, which are out, what they miss and whose phones report; "
            f"{self.n_towns} draws of people and habits go round. The city knows its own counts, what a "
            "provider gives by contract, and "
            f"{self.n_model_days} days of a model of its own, of other people and dates; never the truth."
        )

    def dates_of(self, town: int) -> list[dt.date]:
        """All dates of a town: each is judged once, and one that was counted for the other seeds."""
        return list(dict.fromkeys(self.date(seed) for seed in self.seeds if self.town(seed) == town))


class StudyArea(NamedTuple):
    """A focus: its links, where they lie, and the city's model of them (n_days, n_hours, n_links)."""

    focus: Focus
    territory: Territory
    links: np.ndarray
    place: tuple[np.ndarray, np.ndarray]
    key: np.ndarray
    model_veh: np.ndarray
    kinds: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """The hours that are judged and the area's links of values (..., 30, n_links)."""
        return np.asarray(values[..., HOURS_JUDGED, :][..., self.links])


class CityData(NamedTuple):
    """What the city has for a seed's date: counts at all sites (rows ``order``), other dates' counts, phones,
    and what its model says of the balances of nodes.
    """

    order: np.ndarray
    counts: Reading
    record_veh: np.ndarray
    phones: Phones
    balances: NodeBalances


def coverage_rows(
    scenario: Scenario,
    plan: CoveragePlan,
    folder: Path,
    done: Collection[tuple[str, int]] = (),
    threads: int = 1,
    told: Callable[[str], None] = nobody,
) -> Iterator[list[Row]]:
    """Rows by arm and coverage, for each focus and seed; those that are ``done`` are left out.

    ``told`` hears of each date that was lived.
    """
    territory, parameters = load_territory(scenario), scenario.ledger()
    model = list(kept_days(scenario, plan.model_dates, MODEL_SEED, folder, threads, told))
    focuses = [each for each in focuses_of(territory, scenario.focus) if not each.is_whole]
    for focus in focuses or focuses_of(territory, "all"):
        area = study_area_of(focus, territory, model)
        for seed in plan.seeds:
            if (focus.name, seed) not in done:
                town = plan.town(seed)
                days = list(kept_days(scenario, plan.dates_of(town), town, folder, threads, told))
                yield list(_rows_of_seed(area, days, (seed, town, plan.date(seed)), parameters))


def study_coverage(
    scenario: Scenario, plan: CoveragePlan, folder: Path, *, threads: int = 1, progress: Progress = silent
) -> list[Row]:
    """All rows, in the file `TABLE` of a folder too; what stands there already is not worked out again."""
    table, days = folder / TABLE, folder / "days"
    rows = kept_rows(table)
    done = {(str(row["focus"]), int(row["seed"])) for row in rows}
    towns = {plan.town(seed) for seed in plan.seeds}
    n_days = plan.n_model_days + sum(len(plan.dates_of(town)) for town in towns)
    lived = itertools.count(1)

    def told(words: str) -> None:
        progress(min(next(lived) / n_days, 0.99), words)

    for lines in coverage_rows(scenario, plan, days, done, threads, told):
        rows += lines
        write_rows(table, rows)
    return rows


def study_area_of(focus: Focus, territory: Territory, model: Sequence[KeptDay]) -> StudyArea:
    """The links of a focus, and what the days of the city's model tell of them."""
    streets = territory.streets
    inside = np.ones(streets.n_links, dtype=bool) if focus.is_whole else np.isin(streets.zone, focus.zones)
    links = np.flatnonzero(inside)
    x_m, y_m = (
        (at[streets.tail[links]] + at[streets.head[links]]) / 2.0
        for at in (streets.node_x_m, streets.node_y_m)
    )
    flows = np.array([day.flow_veh[HOURS_JUDGED][:, links] for day in model])
    kinds = np.array([day.kind for day in model])
    return StudyArea(focus, territory, links, (x_m, y_m), streets.link_key[links], flows, kinds)


def _rows_of_seed(
    area: StudyArea, days: Sequence[KeptDay], who: tuple[int, int, dt.date], parameters: Parameters
) -> Iterator[Row]:
    seed, town, date = who
    judged = next(day for day in days if day.date == date.isoformat())
    truth = judged.flow_veh[HOURS_JUDGED][:, area.links]
    head = {"focus": area.focus.name, "seed": seed, "town": town, "date": judged.date, "kind": judged.kind,
            "digest": judged.digest[:16]}  # fmt: skip
    most = round(max(COVERAGES) * len(area.links))
    prior = prior_of(area, judged.kind, parameters)
    for placement in ("drawn", "by value"):
        order = _sites(area, prior, placement, most, seed, parameters)
        told = _told(area, days, judged, Luck(seed, order), parameters)
        for arm in ("counters", "probes", "both") if placement == "drawn" else ("counters by value",):
            for share in COVERAGES:
                if (arm == "probes" and share) or (arm == "both" and not share):
                    continue  # probes know no coverage; both without counters are probes
                yield head | _judged(area, prior, told, (arm, share, seed), parameters, truth)


def prior_of(area: StudyArea, kind: int, parameters: Parameters) -> FlowPrior:
    """What the city expects of a day of that kind before any count."""
    return learn_prior(area.model_veh, int(parameters["knowledge.filter_causes"]), area.kinds, kind)


def _sites(
    area: StudyArea, prior: FlowPrior, placement: str, most: int, seed: int, parameters: Parameters
) -> np.ndarray:
    """Rows of the territory's links that get counters one after another (n_sites,)."""
    if placement == "drawn":
        return drawn_order(area.territory.streets, area.links, most, seed, parameters)
    scale = np.sqrt(np.mean(prior.scale_veh**2, axis=0))
    read = (parameters["sensing.counter_noise_share"] * scale**2) ** 2 + scale
    order, _ = place_by_value(prior.factor * scale[:, None], (prior.own_spread * scale) ** 2, read, most)
    return np.asarray(area.links[order])


def _told(
    area: StudyArea, days: Sequence[KeptDay], judged: KeptDay, luck: Luck, parameters: Parameters
) -> CityData:
    streets = area.territory.streets
    counts = counter_readings(judged, streets, luck, parameters)
    others = [day for day in days if day.kind == judged.kind and day.date != judged.date]
    records = [counter_readings(day, streets, luck, parameters)[0] for day in others]
    nothing = np.full((1, *counts[0].shape), np.nan)
    record = np.array(records) if records else nothing
    phones = phones_of(judged, streets, area.links, parameters["knowledge.phone_share"], luck, parameters)
    row = np.full(streets.n_links, -1)
    row[area.links] = np.arange(len(area.links))
    balances = node_balances(
        (streets.tail, streets.head), area.links, area.model_veh, area.kinds, judged.kind
    )
    both = (area.of(counts[0]), area.of(counts[1]))
    return CityData(
        row[luck.order], both, area.of(record), phones._replace(seen=area.of(phones.seen)), balances
    )


def _judged(
    area: StudyArea,
    prior: FlowPrior,
    told: CityData,
    arm: tuple[str, float, int],
    parameters: Parameters,
    truth: np.ndarray,
) -> Row:
    """One line: the estimate and its rivals against the truth, all by root mean square error [veh/h]."""
    name, share, seed = arm
    counted = told.order[: round(share * len(area.links))]
    site = np.zeros(len(area.links), dtype=bool)
    site[counted] = True
    counts, variance = (np.where(site, each, np.nan) for each in told.counts)
    record = np.where(site, told.record_veh, np.nan)
    sites = Sites(area.place, area.key, seed)
    error = model_error(prior, record, parameters)
    known = learn_record(prior, record, error, _rule(parameters), sites)
    reading = (counts, variance)
    if name in ("probes", "both"):
        seen, links_each = told.phones
        share_seen = penetration(seen, counts, known.usual_veh, links_each)
        reading = joined_readings(reading, flows_from_phones(seen, share_seen, links_each))
    day = estimated(area, known, reading, told.balances, seed, parameters)
    own = _own_mean(told.record_veh, site, prior.usual_veh)
    unread = ~np.isfinite(reading[0])
    stated = calibration(day.flow_veh, np.maximum(day.spread_veh, 0.5), truth)
    rivals = {
        "persistence": rmse(persistence(reading[0], own), truth),
        "day_of_week": rmse(own, truth),
        "readings_else_usual": rmse(np.where(unread, own, reading[0]), truth),
    }
    return {
        "arm": name, "coverage": share, "n_links": len(site), "n_counters": int(site.sum()),
        "n_working": int(np.isfinite(counts).any(axis=0).sum()),
        "rmse": rmse(day.flow_veh, truth), **rivals,
        "rmse_unread": rmse(np.where(unread, day.flow_veh, np.nan), truth),
        "usual_unread": rmse(np.where(unread, own, np.nan), truth),
        **{f"covered_{round(100 * s)}": got for s, got in zip(stated.shares, stated.covered, strict=True)},
        "spread_ratio": stated.spread_ratio, "crps": stated.crps, "whiteness": whiteness(day.innovation),
        "innovation_variance": _mean_square(day.innovation),
    }  # fmt: skip


def estimated(
    area: StudyArea,
    prior: FlowPrior,
    reading: Reading,
    balances: NodeBalances,
    seed: int,
    parameters: Parameters,
) -> FilteredDay:
    """The filter's day from readings, with what follows from them at nodes."""
    flow, variance = infer_at_nodes(*reading, balances)
    spread = np.sqrt(np.nan_to_num(variance, nan=1.0))
    return filter_day(prior, flow, spread, _rule(parameters), area.place, area.key, seed)


def _rule(parameters: Parameters) -> FilterRule:
    """The ledger's filter, with the reach of streets that are close to each other."""
    return FilterRule.of(parameters)._replace(reach_m=float(parameters["knowledge.filter_reach_streets_m"]))


def _own_mean(record_veh: np.ndarray, site: np.ndarray, usual_veh: np.ndarray) -> np.ndarray:
    """The mean of days of the kind: own counts where there are some, else the model's."""
    record = np.where(site, record_veh, np.nan)
    n = np.isfinite(record).sum(axis=0)
    return np.asarray(np.where(n > 0, np.nansum(record, axis=0) / np.maximum(n, 1), usual_veh))


def _mean_square(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.mean(known**2)) if len(known) else float("nan")
