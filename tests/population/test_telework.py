"""Work at home: who can, nested by day and by share, and what it leaves of a day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.population.conftest import Made
from tests.population.test_dated import on, residents, without_escort
from twin.errors import InputError
from twin.population.days.activities import CATALOGUE, LETTERS, expand_days
from twin.population.days.telework import at_home, share_on, worked_at_home
from twin.population.draws import Draws
from twin.population.population import Population
from twin.population.tables import PURPOSES, SOCIO_OCCUPATIONAL, WORK, WORKER
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
CODES = {letter: PURPOSES.index(name) for letter, name in LETTERS.items()}


def spelled(purpose: np.ndarray) -> str:
    letters = {code: letter for letter, code in CODES.items()}
    return "".join(letters[code] for code in purpose.tolist())


def at_home_instead(day: str) -> str:
    """The slow twin: home in the place of work, no home after home."""
    stops, here = "", "h"
    for stop in day.replace("w", "h"):
        if stop != here or stop != "h":
            stops += stop
        here = stop
    return stops


@pytest.mark.parametrize(
    ("day", "left"),
    [("wh", ""), ("whwh", ""), ("wlwh", "lh"), ("wsh", "sh"), ("eweh", "eheh"), ("wbwh", "bh"), ("sh", "sh")],
)
def test_what_is_left_of_a_day(day, left):
    assert at_home_instead(day) == left


def test_chains_are_those_of_the_slow_twin():
    days = np.arange(len(CATALOGUE))
    key = days.astype(np.uint64)
    chains = worked_at_home(expand_days(days, key), np.ones(len(days), dtype=bool))
    for row, (_, day) in enumerate(CATALOGUE):
        own = chains.person == row
        assert spelled(chains.purpose[own]) == at_home_instead(day)
        assert (chains.sequence[own] == np.arange(own.sum())).all()
        assert (chains.key[own] == row).all()


@given(st.integers(0, 2**62), st.floats(0.0, 0.4), st.floats(0.0, 0.4))
def test_who_works_at_home_is_nested_by_share(population: Population, seed, one, other):
    few, many = (at_home(population.persons, share, Draws(seed)) for share in sorted((one, other)))
    assert not (few & ~many).any()
    assert population.persons.home_internet[many].all()
    assert population.persons.telework_eligible[many].all()
    assert (population.persons.occupation[many] == WORKER).all()


def test_as_many_work_at_home_as_is_asked_most_of_them_executives(population: Population):
    """And never more than can, whatever is asked."""
    persons = population.persons
    connected = (persons.occupation == WORKER) & persons.home_internet
    n, share = int(connected.sum()), LEDGER["conditions.telework_share"]
    found = np.mean([at_home(persons, share, Draws(seed)).sum() for seed in range(20)]) / n
    assert found == pytest.approx(share, abs=4.0 * np.sqrt(share * (1.0 - share) / n / 20))
    home = at_home(persons, share, Draws(1))
    by_group = [
        home[connected & (persons.socio_occupational == SOCIO_OCCUPATIONAL.index(name))].mean()
        for name in ("executive", "employee", "manual_worker")
    ]
    assert by_group == sorted(by_group, reverse=True)
    assert by_group[2] < 0.03
    assert (at_home(persons, 1.0, Draws(1)) == (connected & persons.telework_eligible)).all()


def test_the_week_is_nested_tuesday_in_friday():
    shares = {day: share_on(LEDGER, on(dt.date(2027, 1, day))) for day in range(11, 16)}
    assert shares[12] < shares[11] < shares[15]
    assert np.mean(list(shares.values())) == pytest.approx(LEDGER["conditions.telework_share"])


def with_share(share: float) -> Parameters:
    return LEDGER.replaced({"conditions.telework_share": share}, "test")


def to_work(day: Population) -> set[int]:
    """Ids of residents who go to work."""
    rows = residents(day) & (day.trips.purpose == WORK)
    return set(day.persons.person_id[day.trips.person[rows]].tolist())


def days_of(day: Population) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for row in np.flatnonzero(residents(day)).tolist():
        person = int(day.persons.person_id[day.trips.person[row]])
        found.setdefault(person, []).append(
            (int(day.trips.purpose[row]), int(day.trips.destination_place[row]))
        )
    return found


@pytest.mark.parametrize("dated", [False, True])
def test_more_work_at_home_takes_trips_to_work_and_alters_nobody_else(
    made: Made, population: Population, dated: bool
):
    today = on(dt.date(2027, 1, 15)) if dated else None
    usual = made(today) if dated else population
    more, most = (made(today, with_share(share)) for share in (0.2, 0.3))
    at_work = [to_work(day) for day in (usual, more, most)]
    alone = without_escort(usual)
    assert at_work[2] & alone < at_work[1] & alone < at_work[0] & alone
    assert len(at_work[2]) < len(at_work[1]) < len(at_work[0])
    before, after = days_of(usual), days_of(most)
    stayed = (at_work[0] - at_work[2]) & alone
    persons = usual.persons
    row = {int(each): i for i, each in enumerate(persons.person_id.tolist())}
    assert all(persons.home_internet[row[each]] for each in stayed)
    assert all(persons.occupation[row[each]] == WORKER for each in stayed)
    for person in alone - stayed:
        assert after.get(person) == before.get(person)
    share = len(stayed) / len(at_work[0] & alone)
    assert 0.1 < share < 0.35


def test_less_than_the_days_have_asks_for_a_date(made: Made):
    with pytest.raises(InputError, match="telework_share"):
        made(None, with_share(0.02))
    friday = on(dt.date(2027, 1, 15))
    assert len(to_work(made(friday))) < len(to_work(made(friday, with_share(0.02))))
