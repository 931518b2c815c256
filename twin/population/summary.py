"""What a population amounts to: persons, trips and vehicles by kind, zone, mode, purpose and hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.population.days.legs import purpose_served
from twin.population.file import DENSITY_CLASSES
from twin.population.marginals import STATISTICS_OF, UNKNOWN_REGIME, Marginals, MarginalsArea
from twin.population.tables import (
    CAR,
    COMMUTER,
    FREIGHT,
    MOBILE_FROM_AGE,
    MODES,
    PERSON_KINDS,
    PURPOSES,
    RESIDENT,
    Persons,
    Trips,
)
from twin.territory.territory import Territory


def summarise(territory: Territory, marginals: Marginals, persons: Persons, trips: Trips) -> dict[str, Any]:
    """The bottom-up sum of demand, by kind and by zone, with what was assumed about the areas."""
    names = (*(str(name) for name in territory.zones.name), "outside")
    zone_of_trip = _zones(territory, persons, trips)
    zone_of_person = np.where(persons.zone < 0, len(names) - 1, persons.zone)
    kinds = {
        kind: sums(persons, trips, persons.kind == row, persons.kind[trips.person] == row)
        for row, kind in enumerate(PERSON_KINDS)
    }
    by_zone: dict[str, Any] = {}
    for zone, name in enumerate(names):
        here = {}
        for row, kind in enumerate(PERSON_KINDS):
            of_kind = persons.kind[trips.person] == row
            part = sums(
                persons,
                trips,
                (persons.kind == row) & (zone_of_person == zone),
                of_kind & (zone_of_trip == zone),
            )
            if part["persons"] or part["trips"]:
                here[kind] = part
        by_zone[name] = here
    return {
        "kinds": kinds,
        "zones": by_zone,
        "persons": len(persons),
        "trips": len(trips),
        "vehicle_trips": int((trips.mode == CAR).sum()),
        "purpose_shares": purpose_shares(persons, trips),
        "car_starts_by_hour": _hours(trips.depart_s[trips.mode == CAR]),
        "areas": [declared(area) for area in marginals.areas],
        "notes": list(marginals.notes),
    }


def missed_notes(areas: Sequence[MarginalsArea], fits: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each area whose people are not as asked, by more than one, with the numbers."""
    notes = []
    for area, fit in zip(areas, fits, strict=True):
        errors = [
            f"{variable} {category} {abs(off):g} {'more' if off > 0 else 'fewer'}"
            for variable, cells in fit["missed"].items()
            for category, off in cells.items()
        ]
        if errors:
            why = (
                "its marginals contradict each other"
                if fit["contradictions"]
                else "no households were found that fit better"
            )
            notes.append(
                f"Area {area.name} is not as asked ({why}): {', '.join(errors)} than its marginals say."
            )
    return notes


def sums(persons: Persons, trips: Trips, who: np.ndarray, which: np.ndarray) -> dict[str, Any]:
    """Persons (mask), and trips (mask) by mode, with trips per person of 6 years and over."""
    by_mode = np.bincount(trips.mode[which], minlength=len(MODES))
    mobile = int((who & (persons.age >= MOBILE_FROM_AGE)).sum())
    n_trips = int(which.sum())
    return {
        "persons": int(who.sum()),
        "trips": n_trips,
        "trips_per_person": round(n_trips / mobile, 4) if mobile else None,
        "vehicle_trips": int(by_mode[CAR]),
        "by_mode": {mode: int(n) for mode, n in zip(MODES, by_mode, strict=True)},
        "mode_shares": {
            mode: round(float(n / n_trips), 4) if n_trips else 0.0
            for mode, n in zip(MODES, by_mode, strict=True)
        },
    }


def purpose_shares(persons: Persons, trips: Trips) -> dict[str, float]:
    """Shares of residents' trips; the way home counts for what was done last before it."""
    rows = np.flatnonzero(persons.kind[trips.person] == RESIDENT)
    counts = np.bincount(purpose_served(trips.purpose[rows], trips.sequence[rows]), minlength=len(PURPOSES))
    return {
        name: round(float(n / max(len(rows), 1)), 4) for name, n in zip(PURPOSES, counts, strict=True) if n
    }


def _zones(territory: Territory, persons: Persons, trips: Trips) -> np.ndarray:
    """Zone a trip is counted in: of residents their home's, of those who come in that of their end there."""
    n_zones = len(territory.zones.name)
    place = np.maximum(trips.origin_place, trips.destination_place)
    work = np.where(place >= 0, territory.places.zone[np.maximum(place, 0)], n_zones)
    home = persons.zone[trips.person]
    zone = np.where(
        np.isin(persons.kind[trips.person], (COMMUTER, FREIGHT)), work, np.where(home >= 0, home, n_zones)
    )
    return np.where(zone < 0, n_zones, zone)


def _hours(depart_s: np.ndarray) -> list[int]:
    """Departures by hour of the clock: 0..23."""
    return [int(n) for n in np.bincount((depart_s // 3_600.0).astype(np.int64) % 24, minlength=24)]


def declared(area: MarginalsArea) -> dict[str, Any]:
    """What is declared of an area, whence it comes, and whose statistics fill it."""
    return {
        "name": area.name,
        "inhabitants": area.inhabitants,
        "density_class": DENSITY_CLASSES[area.density],
        "legal_regime": area.legal_regime,
        "class_source": area.class_source,
        "basis": area.basis,
        "source": area.source,
        "statistics": STATISTICS_OF,
        "own_statistics": list(area.own),
        "foreign_statistics": area.legal_regime not in (STATISTICS_OF, UNKNOWN_REGIME),
    }


def statistics_notes(areas: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of areas as declared: whose people are drawn by another state's statistics, or by an assumed class."""
    said = []
    for area in areas:
        if area.get("foreign_statistics"):
            own = " and ".join(area["own_statistics"])
            said.append(
                f"{area['name']} is under the law of {area['legal_regime']}, but its people are drawn by "
                f"statistics of {area['statistics']}" + (f": only its {own} are its own." if own else ".")
            )
    assumed = [area for area in areas if area.get("legal_regime") == UNKNOWN_REGIME]
    if assumed:
        classes = ", ".join(f"{area['name']} ({area['density_class']})" for area in assumed)
        said.append(
            "Density class by number of inhabitants, legal regime unknown, statistics of "
            f"{assumed[0]['statistics']}: {classes}."
        )
    return said
