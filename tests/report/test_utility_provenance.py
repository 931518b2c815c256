"""The report says how the utility layers are known."""

from __future__ import annotations

from tests.conftest import ROOT
from twin.report.network import provenance_of
from twin.territory.territory import Territory


def test_the_share_observed_of_each_utility_is_told():
    territory = Territory.load(ROOT / "networks" / "la_turbie_crop")
    known = {each.what: each for each in provenance_of(territory)}
    counts = territory.utilities.counts()
    for name in ("power", "water", "telecom"):
        row = known[f"elements of {name}"]
        assert (row.observed, row.inferred, row.assumed) == tuple(
            counts[name][each] for each in ("observed", "inferred", "assumed")
        )
        assert row.total == counts[name]["elements"] > 0
    assert known["elements of power"].observed == 7
    assert "elements of heat" not in known, "nothing is said of what is not there"
