"""A run by hand: counters on three links of a grid, and phones that are personal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.territories import territory_of
from tests.worlds import grid
from twin.scenario.scenario import Scenario
from twin.study.results import Result
from twin.territory.territory import Territory

TEXT = """
title = "Counters"
territory = "hand-made"
date = "2027-01-12"
[[provider]]
name = "Swift"
market_share = 1.0
[[sensor_fleet]]
name = "loops"
kind = "road_counter"
owner = "city"
[[sensor_fleet]]
name = "phones"
kind = "probe"
owner = "Swift"
"""
N_LINKS, N_INTERVALS, INTERVAL_S = 3, 20, 300.0


def hand_made_territory() -> Territory:
    """A small grid."""
    return territory_of(grid(3, 3))


def hand_made_run(territory: Territory, n_intervals: int = N_INTERVALS) -> Result:
    """Loops count link + interval vehicles; told a minute later. The phones' passages are personal."""
    link, interval = np.tile(np.arange(N_LINKS), n_intervals), np.repeat(np.arange(n_intervals), N_LINKS)
    ends_s = 8 * 3_600.0 + INTERVAL_S * (interval + 1)
    loops = pd.DataFrame(
        {
            "dataset": "loops",
            "datastream": territory.streets.link_id[link].astype(str),
            "phenomenon_time_s": ends_s,
            "result_time_s": ends_s + 60.0,
            "result": (link + interval).astype(np.float64),
        }
    )
    phones = loops.iloc[:4].assign(dataset="phones", result=41.5)
    empty = pd.DataFrame()
    manifest = {"personal_datasets": ["phones"]}
    return Result(
        Scenario.loads(TEXT), 1, "", "", (), empty, empty, empty, empty,
        pd.concat([phones, loops], ignore_index=True), manifest,
    )  # fmt: skip
