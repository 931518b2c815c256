"""What if, from now on: the day lived with what flows now in its demand, without and with a change.

Nobody is moved or overwritten. Departures are weighted: by origin a factor that makes the modelled flows of
the last hours agree with the assimilated ones, as far as either is sure (Cascetta 1984, Transp. Res. B 18(4),
generalised least squares, on origins). Their mean scales the demand of the day that is lived; what single
origins have more or less weighs their trips in the outcome. A change holds from the present moment on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from twin.clock import SLICE_MS, SLICE_S, format_time_s
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.live.nowcast import Nowcast
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification, OfWholeDays
from twin.scenario.scenario import Scenario
from twin.study.run import World, live, world_on

LOOK_BACK_SLICES = 12
"""Three hours: long enough for many counts, short enough for demand of the same kind."""
LEAST_FACTOR, MOST_FACTOR = 0.3, 3.0


class DepartureFactors(NamedTuple):
    """Factor on departures by origin (n_zones + 1,), gates last; of all of them; and how flows agreed.

    before, after: root mean square of modelled less assimilated flows over counted links [veh], with all
    factors 1 and with these.
    """

    by_origin: np.ndarray
    overall: float
    before: float
    after: float


@dataclass(frozen=True)
class WhatIf:
    """A day without and with a change from a moment on: weighted hours of car trips that leave later.

    agreement: root mean square [veh] of the lived day's flows less the assimilated ones, unweighted and
    weighted demand, over counted links before the moment.
    """

    now_s: float
    weights: DepartureFactors
    agreement: tuple[float, float]
    delay_h: tuple[float, float]
    car_h: tuple[float, float]
    n_trips: int

    def lines(self) -> list[str]:
        """What came of it, one line a finding."""
        delay, hours = self.delay_h, self.car_h
        since = f"From {format_time_s(self.now_s)} on"
        without, weighted = self.agreement
        demand = f"Departures weighted by {self.weights.overall:.3f} over all"
        before = f"root mean square; unweighted by {without:.1f}"
        return [
            f"{since}: delay {delay[0]:,.1f} h without, {delay[1]:,.1f} h with the change.",
            f"Time of car trips: {hours[0]:,.1f} h without, {hours[1]:,.1f} h with the change.",
            f"{demand}: lived flows differ from the assimilated by {weighted:.1f} vehicles a link, {before}.",
        ]

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        weights = self.weights._asdict()
        weights["by_origin"] = self.weights.by_origin.tolist()
        names = ("agreement", "delay_h", "car_h")
        pairs = {name: dict(zip(("without", "with"), getattr(self, name), strict=True)) for name in names}
        pairs["agreement"] = dict(zip(("unweighted", "weighted"), self.agreement, strict=True))
        return {"now": format_time_s(self.now_s), "n_trips": self.n_trips, "weights": weights, **pairs}


def weights_of(record: DayRecord, found: Nowcast, parameters: Parameters) -> DepartureFactors:
    """Factors by origin that bring a modelled day's flows to the assimilated ones on counted links."""
    slots = np.arange(max(found.slot + 1 - LOOK_BACK_SLICES, 0), found.slot + 1)
    known = np.isfinite(found.counted.flow_veh[slots])
    link = np.flatnonzero(known.any(axis=0))
    if not len(link):
        raise InputError("observations", "none of the last three hours", "counts of the day until now")
    passed = passages_by_origin(record, slots, link, known[:, link])
    assimilated = np.where(known, found.filtered.flow_veh[slots], 0.0).sum(axis=0)[link]
    variance = np.where(known, found.filtered.spread_veh[slots] ** 2, 0.0).sum(axis=0)[link]
    modelled = passed.sum(axis=1)
    variance = variance + (parameters["live.model_error"] * modelled) ** 2 + 1.0
    n_origins = passed.shape[1]
    common, own = parameters["live.demand_spread"], parameters["live.demand_spread"] / 2.0
    prior = common**2 * np.ones((n_origins, n_origins)) + own**2 * np.eye(n_origins)
    gain = prior @ passed.T @ np.linalg.inv(passed @ prior @ passed.T + np.diag(variance))
    factor = np.clip(1.0 + gain @ (assimilated - modelled), LEAST_FACTOR, MOST_FACTOR)
    leaving = np.bincount(origins(record)[_later(record, found)], minlength=n_origins).astype(np.float64)
    overall = float(factor @ leaving / leaving.sum()) if leaving.sum() else 1.0
    errors = (_rms(modelled - assimilated), _rms(passed @ factor - assimilated))
    return DepartureFactors(factor, overall, *errors)


