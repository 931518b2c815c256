"""Privacy against the quality of decisions: what is published ever more strictly, and what that costs.

A decision is made from a published table and its cost reckoned in the truth; regret is what it costs more
than the decision by the whole truth. Who decides knows maps and totals anyway: where a table shows nothing,
services go by dwellings and a fleet by an even day; and only shape is taken from a table, not its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.kernels.random import key_of
from twin.knowledge.privacy_release import KEY_BYTES, NoiseKey, Policy, noise
from twin.knowledge.privacy_tables import Contributions, bounded
from twin.knowledge.traces import CellGrid
from twin.population.tables import RESIDENT
from twin.scenario.ledger import Parameters
from twin.study.attack import lives_in
from twin.study.decisions import FleetCost, mean_way_m, sited
from twin.study.statistics import paired_difference
from twin.study.traces import PLANNING, ResidentDays, TracedTrips
from twin.units import CENTS_PER_EUR, H_PER_DAY, S_PER_H

EPSILONS = (math.inf, 10.0, 3.0, 1.0, 0.5, 0.15, 0.05)
FEWEST = (0, 5, 10, 20, 50, 100)
DRAWS = 20
FREE_SHARE = 0.01
"""Regret that strictness adds, as a share of the cost, up to which it is a free lunch."""
SITING, FLEET = "siting", "fleet"


class Strictness(NamedTuple):
    """How strictly a table is published: epsilon (inf: no noise, 0: no table) and fewest people shown."""

    epsilon: float
    fewest: int


LEVELS = (
    *(Strictness(epsilon, 10) for epsilon in EPSILONS),
    *(Strictness(math.inf, fewest) for fewest in FEWEST if fewest != 10),
    Strictness(0.0, 10),
)


class FrontPoint(NamedTuple):
    """Regret of a decision at a strictness over draws of noise: mean and 95 % interval.

    regret is in metres of way or cents a day, for each inhabitant; share is of the cost of the best decision.
    """

    focus: str
    decision: str
    epsilon: float
    fewest: int
    n_draws: int
    regret: float
    regret_low: float
    regret_high: float
    share: float
    share_high: float
    shown_share: float


@dataclass(frozen=True)
class ReleaseProblem:
    """A decision of a focus: what people who consent add to its table, and what it costs to decide by one.

    regret (shown (n_cells,)) is what deciding by a table costs more, for each inhabitant; best is the least.
    """

    focus: str
    decision: str
    given: Contributions
    most: int
    regret: Callable[[np.ndarray], float]
    best: float
    key: np.ndarray | None = None
    """Random keys of the persons (n_persons,)."""


def front(
    days: ResidentDays,
    parameters: Parameters,
    focuses: Sequence[str],
    levels: Sequence[Strictness] = LEVELS,
    n_draws: int = DRAWS,
) -> list[FrontPoint]:
    """Regret of both decisions in some focuses, at every level."""
    found = []
    for focus in focuses:
        for problem in (siting_of(days, parameters, focus), fleet_of(days, parameters, focus)):
            found += [point_of(problem, level, n_draws) for level in levels]
    return found


def point_of(problem: ReleaseProblem, level: Strictness, n_draws: int) -> FrontPoint:
    """Regret of a decision at one level, over draws of noise and of what is counted of each person."""
    regrets, shown_shares = [], []
    for draw in range(n_draws):
        shown = _published(problem, level, draw)
        regrets.append(problem.regret(np.nan_to_num(shown)))
        held = problem.given.sums()
        shown_shares.append(float(held[np.isfinite(shown)].sum() / max(held.sum(), 1)))
    found = paired_difference([0.0] * n_draws, regrets)
    low, mean, high = (float(each or 0.0) for each in (found.low, found.alternative, found.high))
    return FrontPoint(
        problem.focus, problem.decision, level.epsilon, level.fewest, n_draws, mean, low, high,
        mean / problem.best, high / problem.best, float(np.mean(shown_shares)),
    )  # fmt: skip


def siting_of(days: ResidentDays, parameters: Parameters, focus: str) -> ReleaseProblem:
    """Where to put services in a focus, by the presence of its people in its cells."""
    territory = days.territory
    resident = lives_in(days, focus) & (days.persons.kind == RESIDENT)
    zones = np.unique(days.persons.zone[resident])
    places = territory.places
    built = np.isin(places.zone, zones) & (places.dwellings > 0)
    cell_m = float(parameters["knowledge.front_cell_m"])
    grid = CellGrid.over(places.x_m[built], places.y_m[built], cell_m)
    lived = grid.cell_of(places.x_m[built], places.y_m[built])
    ours, row = np.unique(lived, return_inverse=True)
    dwellings = np.bincount(row, weights=places.dwellings[built])
    centre_m = grid.centres()[ours]
    distance_m = np.sqrt(((centre_m[:, None, :] - centre_m[None, :, :]) ** 2).sum(axis=2))
    n_sites = int(parameters["knowledge.front_sites"])

    def presence(journeys: TracedTrips) -> Contributions:
        seen = journeys.sightings()
        cell = np.searchsorted(ours, grid.cell_of(seen.x_m, seen.y_m)).clip(max=len(ours) - 1)
        inside = _inside(grid, seen.x_m, seen.y_m)
        inside &= resident[seen.person] & (ours[cell] == grid.cell_of(seen.x_m, seen.y_m))
        n_days = days.n_days + 1  # who is late on the last day arrives on the next
        day = (seen.moment_s[inside] // (H_PER_DAY * S_PER_H)).astype(np.int64)
        person = seen.person[inside] * n_days + day
        each = Contributions.of(person, cell[inside], np.ones(int(inside.sum())), len(ours))
        return Contributions.of(each.person // n_days, each.cell, np.ones(len(each.cell)), len(ours))

    demand = presence(days.journeys).sums().astype(np.float64)
    best = mean_way_m(demand, distance_m, sited(demand, distance_m, n_sites))

    def regret(shown: np.ndarray) -> float:
        believed = np.maximum(shown, 0.0)
        sites = sited(believed if believed.sum() > 0.0 else dwellings, distance_m, n_sites)
        return mean_way_m(demand, distance_m, sites) - best

    given = presence(days.journeys_of(PLANNING))
    once, key = given._replace(amount=np.ones_like(given.amount)), days.persons.person_key
    return ReleaseProblem(
        focus, SITING, once, int(parameters["knowledge.privacy_most_cells"]), regret, best, key
    )


def fleet_of(days: ResidentDays, parameters: Parameters, focus: str) -> ReleaseProblem:
    """How many shared vehicles to keep in a focus, by the hours in which its people leave."""
    resident = lives_in(days, focus) & (days.persons.kind == RESIDENT)

    def departures(journeys: TracedTrips) -> Contributions:
        mine = resident[journeys.person] & (journeys.day == 0) & np.isfinite(journeys.departed_s)
        hour = (journeys.departed_s[mine] // S_PER_H).astype(np.int64) % H_PER_DAY
        return Contributions.of(journeys.person[mine], hour, np.ones(int(mine.sum())), H_PER_DAY)

    n_people = int(resident.sum())
    trips = departures(days.journeys).sums() * float(parameters["knowledge.front_on_demand_share"])
    opens_h, closes_h = parameters["on_demand.service_hours"]
    cost = FleetCost(
        float(parameters["on_demand.cost_eur_per_h"]) * (float(closes_h) - float(opens_h)),
        float(parameters["knowledge.front_trips_per_vehicle_h"]),
        float(parameters["knowledge.front_lost_trip_eur"]),
    )
    cents = CENTS_PER_EUR / n_people
    best = float(cost.of(cost.fleet(trips), trips)[0]) * cents

    def regret(shown: np.ndarray) -> float:
        believed = np.maximum(shown, 0.0)
        shape = believed if believed.sum() > 0.0 else np.ones(H_PER_DAY)
        fleet = cost.fleet(shape / shape.sum() * trips.sum())
        return float(cost.of(fleet, trips)[0]) * cents - best

    most, key = int(parameters["knowledge.privacy_most_trips"]), days.persons.person_key
    return ReleaseProblem(focus, FLEET, departures(days.journeys_of(PLANNING)), most, regret, best, key)


def free_lunch(points: Sequence[FrontPoint]) -> Iterator[tuple[str, str, float]]:
    """The strictest epsilon down to which strictness adds next to nothing, by focus and decision, or NaN.

    Next to nothing is, for sure, one percent of the cost beyond what deciding by the same table costs whole.
    """
    for focus, decision in dict.fromkeys((each.focus, each.decision) for each in points):
        mine = [each for each in points if (each.focus, each.decision) == (focus, decision)]
        whole = min(
            (each.share for each in mine if math.isinf(each.epsilon) and not each.fewest), default=0.0
        )
        strictest = math.nan
        for each in sorted((e for e in mine if e.fewest == 10), key=lambda point: -point.epsilon):
            if each.share_high > whole + FREE_SHARE:
                break
            strictest = each.epsilon
        yield focus, decision, strictest


def _published(problem: ReleaseProblem, level: Strictness, draw: int) -> np.ndarray:
    """A table as it would be published (n_cells,), NaN where hidden; draws are reproducible studies."""
    if level.epsilon == 0.0:
        return np.full(problem.given.n_cells, np.nan)
    if math.isinf(level.epsilon) and not level.fewest:
        return problem.given.sums().astype(np.float64)
    name = f"{problem.focus} {problem.decision} {draw}"
    if math.isinf(level.epsilon):
        sums = problem.given.sums()
        return np.where(sums >= level.fewest, sums.astype(np.float64), np.nan)
    policy = Policy(level.epsilon, problem.most, level.fewest)
    kept = bounded(problem.given, problem.most, draw, name, problem.key)
    key = NoiseKey(int(key_of(name)).to_bytes(KEY_BYTES, "little"))
    noisy = kept.sums() + noise(policy, key, name, kept.n_cells)
    return np.where(noisy >= policy.least_shown, noisy.astype(np.float64), np.nan)


def _inside(grid: CellGrid, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Points within the ground of a grid (n,) bool."""
    east_m = grid.west_m + grid.n_columns * grid.cell_m
    north_m = grid.south_m + grid.n_rows * grid.cell_m
    return np.asarray((x_m >= grid.west_m) & (x_m < east_m) & (y_m >= grid.south_m) & (y_m < north_m))
