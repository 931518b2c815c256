"""Days: the chain of activities that a person plans, drawn from a catalogue of days by kind of person.

A day is written as its stops after home: "wsh" is home, work, shop, home; a day without stops is spent at
home. The catalogue's weights are raked, for each density class, to trips per person and shares of purposes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.synthesis import rake_weights
from twin.population.draws import Draws, picks
from twin.population.residents.fit import rake
from twin.population.residents.fit_report import FitReport
from twin.population.tables import (
    AT_HOME,
    HOME,
    PUPIL,
    PURPOSES,
    RETIRED,
    STUDENT,
    UNEMPLOYED,
    WORKER,
)
from twin.scenario.ledger import Parameters

LETTERS = {
    "h": "home",
    "w": "work",
    "b": "business",
    "c": "school",
    "s": "shop",
    "m": "health",
    "a": "counter",
    "l": "leisure",
    "v": "visit",
    "e": "escort",
}


def _days(text: str) -> tuple[str, ...]:
    return tuple("" if day == "-" else day for day in text.split())


DAYS = {
    "worker": _days(
        "- wh whwh wlwh wbwh wsh wlh wvh wmh wah wbh whsh whlh whvh sh lh vh mh ah shlh slh shvh"
    ),
    "working_parent": _days(
        "- wh whwh wlwh wbwh wsh wlh weh ewh eweh ewsh ewhsh ewheh wheh whsh whlh "
        "sh lh mh ah eh eheh esh shlh"
    ),
    "pupil": _days("- ch chch clh csh cvh chlh chvh chsh lh sh vh"),
    "student": _days("- ch chch clch clh csh cvh cwh chlh chsh wh sh lh vh"),
    "at_home": _days("- sh lh vh mh ah shlh shvh slh ash msh shsh lhlh shlhvh"),
    "parent_at_home": _days("- eh eheh esheh ehsheh ehlheh sh lh esh elh emh ehvheh eaheh ehsh"),
    "retired": _days("- sh lh vh mh ah shlh shvh slh ash msh shsh eh lhvh mhsh shlhsh"),
}
"""Days by kind of person."""
GROUPS = tuple(DAYS)
CATALOGUE = tuple((group, day) for group, days in DAYS.items() for day in days)
"""All cells of the joint table of kinds of person and days."""
GROUP_OF_CELL = np.array([GROUPS.index(name) for name, _ in CATALOGUE])
BY_GROUP = np.arange(len(GROUPS))[:, None] == GROUP_OF_CELL
"""Which cells are of which kind of person (n_groups, n_cells)."""
AIMS = {
    "shop": "s",
    "leisure_and_visit": "lv",
    "escort": "e",
    "health_and_counter": "ma",
}
"""Shares of trips that are raked to; work, business and school are the rest."""
NO_GROUP = -1
RAKE_ROUNDS, RAKE_TOLERANCE = 1_000, 1e-9
"""As `rake` has them."""


@dataclass(frozen=True)
class Chains:
    """Planned stops (n,): each is where a trip goes; sorted by person, then by sequence."""

    person: np.ndarray
    key: np.ndarray
    sequence: np.ndarray
    purpose: np.ndarray


def group_of(occupation: np.ndarray, has_young: np.ndarray) -> np.ndarray:
    """Index into `GROUPS`: kind of person as far as days go; infants have none."""
    table = {WORKER: "worker", PUPIL: "pupil", STUDENT: "student", RETIRED: "retired"}
    table |= {UNEMPLOYED: "at_home", AT_HOME: "at_home"}
    codes = np.full(len(table) + 1, NO_GROUP)
    for occupation_code, name in table.items():
        codes[occupation_code] = GROUPS.index(name)
    group = codes[occupation]
    group = np.where(has_young & (occupation == WORKER), GROUPS.index("working_parent"), group)
    idle = (occupation == UNEMPLOYED) | (occupation == AT_HOME)
    return np.where(has_young & idle, GROUPS.index("parent_at_home"), group)


def day_weights(group: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Weights of the catalogue's cells for people of these groups (n,), raked to what the ledger aims at."""
    return rake(*_day_margins(group, parameters))


def day_fit(group: np.ndarray, density: str, parameters: Parameters) -> FitReport:
    """How raking ended for people of these groups (n,): trips a person and shares of purposes."""
    prior, counts, targets = _day_margins(group, parameters)
    weights, aims = prior.copy(), targets.astype(np.float64)
    rounds = rake_weights(weights, counts, aims, RAKE_ROUNDS, RAKE_TOLERANCE)
    found = counts @ weights / np.maximum(targets, 1e-12)
    names = ("trips per person", *AIMS, *GROUPS)
    asked = {name: (1.0, float(found[row])) for row, name in enumerate(names) if targets[row] > 0.0}
    what = f"days, {density}"
    return FitReport.of(what, asked, (rounds, RAKE_ROUNDS), RAKE_TOLERANCE, "part of its aim")


def _day_margins(group: np.ndarray, parameters: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prior weights of the cells, how often each counts in a margin, and what the margins are to be."""
    prior = np.concatenate([_normal(parameters[f"population.days_{name}"]) for name in GROUPS])
    n_in_group = np.bincount(group[group >= 0], minlength=len(GROUPS))
    prior = prior * n_in_group[GROUP_OF_CELL]
    trips = np.array([len(day) for _, day in CATALOGUE], dtype=float)
    total = n_in_group.sum() * parameters["population.trips_per_person_per_day"]
    counts, targets = [trips], [total]
    for aim, letters in AIMS.items():
        counts.append(np.array([_trips_for(day, letters) for _, day in CATALOGUE], dtype=float))
        targets.append(total * parameters[f"population.purpose_share_{aim}"])
    counts += list(BY_GROUP.astype(float))
    targets += n_in_group.tolist()
    return prior, np.array(counts), np.array(targets)


def _normal(weights: tuple[float, ...]) -> np.ndarray:
    return np.array(weights) / sum(weights)


def _trips_for(day: str, letters: str) -> int:
    """Trips of a day for these purposes; the way home counts for what was done last before it."""
    before = "h" + day
    return sum((after if after != "h" else stop) in letters for stop, after in zip(before, day, strict=False))


def draw_days(
    group: np.ndarray, density: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Index into `CATALOGUE` of each person's day; -1 for those without a group."""
    day = np.full(len(group), -1, dtype=np.int64)
    u = draws.uniform("day", key)
    for each in np.unique(density):
        weights = day_weights(group[density == each], parameters)
        cumulative = np.cumsum(np.where(BY_GROUP, weights, 0.0), axis=1)
        rows = np.flatnonzero((density == each) & (group >= 0))
        day[rows] = picks(cumulative, group[rows], u[rows])
    return day


def expand_days(day: np.ndarray, key: np.ndarray) -> Chains:
    """The stops of all days (n_persons,), one row each; key (n_persons,) is the person's."""
    code = {letter: PURPOSES.index(name) for letter, name in LETTERS.items()}
    length = np.array([len(stops) for _, stops in CATALOGUE])
    table = np.full((len(CATALOGUE), length.max()), HOME)
    for row, (_, stops) in enumerate(CATALOGUE):
        table[row, : len(stops)] = [code[letter] for letter in stops]
    n_stops = np.where(day >= 0, length[day], 0)
    person = np.repeat(np.arange(len(day)), n_stops)
    sequence = np.arange(len(person)) - np.repeat(np.cumsum(n_stops) - n_stops, n_stops)
    return Chains(person, key[person], sequence, table[day[person], sequence])