def passages_by_origin(
    record: DayRecord, slots: np.ndarray, link: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Vehicles that left links (n_links, n_origins) in slices where they were counted (n_slots, n_links)."""
    n_origins = len(record.territory.zones.name) + 1
    row = np.full(record.territory.streets.n_links, -1)
    row[link] = np.arange(len(link))
    slot = record.event_exit_ms // SLICE_MS - slots[0]
    at = row[record.event_link]
    kept = (at >= 0) & (slot >= 0) & (slot < len(slots)) & (record.event_trip < record.n_trips)
    slot, at, trip = slot[kept], at[kept], record.event_trip[kept]
    seen = known[slot, at]
    cell = at[seen] * n_origins + origins(record)[trip[seen]]
    return np.bincount(cell, minlength=len(link) * n_origins).reshape(len(link), n_origins).astype(np.float64)


def origins(record: DayRecord) -> np.ndarray:
    """Zone of each trip's origin (n_trips,), the number of zones where it is a gate or in none."""
    zone = record.ends_in_zone[0].astype(np.int64)
    return np.where(zone < 0, len(record.territory.zones.name), zone)


def from_now(base: Scenario, alternative: Scenario, now_s: float) -> Scenario:
    """The baseline with what the alternative changes, each change from this moment on."""
    changes = []
    for row, change in enumerate(alternative.modifications):
        if change in base.modifications:
            continue
        where = alternative.where("modification", row)
        if isinstance(change, OfWholeDays):
            raise InputError(where, f"{change.kind} holds for whole days", "a change that can begin now")
        if change.until_s <= now_s:
            raise InputError(where, f"is over at {format_time_s(now_s)}", "a change that holds later")
        changes.append(_begun(change, now_s))
    if not changes:
        raise InputError(alternative.where("modification"), "nothing is changed", "a [[modification]] more")
    return base.model_copy(update={"modifications": (*base.modifications, *changes)})


def what_if(
    scenario: Scenario, alternative: Scenario, usual: World, found: Nowcast, now_s: float, seed: int
) -> WhatIf:
    """Live the day of a dated scenario with weighted demand, without and with the change.

    ``usual`` is what `twin.study.run.world_of_days` makes.
    """
    parameters = scenario.ledger()
    changed = from_now(scenario, alternative, now_s)
    first = live(scenario, seed, world_on(scenario, seed, usual))
    weights = weights_of(first, found, parameters)
    scale = {"demand_scale": scenario.demand_scale * weights.overall}
    days = []
    for spec in (scenario, changed):
        weighted = spec.model_copy(update=scale)
        days.append(live(weighted, seed, world_on(weighted, seed, usual)))
    outcomes = [_outcome(day, weights, now_s) for day in days]
    (without_h, hours), (with_h, hours_with) = outcomes
    agreement = (_difference(first, found), _difference(days[0], found))
    n_trips = int(_leaving(days[0], now_s).sum())
    return WhatIf(now_s, weights, agreement, (without_h, with_h), (hours, hours_with), n_trips)


def _begun(change: Modification, now_s: float) -> Modification:
    return change.model_copy(update={"from_": format_time_s(max(change.from_s, now_s))})


def _leaving(record: DayRecord, now_s: float) -> np.ndarray:
    """Car trips planned to leave after a moment that have a path."""
    return np.asarray(record.comparable & (record.population.trips.depart_s >= now_s))


def _later(record: DayRecord, found: Nowcast) -> np.ndarray:
    return _leaving(record, (found.slot + 1) * SLICE_S)


def _outcome(record: DayRecord, weights: DepartureFactors, now_s: float) -> tuple[float, float]:
    """Hours of delay and of travel of car trips that leave later, weighted by origin."""
    rows = _leaving(record, now_s)
    weight = weights.by_origin[origins(record)[rows]] / weights.overall
    delay_h, car_h = (float(weight @ each[rows]) / 3_600.0 for each in (record.delay_s, record.elapsed_s))
    return delay_h, car_h


def _difference(record: DayRecord, found: Nowcast) -> float:
    """Root mean square of a lived day's flows less the assimilated ones, counted links, last hours [veh]."""
    slots = np.arange(max(found.slot + 1 - LOOK_BACK_SLICES, 0), found.slot + 1)
    known = np.isfinite(found.counted.flow_veh[slots])
    away = np.where(known, record.exits[slots] - found.filtered.flow_veh[slots], 0.0).sum(axis=0)
    return _rms(away[known.any(axis=0)])


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
