"""TwinModel under the hands of somebody who knows Mesa."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.clock import HORIZON_S
from twin.model.manager import RoadManager
from twin.model.provider import ProviderAgent
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.study.digests import truth_digest


def village() -> TwinModel:
    """The village at midnight, on learned habits."""
    here = world()
    return TwinModel(
        scenario(), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )


@pytest.fixture(scope="module")
def evening() -> TwinModel:
    """The village when its day is over."""
    model = village()
    model.run_day()
    return model


def test_a_step_is_a_step_of_the_clock() -> None:
    model = village()
    assert isinstance(model, mesa.Model)
    assert (model.now_s, model.steps, model.running) == (0, 0, True)
    for n in (1, 2, 3):
        model.step()
        assert (model.now_s, model.steps) == (n * model.step_s, n)
        assert model.time == float(n), "the time of Mesa counts steps"
    model.run_until(7_200)
    assert model.now_s == 7_200
    model.run_until(7_200)
    assert model.steps == 7_200 // model.step_s


def test_the_collector_has_a_row_a_step(evening: TwinModel) -> None:
    assert (evening.now_s, evening.running) == (HORIZON_S, False)
    rows = evening.datacollector.get_model_vars_dataframe()
    assert len(rows) == evening.steps == HORIZON_S // evening.step_s
    assert list(rows["moment_s"]) == list(range(evening.step_s, HORIZON_S + 1, evening.step_s))
    assert rows["driving_veh"].max() > 10
    assert rows["driving_veh"].iloc[-1] == 0
    assert rows["rotations"].is_monotonic_increasing


def test_by_steps_of_ones_own_it_is_the_same_day(evening: TwinModel) -> None:
    model = village()
    while model.running:
        model.step()
    assert truth_digest(record_of(model)) == truth_digest(record_of(evening))


def test_actors_are_agents(evening: TwinModel) -> None:
    assert {type(agent) for agent in evening.agents} == {RoadManager, ProviderAgent}
    assert len(evening.agents_by_type[RoadManager]) == 1
    assert list(evening.agents_by_type[RoadManager]) == [evening.manager]
    providers = evening.agents.select(agent_type=ProviderAgent)
    assert providers.get("name") == ["Boussole", "Azimut"]
    assert all(agent.model is evening for agent in evening.agents)


def test_inhabitants_are_rows_seen_one_by_one(evening: TwinModel) -> None:
    people, persons = evening.inhabitants, evening.population.persons
    assert len(people) == persons.age.shape[0] > 1_000
    assert people[3].age == persons.age[3]
    assert isinstance(people[3].age, int)
    old = people.select(lambda p: p.age >= 75)
    assert len(old) == int((persons.age >= 75).sum()) > 10
    assert all(person.age >= 75 for person in old)
    women = old.select(lambda p: p.female)
    assert len(women) == int(((persons.age >= 75) & persons.female).sum())
    assert women[0].person_id == persons.person_id[(persons.age >= 75) & persons.female][0]
    assert np.array_equal(old.age, persons.age[persons.age >= 75])
    with pytest.raises(AttributeError, match="persons have no 'shoe_size'; they have"):
        _ = people[3].shoe_size
    with pytest.raises(AttributeError, match="inhabitants have no column 'shoe_size'"):
        _ = people.shoe_size


def test_a_scenario_is_enough() -> None:
    model = TwinModel(scenario(), rng=1)
    assert model.territory.digest == world().territory.digest
    assert model.population.digest == world().population.digest
    model.run_until(2 * model.step_s)
    assert model.steps == 2
