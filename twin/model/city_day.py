"""What the city knows of a day so far: counts and times of whoever lets it read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.indicators.records import ROAD_MANAGER
from twin.knowledge.day import DayEstimate, city_picture
from twin.sensing.counters import count_reading

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def city_estimate(model: TwinModel, moment_s: float | None = None) -> DayEstimate:
    """What counters and providers told the city by a moment (now, if none): its own, and what it may read."""
    until_s = float(model.now_s) if moment_s is None else moment_s
    counters = {
        fleet.dataset.name: count_reading(fleet, model.parameters)
        for fleet in model.fleets
        if fleet.kind == "road_counter"
    }
    traffic = [f"{agent.name}.traffic" for agent in model.providers]
    length_m = model.territory.streets.length_m
    return city_picture(model.state.platform, ROAD_MANAGER, counters, traffic, length_m, until_s)
