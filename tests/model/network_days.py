"""Days of the village crop on which something befalls its networks."""

from __future__ import annotations

from functools import cache

import numpy as np

from tests.model.village import TABLES, WORKS, scenario, world
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.twin_model import TwinModel

HALF_GUIDED = TABLES.replace("app_share = 0.4", "app_share = 0.6")
CHARGES_OFTEN = '[parameters]\n"charging.plug_in_below" = 0.99\n'
"""Trips of the crop are so short that otherwise nobody would charge."""
MORNING = """
[[modification]]
kind = "substation_loss"
zone = "la_turbie"
from = "06:30"
until = "10:00"
"""
QUIET = '[[modification]]\nkind = "crews"\n'
"""Networks are reckoned, and nothing befalls them."""
ENDLESS = '[[modification]]\nkind = "batteries"\nfactor = "inf"\n'
BY_HAND = '[[modification]]\nkind = "manual_fallback"\n'


def model_of(more: str) -> TwinModel:
    """The village's model with works on its main street and more tables."""
    here = world()
    spec = scenario(WORKS + more + CHARGES_OFTEN, HALF_GUIDED)
    return TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)


@cache
def day(more: str) -> DayRecord:
    """That day's record."""
    model = model_of(more)
    model.run_day()
    return record_of(model)


def same_traffic(one: DayRecord, other: DayRecord) -> bool:
    """Whether all trips and passages are the same."""
    columns = ("departed_ms", "arrived_ms", "route_km", "guided", "event_link", "event_exit_ms")
    return all(np.array_equal(getattr(one, each), getattr(other, each)) for each in columns)
