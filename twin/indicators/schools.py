"""Traffic before schools while school begins and ends, and how much of it children on foot meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.behaviour.days import ARRIVED
from twin.clock import N_SLICES, SLICE_MS, SLICE_S
from twin.indicators.focus import WHOLE, Focus
from twin.indicators.groups import EVERYBODY, mean
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.once import once
from twin.indicators.records import DayRecord
from twin.population.tables import WALK
from twin.scenario.modifications import LOCAL_CLASSES
from twin.territory.schools import near_schools, schools_named
from twin.territory.tables import ROAD_CLASSES
from twin.units import S_PER_H

EVERYWHERE = Focus(WHOLE, ())
ADULT_AGE = 18
"""Age of majority (Code civil, art. 414): who is younger counts as a child."""
LOCAL_STREETS = "streets:local"
"""Group: streets that can be made school streets, without the greater roads near a school."""


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def vehicle_km_near_schools(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres driven near the schools of the focus in school hours, on all streets and on local ones."""
    schools = _schools(record, focus)
    if not schools.size:
        return {}
    hours_s = np.array(record.parameters["scenario.school_street_hours"]).reshape(-1, 2) * S_PER_H
    begin_s = np.arange(N_SLICES) * SLICE_S
    in_hours = ((begin_s[:, None] >= hours_s[:, 0]) & (begin_s[:, None] < hours_s[:, 1])).any(axis=1)
    entered = record.entries[in_hours].sum(axis=0, dtype=np.int64)
    km = entered * record.territory.streets.length_m / 1_000.0
    near = _near(record, focus)
    return {
        EVERYBODY: float(km[near.all_streets.any(axis=0)].sum()),
        LOCAL_STREETS: float(km[near.local_streets.any(axis=0)].sum()),
    }


@indicator("veh/walk", "lower", TRAFFIC)
def vehicles_met_at_school(record: DayRecord, focus: Focus) -> Groups:
    """Vehicles that enter links near a school in the quarter hour in which a child arrives or leaves on foot.

    Mean over the walks of the children of the focus to and from school; a vehicle counts on each link.
    """
    trips, schools = record.population.trips, _schools(record, EVERYWHERE)
    child = record.population.persons.age[trips.person] < ADULT_AGE
    walks = focus.trips(record) & child & (trips.mode == WALK) & (record.state == ARRIVED)
    row_of = np.full(record.territory.places.n_places + 1, -1)  # the last is that of no place, -1
    row_of[schools] = np.arange(schools.size)
    there = np.flatnonzero(walks & (row_of[trips.destination_place] >= 0))
    back = np.flatnonzero(walks & (row_of[trips.origin_place] >= 0))
    if not there.size + back.size:
        return {}
    school = np.concatenate([row_of[trips.destination_place[there]], row_of[trips.origin_place[back]]])
    moment_ms = np.concatenate([record.arrived_ms[there], record.departed_ms[back]])
    quarter = np.minimum(moment_ms // SLICE_MS, N_SLICES - 1)
    return {
        group: mean(entered[quarter, school].astype(np.float64))
        for group, entered in zip((EVERYBODY, LOCAL_STREETS), _entered_near(record), strict=True)
    }


@once
def _entered_near(record: DayRecord) -> NDArray[np.int64]:
    """(2, N_SLICES, n_schools) vehicles that entered links near each school; of these, local ones."""
    near = _near(record, EVERYWHERE)
    links = np.stack([near.all_streets, near.local_streets]).astype(np.int64)
    return np.asarray(record.entries @ links.swapaxes(1, 2))


@dataclass(frozen=True)
class _Near:
    """Links near schools, (n_schools, n_links) bool each."""

    all_streets: NDArray[np.bool_]
    local_streets: NDArray[np.bool_]


def _schools(record: DayRecord, focus: Focus) -> NDArray[np.int64]:
    return schools_named(record.territory.places, focus.zones)


@once
def _near(record: DayRecord, focus: Focus) -> _Near:
    streets, schools = record.territory.streets, _schools(record, focus)
    within_m = float(record.parameters["scenario.school_distance_m"])
    near = near_schools(streets, record.territory.places, schools, within_m)
    local = np.isin(streets.road_class, [ROAD_CLASSES.index(name) for name in LOCAL_CLASSES])
    return _Near(near, near & local)
