"""Objectives, predicted times, owners, and the ranking by greenhouse gases, as scenarios say them."""

from __future__ import annotations

import pytest

from tests.model.village import SCENARIOS, TABLES, scenario
from twin.cli.fit import fit
from twin.errors import InputError
from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario

RANKING = '\n[[modification]]\nkind = "rank_by_ghg"\n'


def test_who_names_nothing_has_the_objective_and_the_times_that_there_always_were() -> None:
    for provider in scenario().providers:
        assert (provider.objective, provider.times, provider.owner) == ("time", "instantaneous", "company")


def test_a_wrong_objective_is_told_with_its_place_before_anything_runs() -> None:
    wrong = scenario().varied("provider.Azimut.objective", "quickest")
    with pytest.raises(
        InputError, match=r"--vary: provider.*no calculator kind 'quickest'.*one of diverse, forward"
    ):
        fit(wrong)


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [("times", "future", "predicted"), ("owner", "state", "city"), ("objective", "", "time_co2")],
)
def test_what_is_neither_is_told_in_one_line(key: str, value: str, right: str) -> None:
    with pytest.raises(InputError) as error:
        scenario().varied(f"provider.Azimut.{key}", value)
    assert right in str(error.value)
    assert "\n" not in str(error.value)


def test_a_ranking_takes_band_and_respect_or_leaves_them_to_ledger_and_provider() -> None:
    (silent,) = scenario(RANKING).modifications
    assert isinstance(silent, RankByGhg)
    assert (silent.band, silent.respect) == (Parameters.defaults()["calculators.ghg_band"], None)
    (said,) = scenario(RANKING + "band = 0.05\nrespect = 0.3\n").modifications
    assert isinstance(said, RankByGhg)
    assert (said.band, said.respect) == (0.05, 0.3)
    text = TABLES + '[parameters]\n"calculators.ghg_band" = 0.2\n' + RANKING
    (changed,) = Scenario.loads(text, folder=SCENARIOS).modifications
    assert isinstance(changed, RankByGhg)
    assert changed.band == 0.2
    with pytest.raises(InputError, match="whole days"):
        scenario(RANKING + 'from = "08:00"\n')


def test_the_public_calculator_is_the_citys() -> None:
    spec = Scenario.load(SCENARIOS / "metropolis_public_calculator.toml")
    public = spec.providers[-1]
    assert (public.owner, public.objective, public.respect) == ("city", "marginal_cost", 1.0)
    assert sum(provider.market_share for provider in spec.providers) == pytest.approx(1.0)


def test_where_a_fleet_stands_is_no_option_of_its_kind() -> None:
    fleet = '[[sensor_fleet]]\nname = "loops"\nkind = "road_counter"\nowner = "city"\ncount = 3\n'
    text = 'title = "x"\nterritory = "la_turbie_crop"\n' + fleet
    assert Scenario.loads(text + 'placement = "random"').sensor_fleets[0].placement == "random"
    with pytest.raises(InputError, match="placement: stands among the options"):
        Scenario.loads(text + 'options = { placement = "random" }')
