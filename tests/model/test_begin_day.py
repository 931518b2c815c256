"""Another day of the same model is the day that a fresh model with those habits has."""

from __future__ import annotations

import numpy as np

from tests.model.village import WORKS, scenario, world
from twin.mobility.passages import Passages
from twin.model.twin_model import TwinModel


def passages(model: TwinModel) -> list[np.ndarray]:
    """Trip, link and moments of all passages until nine."""
    model.run_until(9 * 3_600)
    lived = Passages.join(model.state.log.parts)
    return [lived.trip, lived.link, lived.enter_ms, lived.exit_ms]


def test_a_day_begun_again_is_that_of_a_fresh_model() -> None:
    here, spec = world(), scenario(WORKS)
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population)
    started = model.habits
    passages(model)
    model.begin_day(here.habits)
    fresh = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    assert [type(agent) for agent in model.agents] == [type(agent) for agent in fresh.agents]
    again, expected = passages(model), passages(fresh)
    assert all(np.array_equal(a, b) for a, b in zip(again, expected, strict=True))
    assert not np.array_equal(started.expected_ms, model.habits.expected_ms), "others were learned"
    model.begin_day(here.habits)
    assert all(np.array_equal(a, b) for a, b in zip(passages(model), expected, strict=True))
