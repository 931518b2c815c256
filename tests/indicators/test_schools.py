"""Traffic before schools, on the small day with one school where the town's workplace stands."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import N_LINKS, small_day, small_streets, small_territory
from twin.indicators.records import DayRecord
from twin.scenario.ledger import Parameters

SCHOOL, DOOR, BACK = 1, 2, 12  # the place, and the residential street before it in both directions


def school_day(hours: tuple[float, ...] = (8.0, 8.5, 16.0, 16.25)) -> DayRecord:
    """Nodes stand 1 km apart, so only the street of the door, both ways, is near the school."""
    streets, places = small_streets(), small_territory().places
    middle = (np.arange(N_LINKS) % 10 + 0.5) / 80.0
    streets = replace(streets, shape_lon=np.repeat(7.3 + middle, 2), shape_lat=np.full(2 * N_LINKS, 43.7))
    school_places = np.zeros(4, dtype=np.float32)
    school_places[SCHOOL] = 30.0
    places = replace(places, school_places=school_places, lon=np.full(4, 7.3), lat=np.full(4, 43.6))
    territory = SimpleNamespace(**{**vars(small_territory()), "streets": streets, "places": places})
    ledger = Parameters.defaults().replaced({"scenario.school_street_hours": hours})
    return small_day(territory=territory, parameters=ledger)


@pytest.fixture(scope="module")
def values() -> Values:
    return values_of(school_day())


def test_only_the_street_of_the_school_in_school_hours_counts(values: Values) -> None:
    record = school_day()
    assert record.entries.sum(axis=0)[[DOOR, BACK]].sum() > 2
    quarters = np.r_[32:34, 64]
    entered = int(record.entries[quarters][:, [DOOR, BACK]].sum())
    assert entered > 0
    for focus in ("town", "all"):
        assert values["vehicle_km_near_schools", focus, ""] == entered
        assert values["vehicle_km_near_schools", focus, "streets:local"] == entered
    assert ("vehicle_km_near_schools", "village", "") not in values  # it has no school


def test_greater_roads_near_a_school_are_no_local_streets() -> None:
    day = school_day()
    day = replace(day, parameters=day.parameters.replaced({"scenario.school_distance_m": 1e6}))
    found = values_of(day)
    assert (
        found["vehicle_km_near_schools", "all", ""] > found["vehicle_km_near_schools", "all", "streets:local"]
    )


def test_children_on_foot_meet_the_vehicles_of_their_quarter_of_an_hour() -> None:
    day = school_day()
    persons = replace(day.population.persons, age=np.array([30, 30, 30, 9, *[30] * 6]))
    trips = day.population.trips  # person 3 walks from place 0 to place 1 at 8, 12 and 16 h, 600 s each
    child = replace(day, population=SimpleNamespace(**{**vars(day.population), "persons": persons}))
    walks = np.flatnonzero(trips.person == 3)
    places = np.stack([trips.origin_place[walks], trips.destination_place[walks]])
    met = []
    for (origin, destination), row in zip(places.T, walks, strict=True):
        if destination == SCHOOL:
            met.append(day.entries[day.arrived_ms[row] // 900_000][[DOOR, BACK]].sum())
        if origin == SCHOOL:
            met.append(day.entries[day.departed_ms[row] // 900_000][[DOOR, BACK]].sum())
    assert met
    assert values_of(child)["vehicles_met_at_school", "town", ""] == np.mean(met)
    assert ("vehicles_met_at_school", "town", "") not in values_of(day)  # adults only


def test_through_traffic_on_local_streets_with_homes_or_near_schools() -> None:
    """The school's street in the town; homes open to link 0, no local street, and 7, a living street."""
    day = school_day()
    places = replace(day.territory.places, dwellings=np.array([5, 0, 5, 0], dtype=np.float32))
    territory = SimpleNamespace(**{**vars(day.territory), "places": places})
    found = values_of(replace(day, territory=territory))
    name = "through_vehicle_km_near_homes_and_schools"
    assert found[name, "town", "near:schools"] == found[name, "town", ""] == 3 + 2  # persons 7 and 9, link 2
    assert found[name, "town", "near:homes"] == 0
    assert found[name, "village", "near:homes"] == found[name, "village", ""] == 2 + 3  # persons 9 and 8
    assert found[name, "all", ""] == 2 + 2  # person 9 alone has no end here: links 2 and 7
    assert found[name, "village", ""] <= found["through_vehicle_km_in_focus", "village", ""]
