"""Where a decision is not to be taken, the study says why, and takes the others."""

from __future__ import annotations

import pytest

from tests.riviera import riviera
from twin.errors import InputError
from twin.study import value_of_data as study
from twin.study.value_of_data_rides import FleetSizing

pytestmark = pytest.mark.one_interpreter("the same on each")


def test_what_cannot_be_decided_is_told(monkeypatch):
    def none(*_: object) -> FleetSizing:
        raise InputError("water", "owa-epanet is not installed", "the extra 'utilities'")

    monkeypatch.setattr(study, "DECISIONS", (none, FleetSizing))
    found = study.value_of_data(*riviera(), seeds=2)
    assert [each.name for each in found.games] == ["on-demand fleet"]
    assert len(found.left_out) == 1
    assert "owa-epanet" in found.left_out[0]
    assert found.summary()["app_reports"] == {}
    with pytest.raises(InputError, match="no seed"):
        study.value_of_data(*riviera(), seeds=())
