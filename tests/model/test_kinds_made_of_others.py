"""Kinds from outside, made of those that the model knows: they are to a day what their parts are."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import twin.model
import twin.study
from tests.riviera import SCENARIOS, riviera
from twin.model.vehicle_rules import low_emission_zones_of, toll_gates_of
from twin.scenario.modification import Modification
from twin.scenario.scenario import Scenario
from twin.study.known_rules import barred_slices

OWN_WORDS = {"digital_dependence.py"}
"""Takes its own fallback out of a scenario's modifications; nothing of a day is decided there."""


class Package(Modification):
    """A kind from outside, made of any other."""

    kind: str = "package"
    content: tuple[Modification, ...]

    def parts(self) -> tuple[Modification, ...]:
        return self.content


def packed(scenario: Scenario) -> Scenario:
    """The scenario with each of its modifications inside one from outside."""
    packages = tuple(Package.model_construct(content=(each,)) for each in scenario.modifications)
    return scenario.model_copy(update={"modifications": packages})


def scenarios() -> list[str]:
    return sorted(file.stem for file in SCENARIOS.glob("*.toml"))


@pytest.mark.parametrize("name", scenarios())
def test_what_is_in_force_is_the_same(name: str) -> None:
    scenario = Scenario.load(SCENARIOS / f"{name}.toml")
    inside = packed(scenario)
    assert inside.in_force() == scenario.in_force()
    assert inside.parts() == scenario.parts()
    assert inside.fleets(in_force=False) == scenario.fleets(in_force=False)
    assert inside.with_utilities == scenario.with_utilities
    for order in scenario.in_force():
        assert order in inside.orders(type(order))


def test_zones_tolls_and_school_streets_are_the_same() -> None:
    """Rules of the place that are read before a day begins, apart from the road manager's levers."""
    territory = riviera()[1]
    zoned, tolled, schools = (
        Scenario.load(SCENARIOS / f"metropolis_{name}.toml")
        for name in ("low_emission_zone", "toll", "school_street")
    )
    (zone,), (inside,) = (low_emission_zones_of(each, territory) for each in (zoned, packed(zoned)))
    assert zone.links.any()
    assert np.array_equal(zone.links, inside.links)
    (gate,), (inside_gate,) = (toll_gates_of(each, territory) for each in (tolled, packed(tolled)))
    assert gate.entries.any()
    assert np.array_equal(gate.entries, inside_gate.entries)
    barred = barred_slices(schools, territory)
    assert barred.any()
    assert np.array_equal(barred, barred_slices(packed(schools), territory))


def test_a_rule_of_another_month_does_not_hold() -> None:
    territory = riviera()[1]
    tolled = Scenario.load(SCENARIOS / "metropolis_toll.toml")
    later = [each.model_copy(update={"from_": "2027-06"}) for each in tolled.modifications]
    packages = (Package.model_construct(content=tuple(later)),)
    now = tolled.model_copy(update={"modifications": packages})
    assert toll_gates_of(now, territory) == ()
    (gate,) = toll_gates_of(now.model_copy(update={"month": "2027-06"}), territory)
    assert gate.entries.any()


@pytest.mark.parametrize("room", [twin.model, twin.study], ids=["model", "study"])
def test_no_day_reads_modifications_that_are_not_taken_apart(room: object) -> None:
    """A filter of `scenario.modifications` by kind passes over what is made of that kind."""
    folder = Path(next(iter(room.__path__)))  # type: ignore[attr-defined]
    reading = {
        file.name
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "modifications"
    }
    assert reading <= OWN_WORDS
