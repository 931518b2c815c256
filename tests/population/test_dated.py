"""Days of the calendar: weekends, holidays, stronger and wetter days of the same persons."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.population.conftest import Made
from tests.population.world import POPULATION, write_population
from twin.conditions.calendar import SATURDAY, SUNDAY, WEEKDAY
from twin.conditions.day import DayConditions, conditions_on
from twin.conditions.weather import Weather
from twin.population.days.dated_ledger import NOT_A_MEAN_WEEKDAY
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.population.tables import (
    CAR,
    COMMUTER,
    CYCLE,
    ESCORT,
    FREIGHT,
    PUPIL,
    PURPOSES,
    RESIDENT,
    SCHOOL,
    SHOP,
    THROUGH,
    WALK,
    WORK,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
TUESDAY, FRIDAY = dt.date(2027, 1, 12), dt.date(2027, 1, 15)
A_SATURDAY, A_SUNDAY = dt.date(2027, 1, 16), dt.date(2027, 1, 17)
HOLIDAYS = dt.date(2027, 2, 16)


def on(date: dt.date, level: float | None = 1.0, rain_mm: float = 0.0) -> DayConditions:
    """A date with a level and rain of one's own, as mild as the year's mean."""
    today = conditions_on(1, date, "riviera", LEDGER)
    mean_c = LEDGER["conditions.temperature_riviera"][0]
    weather = Weather(rain_mm, np.full(30, rain_mm / 24.0), np.full(30, mean_c))
    return replace(today, level=today.level if level is None else level, weather=weather)


def residents(population: Population) -> np.ndarray:
    """Trips (n_trips,) bool of residents."""
    return population.persons.kind[population.trips.person] == RESIDENT


def chains(population: Population) -> dict[int, tuple[int, ...]]:
    """Purposes of each resident's day, by outside id."""
    trips, found = population.trips, {}
    for row in np.flatnonzero(residents(population)).tolist():
        person = int(population.persons.person_id[trips.person[row]])
        found.setdefault(person, []).append((int(trips.purpose[row]), int(trips.destination_place[row])))
    return {person: tuple(each) for person, each in found.items()}


def counted(population: Population, kind: int) -> int:
    return int((population.persons.kind == kind).sum())


def without_escort(population: Population) -> set[int]:
    """Ids of residents in whose household nobody escorts anybody."""
    persons, trips = population.persons, population.trips
    escorting = np.unique(persons.household[trips.person[trips.purpose == ESCORT]])
    alone = (persons.kind == RESIDENT) & ~np.isin(persons.household, escorting)
    return set(persons.person_id[alone].tolist())


def trips_per_person(population: Population) -> float:
    return float(population.report["kinds"]["resident"]["trips_per_person"])


def test_a_date_is_the_same_whenever_it_is_asked_for(made: Made):
    assert made(on(TUESDAY)).digest == made(on(TUESDAY)).digest
    assert made(on(TUESDAY)).digest != made(on(FRIDAY)).digest


