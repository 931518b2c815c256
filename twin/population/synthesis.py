"""Synthesis: a territory and its marginals become persons with homes, equipment and a planned day.

    marginals -> households -> homes -> equipment -> days -> destinations -> modes -> times -> tables

Every draw is a function of (seed, stream, person key). Quotas and fitted constants look at all inhabitants
of an area, once, here; a person added afterwards changes nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin.conditions.day import DayConditions
from twin.population.days.another_day import DateDraws, DayDraws
from twin.population.days.dated_chains import chains_of
from twin.population.days.dated_ledger import ledger_on, of_a_date, open_on
from twin.population.days.destinations import Residents, choose_destinations
from twin.population.days.escorts import by_one_gate, pairs_at_one_place, pairs_of, to_one_school, together
from twin.population.days.legs import ResidentTrips, connect
from twin.population.days.modes import choose_modes, stratum, travellers_of
from twin.population.days.opportunities import Opportunities
from twin.population.days.rides import made_by
from twin.population.days.schedule import TripSchedule, plan_times
from twin.population.days.weather_modes import sheltered
from twin.population.draws import Draws, member_keys
from twin.population.file import DENSITY_CLASSES
from twin.population.marginals import Marginals, MarginalsArea, marginals_of
from twin.population.outside.counts import CountFit, count_fit_of, counts_met
from twin.population.outside.gates import Gates, gates_of, group_weights
from twin.population.outside.outsiders import from_outside
from twin.population.population import Population
from twin.population.published.calibration import calibration_of, day_fits
from twin.population.residents import equipment
from twin.population.residents.attributes import (
    Traits,
    connections,
    household_attributes,
    personal_attributes,
)
from twin.population.residents.fit_report import FitReport
from twin.population.residents.homes import choose_homes
from twin.population.residents.households import HouseholdMembers, Households, build_households, build_members
from twin.population.residents.quotas import census_cars, census_misses, census_occupations, census_sexes
from twin.population.summary import missed_notes, summarise
from twin.population.tables import (
    RESIDENT,
    STUDENT,
    TRIPS_PER_PERSON_LIMIT,
    Persons,
    Trips,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


def synthesise(
    territory: Territory,
    population_file: Path | None,
    parameters: Parameters,
    seed: int,
    day: int = 0,
    today: DayConditions | None = None,
) -> Population:
    """Persons and trips of a territory; a place without a file gets what its tags or buildings tell.

    Another ``day`` is one more weekday in the life of the same persons, ``today`` a date with its conditions.
    """
    usual = parameters
    draws, parameters = _of_day(parameters, seed, day, today)
    marginals, gates = marginals_of(territory, population_file, parameters), gates_of(territory)
    members, persons, fits = settle(territory, marginals, parameters, draws)
    settled, areas = (members, persons), marginals.areas
    legs, dropped = _legs(territory, marginals, gates, settled, parameters, draws, today)
    trips, modes, mode_fits = _resident_trips(territory, areas, settled, legs, parameters, draws, today)
    first_fit: CountFit | None = None
    if (day or today) and marginals.counts:  # who comes from outside is who came on the first day
        first_fit = count_fit_of(synthesise(territory, population_file, usual, seed).report)
    parts, count_fit = from_outside(territory, marginals, gates, trips, parameters, draws, first_fit)
    all_persons = Persons.stacked(persons, *(part for part, _ in parts))
    offsets = np.cumsum([len(persons)] + [len(part) for part, _ in parts])
    shifted = [
        columns | {"person": columns["person"] + offset}
        for (_, columns), offset in zip(parts, offsets, strict=False)
    ]
    columns = [_with_keys(each, all_persons) for each in (trips, *shifted)]
    all_trips = Trips.stacked(*columns)
    report = summarise(territory, marginals, all_persons, all_trips)
    report["notes"] += missed_notes(marginals.areas, fits)
    report |= {
        "seed": seed,
        "marginals": {area.name: fit for area, fit in zip(marginals.areas, fits, strict=True)},
        "mode_choice": modes,
        "stops_without_trip": dropped,
        "calibration": calibration_of(
            marginals,
            fits,
            (*day_fits(members.has_young, persons, parameters), *mode_fits),
            None if count_fit is None else counts_met(count_fit, marginals, gates, all_trips),
            (
                parameters["population.trips_per_person_per_day"],
                report["kinds"]["resident"]["trips_per_person"],
            ),
        ),
    }
    return Population.of(all_persons, all_trips, report if today is None else of_a_date(report, today))


def _of_day(
    parameters: Parameters, seed: int, day: int, today: DayConditions | None
) -> tuple[Draws, Parameters]:
    """The draws of the first day, of another one or of a date, and the ledger of that."""
    if today is not None:
        return DateDraws(seed, today.calendar.ordinal), ledger_on(parameters, today)
    return DayDraws(seed, day) if day else Draws(seed), parameters


def settle(
    territory: Territory, marginals: Marginals, parameters: Parameters, draws: Draws
) -> tuple[HouseholdMembers, Persons, list[dict[str, Any]]]:
    """Residents with homes and equipment, before they have a day; how well each area's marginals are met."""
    households, fits = build_households(marginals.areas)
    home = choose_homes(territory, marginals.areas, households, draws, marginals.where)
    members = build_members(households, draws)
    persons, misses = _residents(territory, members, households, marginals.areas, home, parameters, draws)
    fits = [fit | {"missed": fit["missed"] | more} for fit, more in zip(fits, misses, strict=True)]
    return members, persons, fits


