"""How many sensors, reading how often: where what they save exceeds what they cost by most.

Net value is what the decision saves a day with the sensors alone, less the cost of sensors and readings and,
where asked, of their carbon. Whether the best number or period lies inside the range is told, not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.clock import DAY_S
from twin.scenario.ledger import Parameters
from twin.study.statistics import Difference, paired_difference
from twin.study.value_of_data_game import Decision, with_datasets
from twin.study.value_of_data_leaks import LeakSearch, Loggers
from twin.study.value_of_data_signals import SignalPlanning
from twin.units import G_PER_KG

LOGGERS = (1, 2, 5, 10, 20, 40, 80)
INTERVALS_S = (60.0, 300.0, 900.0, 3_600.0)


@dataclass(frozen=True)
class SensorOption:
    """So many sensors that read so often: what they save a day, what they cost, and their carbon."""

    kind: str
    count: int
    interval_s: float
    saves: Difference
    cost_eur: float
    gco2e: float
    carbon_eur: float

    @property
    def saves_per_sensor_eur(self) -> float:
        """What a sensor of the fleet saves on the mean [EUR/day]."""
        return float(self.saves.difference or 0.0) / self.count

    @property
    def net_eur(self) -> float:
        """What they save less what they cost [EUR/day]."""
        return float(self.saves.difference or 0.0) - self.cost_eur

    @property
    def net_with_carbon_eur(self) -> float:
        """The same less the cost of their carbon."""
        return self.net_eur - self.carbon_eur


@dataclass(frozen=True)
class Peak:
    """The fleet of most net value, and whether it lies inside of what was tried, by number and by period."""

    best: SensorOption
    interior_count: bool
    interior_interval: bool


def logger_fleets(search: LeakSearch, seeds: Sequence[int]) -> list[SensorOption]:
    """Pressure loggers of the leak search: numbers by periods."""
    p, row = search.parameters, _row_of(search, "pressures")
    before = _costs(search, seeds, 0)
    most = len(np.flatnonzero(search.sectors.of_node >= 0))
    found = []
    for count in (n for n in LOGGERS if n <= most):
        for interval_s in INTERVALS_S:
            costs = _costs(search.equipped(Loggers(count, interval_s)), seeds, 1 << row)
            readings = DAY_S / interval_s
            eur = count * (float(p["value.logger_eur_per_day"]) + readings * float(p["value.reading_eur"]))
            grams = count * (
                float(p["value.logger_gco2e_per_day"]) + readings * float(p["value.reading_gco2e"])
            )
            found.append(_fleet("pressure logger", count, interval_s, (before, costs), (eur, grams), p))
    return found


def loop_fleets(planning: SignalPlanning, seeds: Sequence[int]) -> list[SensorOption]:
    """Road loops of the signal plan: from one to one at each approach."""
    p, row = planning.parameters, _row_of(planning, "road_counts")
    before = _costs(planning, seeds, 0)
    found = []
    for count in range(1, len(planning.approach) + 1):
        costs = _costs(planning.equipped(count), seeds, 1 << row)
        spent = (count * float(p["value.loop_eur_per_day"]), count * float(p["value.loop_gco2e_per_day"]))
        found.append(_fleet("road loop", count, 3_600.0, (before, costs), spent, p))
    return found


def peak_of(fleets: Sequence[SensorOption]) -> Peak | None:
    """The fleet of most net value; None where there is none."""
    if not fleets:
        return None
    best = max(fleets, key=lambda each: (each.net_eur, -each.count, each.interval_s))
    counts, intervals = sorted({each.count for each in fleets}), sorted({each.interval_s for each in fleets})
    return Peak(best, _inside(best.count, counts), _inside(best.interval_s, intervals))


def _inside(value: float, tried: Sequence[float]) -> bool:
    return len(tried) > 2 and tried[0] < value < tried[-1]


def _fleet(
    kind: str,
    count: int,
    interval_s: float,
    costs: tuple[list[float], list[float]],
    spent: tuple[float, float],
    parameters: Parameters,
) -> SensorOption:
    before, after = costs
    eur, grams = spent
    carbon_eur = grams / G_PER_KG * float(parameters["value.carbon_eur_per_kg"])
    return SensorOption(kind, count, interval_s, paired_difference(after, before), eur, grams, carbon_eur)


def _row_of(decision: Decision, name: str) -> int:
    return [each.name for each in decision.datasets].index(name)


def _costs(decision: Decision, seeds: Sequence[int], mask: int) -> list[float]:
    """Cost by seed with the datasets of a mask."""
    found = []
    for seed in seeds:
        day = decision.day(seed)
        found.append(decision.cost(day, decision.act(with_datasets(decision.actor, day.sources, mask))))
    return found
