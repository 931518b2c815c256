"""A phase changes only what it declares, sees only what it declares, and no actor sees truth."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.model.village import WORKS, scenario, world
from twin.model.phases import PHASES
from twin.model.state import KINDS, Access, DayState
from twin.model.twin_model import TwinModel

ALIASES = ("loader.supply.", "loader.network.")
"""The loader holds the same supply arrays as the group ``supply``, and a network that never moves."""


CLOSED_AT_EIGHT = """
[[modification]]
kind = "close_link"
links = { ref = "D2564" }
from = "08:00"
until = "09:00"
"""


def at_eight() -> TwinModel:
    """The village at eight, works under way, and a closure about to begin."""
    here = world()
    spec = scenario(WORKS + CLOSED_AT_EIGHT)
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_until(8 * 3_600)
    return model


@pytest.fixture(scope="module")
def morning() -> TwinModel:
    """One model for the tests that put its state back."""
    return at_eight()


def columns(state: DayState) -> dict[str, np.ndarray]:
    return {name: a.copy() for name, a in state.columns().items() if not name.startswith(ALIASES)}


def test_every_group_of_the_state_has_a_kind(morning: TwinModel) -> None:
    assert {name.split(".")[0] for name in morning.state.columns()} <= set(KINDS)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.name)
def test_a_phase_changes_only_what_it_declares(morning: TwinModel, phase) -> None:
    before = copy.deepcopy(morning.state)
    try:
        was = columns(morning.state)
        phase.run(morning, Access(morning.state, phase.name, phase.reads | phase.writes), morning.now_s)
        now = columns(morning.state)
    finally:
        morning.state = before
    changed = {
        name.split(".")[0]
        for name in was.keys() | now.keys()
        if name not in was or name not in now or not np.array_equal(was[name], now[name], equal_nan=True)
    }
    assert changed <= phase.writes


def test_phases_do_something() -> None:
    model = at_eight()
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
