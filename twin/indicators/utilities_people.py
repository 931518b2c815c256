"""Person-hours that people lose of each service, by age, digital skill and car, and what bridges them."""

from __future__ import annotations

import weakref
from collections.abc import Callable

import numpy as np

from twin.indicators.accessibility import drives
from twin.indicators.focus import Focus
from twin.indicators.groups import AGE_GROUPS, EVERYBODY, SKILL_GROUPS, age_group
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import CONSUMPTION
from twin.indicators.records import DayRecord
from twin.indicators.services import CAR_GROUPS
from twin.indicators.utilities_coping import LOSSES, PersonHours, person_hours
from twin.indicators.utilities_stays import Floats

QUARTER_H = 0.25
PEOPLE = (*CONSUMPTION, "indicators.*")


def hours_of(record: DayRecord) -> PersonHours | None:
    """What each person loses, worked out once for a day; None where utilities are not simulated."""
    day = record.utilities
    if day is None:
        return None
    kept = day.memo.get("person_hours")
    if kept is None or kept[0]() is not record:
        kept = day.memo["person_hours"] = weakref.ref(record), person_hours(record, day)
    found: PersonHours = kept[1]
    return found


def by_group(record: DayRecord, focus: Focus, values: Floats, per_head: bool = False) -> Groups:
    """Sums, or means, of what each person of a focus has (n_persons,): all, by age, skill and car."""
    persons, here = record.population.persons, focus.persons(record)
    car = np.where(drives(persons), 0, np.where(persons.household_cars > 0, 1, 2))
    families = (
        ((EVERYBODY,), np.zeros(len(persons), dtype=np.int64)),
        (AGE_GROUPS, age_group(persons.age)),
        (SKILL_GROUPS, persons.skill.astype(np.int64)),
        (CAR_GROUPS, car.astype(np.int64)),
    )
    found: dict[str, float] = {}
    for names, row in families:
        people = np.bincount(row[here], minlength=len(names))
        total = np.bincount(row[here], weights=values[here], minlength=len(names))
        for name, n, value in zip(names, people.tolist(), total.tolist(), strict=True):
            if n:
                found[name] = value / n if per_head else value
    return found


def _lost(service: str) -> Callable[[DayRecord, Focus], Groups]:
    def measure(record: DayRecord, focus: Focus) -> Groups:
        hours = hours_of(record)
        return {} if hours is None else by_group(record, focus, hours.lost[service])

    measure.__name__ = f"person_hours_lost_{service}"
    measure.__doc__ = f"Person-hours without {service}, after what people do instead."
    measure.__module__ = __name__
    return measure


for _service in LOSSES:
    indicator("person h", "lower", PEOPLE, extensive=True)(_lost(_service))


@indicator("person h", "lower", PEOPLE, extensive=True)
def person_hours_lost(record: DayRecord, focus: Focus) -> Groups:
    """Person-hours without a service, after what people do instead; services add up."""
    hours = hours_of(record)
    return {} if hours is None else by_group(record, focus, total_lost(hours))


@indicator("h/person", "lower", PEOPLE)
def hours_lost_per_person(record: DayRecord, focus: Focus) -> Groups:
    """Hours without a service, after what is done instead, of a person of each group; services add up."""
    hours = hours_of(record)
    return {} if hours is None else by_group(record, focus, total_lost(hours), per_head=True)


@indicator("person h", "none", PEOPLE, extensive=True)
def person_hours_exposed(record: DayRecord, focus: Focus) -> Groups:
    """Person-hours without a service before anybody does anything instead, by service."""
    hours = hours_of(record)
    if hours is None:
        return {}
    here = focus.persons(record)
    return {f"service:{name}": float(each[here].sum()) for name, each in hours.exposed.items()}


@indicator("person h", "higher", PEOPLE, extensive=True)
def person_hours_bridged(record: DayRecord, focus: Focus) -> Groups:
    """Person-hours without a service that people bridge, by what they do instead."""
    hours = hours_of(record)
    if hours is None:
        return {}
    here = focus.persons(record)
    return {f"by:{way}": float(each[here].sum()) for way, each in hours.bridged.items()}


@indicator("degC h/person", "lower", PEOPLE)
def cold_at_home(record: DayRecord, focus: Focus) -> Groups:
    """Degree-hours below the least comfortable temperature that a person of each group has at home."""
    day, hours = record.utilities, hours_of(record)
    if day is None or hours is None or not day.indoor_c.shape[1]:
        return {}
    return by_group(record, focus, hours.cold_c_h, per_head=True)


@indicator("h", "lower", PEOPLE)
def calculator_down_hours(record: DayRecord, focus: Focus) -> Groups:
    """Hours in which an itinerary calculator gets no data, or does not answer."""
    day = record.utilities
    if day is None or not focus.is_whole:
        return {}
    return {f"provider:{name}": float(down.sum()) * QUARTER_H for name, down in day.calculator_down.items()}


def total_lost(hours: PersonHours) -> Floats:
    """Hours lost of each person (n_persons,), all services added."""
    return np.asarray(sum(hours.lost.values()))
