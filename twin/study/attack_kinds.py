"""The kinds of `twin attack`: each told for what is published, for its control, and by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.kernels.random import key_of, stream_of, uniforms
from twin.knowledge import privacy_attacks as attacks
from twin.knowledge import privacy_homes as homes
from twin.knowledge import privacy_trajectories as trajectories
from twin.knowledge.privacy_release import NoiseKey, noise
from twin.knowledge.privacy_tables import ExactTable, loss_of_tables, noise_name
from twin.knowledge.privacy_unicity import crowds, drawn_points, unicity
from twin.knowledge.traces import CellGrid, Sightings, traces_of
from twin.study.releases import FLOWS, GROUPS, PRESENCE, Published
from twin.study.traces import PLANNING, ResidentDays
from twin.units import H_PER_DAY, S_PER_H

RAW_CELL_M, RAW_SPAN_H = 200.0, 1.0
COARSER = ((200.0, 1.0), (400.0, 1.0), (1000.0, 1.0), (1000.0, 4.0), (2000.0, 6.0), (4000.0, 12.0))
KNOWN_POINTS = 4
MOST_PEOPLE = 2_000
MOST_HOMES = 400
MOST_TRAJECTORIES = 100
TRIALS = 20_000
QUERIES = 10_000
ABOUT = "attacked"
_WHO = stream_of("study.attack.who")


class Attacked:
    """What is attacked: days of residents, what is published of them, and who of them are the targets.

    targets (n_persons,) bool; only who consents stands in any table.
    """

    def __init__(self, days: ResidentDays, published: Published, targets: np.ndarray, seed: int) -> None:
        self.days, self.published, self.seed = days, published, seed
        self.targets = targets & days.consenting(PLANNING)

    @cached_property
    def seen(self) -> Sightings:
        """Raw traces of everybody who consents."""
        return self.days.journeys_of(PLANNING).sightings()

    @property
    def presence(self) -> ExactTable:
        """The table of presence, before noise."""
        return self.published.plan.table(PRESENCE)

    def people(self, most: int, purpose: str) -> np.ndarray:
        """Targets who were seen, at most so many, drawn; rows of persons, ascending."""
        seen = np.unique(self.presence.kept.person)
        seen = seen[self.targets[seen]]
        if not len(seen):
            raise InputError("--focus", "nobody there was seen", "a zone with residents who travel")
        u = uniforms(self.seed, _WHO, seen.astype(np.uint64), int(key_of(purpose) >> np.uint64(33)))
        return np.sort(seen[np.argsort(u, kind="stable")[:most]])

    def trials(self) -> np.ndarray:
        """Targets attacked in turn, one for each trial."""
        people = self.people(TRIALS, "trial")
        return people[np.arange(TRIALS) % len(people)]


def attack_unicity(given: Attacked) -> dict[str, Any]:
    """Share singled out: raw by four points of a trace; published by all cells in which a person counts.

    In a table of counts a person is alone where a cell shows one or nobody.
    """
    raw = traces_of(given.seen, RAW_CELL_M, RAW_SPAN_H)
    people, known = drawn_points(raw, KNOWN_POINTS, MOST_PEOPLE, given.seed, given.targets)
    if not len(people):
        raise InputError("traces", f"nobody has {KNOWN_POINTS} distinct points", "more days")
    smallest = np.full(len(people), np.inf)
    for table in given.published.plan.tables:
        if table.counted_by:
            continue
        trial, row = attacks.own_rows(table.kept, people)
        shown = given.published.shown[table.name][table.kept.cell[row]]
        np.minimum.at(smallest, trial, np.where(np.isfinite(shown), shown, np.inf))

    def at(cell_m: float, span_h: float) -> float:
        traces = traces_of(given.seen, cell_m, span_h)
        return unicity(traces, KNOWN_POINTS, given.seed, 500, given.targets)

    return {
        "published": float(np.mean(smallest <= 1)),
        "raw": float(np.mean(crowds(raw, known) == 1)),
        "chance": 1.0 / len(np.unique(raw.person)),
        "people": len(people),
        "known_points": KNOWN_POINTS,
        "raw_grid": f"{RAW_CELL_M:g} m x {RAW_SPAN_H:g} h",
        "raw_by_points": {str(n): unicity(raw, n, given.seed, 500, given.targets) for n in (1, 2, 3, 4, 5)},
        "raw_by_grid": [
            {"cell_m": cell_m, "span_h": span_h, "raw": at(cell_m, span_h)} for cell_m, span_h in COARSER
        ],
    }


def attack_membership(given: Attacked) -> dict[str, Any]:
    """Area under the curve of telling who was counted, by one who knows everybody else and all tables."""
    person, tables = given.trials(), given.published.plan.tables
    open_to = attacks.membership(tables, person, False, given.seed)
    control = attacks.membership(tables, person, True, given.seed)
    return {
        "published": open_to.auc,
        "raw": control.auc,
        "chance": 0.5,
        "trials": TRIALS,
        "published_by_table": {
            each.name: attacks.membership([each], person, False, given.seed).auc for each in tables
        },
        "privacy_loss_at_least": open_to.loss,
        "privacy_loss_at_least_raw": control.loss,
        "privacy_loss_declared": loss_of_tables(tables),
    }


def attack_reconstruction(given: Attacked) -> dict[str, Any]:
    """Share of persons whose place or whole day is told from a decoy, and trajectories joined from counts.

    ``published`` is the worse of place and day, by one who knows everybody else.
    """
    person, plan = given.trials(), given.published.plan
    presence, shown = given.presence, given.published.shown
    seed = given.seed
    place = {exact: attacks.reconstruction(presence, person, exact, seed) for exact in (False, True)}
    day = {exact: attacks.profiles_told(plan.tables, person, exact, seed) for exact in (False, True)}
    name = noise_name(ABOUT, presence)
    bare = attacks.subtract_seed_noise(shown[PRESENCE], presence.policy, seed, name, presence.sums)
    return {
        "published": max(place[False], day[False]),
        "raw": min(place[True], day[True]),
        "chance": 0.5,
        "trials": TRIALS,
        "place_told": place[False],
        "day_told": day[False],
        "cells_told_by_the_scenario_seed": bare,
        "trajectories": recovered_trajectories(given),
    }


def recovered_trajectories(given: Attacked) -> dict[str, Any]:
    """Person-hours told right by joining the counts of a day's hours, of some people counted by themselves.

    Chance is what the exact counts of as many other people tell. The noisy counts are attacked as they are
    published, and as if nothing of them were left out.
    """
    ground = given.published.plan.grid
    xy_m = ground.centres()
    grid = CellGrid.over(xy_m[:, 0], xy_m[:, 1], RAW_CELL_M)
    people = given.people(2 * MOST_TRAJECTORIES, "trajectories")
    n_people = len(people) // 2
    if n_people < 2:
        raise InputError("--focus", "too few people to tell trajectories apart", "a zone with more residents")
    moments_s = np.arange(H_PER_DAY) * S_PER_H + 0.5 * S_PER_H
    mine, others = people[0 : 2 * n_people : 2], people[1 : 2 * n_people : 2]
    cells = []
    for who in (mine, others):
        row = trajectories.whereabouts(given.seen, who, moments_s)
        cells.append(grid.cell_of(given.seen.x_m[row], given.seen.y_m[row]))
    centre_m, n_cells = grid.centres(), grid.n_cells
    counts = [trajectories.counts_by_hour(each, n_cells) for each in cells]
    policy = given.presence.policy
    drawn = noise(policy, NoiseKey.fresh(), "trajectories", counts[0].size).reshape(counts[0].shape)
    noisy = counts[0] + drawn
    tables = {
        "published": np.where(noisy >= policy.least_shown, noisy, np.nan),
        "unhidden": noisy.astype(np.float64),
        "raw": counts[0].astype(np.float64),
        "chance": counts[1].astype(np.float64),
    }
    found = {
        name: trajectories.share_recovered(
            cells[0], trajectories.recovered(table, centre_m, n_people, given.seed)
        )
        for name, table in tables.items()
    }
    return {**found, "people": n_people, "grid": f"{RAW_CELL_M:g} m x {RAW_SPAN_H:g} h"}


def attack_home(given: Attacked) -> dict[str, Any]:
    """Share of homes told to 100 m: raw from the own trace, published by one who knows everybody else."""
    people = given.people(MOST_HOMES, "home")
    days, places = given.days, given.days.territory.places
    home = days.persons.home[people]
    people, home = people[home >= 0], home[home >= 0]
    home_m = np.column_stack([places.x_m[home], places.y_m[home]])
    who, x_m, y_m = homes.home_of_trace(given.seen)
    row = np.searchsorted(who, people)
    off_m = np.hypot(x_m[row] - home_m[:, 0], y_m[row] - home_m[:, 1])
    lived = np.flatnonzero(places.dwellings > 0)
    dwellings = homes.Dwellings(
        places.x_m[lived], places.y_m[lived], places.dwellings[lived].astype(np.float64),
        given.published.plan.grid.cell_of(places.x_m[lived], places.y_m[lived]),
    )  # fmt: skip
    told, blind = homes.homes_told(given.presence, people, home_m, dwellings, exact=False)
    exact, _ = homes.homes_told(given.presence, people, home_m, dwellings, exact=True)
    return {
        "published": told,
        "raw": float(np.mean(off_m <= homes.NEAR_M)),
        "chance": blind,
        "people": len(people),
        "near_m": homes.NEAR_M,
        "exact_counts": exact,
    }


def attack_differencing(given: Attacked) -> dict[str, Any]:
    """Share of small cells whose exact count is the difference of two sums, in every table of persons.

    Chance is the share that is right by always naming the commonest small count.
    """
    open_to, control, small = [], [], []
    plan = given.published.plan
    for table in (plan.table(name) for name in (PRESENCE, FLOWS, GROUPS)):
        counts = table.sums.reshape(table.shape)
        shown = given.published.shown[table.name].reshape(table.shape)
        least = table.policy.least_people
        open_to.append(attacks.differencing(counts, shown, least, QUERIES))
        control.append(attacks.differencing(counts, None, least, QUERIES))
        small.append(counts[(counts > 0) & (counts < least)])
    few = np.concatenate(small)
    n_small, told, raw = (
        sum(each.small for each in open_to),
        sum(each.recovered for each in open_to),
        sum(each.recovered for each in control),
    )
    n_asked = sum(min(each.small, QUERIES // 2) for each in control)
    return {
        "published": told / max(n_small, 1),
        "raw": raw / max(n_asked, 1),
        "chance": float(np.bincount(few).max() / len(few)) if len(few) else 0.0,
        "small_cells": n_small,
        "small_cells_asked_for": n_asked,
        "queries": sum(each.queries for each in open_to),
        "cells_recovered": told,
        "cells_recovered_raw": raw,
    }


KINDS: Mapping[str, Callable[[Attacked], dict[str, Any]]] = {
    "unicity": attack_unicity,
    "home": attack_home,
    "reconstruction": attack_reconstruction,
    "membership": attack_membership,
    "differencing": attack_differencing,
}
