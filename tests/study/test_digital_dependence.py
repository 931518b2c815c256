"""The share of a loss that digital dependence causes: paired by seed, with its sign and interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.stand_in import StandIn, small_scenario
from tests.study.utility_runs import DarkRuns
from twin.errors import InputError
from twin.scenario.modification import OfWholeDays
from twin.scenario.modifications import MODIFICATIONS
from twin.scenario.scenario import Scenario
from twin.study.digital_dependence import FALLBACK, digital_dependence, with_fallback

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")


class ByHand(OfWholeDays):
    """Stands in for the kind where it is not known yet."""

    kind: str = FALLBACK


@pytest.fixture(autouse=True)
def _the_kind_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    if FALLBACK not in MODIFICATIONS.names():
        monkeypatch.setitem(MODIFICATIONS._kinds, FALLBACK, ByHand)


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return small_scenario(tmp_path).varied("utilities", True)


def test_a_scenario_has_the_fallback_or_not_and_nothing_else_changes(scenario: Scenario) -> None:
    there, gone = with_fallback(scenario, True), with_fallback(scenario, False)
    assert [each.kind for each in there.modifications] == [FALLBACK]
    assert gone.modifications == ()
    assert with_fallback(there, False).modifications == ()
    assert with_fallback(there, True).modifications == there.modifications, "its own stays as it is"
    assert there.simulation_digest() != gone.simulation_digest()


def test_the_share_is_what_the_fallback_saves_of_the_loss(scenario: Scenario) -> None:
    """Two hours less of power for seven people at home, of six to eight and a half hours."""
    found = digital_dependence(scenario, 3, cache=False, runner=DarkRuns())
    power = found.of("power")
    assert power.n_seeds == 3
    assert power.without_fallback > power.with_fallback > 0.0
    saved = power.without_fallback - power.with_fallback
    assert power.share == pytest.approx(saved / power.without_fallback)
    assert power.low is None, "no interval of three seeds"
    whole = found.of()
    parts = [found.of(name) for name in ("power", "water", "heat", "fibre", "mobile", "procedures")]
    assert whole.without_fallback == pytest.approx(sum(each.without_fallback for each in parts))
    assert found.of("water").share == 0.0, "as long without in both"
    assert found.of("heat").share is None, "nothing is lost"
    assert found.of("", "village").without_fallback < whole.without_fallback
    assert found.of("", "all", "skill:none").without_fallback > 0.0
    with pytest.raises(InputError):
        found.of("power", "all", "skill:none")


def test_a_fallback_that_does_harm_has_a_share_below_nought(scenario: Scenario) -> None:
    found = digital_dependence(scenario, 2, cache=False, runner=DarkRuns(helps=False))
    assert found.of("power").share is not None
    assert found.of("power").share < 0.0


def test_from_five_seeds_on_there_is_an_interval(scenario: Scenario) -> None:
    found = digital_dependence(scenario, 5, cache=False, runner=DarkRuns())
    power = found.of("power")
    assert power.low is not None
    assert power.high is not None
    assert power.low < power.share < power.high
    told = found.summary()
    assert told["losses"][0]["share"] == found.losses[0].share
    assert told["seeds"] == list(found.seeds)


def test_a_scenario_without_networks_is_one_clear_line_before_anything_is_lived(scenario: Scenario) -> None:
    runner = StandIn()
    with pytest.raises(InputError, match="no utility network is simulated"):
        digital_dependence(scenario.varied("utilities", False), 1, cache=False, runner=runner)
    assert runner.ran == []
