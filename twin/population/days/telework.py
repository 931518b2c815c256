"""Work at home: who can, who does on which day, and what becomes of their chain of stops.

Of the workers with internet at home a share works there on a day: those at what can be done from home (by
socio-occupational group) whose one draw of a lifetime lies below what that asks of them. So who does on a
Tuesday does on a Friday, and who does at a small share does at a larger one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.conditions.day import DayConditions
from twin.errors import InputError
from twin.population.days.activities import Chains
from twin.population.draws import Draws
from twin.population.tables import HOME, WORK, WORKER, Persons
from twin.scenario.ledger import Parameters


def share_on(parameters: Parameters, today: DayConditions) -> float:
    """Share of the workers with internet at home who work there on a weekday of the calendar."""
    by_weekday = parameters["conditions.telework_by_weekday"][today.calendar.date.weekday()]
    return min(float(parameters["conditions.telework_share"] * by_weekday), 1.0)


def share_added(parameters: Parameters) -> float:
    """Share on a weekday of no date, of those who would go to work by the chains of activities alone."""
    share, usual = (float(parameters[f"conditions.telework_{name}"]) for name in ("share", "in_days"))
    if share < usual:
        right = f"{usual:g} or more, or a scenario with a date"
        raise InputError("conditions.telework_share", f"{share:g}: the days have {usual:g} already", right)
    return (min(share, 1.0) - usual) / (1.0 - usual) if share > usual else 0.0


def at_home(persons: Persons, share: float, draws: Draws) -> np.ndarray:
    """Persons (n,) bool who would work at home today if they work: at most all who can."""
    connected = (persons.occupation == WORKER) & persons.home_internet
    able = connected & persons.telework_eligible
    among_able = share * connected.sum() / max(int(able.sum()), 1)
    return np.asarray(able & (draws.uniform("telework_day", persons.person_key) < among_able))


def worked_at_home(chains: Chains, who: np.ndarray) -> Chains:
    """The chains where these persons (n_persons,) bool have their work at home.

    Home takes the place of work in the chain: what was on the way becomes a tour of its own, and a stop at
    home after home is none.
    """
    purpose = np.where(who[chains.person] & (chains.purpose == WORK), HOME, chains.purpose)
    before = np.where(chains.sequence == 0, HOME, np.roll(purpose, 1))
    kept = np.flatnonzero(~((purpose == HOME) & (before == HOME)))
    person = chains.person[kept]
    first = np.searchsorted(person, person)
    return replace(
        chains,
        person=person,
        key=chains.key[kept],
        sequence=np.arange(len(person)) - first,
        purpose=purpose[kept],
    )
