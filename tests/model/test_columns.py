"""A fixed population: what may not change is refused in one line; own columns keep what they are given."""

from __future__ import annotations

import copy
import operator
import sys
import tracemalloc
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.agent_sets import persons, set_of
from twin.errors import InputError
from twin.model.columns import Columns
from twin.model.inhabitant import Inhabitant
from twin.model.inhabitants import Inhabitants
from twin.population.population import Persons


@pytest.fixture
def people() -> Inhabitants:
    made: Inhabitants = set_of("columns")
    return made


def test_nobody_is_added_or_removed(people: Inhabitants) -> None:
    anne = people[0]
    changes = (
        lambda: people.add(anne),
        lambda: people.remove(anne),
        lambda: people.discard(anne),
        people.clear,
        people.pop,
        lambda: operator.ior(people, {anne}),
        lambda: operator.isub(people, {anne}),
        lambda: operator.iand(people, {anne}),
        anne.remove,
        lambda: Inhabitant(people.model),
        lambda: Inhabitant.create_agents(people.model, 2),
    )
    for change in changes:
        with pytest.raises(
            InputError, match="a population is fixed: nobody is added or removed; right would be"
        ):
            change()
    assert len(people) == 30


def test_the_models_own_set_stays_whole(people: Inhabitants) -> None:
    people.model.inhabitants = people
    with pytest.raises(InputError, match="a population is fixed"):
        people.select(people.age > 40, inplace=True)
    assert len(people) == 30
    assert people.sort("age", inplace=True)[-1].age == people.age.min()


def test_what_days_were_drawn_from_is_not_written(people: Inhabitants) -> None:
    right = "right would be: a name of your own, or a model with another population"
    with pytest.raises(InputError, match=f"inhabitants: age: is the population's.*{right}"):
        people.set("age", 40)
    with pytest.raises(InputError, match="inhabitants: household_cars: is the population's"):
        people[3].household_cars = 0
    with pytest.raises(InputError, match="inhabitants: unique_id: is the population's"):
        people[3].unique_id = 1
    with pytest.raises(ValueError, match="read-only"):
        people.age[3] = 40
    with pytest.raises(ValueError, match="read-only"):
        people.select(people.female).age[0] = 40
    assert np.array_equal(people.age, persons().age)


@pytest.mark.parametrize("name", ["model", "select", "step", "row", "scenario", "_own", "two words", "2nd"])
def test_a_name_that_means_something_else_is_refused(people: Inhabitants, name: str) -> None:
    with pytest.raises(InputError, match=f"inhabitants: {name}: cannot be the name of an attribute"):
        people.set(name, 1)
    with pytest.raises(InputError, match=f"inhabitants: {name}: cannot be the name of an attribute"):
        setattr(people[0], name, 1)


def test_no_column_of_the_population_is_hidden() -> None:
    assert not {*dir(Inhabitants), *dir(mesa.Agent), "row"} & set(Persons.DTYPES)


def test_a_column_is_not_assigned(people: Inhabitants) -> None:
    with pytest.raises(InputError, match=r"inhabitants.trust: is not set this way.*inhabitants.set\('trust'"):
        people.trust = np.ones(30)


@pytest.mark.parametrize(
    "values", [np.arange(30.0), list(range(30)), tuple("abcdefghij" * 3), pd.Series(range(30))]
)
def test_an_array_or_a_list_gives_one_each(people: Inhabitants, values: Any) -> None:
    assert people.set("own", values).get("own") == list(values)
    backwards = people.sort("unique_id").set("own", values)
    assert backwards.get("own") == list(values)
    assert people.get("own") == list(values)[::-1]
    part = people.select(people.age > 40)
    part.set("own", list(values)[: len(part)])
    assert part.get("own") == list(values)[: len(part)]


@pytest.mark.parametrize(
    ("values", "found"),
    [(np.ones(29), "29 values"), ([1, 2], "2 values"), (np.ones((30, 2)), "30 x 2 values"), ([], "0 values")],
)
def test_too_few_or_too_many_values_are_one_line(people: Inhabitants, values: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"inhabitants: own: {found} for 30 inhabitants; .*one each"):
        people.set("own", values)
    assert "own" not in dir(people)


def test_a_mask_selects(people: Inhabitants) -> None:
    old = people.select(people.age > 40)
    assert list(old) == list(people.select(lambda a: a.age > 40))
    assert list(old.select(old.female, at_most=2)) == list(old.select(lambda a: a.female, at_most=2))
    for wrong in (np.ones(29, dtype=bool), people.age, np.ones((30, 1), dtype=bool)):
        with pytest.raises(
            InputError, match=r"inhabitants.select: .* right would be: a function, or 30 truth values"
        ):
            people.select(wrong)


def test_only_inhabitants_of_one_population_make_a_set(people: Inhabitants) -> None:
    other = set_of("columns")
    for agents in ([], [mesa.Agent(people.model)], [people[0], other[0]]):
        with pytest.raises(InputError, match="right would be: inhabitants of one model"):
            Inhabitants(agents)
    assert len(Inhabitants([people[0], people[1], people[0]])) == 2
    with pytest.raises(InputError, match="is of another population"):
        people | other


