"""Mesa's own tools on a model of a real place: collectors that ask inhabitants, and batches of runs."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import pickle
from collections.abc import Iterator
from typing import Any

import mesa
import numpy as np
import pytest

from tests.model.village import SCENARIOS, scenario, world
from twin.errors import InputError
from twin.model.inhabitant import Inhabitant
from twin.model.manager import RoadManager
from twin.model.twin_model import TwinModel

N_STEPS = 3


@pytest.fixture(scope="module")
def model() -> TwinModel:
    """The village at midnight, on learned habits."""
    here = world()
    return TwinModel(
        scenario(), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )


def _mean_trust(model: TwinModel) -> float:
    return float(model.inhabitants.trust.mean())


def test_a_collector_reports_inhabitants_by_column_and_one_by_one(model: TwinModel) -> None:
    people = model.inhabitants.set("trust", 0.5)
    own = copy.copy(model.datacollector)
    model.datacollector = mesa.DataCollector(
        model_reporters={
            "mean_trust": _mean_trust,
            "old": lambda m: m.inhabitants.select(m.inhabitants.age > 74),
        },
        agenttype_reporters={Inhabitant: {"trust": "trust", "old": lambda a: a.age > 74}},
    )
    try:
        for _ in range(N_STEPS):
            model.step()
            people.set("trust", people.trust * 0.5)
        found = model.datacollector.get_model_vars_dataframe()
        rows = model.datacollector.get_agenttype_vars_dataframe(Inhabitant)
    finally:
        model.datacollector = own
    assert found["mean_trust"].tolist() == [0.5, 0.25, 0.125]
    assert [set(kept.get("trust")) for kept in found["old"]] == [{0.5}, {0.25}, {0.125}], "as it was then"
    assert len(rows) == N_STEPS * len(people)
    assert rows["trust"].groupby("Step").mean().tolist() == [0.5, 0.25, 0.125]
    assert rows["old"].sum() == N_STEPS * (people.age > 74).sum() > 0
    assert rows.index.get_level_values("AgentID")[: len(people)].tolist() == people.unique_id.tolist()


def test_inhabitants_are_a_type_beside_the_actors(model: TwinModel) -> None:
    assert set(model.agent_types) == set(model.agents_by_type) >= {RoadManager, Inhabitant}
    assert model.agents_by_type[Inhabitant] is model.inhabitants
    assert not any(isinstance(agent, Inhabitant) for agent in model.agents)
    assert model.inhabitants[0].model is model
    assert model.inhabitants.random is model.random


def test_the_day_reads_no_own_column(model: TwinModel) -> None:
    """Nor may one take the name of what it reads."""
    with pytest.raises(InputError, match="inhabitants: licence: is the population's"):
        model.inhabitants.set("licence", False)
    assert np.array_equal(model.inhabitants.licence, model.planned.persons.licence)


def test_a_model_can_be_pickled_with_its_inhabitants(model: TwinModel) -> None:
    model.inhabitants.set("trust", 0.75)
    again = pickle.loads(pickle.dumps(model))
    assert again.inhabitants.model is again
    assert again.inhabitants.get("trust") == model.inhabitants.get("trust")
    moment_s = again.now_s
    again.step()
    assert (again.now_s, model.now_s) == (moment_s + model.step_s, moment_s)
    assert len(again.datacollector.get_model_vars_dataframe()) == 1 + len(
        model.datacollector.get_model_vars_dataframe()
    )


@pytest.fixture
def start_method() -> Iterator[None]:
    """Mesa's batches set how processes begin, for good."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


def batch(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs of three steps with seed 1, in this process."""
    seeded = "rng" in inspect.signature(mesa.batch_run).parameters
    more: dict[str, Any] = {"rng": [1]} if seeded else {}
    # before Mesa 3.4 one step more is made than is asked for
    return mesa.batch_run(
        TwinModel,
        parameters | ({} if seeded else {"rng": [1]}),
        max_steps=N_STEPS if seeded else N_STEPS - 1,
        data_collection_period=1,
        display_progress=False,
        **more,
    )


@pytest.mark.usefixtures("start_method")
def test_a_batch_varies_values_of_a_scenario() -> None:
    here = world()
    rows = batch(
        {
            "scenario": [scenario()],
            "territory": [here.territory],
            "population": [here.population],
            "habits": [here.habits],
            "app_share": [0.0, 0.4],
            "provider.Azimut.respect": 1.0,
        }
    )
    assert [(row["app_share"], row["moment_s"]) for row in rows] == [
        (share, 300 * step) for share in (0.0, 0.4) for step in (1, 2, 3)
    ]
    assert {row["rng"] for row in rows} == {1}
    assert all(row["rotations"] == 0 and row["driving_veh"] >= 0 for row in rows)


def test_keywords_change_the_scenario_and_wrong_ones_are_one_line() -> None:
    here = world()
    ready = {"territory": here.territory, "population": here.population, "habits": here.habits}
    changed = TwinModel(scenario(), rng=1, app_share=0.1, **ready)
    assert (changed.spec.app_share, changed.spec.title) == (0.1, scenario().title)
    assert not any((changed.trip_provider >= 0) & (TwinModel(scenario(), rng=1, **ready).trip_provider < 0))
    with pytest.raises(InputError, match=r"TwinModel.*populaton"):
        TwinModel(scenario(), rng=1, populaton=here.population, **ready)
    with pytest.raises(InputError, match=r"village_that_is_not_there\.toml"):
        TwinModel(SCENARIOS / "village_that_is_not_there.toml")
