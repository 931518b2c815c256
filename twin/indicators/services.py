"""Who reaches the services of everyday life, by age and car: the basket of `twin.scenario.services`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.indicators.accessibility import drives
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import DEMAND
from twin.indicators.records import DayRecord
from twin.scenario.basket import SERVICES

ACCESS_AGES = {"age:0-17": 0, "age:18-64": 18, "age:65-74": 65, "age:75+": 75}
"""Groups by age, each with the age it begins at."""
CAR_GROUPS = ("car:drives", "car:in the household", "car:none")
"""Who holds a licence and has a car in the household; who has a car there only; who has none."""
ACCESS_GROUPS = (EVERYBODY, *ACCESS_AGES, *CAR_GROUPS)
ACCESS = (
    *DEMAND,
    *(f"indicators.{row}" for row in ("access_*", "car_access_min", "bus_departure_hours")),
    *("timetable.*", "transit.*"),
)
"""Who lives where, and what the ways to services take."""
PER_HEADS = 10_000.0

Floats = NDArray[np.float64]


def members_of(record: DayRecord, focus: Focus) -> dict[str, Floats]:
    """People of each cell in each of `ACCESS_GROUPS` (n_cells,), but of empty groups."""
    cells, persons = record.access.cells, record.population.persons
    here = np.flatnonzero(focus.persons(record) & (cells.of_person >= 0))
    age = np.searchsorted(list(ACCESS_AGES.values()), persons.age[here], side="right") - 1
    car = np.where(drives(persons)[here], 0, np.where(persons.household_cars[here] > 0, 1, 2))
    n_ages = len(ACCESS_AGES)
    kind = age * len(CAR_GROUPS) + car
    n_cells, n_kinds = cells.people.shape[0], n_ages * len(CAR_GROUPS)
    flat = np.bincount(kind * n_cells + cells.of_person[here], minlength=n_kinds * n_cells)
    counts = flat.reshape(n_ages, len(CAR_GROUPS), n_cells).astype(np.float64)
    groups = np.concatenate([counts.sum(axis=(0, 1))[None], counts.sum(axis=1), counts.sum(axis=0)])
    return {name: people for name, people in zip(ACCESS_GROUPS, groups, strict=True) if people.sum() > 0.0}


def _members(record: DayRecord, focus: Focus) -> dict[str, Floats]:
    """The same, worked out once for a focus."""
    kept = record.access.members
    if focus.name not in kept:
        kept[focus.name] = members_of(record, focus)
    return kept[focus.name]


def _mean(people: Floats, values: Floats) -> float:
    """Mean over people (a sum that is the same on every machine, unlike a product of matrices)."""
    return float((people * values).sum() / people.sum())


def _means(record: DayRecord, focus: Focus, values: Floats) -> dict[str, float]:
    """Mean of what cells have (n_cells,), by group of the focus' inhabitants."""
    return {name: _mean(people, values) for name, people in _members(record, focus).items()}


def _everybody(record: DayRecord, focus: Focus, values: dict[str, Floats]) -> Groups:
    """Mean over all inhabitants of the focus of each of several values of cells."""
    everybody = _members(record, focus).get(EVERYBODY)
    return {} if everybody is None else {name: _mean(everybody, each) for name, each in values.items()}


def _minutes_to(row: int) -> Callable[[DayRecord, Focus], Groups]:
    def measure(record: DayRecord, focus: Focus) -> Groups:
        return _means(record, focus, record.access.own_min[row]) if record.access.known[row] else {}

    name = SERVICES[row]
    measure.__name__ = f"minutes_to_{name}"
    measure.__doc__ = (
        f"Mean minutes from home to the nearest {name} service by the quickest of one's own ways."
    )
    return measure


for _row in range(len(SERVICES)):
    indicator("min", "lower", ACCESS)(_minutes_to(_row))


@indicator("min", "lower", ACCESS)
def minutes_to_basket(record: DayRecord, focus: Focus) -> Groups:
    """Mean over the basket's services of the minutes to the nearest of each: by own ways, and by each way."""
    access = record.access
    if not access.known.any():
        return {}
    by_way = {f"by:{way}": each[access.known].mean(axis=0) for way, each in access.nearest_min.items()}
    own = _means(record, focus, access.own_min[access.known].mean(axis=0))
    return {**own, **_everybody(record, focus, by_way)}


@indicator("services", "higher", ACCESS)
def services_within_reach(record: DayRecord, focus: Focus) -> Groups:
    """Services of the basket that lie within the ledger's numbers of minutes, by each way."""
    reaches = record.parameters["indicators.access_reach_min"]
    counts = {
        f"by:{way}, {reach:g} min": each[row]
        for row, reach in enumerate(reaches)
        for way, each in record.access.within.items()
    }
    return _everybody(record, focus, counts) if record.access.known.any() else {}


@indicator("services", "higher", (*ACCESS, "indicators.hansen_half_min"))
def services_potential(record: DayRecord, focus: Focus) -> Groups:
    """Gravity measure of access: services by own ways, those further away counting less (Hansen 1959)."""
    access = record.access
    if not access.known.any():
        return {}
    by_service = {f"service:{SERVICES[row]}": access.gravity[row] for row in np.flatnonzero(access.known)}
    own = _means(record, focus, access.gravity.sum(axis=0))
    return {**own, **_everybody(record, focus, by_service)}


@indicator(
    "doctors/10 000 inh.", "higher", (*ACCESS, "indicators.catchment_*", "indicators.doctors_per_practice")
)
def doctors_within_reach(record: DayRecord, focus: Focus) -> Groups:
    """Doctors for 10,000 inhabitants, shared with all who reach them (E2SFCA, Luo & Qi 2009)."""
    if not record.access.known[SERVICES.index("doctor")]:
        return {}
    return _means(record, focus, PER_HEADS * record.access.doctors)


@indicator("share", "higher", (*ACCESS, "indicators.maintained_reach_min"))
def maintained_services(record: DayRecord, focus: Focus) -> Groups:
    """Share of inhabitants who reach every service of the basket in time by their own ways.

    In time is within the minutes of the ledger: 20 as it stands.
    """
    access = record.access
    if not access.known.any():
        return {}
    reached = access.own_min <= record.parameters["indicators.maintained_reach_min"]
    by_service = {
        f"service:{SERVICES[row]}": reached[row].astype(np.float64) for row in np.flatnonzero(access.known)
    }
    own = _means(record, focus, reached[access.known].all(axis=0).astype(np.float64))
    return {**own, **_everybody(record, focus, by_service)}
