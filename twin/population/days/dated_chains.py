"""The chains of a date: who stays at home today, what the others do, who works at home.

Two draws a day: whether one goes out, which the day's level and its rain move, and what one does then, which
they do not. So a stronger day adds people to those who are out, and alters nobody's plans who is out anyway.
"""

from __future__ import annotations

import numpy as np

from twin.conditions.calendar import WEEKDAY
from twin.conditions.day import DayConditions
from twin.population.days.activities import (
    BY_GROUP,
    CATALOGUE,
    GROUPS,
    Chains,
    day_weights,
    draw_days,
    expand_days,
    group_of,
)
from twin.population.days.telework import at_home, share_added, share_on, worked_at_home
from twin.population.draws import Draws, picks
from twin.population.tables import Persons
from twin.scenario.ledger import Parameters

AT_HOME = np.array([not day for _, day in CATALOGUE])
WITH = {letter: np.array([letter in day for _, day in CATALOGUE]) for letter in "wce"}


def chains_of(
    persons: Persons,
    has_young: np.ndarray,
    parameters: Parameters,
    draws: Draws,
    today: DayConditions | None,
) -> Chains:
    """The stops of residents (n,); on no date those of a mean weekday, less what work at home is added."""
    group = group_of(persons.occupation, has_young)
    if today is not None:
        return chains_on(persons, group, parameters, draws, today)
    day = draw_days(group, persons.density, persons.person_key, parameters, draws)
    chains, share = expand_days(day, persons.person_key), share_added(parameters)
    return worked_at_home(chains, at_home(persons, share, draws)) if share > 0.0 else chains


def chains_on(
    persons: Persons,
    group: np.ndarray,
    parameters: Parameters,
    draws: Draws,
    today: DayConditions,
) -> Chains:
    """Stops of residents (n,) on a date; ``parameters`` are the date's ledger."""
    key, density = persons.person_key, persons.density
    day = np.full(len(group), -1, dtype=np.int64)
    u, u_out, u_rain = (draws.uniform(name, key) for name in ("day", "day_out", "rain_stay"))
    works = WITH["w"] | WITH["c"]
    rain_share = min(today.weather.rain_mm * float(parameters["conditions.rain_stay_per_mm"]), 1.0)
    for each in np.unique(density):
        weights = weights_on(group[density == each], parameters, today)
        stays = (weights * AT_HOME).sum(axis=1)
        ladder = np.cumsum(np.where(AT_HOME, 0.0, weights), axis=1)
        rows = np.flatnonzero((density == each) & (group >= 0))
        out = u_out[rows] < (1.0 - stays[group[rows]]) * today.level
        chosen = picks(ladder, group[rows], u[rows])
        rained_off = ~works[chosen] & (u_rain[rows] < rain_share)
        idle = np.flatnonzero(AT_HOME)[group[rows]]
        day[rows] = np.where(out & (chosen >= 0) & ~rained_off, chosen, idle)
    chains = expand_days(day, key)
    if today.kind == WEEKDAY:
        chains = worked_at_home(chains, at_home(persons, share_on(parameters, today), draws))
    return chains


def weights_on(group: np.ndarray, parameters: Parameters, today: DayConditions) -> np.ndarray:
    """Shares of the days of each kind of person (n_groups, n_cells) on a date, for people of these groups."""
    weights = day_weights(group, parameters) * BY_GROUP
    total = weights.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0.0)
    if today.kind != WEEKDAY:
        return shares
    if today.calendar.school_holidays:
        shares = _on_holidays(shares, parameters)
    return _with_telework_apart(shares, parameters)


def _on_holidays(shares: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Without school but for some, with less escorting, and with more people on leave."""
    out = shares.copy()
    for name, share in zip(("pupil", "student"), parameters["conditions.holiday_school_share"], strict=True):
        row = GROUPS.index(name)
        out[row] = _moved(out[row], WITH["c"], share)
    for letter, factor in (
        ("e", float(parameters["conditions.holiday_escort_factor"])),
        ("w", 1.0 - float(parameters["conditions.holiday_leave_share"])),
    ):
        for row in range(len(GROUPS)):
            out[row] = _moved(out[row], WITH[letter], factor)
    return out


def _with_telework_apart(shares: np.ndarray, parameters: Parameters) -> np.ndarray:
    """As many more plan to work as the chains of a weekday have at home already: these are drawn by name."""
    usual, out = float(parameters["conditions.telework_in_days"]), shares.copy()
    for name in ("worker", "working_parent"):
        row = GROUPS.index(name)
        out[row] = _moved(out[row], WITH["w"], 1.0 / (1.0 - usual))
    return out


def _moved(shares: np.ndarray, cells: np.ndarray, factor: float) -> np.ndarray:
    """Shares (n_cells,) with those of some cells times a factor, and the others alike in its place."""
    total = shares.sum()
    some = shares[cells].sum()
    if not 0.0 < some < total:
        return shares
    wanted = min(factor * some, total)
    return np.asarray(shares * np.where(cells, wanted / some, (total - wanted) / (total - some)))
