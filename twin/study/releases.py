"""Everything that a run may publish of its residents, as tables that share one budget.

Presence by cell and hour, origins and destinations, usage of water by zone and hour, travel by group, and
traffic by zone and hour. Only persons count who let their data be used for that purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.indicators.groups import AGE_GROUPS, SKILL_GROUPS, age_group
from twin.knowledge.privacy_release import BudgetLedger, NoiseKey, Policy
from twin.knowledge.privacy_tables import Contributions, ExactTable, publish_tables
from twin.knowledge.traces import CellGrid
from twin.scenario.ledger import Parameters
from twin.study.traces import ENERGY, PLANNING, ResidentDays, TracedTrips
from twin.units import H_PER_DAY, S_PER_H

PRESENCE, FLOWS = "presence", "origins_destinations"
GROUPS, GROUP_MIN = "travellers_by_group", "minutes_by_group"
CARS, CAR_KM, CAR_MIN = "cars_by_zone_and_hour", "car_km_by_zone_and_hour", "car_minutes_by_zone_and_hour"
METERED, WATER_L = "people_metered_by_zone", "water_l_by_zone_and_hour"
GROUP_NAMES = (*AGE_GROUPS, *SKILL_GROUPS)
FAMILIES_OF_GROUPS = 2
"""Everybody is in one group by age and in one by skill."""


@dataclass(frozen=True)
class ReleasePlan:
    """The tables of a run before noise, and what their cells are."""

    tables: tuple[ExactTable, ...]
    grid: CellGrid
    flow_grid: CellGrid
    zones: tuple[str, ...]

    def table(self, name: str) -> ExactTable:
        """One of them."""
        for each in self.tables:
            if each.name == name:
                return each
        raise InputError("release", f"no table {name!r}", "one of " + ", ".join(t.name for t in self.tables))


@dataclass(frozen=True)
class Published:
    """What is published, what stands behind it, and what it cost; shown (n_cells,) by table."""

    plan: ReleasePlan
    shown: Mapping[str, np.ndarray]
    ledger: BudgetLedger


def release_plan_of(days: ResidentDays, parameters: Parameters, seed: int) -> ReleasePlan:
    """The tables that a run's days may be published as."""
    territory = days.territory
    x_m = np.concatenate([territory.streets.node_x_m, territory.places.x_m])
    y_m = np.concatenate([territory.streets.node_y_m, territory.places.y_m])
    grid, flow_grid = (
        CellGrid.over(x_m, y_m, float(parameters[f"knowledge.privacy_{name}"]))
        for name in ("cell_m", "flow_cell_m")
    )
    zones = tuple(str(name) for name in territory.zones.name)
    rule = _Rule(parameters, seed, days.persons.person_key)
    mine = days.journeys_of(PLANNING)
    tables = (
        _presence(mine, grid, rule),
        _flows(mine, flow_grid, rule),
        *_groups(days, mine, len(zones), rule),
        *_traffic(days, mine, len(zones), rule),
        *_usage(days, len(zones), rule),
    )
    return ReleasePlan(tables, grid, flow_grid, zones)


def publish_plan(plan: ReleasePlan, key: NoiseKey, ledger: BudgetLedger, about: str) -> Published:
    """Pay for all tables and make them."""
    return Published(plan, publish_tables(plan.tables, key, ledger, about), ledger)


@dataclass(frozen=True)
class _Rule:
    """Policies of tables by the ledger's shares of the budget."""

    parameters: Parameters
    seed: int
    key: np.ndarray

    def table(
        self,
        name: str,
        given: Contributions,
        shape: tuple[int, int],
        costs: tuple[str, float],
        counted_by: str = "",
        most: int = 0,
    ) -> ExactTable:
        """A table that costs a part of a named share; a table of persons has the ledger's most cells."""
        share = float(self.parameters[f"knowledge.privacy_{costs[0]}_share"]) * costs[1]
        epsilon = float(self.parameters["knowledge.privacy_epsilon"]) * share
        least = int(self.parameters["knowledge.privacy_least_people"])
        policy = Policy(epsilon, most or int(self.parameters["knowledge.privacy_most_cells"]), least)
        return ExactTable.of(name, given, policy, shape, self.seed, counted_by, self.key)


def _presence(mine: TracedTrips, grid: CellGrid, rule: _Rule) -> ExactTable:
    """Persons by cell and hour of the day over the period."""
    seen = mine.sightings()
    span_h = float(rule.parameters["knowledge.privacy_span_h"])
    n_spans = int(np.ceil(H_PER_DAY / span_h))
    span = np.floor(seen.moment_s % (H_PER_DAY * S_PER_H) / (span_h * S_PER_H)).astype(np.int64)
    cell = grid.cell_of(seen.x_m, seen.y_m) * n_spans + span
    given = _persons(seen.person, cell, grid.n_cells * n_spans)
    return rule.table(PRESENCE, given, (grid.n_cells, n_spans), (PRESENCE, 1.0))


def _flows(mine: TracedTrips, grid: CellGrid, rule: _Rule) -> ExactTable:
    """Persons who went from one cell to another in the period."""
    done = np.isfinite(mine.arrived_s)
    origin = grid.cell_of(mine.origin_x_m[done], mine.origin_y_m[done])
    destination = grid.cell_of(mine.destination_x_m[done], mine.destination_y_m[done])
    given = _persons(mine.person[done], origin * grid.n_cells + destination, grid.n_cells**2)
    most = int(rule.parameters["knowledge.privacy_most_trips"])
    return rule.table(FLOWS, given, (grid.n_cells, grid.n_cells), ("flows", 1.0), most=most)


