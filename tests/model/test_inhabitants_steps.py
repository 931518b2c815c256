"""Whatever is done with inhabitants, one thing after another, comes to what it does with Mesa's agents."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.agent_sets import ATTRIBUTES, set_of

AGES, SOME = st.integers(0, 95), st.integers(0, 12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("select"), AGES, st.one_of(SOME, st.floats(0.0, 1.0), st.just(float("inf")))),
        st.tuples(st.just("sort"), st.sampled_from(ATTRIBUTES), st.booleans()),
        st.tuples(st.just("shuffle"), st.booleans(), st.none()),
        st.tuples(st.just("shuffle_do"), SOME, st.none()),
        st.tuples(st.just("set"), st.one_of(SOME, st.floats(-1.0, 1.0), st.text(max_size=2)), st.none()),
        st.tuples(st.just("group"), st.sampled_from(ATTRIBUTES), SOME),
        st.tuples(st.just("without"), AGES, st.none()),
    ),
    max_size=7,
)


def after(kind: str, steps: list[tuple[str, Any, Any]]) -> tuple[list[int], list[Any], list[Any]]:
    """Ids of who is left, and an own attribute of theirs and of all, after some steps."""
    everybody = people = set_of(kind)
    for step, value, more in steps:
        if step == "select":
            people = people.select(lambda a, least=value: a.age >= least, at_most=more)
        elif step == "sort":
            people = people.sort(value, ascending=more)
        elif step == "shuffle":
            people = people.shuffle(inplace=value)
        elif step == "shuffle_do":
            people.shuffle_do(lambda a, most=value: setattr(a, "own", a.random.randint(0, most)))
        elif step == "set":
            people.set("own", value)
        elif step == "group":
            groups = list(people.groupby(value).groups.values())
            people = groups[more % len(groups)] if groups else people
        else:
            young = people.select(lambda a, most=value: a.age < most)
            people = people - young if len(young) < len(people) else people  # Mesa warns of what is empty
    own = [each.get("own", handle_missing="default", default_value="none") for each in (people, everybody)]
    return people.get("unique_id"), *own


@settings(max_examples=50)
@given(STEPS)
def test_any_steps_lead_to_the_same(steps: list[tuple[str, Any, Any]]) -> None:
    assert after("columns", steps) == after("mesa", steps)