@pytest.mark.parametrize("date", [TUESDAY, A_SATURDAY, A_SUNDAY])
def test_residents_are_the_same_persons_on_every_date(made: Made, population: Population, date: dt.date):
    later = made(on(date))
    n = counted(population, RESIDENT)
    for name, column in population.persons.columns().items():
        assert (later.persons.columns()[name][:n] == column[:n]).all(), name


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_a_plan_of_any_date_is_one_that_can_be_lived(made: Made):
    """Trips in order of time and place, each resident from home to home, cars with somewhere to go."""
    for date in (TUESDAY, A_SATURDAY, A_SUNDAY, HOLIDAYS):
        day = made(on(date, rain_mm=30.0))
        trips, persons = day.trips, day.persons
        goes_on = np.flatnonzero(trips.person[1:] == trips.person[:-1]) + 1
        assert (
            trips.depart_s[goes_on] >= trips.depart_s[goes_on - 1] + trips.min_stay_s[goes_on] - 1e-3
        ).all()
        assert (trips.origin_place[goes_on] == trips.destination_place[goes_on - 1]).all()
        own = residents(day)
        first, last = own & (trips.sequence == 0), own & (np.append(trips.sequence[1:], 0) == 0)
        assert (trips.origin_place[first] == persons.home[trips.person[first]]).all()
        assert (trips.destination_place[last] == persons.home[trips.person[last]]).all()
        by_car = trips.mode == CAR
        assert (trips.origin_link[by_car] != trips.destination_link[by_car]).all()
        assert (np.isnan(trips.duration_s) == by_car).all()
        assert persons.licence[trips.person[by_car]].all()


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_mean_weekdays_have_the_trips_of_the_representative_one(made: Made, population: Population):
    """Over the five days of a week at their usual levels: what work at home takes is what was set apart."""
    week = [made(on(dt.date(2027, 1, day), None)) for day in range(11, 16)]
    level = np.mean(
        [conditions_on(1, dt.date(2027, 1, day), "riviera", LEDGER).level for day in range(11, 16)]
    )
    mean = np.mean([trips_per_person(day) for day in week])
    assert mean == pytest.approx(trips_per_person(population) * level, rel=0.03)
    assert [on(dt.date(2027, 1, day)).kind for day in (15, 16, 17)] == [WEEKDAY, SATURDAY, SUNDAY]


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_weekends_meet_their_trips_and_purposes(made: Made):
    """Trips per person within 4 %, the largest shares within 3 points; school and most work rest."""
    for nth, (date, name) in enumerate(((A_SATURDAY, "saturday"), (A_SUNDAY, "sunday"))):
        day = made(on(date))
        assert trips_per_person(day) == pytest.approx(
            LEDGER["conditions.weekend_trips_per_person"][nth], rel=0.04
        )
        shares = day.report["purpose_shares"]
        aims = LEDGER[f"conditions.{name}_purpose_shares"]
        assert shares["shop"] == pytest.approx(aims[0], abs=0.03)
        assert shares["leisure"] + shares["visit"] == pytest.approx(aims[1], abs=0.03)
        assert shares.get("school", 0.0) == 0.0
        assert shares["work"] < 0.12


def test_traffic_from_outside_follows_the_kind_of_day(made: Made):
    usual, sunday = made(on(TUESDAY)), made(on(A_SUNDAY))
    for kind, name in ((COMMUTER, "commuter"), (THROUGH, "through"), (FREIGHT, "freight")):
        ratio = counted(sunday, kind) / counted(usual, kind)
        of_kind = LEDGER[f"conditions.{name}_factor"]
        assert ratio == pytest.approx(of_kind[2] / of_kind[0], rel=0.1, abs=0.05), name


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_most_shops_rest_on_sundays_and_the_same_ones_every_sunday(made: Made):
    def visited(date: dt.date) -> set[int]:
        trips = made(on(date)).trips
        return set(trips.destination_place[trips.purpose == SHOP].tolist()) - {-1}

    weekday = visited(TUESDAY) | visited(FRIDAY)
    sundays = visited(A_SUNDAY) | visited(A_SUNDAY + dt.timedelta(days=7))
    closed_share = LEDGER["conditions.sunday_closed_shop_share"]
    assert len(sundays) < (1.0 - closed_share / 2.0) * len(weekday)
    assert sundays


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_pupils_have_no_school_in_the_holidays_and_fewer_go_to_work(made: Made):
    usual, holidays = made(on(TUESDAY)), made(on(HOLIDAYS))
    for day, some in ((usual, True), (holidays, False)):
        to_school = day.trips.person[day.trips.purpose == SCHOOL]
        assert bool((day.persons.occupation[to_school] == PUPIL).any()) is some
    n_work = [int((residents(day) & (day.trips.purpose == WORK)).sum()) for day in (usual, holidays)]
    leave = LEDGER["conditions.holiday_leave_share"]
    assert n_work[1] == pytest.approx((1.0 - leave) * n_work[0], rel=0.08)


