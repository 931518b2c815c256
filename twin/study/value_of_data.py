"""What the data of a scenario are worth for real decisions of its focus, and who brings how much of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.knowledge.coalitions import merged, shapley
from twin.knowledge.holders import hold_datasets, open_rights
from twin.knowledge.open_data import arrival_rate
from twin.knowledge.platform import DataPlatform
from twin.knowledge.standard_datasets import HOLDERS, STANDARD
from twin.model.sources import load_population
from twin.population.population import Population
from twin.scenario.assembly import APP_SHARE_ROW
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.scenario import Scenario
from twin.study.progress import Progress, silent
from twin.study.statistics import Difference, paired_difference
from twin.study.value_of_data_app import app_reports
from twin.study.value_of_data_game import POOLED, Decision, Game, NotApplicableError, data_orders_of, play
from twin.study.value_of_data_leaks import LeakSearch
from twin.study.value_of_data_rides import FleetSizing
from twin.study.value_of_data_sensors import Peak, SensorOption, logger_fleets, loop_fleets, peak_of
from twin.study.value_of_data_signals import SignalPlanning
from twin.study.value_of_data_siting import CounterSiting
from twin.territory.territory import Territory

MODEL_SEED = 1_000
"""An actor's model has people of so much later a seed: never those of the truth."""
DECISIONS: tuple[Callable[..., Decision], ...] = (
    SignalPlanning,
    LeakSearch,
    FleetSizing,
    CounterSiting,
)


@dataclass(frozen=True)
class ValueOfData:
    """Games of all decisions, shares of holders in their sum, and fleets of sensors by what they net.

    `shares` are Shapley's, of what all data save in all decisions [EUR/day]; `app` is what reports of
    inhabitants tell, beside the truth (`twin.study.value_of_data_app`); `left_out` are decisions that are
    not to be taken there, and why.
    """

    scenario: Scenario
    seeds: tuple[int, ...]
    games: tuple[Game, ...]
    shares: dict[str, Difference]
    fleets: tuple[SensorOption, ...]
    peaks: tuple[Peak, ...]
    app: dict[str, Any]
    left_out: tuple[str, ...]

    @property
    def arrivals(self) -> float:
        """Third-party services that open datasets bring in a month (see `twin.knowledge.open_data`)."""
        return arrival_rate(platform_of(self.scenario.in_force()), self.scenario.ledger())

    def game(self, name: str) -> Game:
        """The game of a decision."""
        return next(each for each in self.games if each.name == name)

    def summary(self) -> dict[str, Any]:
        """For JSON; all values are EUR a day."""
        return {
            "title": self.scenario.title,
            "focus": list(self.scenario.focus_zones) or ["all"],
            "seeds": list(self.seeds),
            "unit": "EUR/day",
            "decisions": [_told(each) for each in self.games],
            "left_out": list(self.left_out),
            "holders": [{"holder": name, **_interval(each)} for name, each in self.shares.items()],
            "app_reports": self.app,
            "third_party_services_per_month": self.arrivals,
            "sensors": [_fleet_told(each) for each in self.fleets],
            "peaks": [
                {
                    **_fleet_told(each.best),
                    "interior_count": each.interior_count,
                    "interior_interval": each.interior_interval,
                }
                for each in self.peaks
            ],
        }


def value_of_data(
    scenario: Scenario,
    territory: Territory,
    population: Population,
    seeds: int | Sequence[int] = 20,
    *,
    progress: Progress = silent,
) -> ValueOfData:
    """Take every decision on every coalition of its datasets, for some seeds, in the scenario's focus.

    Where a holder or a right is another by the scenario's modifications, `Game.as_is` and shares follow.
    """
    chosen = tuple(range(scenario.seed, scenario.seed + seeds) if isinstance(seeds, int) else seeds)
    if not chosen:
        raise InputError("--seeds", "no seed", "1 or more")
    zones_in_focus(scenario, territory)  # a focus that is not there is told before anything is decided
    orders, games, fleets = scenario.in_force(), [], []
    parameters = scenario.ledger().replaced({APP_SHARE_ROW: scenario.app_share_in_force}, "app_share")
    peaks: list[Peak] = []
    app: dict[str, Any] = {}
    left_out: list[str] = []
    for row, kind in enumerate(DECISIONS):
        progress(row / len(DECISIONS), "taking decisions")
        try:
            decision = made(kind, scenario, territory, population, parameters)
        except NotApplicableError as error:  # no engine of water here, or nobody whom it concerns
            left_out.append(str(error))
            continue
        games.append(play(decision, chosen, orders))
        if isinstance(decision, CounterSiting):
            app = app_reports(decision, chosen)
        found = _fleets(decision, chosen)
        fleets += found
        best = peak_of(found)
        peaks += [] if best is None else [best]
    progress(1.0, "done")
    return ValueOfData(
        scenario,
        chosen,
        tuple(games),
        holders_shares(games, orders),
        tuple(fleets),
        tuple(peaks),
        app,
        tuple(left_out),
    )