def _residents(
    territory: Territory,
    members: HouseholdMembers,
    households: Households,
    areas: tuple[MarginalsArea, ...],
    home: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> tuple[Persons, list[dict[str, dict[str, float]]]]:
    """Residents with all they have, and by how much they miss a census of sexes, occupations and cars."""
    density_of_area = np.array([area.density for area in areas])
    density, of_household = density_of_area[members.area], density_of_area[households.area]
    adults, eldest = _adults_and_eldest(members, len(households.key))
    cars = equipment.draw_household_cars(adults, of_household, households.key, parameters, draws)
    cars = census_cars(cars, adults, households, areas, parameters, draws)
    occupation = equipment.draw_occupation(members.age, members.key, parameters, draws)
    occupation = census_occupations(occupation, members, areas, parameters, draws)
    female = census_sexes(members, households, areas, draws)
    skill = equipment.draw_skill(members.age, density, members.key, parameters, draws)
    consent = equipment.draw_consent(members.key, parameters, draws)
    internet = equipment.draw_internet(eldest, households.key, parameters, draws)
    traits = Traits(members.key, members.age, density, occupation, skill, consent)
    more = personal_attributes(traits, parameters, draws)
    shared = more | {"occupation": occupation, "skill": skill}
    more |= household_attributes(members, households, shared, of_household, parameters, draws)
    line, operator = connections(territory, home, internet, households, of_household, parameters, draws)
    persons = Persons(
        person_id=members.person_id,
        person_key=members.key,
        kind=np.full(len(members.key), RESIDENT),
        household=households.household_id[members.household],
        zone=np.array([area.zone for area in areas])[members.area],
        home=home[members.household],
        density=density,
        age=members.age,
        female=female,
        occupation=occupation,
        licence=equipment.draw_licence(members.age, members.key, parameters, draws),
        household_cars=cars[members.household],
        smartphone=equipment.draw_smartphone(members.age, density, skill, members.key, parameters, draws),
        home_internet=internet[members.household],
        skill=skill,
        consent=consent,
        connection=line[members.household],
        operator=operator[members.household],
        **more,
    )
    codes = {"sex": female.astype(np.int64), "occupation": occupation - STUDENT, "cars": cars}
    rows = {"sex": members.area, "occupation": members.area, "cars": households.area}
    return persons, census_misses(codes, rows, areas)


def _adults_and_eldest(members: HouseholdMembers, n_households: int) -> tuple[np.ndarray, np.ndarray]:
    """Members of 18 years and over, and the age of the eldest, of each household (n_households,)."""
    adults, eldest = np.zeros((2, n_households), dtype=np.int64)
    adults[members.household] = members.n_adults
    np.maximum.at(eldest, members.household, members.age)
    return adults, eldest


def _legs(
    territory: Territory,
    marginals: Marginals,
    gates: Gates,
    settled: tuple[HouseholdMembers, Persons],
    parameters: Parameters,
    draws: Draws,
    today: DayConditions | None,
) -> tuple[ResidentTrips, int]:
    (members, persons), areas = settled, marginals.areas
    chains = chains_of(persons, members.has_young, parameters, draws, today)
    weights = [
        group_weights(gates, area.gates, f"{marginals.where}: area {area.name}: gates") for area in areas
    ]
    residents = Residents(
        home=persons.home,
        area=members.area,
        outside_shares=np.array([area.outside_shares for area in areas]),
        gate_ladder=np.cumsum(np.array(weights).reshape(len(areas), -1), axis=1),
    )
    opportunities = Opportunities(open_on(territory, parameters, draws, today), parameters)
    stops = choose_destinations(chains, residents, opportunities, parameters, draws)
    if today is None:
        return connect(chains, stops, persons.home, territory, gates, draws)
    stops = to_one_school(stops, pairs_of(persons, chains, parameters))
    legs, dropped = connect(chains, stops, persons.home, territory, gates, draws)
    by_one_gate(legs, pairs_at_one_place(persons, legs, parameters))
    return legs, dropped


def _resident_trips(
    territory: Territory,
    areas: Sequence[MarginalsArea],
    settled: tuple[HouseholdMembers, Persons],
    legs: ResidentTrips,
    parameters: Parameters,
    draws: Draws,
    today: DayConditions | None,
) -> tuple[dict[str, np.ndarray], dict[str, Any], tuple[FitReport, ...]]:
    members, persons = settled
    of_area = [stratum(DENSITY_CLASSES[each.density], each.legal_regime) for each in areas]
    names, of_area_row = np.unique(of_area, return_inverse=True)
    strata = (of_area_row[members.area], names.tolist())
    mode, fitted = choose_modes(legs, travellers_of(persons), strata, parameters, draws)
    if today is not None:
        mode = sheltered(legs, mode, persons, parameters, draws, today)
    made = made_by(mode, legs, persons, territory, parameters, draws)
    age, occupation = persons.age[legs.person], persons.occupation[legs.person]
    plan: TripSchedule = plan_times(legs, made.planned_s, age, occupation, parameters, draws)
    columns = {
        "trip_id": persons.person_id[legs.person] * TRIPS_PER_PERSON_LIMIT + legs.sequence,
        "person": legs.person,
        "sequence": legs.sequence,
        "purpose": legs.purpose,
        "mode": mode,
        "depart_s": plan.depart_s,
        "min_stay_s": plan.min_stay_s,
        "origin_place": legs.origin_place,
        "destination_place": legs.destination_place,
        "origin_link": legs.origin_link,
        "destination_link": legs.destination_link,
        "distance_m": made.distance_m,
        "duration_s": made.duration_s,
    }
    shown: dict[str, Any] = {
        "constants": fitted.constants,
        "walks_and_rides_off_the_paths": made.off_paths,
    }
    if today is not None:
        pairs = pairs_at_one_place(persons, legs, parameters)
        columns, shown["escorted_there_and_back"] = together(columns, made.planned_s, pairs, parameters)
    return columns, shown, fitted.fits


def _with_keys(columns: dict[str, np.ndarray], persons: Persons) -> dict[str, np.ndarray]:
    """The trips' own keys: made of the person's key and the sequence."""
    return columns | {"trip_key": member_keys(persons.person_key[columns["person"]], columns["sequence"])}
