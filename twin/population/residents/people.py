"""How many live in a zone that no file tells of: from population tags by dwellings, else from dwellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.scenario.ledger import Parameters
from twin.territory.communes import METHOD_CUT_RING
from twin.territory.inhabitants import BY_AREA, COUNTED, UNKNOWN
from twin.territory.territory import Territory

STATED = "zones file"
TAG = "population tag"
SHARED_TAG = "population tag of a larger area, by the share of its dwellings here"
DWELLINGS = "dwellings on the map"


@dataclass(frozen=True)
class People:
    """Inhabitants of a zone, the class of density of most of it, and what they were taken from."""

    inhabitants: float
    density: int  # index into DENSITY_CLASSES
    basis: str


def people_of_zone(territory: Territory, zone: int, parameters: Parameters) -> People:
    """Inhabitants of a zone by its communes: each counts by the share of its dwellings that are here.

    Where a zones file states the zone's own number, that holds, by the share of the zone's dwellings that
    are left if the territory was cut. What has no tag is housed by its dwellings.
    """
    places, zones = territory.places, territory.zones
    dwellings = np.where(places.access_link >= 0, places.dwellings, 0.0).astype(np.float64)
    here = places.zone == zone
    n_here = float(dwellings[here].sum())
    notes: Mapping[str, Any] = territory.meta.get("people", {})
    stated = float(zones.inhabitants[zone])
    if np.isfinite(stated) and not _is_sum_of_tags(stated, zones.communes[zone], notes):
        return _stated(territory, zone, stated, n_here, parameters)
    parts: list[tuple[float, People]] = []
    untagged = 0.0
    for row in np.unique(places.commune[here]).tolist():
        n = float(dwellings[here & (places.commune == row)].sum())
        note = notes.get(territory.streets.communes[row]) if row >= 0 else None
        if note is None:
            untagged += n
        elif n > 0.0:
            n_seen = max(float(dwellings[places.commune == row].sum()), float(note["dwellings_here"]))
            parts.append((n, _of_commune(note, n, n_seen, parameters)))
    if untagged > 0.0 or not parts:
        parts.append((untagged, _housed(untagged, parameters)))
    most = max(parts, key=lambda part: part[0])[1]
    bases = sorted({part.basis for _, part in parts})
    return People(sum(part.inhabitants for _, part in parts), most.density, " and the ".join(bases))


def _is_sum_of_tags(stated: float, communes: tuple[str, ...], notes: Mapping[str, Any]) -> bool:
    known = [notes[name]["inhabitants"] for name in communes if name in notes]
    return bool(communes) and len(known) == len(communes) and abs(sum(known) - stated) < 0.5


def _stated(territory: Territory, zone: int, people: float, n_here: float, parameters: Parameters) -> People:
    """A zone's own number: of a zones file, or the tag of the settlement that the zone is."""
    zones = territory.zones
    n_whole = max(float(territory.meta.get("zone_dwellings", {}).get(zones.name[zone], n_here)), n_here)
    if zones.communes[zone]:
        note = {"inhabitants": people, "basis": UNKNOWN, "method": zones.method[zone]}
        return _of_commune(note, n_here, n_whole, parameters)
    share = n_here / n_whole if n_whole > 0.0 else 0.0
    return People(people * share, density_class(people, parameters), STATED)


def _of_commune(note: Mapping[str, Any], n: float, n_seen: float, parameters: Parameters) -> People:
    """People of a commune in some of its dwellings, of which so many were seen."""
    people = float(note["inhabitants"])
    density = density_class(people, parameters)
    n_whole = _dwellings_of_all(note, n_seen, density, parameters)
    if not n_whole > 0.0:
        return People(0.0, density, TAG)
    return People(people * n / n_whole, density, TAG if n >= n_whole - 0.5 else SHARED_TAG)


def _dwellings_of_all(note: Mapping[str, Any], n_seen: float, density: int, parameters: Parameters) -> float:
    """Dwellings of a whole commune: as counted, else as many as its people need, or as the area suggests.

    The area is taken to be as densely built outside the map as inside; a village whose centre is on the
    map would then have too many, so never more than its people need. A commune without a known ring is
    whole if its people fit into the households of the dwellings seen.
    """
    people = float(note["inhabitants"])
    if note["basis"] == COUNTED:
        return max(float(note["dwellings"]), n_seen)
    needed = max(people / float(parameters["population.inhabitants_per_dwelling"][density]), n_seen)
    if note["basis"] == BY_AREA:
        return min(max(float(note["dwellings"]), n_seen), needed)
    fits = people <= n_seen * float(parameters["population.household_size"][density])
    return n_seen if fits and METHOD_CUT_RING not in note["method"] else needed


def _housed(dwellings: float, parameters: Parameters) -> People:
    """People in dwellings that no tag counts: the densest class that its own number makes true."""
    for density, per_dwelling in enumerate(parameters["population.inhabitants_per_dwelling"]):
        people = dwellings * per_dwelling
        if density_class(people, parameters) <= density:
            break
    return People(people, density, DWELLINGS)


def density_class(people: float, parameters: Parameters) -> int:
    """Class of density by inhabitants: 0 dense, 1 town, 2 village."""
    edges = parameters["population.density_class_from_inhabitants"]
    return sum(people < edge for edge in edges)
