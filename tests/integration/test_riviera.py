"""The whole riviera on an ordinary day: its network carries its demand, by the limits of the manifest."""

from __future__ import annotations

import pytest

from tests.riviera import SCENARIOS, SEED
from twin.scenario.scenario import Scenario
from twin.study.manifest import CAR_TIME, LEAST_COMPLETED, MOST_ROTATIONS, MOST_TIME_OVER_FREE_FLOW
from twin.study.run import run


@pytest.mark.timeout(900)
@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_the_whole_riviera_carries_its_demand() -> None:
    """Of all planned trips of all modes, by 30:00; mean car time with waiting outside the network counted."""
    manifest = run(Scenario.load(SCENARIOS / "metropolis.toml"), seed=SEED, cache=False).manifest
    assert manifest["completed_trips"] / manifest["trips"] >= LEAST_COMPLETED
    assert manifest["rotations"] <= MOST_ROTATIONS
    assert manifest[CAR_TIME] <= MOST_TIME_OVER_FREE_FLOW
    assert manifest["flows"]