def test_a_stronger_day_only_adds_people(made: Made):
    """Who is out on a weak day is out on a strong one with the same stops, and some come to it.

    But for households in which somebody is taken to school: who takes whom depends on who is out.
    """
    days = [made(on(TUESDAY, level)) for level in (0.85, 1.05)]
    (weak, strong), alone = (chains(day) for day in days), without_escort(days[1])
    assert weak.keys() < strong.keys()
    assert all(strong[person] == chain for person, chain in weak.items() if person in alone)
    assert len(weak) == pytest.approx(0.85 / 1.05 * len(strong), rel=0.05)


def test_rain_drives_cyclists_to_other_modes_and_only_them_and_walkers(made: Made):
    """The more rain, the fewer ride, and who rides in heavy rain rides in light; all but cyclists and walkers
    stay with their mode.

    Constants of the choice of mode are fitted to each day anew, so a few change for that alone.
    """
    days = [made(on(TUESDAY, 1.0, rain_mm)) for rain_mm in (0.0, 15.0, 60.0)]
    riding = [set(day.trips.trip_id[day.trips.mode == CYCLE].tolist()) for day in days]
    assert len(riding[2]) < len(riding[1]) < len(riding[0])
    assert len(riding[2] - riding[1]) + len(riding[1] - riding[0]) <= 0.1 * len(riding[0])
    loss = LEDGER["conditions.cycle_loss_per_mm"]
    assert len(riding[2]) / len(riding[0]) == pytest.approx((1.0 - loss) ** 60.0, abs=0.12)
    dry, wet = days[0].trips, days[2].trips
    _, at_dry, at_wet = np.intersect1d(dry.trip_id, wet.trip_id, return_indices=True)
    same = dry.purpose[at_dry] == wet.purpose[at_wet]
    modes = dry.mode[at_dry][same], wet.mode[at_wet][same]
    moved = modes[0] != modes[1]
    assert moved.any()
    bare = np.isin(modes[0], (CYCLE, WALK))
    assert (moved & bare).sum() > 5 * (moved & ~bare).sum()
    assert (modes[1][moved & bare] == CYCLE).sum() <= 0.05 * moved.sum()


def test_rain_keeps_some_at_home_who_have_neither_work_nor_school(made: Made):
    dry, wet = (chains(made(on(TUESDAY, 1.0, rain_mm))) for rain_mm in (0.0, 60.0))
    at_home = dry.keys() - wet.keys()
    assert at_home
    assert not wet.keys() - dry.keys()
    bound = {PURPOSES.index("work"), PURPOSES.index("school")}
    assert not any(bound & {purpose for purpose, _ in dry[person]} for person in at_home)


@pytest.mark.one_interpreter("sums over days that are drawn alike on each")
def test_counts_are_met_on_the_mean_weekday_and_a_date_scales_what_they_say(town: Territory, tmp_path: Path):
    text = POPULATION + (
        '\n[[count]]\ngate = "N1 west"\nvehicles = 700.0\nkind = "assumption"\nsource = "made for the test"\n'
    )
    file, today = write_population(tmp_path, text), on(A_SUNDAY)
    first = synthesise(town, file, LEDGER, seed=1)
    sunday = synthesise(town, file, LEDGER, seed=1, today=today)
    factors = [each.report["calibration"]["counts"]["factors"] for each in (first, sunday)]
    assert factors[0] == factors[1]
    ratio = LEDGER["conditions.through_factor"][2] * LEDGER["conditions.season_factor_riviera"][0]
    assert counted(sunday, THROUGH) == pytest.approx(counted(first, THROUGH) * ratio, abs=1.0)
    assert sunday.report["calibration"]["reasons"][0] == NOT_A_MEAN_WEEKDAY
    assert not sunday.report["calibration"]["calibrated"]
    assert sunday.report["day"]["kind"] == "sunday"