def _groups(days: ResidentDays, mine: TracedTrips, n_zones: int, rule: _Rule) -> tuple[ExactTable, ...]:
    """Who travelled on the simulated day and for how long, by zone of the home and by group."""
    done = (mine.day == 0) & np.isfinite(mine.arrived_s) & (days.persons.zone[mine.person] >= 0)
    person = mine.person[done]
    minutes = (mine.arrived_s - mine.departed_s)[done] / 60.0
    groups = (age_group(days.persons.age), len(AGE_GROUPS) + days.persons.skill.astype(np.int64))
    n_groups = len(GROUP_NAMES)
    cell = np.concatenate([days.persons.zone[person] * n_groups + group[person] for group in groups])
    person, minutes = np.tile(person, FAMILIES_OF_GROUPS), np.tile(minutes, FAMILIES_OF_GROUPS)
    shape = (n_zones, n_groups)
    n_cells = n_zones * n_groups
    most = FAMILIES_OF_GROUPS * int(rule.parameters["knowledge.privacy_most_minutes"])
    longest = Contributions.of(person, cell, minutes, n_cells)
    longest = longest._replace(amount=np.minimum(longest.amount, most // FAMILIES_OF_GROUPS))
    people = _persons(person, cell, n_cells)
    return (
        rule.table(GROUPS, people, shape, ("groups", 0.5), most=FAMILIES_OF_GROUPS),
        rule.table(GROUP_MIN, longest, shape, ("groups", 0.5), GROUPS, most),
    )


def _traffic(days: ResidentDays, mine: TracedTrips, n_zones: int, rule: _Rule) -> tuple[ExactTable, ...]:
    """Cars that left on the simulated day, their km and minutes, by zone where they left and hour."""
    zone = days.territory.places.zone[mine.origin_place]
    done = (mine.day == 0) & mine.by_car & np.isfinite(mine.arrived_s)
    done &= (mine.origin_place >= 0) & (zone >= 0)
    hour = (mine.departed_s[done] // S_PER_H).astype(np.int64) % H_PER_DAY
    cell = zone[done].astype(np.int64) * H_PER_DAY + hour
    person, shape = mine.person[done], (n_zones, H_PER_DAY)
    sums = (
        (CAR_KM, mine.distance_m[done] / 1_000.0, "knowledge.privacy_most_km"),
        (CAR_MIN, (mine.arrived_s - mine.departed_s)[done] / 60.0, "knowledge.privacy_most_minutes"),
    )
    n_cells = n_zones * H_PER_DAY
    third = ("traffic", 1.0 / 3.0)
    most_trips = int(rule.parameters["knowledge.privacy_most_trips"])
    return (
        rule.table(CARS, _persons(person, cell, n_cells), shape, third, "", most_trips),
        *(
            rule.table(
                name, Contributions.of(person, cell, amount, n_cells), shape, third, CARS,
                int(rule.parameters[row]),
            )
            for name, amount, row in sums
        ),
    )  # fmt: skip


def _usage(days: ResidentDays, n_zones: int, rule: _Rule) -> tuple[ExactTable, ...]:
    """Water that people draw at home on the simulated day, by zone and hour, and of how many.

    Who travels is followed, by the rates of `twin.utilities.demand`; one person's day is bounded.
    """
    mine = days.journeys_of(ENERGY)
    mine = mine.where(mine.day == 0)
    person = np.unique(mine.person[days.persons.zone[mine.person] >= 0])
    mine = mine.where(np.isin(mine.person, person))
    zone = days.persons.zone[person].astype(np.int64)
    at_home_h = _hours_at_home(days, mine, person)
    shape = np.asarray(rule.parameters["utilities.water_home_shape"])
    present = np.asarray(rule.parameters["utilities.home_presence"])
    daily_l = float(rule.parameters["utilities.litres_per_person_per_day"])
    rate_l = daily_l / H_PER_DAY * shape / shape.mean() / present
    who, hour = np.nonzero(at_home_h > 0.0)
    cell = zone[who] * H_PER_DAY + hour
    drawn_l = at_home_h[who, hour] * rate_l[hour]
    n_cells = n_zones * H_PER_DAY
    litres = Contributions.of(person[who], cell, drawn_l, n_cells)
    people = _persons(person, zone, n_zones)
    half = ("usage", 0.5)
    most_l = int(rule.parameters["knowledge.privacy_most_litres"])
    return (
        rule.table(METERED, people, (n_zones, 1), half, most=1),
        rule.table(WATER_L, litres, (n_zones, H_PER_DAY), half, METERED, most_l),
    )


def _hours_at_home(days: ResidentDays, mine: TracedTrips, person: np.ndarray) -> np.ndarray:
    """Hours that persons spend at home in each hour of the simulated day (n, 24)."""
    home = days.persons.home
    row = np.searchsorted(person, mine.person)
    edges_s = np.arange(H_PER_DAY + 1) * S_PER_H
    total = np.zeros((len(person), H_PER_DAY))
    first = np.full(len(person), len(mine.person))
    np.minimum.at(first, row, np.arange(len(mine.person)))
    begins = mine.origin_place[first] == home[person]
    total[begins] += 1.0
    for place, moment_s, sign in (
        (mine.origin_place, mine.departed_s, -1.0),
        (mine.destination_place, mine.arrived_s, 1.0),
    ):
        counts = (place == home[mine.person]) & np.isfinite(moment_s)
        rest_h = np.clip(edges_s[1:] - moment_s[counts, None], 0.0, S_PER_H) / S_PER_H
        np.add.at(total, row[counts], sign * rest_h)
    return np.clip(total, 0.0, 1.0)


def _persons(person: np.ndarray, cell: np.ndarray, n_cells: int) -> Contributions:
    """Each person once in each of its cells."""
    given = Contributions.of(person, cell, np.ones(len(person)), n_cells)
    return given._replace(amount=np.ones_like(given.amount))
