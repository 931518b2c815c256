"""How far inhabitants walk to what they need."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import mean
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import DEMAND
from twin.indicators.records import DayRecord
from twin.indicators.walking import SERVICES


@indicator("min", "lower", DEMAND)
def walk_to_service(record: DayRecord, focus: Focus) -> Groups:
    """Mean minutes on foot from the homes of the focus to the nearest service of a kind.

    Shortest walking path over walking speed; homes from which no service can be walked to are left out.
    """
    return {
        f"service:{service}": mean(minutes[np.isfinite(minutes)])
        for service, minutes in _minutes(record, focus).items()
    }


@indicator("share", "higher", (*DEMAND, "indicators.walking_reach_min"))
def within_walking_reach(record: DayRecord, focus: Focus) -> Groups:
    """Share of the inhabitants of the focus who walk to the nearest service of a kind in 15 minutes."""
    reach_min = record.parameters["indicators.walking_reach_min"]
    return {
        f"service:{service}": mean((minutes <= reach_min).astype(np.float64))
        for service, minutes in _minutes(record, focus).items()
    }


def _minutes(record: DayRecord, focus: Focus) -> dict[str, np.ndarray]:
    """Minutes on foot of each inhabitant who has a home here, by service; infinite: not to be reached."""
    home = record.population.persons.home[focus.persons(record)]
    node = record.territory.places.path_node[home[home >= 0]]
    pace_min_per_m = 1.0 / (60.0 * record.parameters["population.walk_speed_mps"])
    return {
        service: np.where(node >= 0, record.walk_to_service_m[service][node], np.inf) * pace_min_per_m
        for service in SERVICES
    }
