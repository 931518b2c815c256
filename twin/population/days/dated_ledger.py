"""The ledger of a date: what the synthesis goes by on that kind of day, in that season, at that level."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from twin.conditions.calendar import DAY_KINDS, SATURDAY, SUNDAY, WEEKDAY
from twin.conditions.day import DayConditions
from twin.kernels.random import keys_of
from twin.population.days.activities import AIMS, GROUPS
from twin.population.days.telework import share_on
from twin.population.draws import Draws
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

NOT_A_MEAN_WEEKDAY = "a date: figures and counts are those of a mean weekday"
WEEKEND_PROFILES = ("shop", "errand", "leisure", "escort")


def ledger_on(parameters: Parameters, today: DayConditions) -> Parameters:
    """The ledger with the rows of the synthesis as they are on that date."""
    values = {} if today.kind == WEEKDAY else _weekend(parameters, today)
    level, season = today.level, today.season_factor(parameters)
    at_work = 1.0
    if today.kind == WEEKDAY:
        usual = float(parameters["conditions.telework_in_days"])
        at_work = (1.0 - share_on(parameters, today)) / (1.0 - usual)
    factors = {
        "commuter": level * today.by_kind("commuter_factor", parameters) * at_work,
        "through": level * today.by_kind("through_factor", parameters) * season,
        "freight": level * today.by_kind("freight_factor", parameters),
    }
    for name, factor in factors.items():
        row = f"population.{name}_demand_factor"
        values[row] = round(float(parameters[row]) * factor, 9)
    return parameters.replaced(values, f"conditions of {today.calendar.date.isoformat()}")


def _weekend(parameters: Parameters, today: DayConditions) -> dict[str, object]:
    """Days, trips, purposes and profiles of a Saturday, or of a Sunday or public holiday."""
    name, nth = DAY_KINDS[today.kind], today.kind - SATURDAY
    values: dict[str, object] = {
        f"population.days_{group}": parameters[f"conditions.{name}_days_{group}"] for group in GROUPS
    }
    values["population.trips_per_person_per_day"] = parameters["conditions.weekend_trips_per_person"][nth]
    shares = parameters[f"conditions.{name}_purpose_shares"]
    values |= {f"population.purpose_share_{aim}": share for aim, share in zip(AIMS, shares, strict=True)}
    values |= {
        f"population.departure_profile_{each}": parameters[f"conditions.weekend_profile_{each}"]
        for each in WEEKEND_PROFILES
    }
    return values


def open_on(
    territory: Territory, parameters: Parameters, draws: Draws, today: DayConditions | None
) -> Territory:
    """The territory with the shops that are open; itself but on Sundays and public holidays.

    Each shop rests by a draw of its own, the same ones every Sunday.
    """
    if today is None or today.kind != SUNDAY:
        return territory
    places = territory.places
    u = draws.uniform("closed_on_sundays", keys_of(places.place_id))
    open_shop = np.where(u < parameters["conditions.sunday_closed_shop_share"], 0, places.shop)
    return replace(territory, places=replace(places, shop=open_shop.astype(places.shop.dtype)))


def of_a_date(report: dict[str, Any], today: DayConditions) -> dict[str, Any]:
    """The report of a date's population: what it was, and that figures and counts are of another day."""
    calibration = report["calibration"]
    reasons = [NOT_A_MEAN_WEEKDAY, *calibration["foreign"]]
    return report | {
        "day": today.told(),
        "calibration": calibration | {"calibrated": False, "reasons": reasons},
    }
