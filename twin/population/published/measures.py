"""Measures of a population as surveys know them: shares, means and medians over persons, trips, households.

Each measure names the units that count and a value for each; a unit belongs to a household, by which the
sampling error is reckoned, since a survey draws households and their members travel alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.population.published.estimates import Sample, Statistic
from twin.population.published.survey import Survey
from twin.population.tables import (
    BUSINESS,
    CAR,
    CYCLE,
    ESCORT,
    LEISURE,
    MOBILE_FROM_AGE,
    PASSENGER,
    RETIRED,
    SCHOOL,
    SHOP,
    TRANSIT,
    VISIT,
    WALK,
    WORK,
)
from twin.scenario.wording import fault, nearest

MODES_OF = {"car": (CAR, PASSENGER), "walk": (WALK,), "cycle": (CYCLE,), "transit": (TRANSIT,)}
PURPOSES_OF = {
    "work": (WORK, BUSINESS),
    "school": (SCHOOL,),
    "shop": (SHOP,),
    "leisure and visit": (LEISURE, VISIT),
    "escort": (ESCORT,),
}
OLDEST = 1_000


@dataclass(frozen=True)
class Measure:
    """What is measured, in which unit, and the sample it gives of a survey."""

    unit: str
    sample: Callable[[Survey, str], Sample]
    check: Callable[[str], None]
    meaning: str


def ages(text: str) -> tuple[int, int]:
    """Youngest and oldest age of ``20-64`` or ``75-``, years.

    >>> ages("20-64"), ages("75-")
    ((20, 64), (75, 1000))
    """
    low, dash, high = text.partition("-")
    if not (low.isdecimal() and dash and (high.isdecimal() or not high)):
        raise fault(f"{text!r} are no ages", "for example 20-64, or 75- for 75 and over")
    return int(low), int(high) if high else OLDEST


def _whole(text: str) -> None:
    if text != "all":
        raise fault(f"{text!r} is not measured", "all")


def _number(text: str) -> None:
    if not text.isdecimal():
        raise fault(f"{text!r} is no whole number", "a whole number, for example 1")


def _hour(text: str) -> None:
    if not text.isdecimal() or int(text) > 23:
        raise fault(f"{text!r} is no hour", "00 to 23")


def _one_of(names: dict[str, tuple[int, ...]]) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in names:
            raise fault(f"{text!r} is not measured", nearest(text, names))

    return check


def _cars_and_mode(text: str) -> None:
    cars, _, mode = text.partition(" ")
    _number(cars)
    _one_of(MODES_OF)(mode)


def _skilled(text: str) -> None:
    if text not in ("retired", "living alone"):
        ages(text)


def of_ages(survey: Survey, text: str) -> np.ndarray:
    """Persons of these ages (n,)."""
    low, high = ages(text)
    return np.asarray((survey.age >= low) & (survey.age <= high))


def _persons(survey: Survey, who: np.ndarray, value: np.ndarray, statistic: Statistic = "share") -> Sample:
    return Sample(value[who], survey.household[who], statistic)


def _trips(survey: Survey, which: np.ndarray, value: np.ndarray, statistic: Statistic = "share") -> Sample:
    return Sample(value[which], survey.household[survey.person[which]], statistic)


def _households(survey: Survey, value: np.ndarray, statistic: Statistic = "share") -> Sample:
    return Sample(value, np.arange(len(value)), statistic)


def _trips_per_person(survey: Survey, of: str) -> Sample:
    made = np.bincount(survey.person, minlength=len(survey.age)).astype(float)
    return _persons(survey, survey.age >= MOBILE_FROM_AGE, made, "mean")


def _minutes_per_person(survey: Survey, of: str) -> Sample:
    spent = np.bincount(survey.person, weights=survey.minutes, minlength=len(survey.age))
    return _persons(survey, survey.age >= MOBILE_FROM_AGE, spent, "mean")


def _purpose(survey: Survey, of: str) -> Sample:
    return _trips(survey, survey.every_trip, np.isin(survey.purpose, PURPOSES_OF[of]))


def _mode(survey: Survey, of: str) -> Sample:
    return _trips(survey, survey.every_trip, np.isin(survey.mode, MODES_OF[of]))


def _mode_by_cars(survey: Survey, of: str) -> Sample:
    cars, _, mode = of.partition(" ")
    which = survey.cars[survey.person] == int(cars)
    return _trips(survey, which, np.isin(survey.mode, MODES_OF[mode]))


def _mode_minutes(survey: Survey, of: str) -> Sample:
    return _trips(survey, np.isin(survey.mode, MODES_OF[of]), survey.minutes, "mean")


def _commute_mode(survey: Survey, of: str) -> Sample:
    return _trips(survey, survey.to_work, np.isin(survey.mode, MODES_OF[of]))


def _short_commute_car(survey: Survey, of: str) -> Sample:
    which = survey.to_work & (survey.length_km < float(of))
    return _trips(survey, which, np.isin(survey.mode, MODES_OF["car"]))


def _length(statistic: Statistic) -> Callable[[Survey, str], Sample]:
    def sample(survey: Survey, of: str) -> Sample:
        which = survey.length_km > 0.0
        return _trips(survey, which, survey.length_km, statistic)

    return sample


def _commute_length(survey: Survey, of: str) -> Sample:
    return _trips(survey, survey.to_work, survey.length_km, "median")


def _car_starts(survey: Survey, of: str) -> Sample:
    return _trips(survey, survey.mode == CAR, survey.hour == int(of))


def _age(survey: Survey, of: str) -> Sample:
    return _persons(survey, survey.everybody, of_ages(survey, of))


def _household_size(survey: Survey, of: str) -> Sample:
    return _households(survey, survey.household_size.astype(float), "mean")


def _living_alone(survey: Survey, of: str) -> Sample:
    return _households(survey, survey.household_size == 1)


def _household_cars(survey: Survey, of: str) -> Sample:
    return _households(survey, survey.household_cars >= int(of))


def _smartphone(survey: Survey, of: str) -> Sample:
    return _persons(survey, of_ages(survey, of), survey.smartphone)


def _internet(survey: Survey, of: str) -> Sample:
    return _persons(survey, of_ages(survey, of), survey.home_internet)


def _illectronism(survey: Survey, of: str) -> Sample:
    if of == "retired":
        who = survey.occupation == RETIRED
    elif of == "living alone":
        who = (survey.household_size[survey.household] == 1) & (survey.age >= 15)
    else:
        who = of_ages(survey, of)
    return _persons(survey, who, survey.skill == 0)


def _consent(survey: Survey, of: str) -> Sample:
    return _persons(survey, survey.everybody, survey.consent)


def _check_ages(text: str) -> None:
    ages(text)


_BY_MODE, _BY_PURPOSE = _one_of(MODES_OF), _one_of(PURPOSES_OF)
MEASURES = {
    "trips_per_person": Measure("trips/day", _trips_per_person, _whole, "trips of a person of 6 and over"),
    "minutes_per_person": Measure(
        "min/day", _minutes_per_person, _whole, "time a person of 6 and over travels"
    ),
    "purpose_share": Measure("share", _purpose, _BY_PURPOSE, "trips for it, the way home from it included"),
    "mode_share": Measure("share", _mode, _BY_MODE, "trips by it, passengers counted with cars"),
    "mode_share_by_cars": Measure(
        "share", _mode_by_cars, _cars_and_mode, "trips of people with so many cars"
    ),
    "mode_minutes": Measure("min", _mode_minutes, _BY_MODE, "door to door, as planned"),
    "commute_mode_share": Measure("share", _commute_mode, _BY_MODE, "ways to work by it"),
    "short_commute_car_share": Measure(
        "share", _short_commute_car, _number, "ways to work below so many km by car"
    ),
    "commute_median_km": Measure("km", _commute_length, _whole, "half of the ways to work are longer"),
    "trip_length_km": Measure("km", _length("mean"), _whole, "mean length of trips"),
    "trip_length_median_km": Measure("km", _length("median"), _whole, "half of the trips are longer"),
    "trip_length_log_spread": Measure(
        "1", _length("log spread"), _whole, "standard deviation of log lengths"
    ),
    "car_start_share": Measure("share", _car_starts, _hour, "cars that start in that hour"),
    "age_share": Measure("share", _age, _check_ages, "people of these ages"),
    "household_size": Measure("persons", _household_size, _whole, "persons of a household"),
    "living_alone_share": Measure("share", _living_alone, _whole, "households of one person"),
    "household_car_share": Measure("share", _household_cars, _number, "households with so many cars or more"),
    "smartphone_share": Measure("share", _smartphone, _check_ages, "people of these ages with a smartphone"),
    "home_internet_share": Measure(
        "share", _internet, _check_ages, "people of these ages with internet at home"
    ),
    "illectronism_share": Measure("share", _illectronism, _skilled, "people without any digital skill"),
    "consent_share": Measure("share", _consent, _whole, "people who let an app use their position"),
}
"""All measures by name."""