def made(
    kind: Callable[..., Decision],
    scenario: Scenario,
    territory: Territory,
    population: Population,
    parameters: Parameters,
) -> Decision:
    """A decision in the scenario's focus; who sizes a fleet has people of a model of its own, drawn anew."""
    given = territory, population, parameters, zones_in_focus(scenario, territory)
    if kind is not FleetSizing:
        return kind(*given)
    return FleetSizing(*given, load_population(scenario, territory, scenario.seed + MODEL_SEED))


def zones_in_focus(scenario: Scenario, territory: Territory) -> np.ndarray:
    """Rows of the zones of the focus; of all where it is the whole."""
    names = list(territory.zones.name)
    for name in scenario.focus_zones:
        if name not in names:
            raise InputError(scenario.where("focus"), f"no zone {name!r}", "one of " + ", ".join(names))
    return np.array([names.index(each) for each in scenario.focus_zones or names])


def platform_of(orders: Sequence[Modification]) -> DataPlatform:
    """The datasets that decisions are taken on, empty, as a scenario has them held and open."""
    platform = DataPlatform()
    for dataset in STANDARD.values():
        platform.add(dataset)
    mine = data_orders_of(orders, list(STANDARD))
    hold_datasets(platform, mine)
    open_rights(platform, mine)
    return platform


def holders_of(orders: Sequence[Modification]) -> dict[str, str]:
    """Who holds each of the datasets that decisions are taken on."""
    return {each.name: each.owner for each in platform_of(orders).datasets()}


def holders_shares(games: Sequence[Game], orders: Sequence[Modification]) -> dict[str, Difference]:
    """Each holder's Shapley share of what all data save in all decisions, with its interval over seeds.

    A holder who joins brings all its datasets. Shares of a sum of games are sums of shares.
    """
    held = holders_of(orders)
    holders = [*HOLDERS, *sorted(set(held.values()) - set(HOLDERS))]
    holders = [each for each in holders if each in held.values()]
    n_seeds = len(games[0].seeds) if games else 0
    shares = np.zeros((n_seeds, len(holders)))
    for game in games:
        groups = tuple(holders.index(held[each.name]) for each in game.datasets)
        for row in range(n_seeds):
            shares[row] += shapley(merged(game.value[row], groups, len(holders)))
    none = [0.0] * n_seeds
    return {name: paired_difference(none, shares[:, k].tolist()) for k, name in enumerate(holders)}


def _fleets(decision: Decision, seeds: Sequence[int]) -> list[SensorOption]:
    if isinstance(decision, LeakSearch):
        return logger_fleets(decision, seeds)
    return loop_fleets(decision, seeds) if isinstance(decision, SignalPlanning) else []


def _told(game: Game) -> dict[str, Any]:
    names = [each.name for each in game.datasets]
    n = len(names)
    as_is = paired_difference(game.as_is.tolist(), game.cost[:, 0].tolist())
    return {
        "decision": game.name,
        "actor": game.actor,
        "cost_without_data": float(game.cost[:, 0].mean()),
        "alone": [{"dataset": name, **_interval(game.worth(1 << k))} for k, name in enumerate(names)],
        "all": _interval(game.worth((1 << n) - 1)),
        "as_rights_are": _interval(as_is),
        "pooled": [
            {"share": share, **_interval(paired_difference(costs, game.cost[:, 0].tolist()))}
            for share, costs in zip(POOLED, game.pooled.T.tolist(), strict=True)
        ],
        "crossing": [{"pair": list(pair), **_interval(each)} for pair, each in game.crossings().items()],
        "shapley": game.shares(),
        "coalitions": [
            {"datasets": [names[k] for k in range(n) if mask >> k & 1], "value": float(value)}
            for mask, value in enumerate(game.mean.tolist())
        ],
    }


def _interval(found: Difference) -> dict[str, Any]:
    return {"value": found.difference, "low": found.low, "high": found.high}


def _fleet_told(fleet: SensorOption) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(fleet).items() if key != "saves"}
    reckoned = ("saves_per_sensor_eur", "net_eur", "net_with_carbon_eur")
    return {**kept, "saves": _interval(fleet.saves), **{name: getattr(fleet, name) for name in reckoned}}
