"""Levers on links: what the scenario orders, and its date's rain and incidents."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.clock import format_time_s
from twin.conditions.day import DayConditions
from twin.conditions.incidents import Exposed, Incidents, incidents_on, rounded_out
from twin.errors import InputError
from twin.model.levers import Lever
from twin.scenario.ledger import Parameters
from twin.scenario.modifications import LEVERS, Incident
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.scenario.weather import Rain
from twin.territory.select import select_links
from twin.territory.tables import ROAD_CLASSES, Streets
from twin.units import S_PER_H

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

MOTORWAY, MAIN, LOCAL = range(3)
GROUP_OF_CLASS = np.array(
    [
        MOTORWAY
        if name.startswith(("motorway", "trunk"))
        else MAIN
        if name.startswith(("primary", "secondary", "tertiary"))
        else LOCAL
        for name in ROAD_CLASSES
    ]
)
MOST_MM_PER_H = 300.0


def day_incidents(streets: Streets, today: DayConditions, parameters: Parameters, seed: int) -> Incidents:
    """Incidents of a date on streets as they were before any edit."""
    exposed = Exposed(
        streets.link_key,
        streets.length_m / 1_000.0,
        streets.flow_capacity_vps * S_PER_H,
        GROUP_OF_CLASS[streets.road_class],
    )
    wet = today.weather.rain_mm_per_h >= parameters["conditions.rain_rates"][0]
    traffic = today.level * today.by_kind("through_factor", parameters)
    return incidents_on(seed, today.calendar.ordinal, exposed, wet, traffic, parameters)


def refuse_months_of_a_date(spec: Scenario) -> None:
    """Whoever lives several months lives a representative day of each."""
    if spec.date is not None:
        raise InputError("date", f"{spec.date} is over", "no date, to live the days of several months")


def ordered_levers(model: TwinModel) -> tuple[Lever, ...]:
    """What the scenario orders on links from one moment to another."""
    streets, zones = model.territory.streets, model.territory.zones
    return tuple(
        Lever(order, select_links(order.links, streets, zones)) for order in model.spec.orders(*LEVERS)
    )


def weather_levers(model: TwinModel) -> tuple[Lever, ...]:
    """What the scenario's rain, and its date's rain and incidents do to links."""
    every = np.arange(model.territory.streets.n_links)
    levers = [Lever(part, every) for part in model.spec.orders(Rain)]
    today = model.conditions
    if today is None:
        return tuple(levers)
    levers += [Lever(rain, every) for rain in _rain(today, model.parameters)]
    streets, step_s = model.ground.streets, model.step_s
    happened = day_incidents(streets, today, model.parameters, model.seed_)
    columns = (happened.link, happened.begin_s, happened.until_s, happened.factor)
    for link, begin_s, until_s, factor in zip(*(each.tolist() for each in columns), strict=True):
        named = LinkSelector(link=(str(streets.link_id[link]),))
        when = _when(*rounded_out(begin_s, until_s, step_s))
        levers.append(Lever(Incident(links=named, factor=factor, **when), np.array([link])))
    return tuple(levers)


def _rain(today: DayConditions, parameters: Parameters) -> list[Rain]:
    """The spells of the date's rain that streets feel."""
    least, spells, hour = parameters["conditions.rain_rates"][0], [], 0
    for rate, hours in groupby(today.weather.rain_mm_per_h.tolist()):
        n = len(list(hours))
        if rate >= least:
            when = _when(hour * S_PER_H, (hour + n) * S_PER_H)
            spells.append(Rain(mm_per_h=min(rate, MOST_MM_PER_H), **when))
        hour += n
    return spells


def _when(begin_s: float, until_s: float) -> dict[str, Any]:
    return {"from_": format_time_s(begin_s)[:5], "until": format_time_s(until_s)[:5]}
