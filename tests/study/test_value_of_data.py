"""Value of data: what decisions cost with and without it, on real networks; no worth is decreed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.riviera import riviera
from twin.errors import InputError
from twin.knowledge.coalitions import crossing, shapley
from twin.knowledge.datasets import observations
from twin.knowledge.platform import DataPlatform
from twin.knowledge.standard_datasets import STANDARD
from twin.scenario.data_sharing import HoldDataset, PublishDataset, TerritorialPlatform
from twin.scenario.modification import Modification
from twin.study.value_of_data import ValueOfData, holders_shares, made, value_of_data, zones_in_focus
from twin.study.value_of_data_game import NOW_S, DatasetSource, DecisionDay, play, with_datasets
from twin.study.value_of_data_leaks import LeakSearch, Loggers
from twin.study.value_of_data_rides import FleetSizing
from twin.study.value_of_data_sensors import peak_of
from twin.study.value_of_data_signals import SignalPlanning
from twin.study.value_of_data_siting import CounterSiting

pytestmark = pytest.mark.one_interpreter("lives many decisions on real networks")
SEEDS = range(1, 13)


@dataclass
class Bet:
    """A number of two digits is guessed; each dataset tells one, so that only both tell all."""

    name, actor = "bet", "city/games"
    datasets = (
        replace(STANDARD["road_counts"], name="tens", owner="city", service="games"),
        replace(STANDARD["road_counts"], name="ones", owner="partner", service=""),
    )

    def day(self, seed: int) -> DecisionDay:
        digits = np.array([(7 * seed) % 10, (3 * seed) % 10])
        told = [observations(np.array([0]), NOW_S - 10.0, NOW_S - 10.0, float(each)) for each in digits]
        return DecisionDay(
            10 * digits[0] + digits[1],
            tuple(DatasetSource(each, rows) for each, rows in zip(self.datasets, told, strict=True)),
        )

    def act(self, platform: DataPlatform) -> tuple[bool, int]:
        seen = [platform.visible(self.actor, each.name, NOW_S) for each in self.datasets]
        known = all(each.n_rows for each in seen)
        return known, int(10 * seen[0].result[0] + seen[1].result[0]) if known else 0

    def cost(self, day: DecisionDay, action: tuple[bool, int]) -> float:
        return 0.0 if action == (True, day.truth) else 100.0


def test_what_only_both_tell_is_worth_nothing_apart_and_is_shared_by_halves():
    game = play(Bet(), range(8))
    assert game.mean.tolist() == [0.0, 0.0, 0.0, 100.0]
    assert game.crossings()["tens", "ones"].difference == 100.0
    assert list(game.shares().values()) == [50.0, 50.0]
    assert game.as_is.tolist() == [100.0] * 8, "the partner shares nothing"
    pooled = game.pooled.mean(axis=0)
    assert (pooled[0], pooled[-1]) == (100.0, 0.0), "silos, and all opened"
    assert (np.diff(pooled) <= 0.0).all()


@pytest.mark.parametrize(
    ("orders", "cost"),
    [
        ([PublishDataset(dataset="ones")], 0.0),
        ([PublishDataset(dataset="ones", lag_s=60.0)], 100.0),
        ([TerritorialPlatform(members=("city", "partner"), transversality=0.0, pooled=1.0)], 0.0),
        ([TerritorialPlatform(members=("city", "partner"), transversality=1.0, pooled=0.0)], 100.0),
        ([PublishDataset(dataset="ones"), HoldDataset(dataset="tens", service="other")], 100.0),
    ],
)
def test_rights_of_the_scenario_decide_what_the_actor_sees(orders: list[Modification], cost: float) -> None:
    assert play(Bet(), range(3), orders).as_is.tolist() == [cost] * 3


@cache
def decision(kind: Any, zone: str) -> Any:
    scenario, territory, population = riviera()
    focus = scenario.model_copy(update={"focus": zone})
    return made(kind, focus, territory, population, scenario.ledger())


@cache
def game_of(kind: Any, zone: str) -> Any:
    return play(decision(kind, zone), SEEDS)


def test_counts_make_better_signal_plans_and_say_much_the_same_as_traces():
    game = game_of(SignalPlanning, "dense")
    assert game.worth(0b01).low > 0.0
    assert game.worth(0b10).low > 0.0
    assert game.worth(0b11).difference > 0.3 * game.cost[:, 0].mean()
    assert game.crossings()["road_counts", "calculator_traffic"].high < 0.0, "they overlap"
    nobody = game_of(SignalPlanning, "la_turbie")
    assert not nobody.cost.any(), "a village without signals has no signal plan"


def test_inflows_of_districts_shorten_the_search_for_leaks():
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    game = game_of(LeakSearch, "la_turbie")
    names = [each.name for each in game.datasets]
    inflow, meters = 1 << names.index("inlet_flows"), 1 << names.index("meter_sums")
    assert game.worth(inflow).difference > 0.5 * game.cost[:, 0].mean()
    assert game.worth(meters).difference == 0.0, "what customers draw says nothing of leaks by itself"
    assert (game.cost > 0.0).all()


def test_more_loggers_that_read_more_often_find_leaks_sooner():
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    search, seeds = decision(LeakSearch, "la_turbie"), range(1, 41)
    mask = 1 << [each.name for each in search.datasets].index("pressures")

    def mean_cost(count: int, interval_s: float) -> float:
        equipped, costs = search.equipped(Loggers(count, interval_s)), []
        for seed in seeds:
            day = equipped.day(seed)
            costs.append(equipped.cost(day, equipped.act(with_datasets(equipped.actor, day.sources, mask))))
        return float(np.mean(costs))

    few, many = mean_cost(2, 900.0), mean_cost(80, 900.0)
    assert many < 0.7 * few
    assert mean_cost(80, 60.0) < many
    stands = [set(search.equipped(Loggers(n, 900.0)).stands.tolist()) for n in (5, 20)]
    assert stands[0] < stands[1]


def test_vehicles_are_bought_for_the_demand_that_is_seen():
    game = game_of(FleetSizing, "la_turbie")
    assert game.worth(0b111).difference >= 0.0
    sizing = decision(FleetSizing, "la_turbie")
    assert sizing.expected_eur(np.full(7, 0.1)).argmin() < sizing.expected_eur(np.full(7, 4.0)).argmin()
    refused = [
        sizing._routed(sizing.asking, sizing._requests(sizing.asking, 2.0, 1, 0), n)[0] for n in (1, 2, 4)
    ]
    assert refused[0] > refused[1] >= refused[2]


@pytest.mark.parametrize("zone", ["dense", "la_turbie"])
def test_a_counter_is_sited_better_where_need_is_seen(zone):
    game, siting = game_of(CounterSiting, zone), decision(CounterSiting, zone)
    everything = game.worth(0b1111)
    assert everything.difference > 0.0
    day = siting.day(3)
    best = min(siting.cost(day, site) for site in range(len(siting.minutes)))
    assert game.cost[2].min() >= best, "nobody does better than who knows the truth"


def test_shares_of_holders_are_those_of_the_sum_and_follow_who_holds():
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    games = [game_of(LeakSearch, "la_turbie"), game_of(CounterSiting, "la_turbie")]
    shares = holders_shares(games, ())
    total = sum(float(game.mean[-1]) for game in games)
    assert sum(each.difference for each in shares.values()) == pytest.approx(total)
    assert shares["transport_operator"].difference == 0.0, "who brings nothing to these decisions"
    moved = holders_shares(games, [HoldDataset(dataset="inlet_flows", holder="city")])
    assert moved["water_operator"].difference < shares["water_operator"].difference
    assert sum(each.difference for each in moved.values()) == pytest.approx(total)
    game = games[0]
    assert crossing(game.mean, 0, 2) == pytest.approx(
        game.crossings()["inlet_flows", "meter_sums"].difference
    )
    assert shapley(game.mean).sum() == pytest.approx(game.mean[-1])


@cache
def village() -> ValueOfData:
    return value_of_data(*riviera(), seeds=3)


def test_the_study_tells_all_and_peaks_as_they_are():
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    found = village().summary()
    assert [each["decision"] for each in found["decisions"]] == [
        "signal plan", "leak search", "on-demand fleet", "siting of a counter",
    ]  # fmt: skip
    assert found["focus"] == ["la_turbie"]
    assert found["decisions"][1]["all"]["low"] is None, "no interval of three seeds"
    fleets = [each for each in village().fleets if each.kind == "pressure logger"]
    peak = peak_of(fleets)
    assert peak is not None
    assert peak.best.net_eur == max(each.net_eur for each in fleets)
    assert all(each.net_with_carbon_eur < each.net_eur for each in fleets)
    help_of = {(each["mediation"], each["equipment"]): each for each in found["app_reports"]["by_help"]}
    assert help_of[0.6, 0.0]["distance"]["value"] < help_of[0.0, 0.0]["distance"]["value"]
    assert found["third_party_services_per_month"] == 0.0, "nothing is open"
    with pytest.raises(InputError, match="no zone"):
        zones_in_focus(village().scenario.model_copy(update={"focus": "nowhere"}), riviera()[1])
