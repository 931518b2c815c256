"""What holds of Mesa's AgentSet and makes sense for a fixed population, on both kinds of set."""

from __future__ import annotations

import copy
import functools
import pickle
import statistics
import warnings
from typing import Any

import mesa
import numpy as np
import pytest
from mesa.agent import AgentSet

from tests.model.agent_sets import ATTRIBUTES, KINDS, persons, set_of

TABLE = persons()


@pytest.fixture(params=KINDS)
def people(request: pytest.FixtureRequest) -> Any:
    return set_of(request.param)


def item(people: Any, place: Any) -> Any:
    """By place; Mesa 3.5 warns that its own sets will not always be sequences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return people[place]


def ids(people: Any) -> list[int]:
    return [agent.unique_id for agent in people]


def test_members_are_agents_of_the_model(people: Any) -> None:
    assert isinstance(people, AgentSet)
    first = item(people, 0)
    assert isinstance(first, mesa.Agent)
    assert isinstance(first.model, mesa.Model)
    assert first.random is first.model.random is people.random
    assert first.rng is first.model.rng
    assert first.pos is None
    assert first.step() is None
    assert first.unique_id == 1_000
    for name in ATTRIBUTES:
        assert getattr(first, name) == getattr(TABLE, name)[0]
        assert type(getattr(first, name)) in (int, bool), "values are Python's own"
    assert hasattr(first, "age")
    assert not hasattr(first, "shoe_size")


def test_it_is_an_ordered_set(people: Any) -> None:
    assert len(people) == 30
    assert ids(people) == TABLE.person_id.tolist()
    assert [item(people, place).unique_id for place in (0, 3, -1)] == [1_000, 1_009, 1_087]
    assert [agent.unique_id for agent in item(people, slice(2, 11, 3))] == [1_006, 1_015, 1_024]
    assert isinstance(item(people, slice(0, 2)), list)
    with pytest.raises(IndexError):
        item(people, 30)
    agents = list(people)
    assert all(agent in people for agent in agents)
    assert agents[4] == item(people, 4)
    assert agents[4] != agents[5]
    assert len(set(agents) | set(people)) == 30, "a member is the same in every hand"
    assert item(set_of("mesa"), 0) not in people
    assert item(set_of("columns"), 0) not in people
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        assert people.index(agents[7]) == 7
        assert people.count(agents[7]) == 1
        assert list(reversed(people)) == agents[::-1]


def test_set_arithmetic_keeps_order(people: Any) -> None:
    old = people.select(lambda a: a.age > 50)
    women = people.select(lambda a: a.female)
    assert ids(old & women) == [each for each in ids(women) if each in set(ids(old))]
    assert ids(old | women) == list(dict.fromkeys(ids(old) + ids(women)))
    assert ids(old - women) == [each for each in ids(old) if each not in set(ids(women))]
    assert ids(old ^ women) == ids((old - women) | (women - old))
    assert old & women <= old
    assert not old.isdisjoint(women)
    assert old.isdisjoint(people - old)
    assert people.shuffle() == people
    assert people != old


@pytest.mark.parametrize("at_most", [0, 1, 4, 1.0, 0.5, 0.31, 0.0, float("inf"), 6.5])
def test_select_takes_the_first_so_many_or_such_a_share(people: Any, at_most: float) -> None:
    n = int(30 * at_most) if isinstance(at_most, float) and at_most <= 1.0 else min(np.ceil(at_most), 30)
    assert ids(people.select(at_most=at_most)) == ids(people)[: int(n)]
    old = [agent.unique_id for agent in people if agent.age > 40]
    assert ids(people.select(lambda a: a.age > 40, at_most=at_most)) == old[: int(n)]


def test_select_by_condition_and_type(people: Any) -> None:
    assert ids(people.select(lambda a: a.age > 40 and not a.female)) == [
        agent.unique_id for agent in people if agent.age > 40 and not agent.female
    ]
    assert ids(people.select(lambda a: a.household_cars)) == ids(
        people.select(lambda a: a.household_cars > 0)
    )
    assert len(people.select(agent_type=mesa.Agent)) == 30
    assert len(people.select(agent_type=type(item(people, 0)), at_most=3)) == 3
    assert len(people.select(lambda a: a.age > 40, agent_type=type("Other", (mesa.Agent,), {}))) == 0
    assert len(people.select(lambda a: False)) == 0


def test_select_asks_no_more_than_it_needs(people: Any) -> None:
    asked: list[int] = []
    assert len(people.select(lambda a: asked.append(a.unique_id) or a.age > 3, at_most=2)) == 2
    assert len(asked) == 3, "the first is three years old"


def test_select_in_place_or_as_a_copy(people: Any) -> None:
    same = people.select()
    assert same is not people
    assert ids(same) == ids(people)
    assert same.select(lambda a: a.age > 40, inplace=True) is same
    assert 0 < len(same) < len(people) == 30
    assert all(agent.age > 40 for agent in same)
    assert same.select(inplace=True) is same


def test_get_gives_lists(people: Any) -> None:
    assert people.get("age") == TABLE.age.tolist()
    assert people.get("unique_id") == TABLE.person_id.tolist()
    assert people.get("model") == [item(people, 0).model] * 30
    both = people.get(["age", "female"])
    assert both == [[a, f] for a, f in zip(TABLE.age.tolist(), TABLE.female.tolist(), strict=True)]
    with pytest.raises(AttributeError, match="shoe_size"):
        people.get("shoe_size")
    with pytest.raises(AttributeError, match="shoe_size"):
        people.get(["age", "shoe_size"])
    assert people.get("shoe_size", handle_missing="default", default_value=42) == [42] * 30
    assert people.get(["age", "shoe_size"], handle_missing="default")[1] == [52, None]
    with pytest.raises(ValueError, match="Unknown handle_missing option: maybe, should be one of 'error'"):
        people.get("age", handle_missing="maybe")


def test_set_gives_all_one_value(people: Any) -> None:
    assert people.set("trust", 1).set("name", "Anne") is people
    assert people.get(["trust", "name"]) == [[1, "Anne"]] * 30
    people.set("trust", 0.25)
    assert people.get("trust") == [0.25] * 30
    people.set("plan", {"day": 1})
    assert item(people, 3).plan is item(people, 4).plan


def test_set_on_a_part_leaves_the_others_without(people: Any) -> None:
    old = people.select(lambda a: a.age > 40).set("trust", 0.5)
    assert people.get("trust", handle_missing="default", default_value=-1) == [
        0.5 if agent in old else -1 for agent in people
    ]
    with pytest.raises(AttributeError, match="trust"):
        people.get("trust")
    assert old.get("trust") == [0.5] * len(old)
    young = people - old
    assert not any(hasattr(agent, "trust") for agent in young)
    young.set("trust", 1)
    assert people.get("trust") == [0.5 if agent in old else 1 for agent in people]


def test_one_by_one_an_attribute_keeps_what_it_is_given(people: Any) -> None:
    values = [1, 2.5, True, "three", None, (4, 5), 2**70, -1, float("inf"), [6]]
    for agent, value in zip(people, values * 3, strict=True):
        agent.thing = value
        assert agent.thing == value
    assert people.get("thing") == values * 3
    item(people, 0).thing += 1
    assert people.get("thing")[:2] == [2, 2.5]


def test_agg_by_one_function_or_several(people: Any) -> None:
    ages = TABLE.age.tolist()
    assert people.agg("age", np.mean) == np.mean(ages)
    assert people.agg("age", [min, max, sum, len]) == [min(ages), max(ages), sum(ages), 30]
    assert people.agg("age", (np.median, np.std)) == [np.median(ages), np.std(ages)]
    assert people.agg("age", functools.partial(np.percentile, q=90)) == np.percentile(ages, 90)
    assert people.agg("age", statistics.mean) == statistics.mean(ages)
    assert people.agg("age", lambda values: values.count(3)) == ages.count(3)
    assert (
        people.agg("household_cars", lambda values: sum(values) * 1_000)
        == sum(people.get("household_cars")) * 1_000
    )
    assert people.agg("female", sum) == int(TABLE.female.sum())
    people.set("name", "Anne")
    assert people.agg("name", max) == "Anne"
    nobody = people.select(lambda a: False)
    assert nobody.agg("age", sum) == 0
    with pytest.raises(ValueError, match=r"empty|iterable argument"):
        nobody.agg("age", max)


def test_groups_come_in_the_order_of_their_first_members(people: Any) -> None:
    groups = people.groupby("household_cars")
    assert len(groups) == 4
    assert [label for label, _ in groups] == [0, 1, 2, 3]
    assert groups.count() == {0: 8, 1: 8, 2: 7, 3: 7}
    assert people.shuffle().groupby("household_cars").count() == groups.count()
    assert ids(groups.groups[2]) == [agent.unique_id for agent in people if agent.household_cars == 2]
    assert isinstance(groups.groups[2], AgentSet)
    by_age = people.groupby(lambda a: "old" if a.age > 50 else "young")
    assert list(by_age.groups) == ["young", "old"]
    oldest = {label: max(agent.age for agent in group) for label, group in by_age}
    assert by_age.agg("age", max) == oldest
    assert by_age.map(len) == by_age.map("__len__") == by_age.count()
    assert by_age.map("agg", "age", max) == oldest
    assert by_age.map(lambda group, more: len(group) + more, more=1) == {
        k: n + 1 for k, n in by_age.count().items()
    }
    assert (
        by_age.do("set", "seen", 1).do(lambda group: group.do(lambda a: setattr(a, "seen", a.seen + 1)))
        is by_age
    )
    assert people.get("seen") == [2] * 30


def test_groups_as_lists(people: Any) -> None:
    groups = people.groupby("zone", result_type="list")
    assert {type(group) for _, group in groups} == {list}
    assert list(groups.groups) == [-1, 0, 1, 2]
    assert groups.count() == {-1: 8, 0: 8, 1: 8, 2: 6}
    assert groups.agg("age", sum) == people.groupby("zone").agg("age", sum)
    assert {id(agent.model) for _, group in groups for agent in group} == {id(item(people, 0).model)}


def test_do_and_map_go_one_by_one(people: Any) -> None:
    seen: list[int] = []
    assert people.do(lambda a, more, by=1: seen.append(a.age + more * by), 2, by=3) is people
    assert seen == [age + 6 for age in TABLE.age.tolist()]
    assert people.do("step") is people
    assert people.map(lambda a: a.age) == TABLE.age.tolist()
    assert people.map("__hash__") == [hash(agent) for agent in people]
    assert people.map("step") == [None] * 30
    with pytest.raises(AttributeError, match="leap"):
        people.do("leap")


def test_shuffle_draws_from_the_models_luck(people: Any) -> None:
    before, other = ids(people), set_of("mesa")
    shuffled = people.shuffle()
    assert ids(people) == before
    assert sorted(ids(shuffled)) == before != ids(shuffled)
    assert ids(shuffled) == ids(other.shuffle()), "in the order that Mesa's agents would have"
    assert people.shuffle(inplace=True) is people
    assert ids(people) == ids(other.shuffle(inplace=True))
    assert item(people, 0).unique_id == ids(people)[0]


def test_shuffle_do_asks_each_once_and_keeps_the_order(people: Any) -> None:
    seen: list[int] = []
    others: list[int] = []
    assert people.shuffle_do(lambda a: seen.append(a.unique_id)) is people
    set_of("mesa").shuffle_do(lambda a: others.append(a.unique_id))
    assert seen == others != ids(people) == sorted(seen)
    assert people.shuffle_do("step") is people


@pytest.mark.parametrize("key", ["age", "household_cars", "female", lambda a: -a.zone, lambda a: str(a.age)])
@pytest.mark.parametrize("ascending", [None, True, False])
def test_sort_leaves_equal_ones_in_order(people: Any, key: Any, ascending: bool | None) -> None:
    value = key if callable(key) else (lambda a: getattr(a, key))
    wanted = [a.unique_id for a in sorted(people, key=value, reverse=not ascending)]
    chosen = {} if ascending is None else {"ascending": ascending}
    assert ids(people.sort(key, **chosen)) == wanted
    assert ids(people) == TABLE.person_id.tolist()
    assert people.sort(key, inplace=True, **chosen) is people
    assert ids(people) == wanted


def test_a_copy_is_another_set_of_the_same_agents(people: Any) -> None:
    twin = copy.copy(people)
    assert twin is not people
    assert twin == people
    twin.select(lambda a: a.age > 40, inplace=True).set("trust", 1)
    assert len(people) == 30
    assert people.agg("age", max) == TABLE.age.max()
    assert [agent.trust for agent in people if agent.age > 40] == [1] * len(twin)
    again = type(people)(list(twin), random=people.random)
    assert ids(again) == ids(twin)
    assert len(AgentSet([*twin, *twin], random=people.random)) == len(twin)


def test_it_can_be_pickled(people: Any) -> None:
    people.set("trust", 0.5).shuffle(inplace=True)
    again = pickle.loads(pickle.dumps(people))
    assert ids(again) == ids(people)
    assert again.get(["age", "trust"]) == people.get(["age", "trust"])
    assert item(again, 0) not in people
    assert ids(again.shuffle()) == ids(people.shuffle())
    agent = pickle.loads(pickle.dumps(item(people, 3)))
    assert (agent.unique_id, agent.trust) == (item(people, 3).unique_id, 0.5)
    again.set("trust", 1)
    assert people.get("trust") == [0.5] * 30


def test_all_of_them_as_a_list(people: Any) -> None:
    if not hasattr(people, "to_list"):
        pytest.skip("Mesa has it from 3.4 on")
    assert people.to_list() == list(people)
