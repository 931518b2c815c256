"""The tight village crop as a small real world, with two rival providers and the city's counters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.run import World, world_of

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
TABLES = """
title = "A day in the village"
territory = "la_turbie_crop"
app_share = 0.4
[[provider]]
name = "Boussole"
market_share = 0.6
[[provider]]
name = "Azimut"
market_share = 0.4
[[sensor_fleet]]
name = "counters"
kind = "road_counter"
owner = "city"
count = 10
"""
WORKS = """
[[modification]]
kind = "reduce_capacity"
links = { ref = "D2564" }
capacity_vph = 150
from = "07:00"
until = "10:00"
"""


def scenario(more: str = "", text: str = TABLES) -> Scenario:
    """The village's scenario, with more tables behind it."""
    return Scenario.loads(text + more, folder=SCENARIOS)


@cache
def world() -> World:
    """Territory, population and habits of the village for seed 1, made once."""
    return world_of(scenario(), 1, folders=cache_folders())