def test_whole_numbers_are_summed_as_python_does(people: Inhabitants) -> None:
    people.set("large", np.full(30, 2**62))
    assert people.agg("large", sum) == 30 * 2**62
    assert people.set("small", np.full(30, 127, dtype=np.int8)).agg("small", [sum, np.sum]) == [3_810, 3_810]
    assert people.set("part", [*range(29), float("nan")]).agg("part", min) == 0.0


def test_a_view_is_light(people: Inhabitants) -> None:
    many = Inhabitants.of(persons(20_000), people.model)
    tracemalloc.start()
    views = list(many)
    used = tracemalloc.get_traced_memory()[0] - sys.getsizeof(views)
    tracemalloc.stop()
    assert used / len(views) < 130, "two words, and what Python keeps of any agent"
    assert views[17].age == many.age[17]


def test_own_columns_cost_what_they_hold(people: Inhabitants) -> None:
    many = Inhabitants.of(persons(10_000), people.model)
    assert not any(column.flags.owndata and column.flags.writeable for column in many._columns.given.values())
    before = many._columns.nbytes
    many.set("trust", np.zeros(10_000, dtype=np.float32))
    assert many._columns.nbytes - before == 40_000


def test_a_column_handed_out_does_not_change(people: Inhabitants) -> None:
    people.set("trust", 0.5)
    before = people.trust
    people[3].trust = 1.0
    people.select(people.female).set("trust", 2.0)
    assert set(before.tolist()) == {0.5}
    assert people[3].trust == 2.0
    assert people.trust[4] == 0.5
    people.set("trust", people.trust + 1.0)
    assert people[4].trust == 1.5


def test_a_deep_copy_keeps_its_own_values(people: Inhabitants) -> None:
    people.set("trust", 0.5)
    kept, agent = copy.deepcopy(people), copy.deepcopy(people[3])
    people.set("trust", 1.0)
    assert kept.get("trust") == [0.5] * 30
    assert agent.trust == 0.5
    assert kept.model is people.model, "a report does not copy the model"


def test_a_space_of_mesa_can_place_them(people: Inhabitants) -> None:
    people[0].pos = (1, 2)
    assert people[0].pos == (1, 2)
    assert people.get("pos") == [(1, 2)] + [None] * 29


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.integers(-3, 3), st.just(2**53 + 1)
)
VALUES = st.one_of(NUMBERS, NUMBERS, st.text(max_size=3), st.none(), st.tuples(st.integers(0, 3)))
ARRAYS = st.sampled_from([np.int8, np.int64, np.uint64, np.float32, np.float64, np.bool_])
WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("one"), st.integers(0, 5), VALUES),
        st.tuples(st.just("all"), st.just(0), VALUES),
        st.tuples(st.just("part"), st.sets(st.integers(0, 5), max_size=5), VALUES),
        st.tuples(st.just("each"), st.permutations(range(6)), st.lists(VALUES, min_size=6, max_size=6)),
        st.tuples(st.just("array"), st.permutations(range(6)).map(lambda rows: rows[:4]), ARRAYS),
        st.tuples(st.just("lend"), st.just(0), st.none()),
    ),
    max_size=8,
)


@given(WRITES)
def test_columns_keep_what_a_dictionary_would(writes: list[tuple[str, Any, Any]]) -> None:
    columns = Columns({"age": np.arange(6)})
    slow: dict[int, Any] = {}
    for how, where, value in writes:
        rows = np.array(sorted(where) if isinstance(where, set) else where, dtype=np.int64).reshape(-1)
        if how == "one":
            columns.write_one("own", where, value)
            slow[where] = value
        elif how == "all":
            columns.write("own", None, value if not isinstance(value, tuple) else "tuple")
            slow = dict.fromkeys(range(6), value if not isinstance(value, tuple) else "tuple")
        elif how == "part" and not isinstance(value, tuple):
            columns.write("own", rows, value)
            slow |= dict.fromkeys(rows.tolist(), value)
        elif how == "each":
            columns.write("own", rows, value)
            slow |= dict(zip(rows.tolist(), value, strict=True))
        elif how == "array":
            values = np.array([0, 1, 100, 3]).astype(value)
            columns.write("own", rows, values)
            slow |= dict(zip(rows.tolist(), values.tolist(), strict=True))
        elif len(slow) == 6:
            lent = columns.column("own")
            assert same(lent.tolist(), [slow[row] for row in range(6)])
    for row in range(6):
        if row in slow:
            assert same([columns.value("own", row)], [slow[row]])
        else:
            with pytest.raises(AttributeError):
                columns.value("own", row)


def same(found: list[Any], wanted: list[Any]) -> bool:
    """Equal value by value; what is no number is told by its name."""
    return all(a == b or str(a) == str(b) == "nan" for a, b in zip(found, wanted, strict=True))
