"""The tight village crop as a small real world, with two rival providers and the city's counters.

``TWIN_TEST_AREA=riviera`` lives the same days on the whole area.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import networkx as nx
import numpy as np

from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.run import World, world_of

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
AREA = os.environ.get("TWIN_TEST_AREA", "la_turbie_crop")
TABLES = f"""
title = "A day in the village"
territory = "{AREA}"
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


@cache
def busiest() -> int:
    """The link that most habits use among those with a way round from their tail to their head."""
    here = world()
    streets = here.territory.streets
    uses = np.bincount(here.habits.routes.pool, minlength=streets.n_links)
    for link in np.argsort(-uses, kind="stable").tolist():
        graph = nx.DiGraph()
        graph.add_edges_from(
            (int(streets.tail[k]), int(streets.head[k])) for k in range(streets.n_links) if k != link
        )
        ends = int(streets.tail[link]), int(streets.head[link])
        if all(end in graph for end in ends) and nx.has_path(graph, *ends):
            return int(link)
    raise AssertionError("no link has a way round")


def closing(signed: bool, month: str = "") -> str:
    """The busiest stretch of the street with another way round it, closed from 8 to 9."""
    times = f'from = "{month}"' if month else 'from = "08:00"\nuntil = "09:00"'
    link = world().territory.streets.link_id[busiest()]
    return f"""
[[modification]]
kind = "close_link"
links = {{ link = "{link}" }}
signed_exit = {str(signed).lower()}
{times}
"""
