"""A phase changes only what it declares, sees only what it declares, and no actor sees truth."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import WORKS, closing, scenario, world
from twin.model.phases import PHASES
from twin.model.state import KINDS, Access, DayState
from twin.model.twin_model import TwinModel

ALIASES = ("loader.supply.", "loader.network.")
"""The loader holds the same supply arrays as the group ``supply``, and a network that never moves."""


def at_eight(more: str) -> TwinModel:
    """The village at eight, with something done to its streets."""
    here = world()
    spec = scenario(more)
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_until(8 * 3_600)
    return model


@pytest.fixture(scope="module")
def morning() -> TwinModel:
    """One model for the tests that change nothing."""
    return at_eight(WORKS)


def columns(state: DayState) -> dict[str, np.ndarray]:
    return {name: a.copy() for name, a in state.columns().items() if not name.startswith(ALIASES)}


def test_every_group_of_the_state_has_a_kind(morning: TwinModel) -> None:
    assert {name.split(".")[0] for name in morning.state.columns()} <= set(KINDS)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
def test_a_phase_changes_what_it_declares_and_no_more(phase) -> None:
    model = at_eight(closing(signed=True) if phase.name in ("manage", "supply", "signs") else WORKS)
    ever: set[str] = set()
    for _ in range(12):
        for each in PHASES:
            was = columns(model.state) if each is phase else {}
            each.run(model, Access(model.state, each.name, each.reads | each.writes), model.now_s)
            if each is phase:
                ever |= changed_groups(was, columns(model.state))
        model.now_s += model.step_s
    assert ever <= phase.writes
    assert ever, "nothing moved in an hour: the test would pass whatever the phase declares"


def changed_groups(was: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> set[str]:
    """Groups of the state that differ."""
    return {
        name.split(".")[0]
        for name in was.keys() | now.keys()
        if name not in was or name not in now or not np.array_equal(was[name], now[name], equal_nan=True)
    }


def test_phases_do_something() -> None:
    model = at_eight(closing(signed=True))
    before = columns(model.state)
    model.step()
    after = columns(model.state)
    for group in ("loader", "itineraries", "log", "pictures", "platform", "orders", "supply"):
        assert any(
            name not in before or not np.array_equal(before[name], column, equal_nan=True)
            for name, column in after.items()
            if name.startswith(group)
        ), group


def test_no_actor_declares_truth() -> None:
    for phase in PHASES:
        if phase.actor:
            assert not {g for g in phase.reads | phase.writes if KINDS[g] == "truth"}, phase.name
    assert any(phase.actor for phase in PHASES)


def test_an_undeclared_group_cannot_be_read(morning: TwinModel) -> None:
    learn = next(phase for phase in PHASES if phase.name == "learn")
    access = Access(morning.state, learn.name, learn.reads | learn.writes)
    with pytest.raises(AttributeError, match="does not declare 'loader'"):
        _ = access.loader
