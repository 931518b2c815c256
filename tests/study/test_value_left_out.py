"""Where a decision is not to be taken, the study says why, and takes the others."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from tests.riviera import riviera
from twin.errors import InputError
from twin.study import value_of_data as study
from twin.study.value_of_data_game import Decision, NotApplicableError
from twin.study.value_of_data_leaks import LeakSearch
from twin.study.value_of_data_rides import FleetSizing
from twin.territory.utilities.tables import Utilities

pytestmark = pytest.mark.one_interpreter("the same on each")


def test_what_cannot_be_decided_is_told(monkeypatch):
    def none(*_: object) -> FleetSizing:
        raise NotApplicableError("water", "owa-epanet is not installed", "the extra 'utilities'")

    monkeypatch.setattr(study, "DECISIONS", (none, FleetSizing))
    found = study.value_of_data(*riviera(), seeds=2)
    assert [each.name for each in found.games] == ["on-demand fleet"]
    assert len(found.left_out) == 1
    assert "owa-epanet" in found.left_out[0]
    assert found.summary()["app_reports"] == {}
    with pytest.raises(InputError, match="no seed"):
        study.value_of_data(*riviera(), seeds=())


def test_without_an_engine_no_leak_is_searched(monkeypatch):
    monkeypatch.setitem(sys.modules, "epanet", None)  # whoever imports it finds it absent
    scenario, territory, population = riviera()
    with pytest.raises(NotApplicableError, match="leak search: water network: it needs the extra"):
        LeakSearch(territory, population, scenario.ledger(), study.zones_in_focus(scenario, territory))


def test_bad_input_is_no_reason_to_leave_a_decision_out(monkeypatch):
    """A mistyped parameter and a damaged layer end the study: what is left out is not silently less."""
    scenario, territory, population = riviera()

    def mistyped(*given: Any) -> Decision:
        return given[2]["value.leak_lpz"]

    monkeypatch.setattr(study, "DECISIONS", (mistyped,))
    with pytest.raises(InputError, match=r"no parameter 'value\.leak_lpz'"):
        study.value_of_data(scenario, territory, population, seeds=1)
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    nowhere = replace(territory, utilities=Utilities.none())
    monkeypatch.setattr(study, "DECISIONS", (LeakSearch,))
    with pytest.raises(InputError, match="the territory has no utility layers"):
        study.value_of_data(scenario, nowhere, population, seeds=1)
