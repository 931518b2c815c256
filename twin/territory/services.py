"""Services of everyday life at the places of a territory, each observed on the map, inferred or assumed.

The basket follows the "panier de la vie courante" (Insee Premiere 1579) in eight functions. What the map does
not show is not there; only doctors, whom many maps leave out altogether, are then assumed at pharmacies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.readers.osm import Tags
from twin.scenario.basket import SERVICES
from twin.territory.content import content_digest
from twin.territory.tables import (
    ASSUMED,
    INFERRED,
    OBSERVED,
    PROVENANCES,
    Flags,
    Ints,
    Places,
    Table,
    Texts,
)
from twin.territory.uses import COUNTER, HEALTH, LEISURE, SCHOOL, SHOP

DOCTOR, PHARMACY = SERVICES.index("doctor"), SERVICES.index("pharmacy")
USE_OF = {
    "food": SHOP,
    "school": SCHOOL,
    "doctor": HEALTH,
    "pharmacy": HEALTH,
    "counter": COUNTER,
    "bank": COUNTER,
    "cafe": LEISURE,
    "sport": LEISURE,
}
"""The use of a place of which each service is a part."""
CAPACITY_OF = {use: "school_places" if use == SCHOOL else use for use in dict.fromkeys(USE_OF.values())}
"""Column of the places that holds the capacity for a use."""
Values = Mapping[str, tuple[str, ...]]
FOOD_SHOPS = (
    "supermarket", "convenience", "bakery", "butcher", "greengrocer", "grocery", "general", "deli", "cheese",
    "seafood", "farm", "dairy", "frozen_food", "pastry",
)  # fmt: skip
OBSERVED_BY: Mapping[str, Values] = {
    "food": {"shop": FOOD_SHOPS, "amenity": ("marketplace",)},
    "school": {"amenity": ("school", "kindergarten")},
    "doctor": {"amenity": ("doctors",), "healthcare": ("doctor",)},
    "pharmacy": {"amenity": ("pharmacy",), "healthcare": ("pharmacy",)},
    "counter": {"amenity": ("post_office",)},
    "bank": {"amenity": ("bank",)},
    "cafe": {"amenity": ("cafe", "bar", "pub")},
    "sport": {"leisure": ("sports_centre", "stadium", "fitness_centre")},
}
"""Tags that say that there is such a service."""
INFERRED_BY: Mapping[str, Values] = {
    "food": {"building": ("supermarket",)},
    "school": {"building": ("school", "kindergarten")},
    "doctor": {"amenity": ("hospital", "clinic"), "healthcare": ("hospital", "clinic", "centre")},
    "counter": {"amenity": ("townhall",)},
    "cafe": {"amenity": ("restaurant",)},
    "sport": {"building": ("stadium",)},
}
"""Tags of something else that has such a service as a rule."""
NOT_GENERAL = "healthcare:speciality"
NO_SERVICES = np.zeros(0, dtype=np.int8)


class Offered(NamedTuple):
    """A service of a place: id on the map, name, what it adds to the place's capacity, how it is known."""

    service_id: str
    service: str
    capacity: float
    provenance: int


@dataclass(frozen=True)
class Services(Table):
    """Services (n,), by id and kind: `service` indexes `SERVICES`, `place` the places, -1: it has closed.

    `capacity` is what the service adds to its place's capacity for the use that it belongs to.
    """

    service_id: Texts
    service: NDArray[np.int8]
    place: Ints
    capacity: NDArray[np.float32]
    provenance: NDArray[np.int8]

    @classmethod
    def none(cls) -> Services:
        """No service known: a territory built before they were kept."""
        return cls(
            np.zeros(0, dtype="<U1"), NO_SERVICES, NO_SERVICES.astype(np.int32),
            NO_SERVICES.astype(np.float32), NO_SERVICES,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.service_id)

    @property
    def digest(self) -> str:
        """Digest of what the table says."""
        return content_digest({"services": self})

    def taken(self, rows: Flags) -> Services:
        """The services of a mask (n,)."""
        return Services(**{name: column[rows] for name, column in self.columns().items()})

    def closed(self, rows: Flags) -> Services:
        """The same services, those of a mask (n,) closed: what was there is still known of."""
        return replace(self, place=np.where(rows, -1, self.place).astype(np.int32))

    def moved(self, before: Places, after: Places) -> Services:
        """Services at the rows that their places have in another table; those whose place is not there go."""
        row_of = {place: row for row, place in enumerate(after.place_id.tolist())}
        row = np.array(
            [row_of.get(each, -1) for each in before.place_id[self.place].tolist()], dtype=np.int32
        )
        return replace(self, place=row).taken(row >= 0)

    def notes(self) -> dict[str, Any]:
        """What a territory's notes say of them: the digest, and counts by service and provenance."""
        counts = {
            name: {
                how: int(((self.service == row) & (self.provenance == code)).sum())
                for code, how in enumerate(PROVENANCES)
            }
            for row, name in enumerate(SERVICES)
        }
        return {"services_digest": self.digest, "services": counts}

    def checked(self, n_places: int, notes: Mapping[str, Any], where: str) -> Services:
        """These, if they are what the notes say and stand at places that are there."""
        if self.digest != notes["services_digest"]:
            right = f"content with the digest {str(notes['services_digest'])[:12]}"
            raise InputError(where, f"the services have the digest {self.digest[:12]}", right)
        if len(self) and not 0 <= self.place.min() <= self.place.max() < n_places:
            raise InputError(where, "a service is at no place", "a folder as built")
        return self


def services_named(tags: Tags) -> tuple[tuple[str, int], ...]:
    """Services that tags name, each with its provenance.

    >>> services_named({"shop": "convenience;doityourself"}), services_named({"amenity": "bench"})
    ((('food', 0),), ())
    >>> services_named({"amenity": "townhall"})
    (('counter', 1),)
    """
    observed, inferred = _said(tags, OBSERVED_SAYS), _said(tags, INFERRED_SAYS)
    if not observed and not inferred:
        return ()
    if tags.get(NOT_GENERAL, "general") != "general":
        observed.discard("doctor")
    return (
        *((name, OBSERVED) for name in SERVICES if name in observed),
        *((name, INFERRED) for name in SERVICES if name in inferred - observed),
    )


def _says(by: Mapping[str, Values]) -> dict[str, dict[str, list[str]]]:
    """Services by key and value of a tag: every building of a map is asked, and few say anything."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, values in by.items():
        for key, each in values.items():
            for value in each:
                found.setdefault(key, {}).setdefault(value, []).append(name)
    return found


def _said(tags: Tags, by: Mapping[str, Mapping[str, Sequence[str]]]) -> set[str]:
    found: set[str] = set()
    if by.keys().isdisjoint(tags):
        return found
    for key, services in by.items():
        if key in tags:
            for value in tags[key].split(";"):
                found.update(services.get(value, ()))
    return found


OBSERVED_SAYS, INFERRED_SAYS = _says(OBSERVED_BY), _says(INFERRED_BY)


def services_table(offered: Sequence[Iterable[Offered]], visits: Sequence[Mapping[str, float]]) -> Services:
    """The table of what places offer, (n_places,) lists and capacities by use.

    A service that adds nothing of its own (a shop in a mall) has its part of what the place has. Where the
    map names no doctor at all, one practice is assumed at each pharmacy.
    """
    rows: list[tuple[str, int, int, float, int]] = []
    for place, (here, capacity) in enumerate(zip(offered, visits, strict=True)):
        known = list(here)
        for each in known:
            use = USE_OF[each.service]
            part = capacity.get(use, 0.0) / sum(USE_OF[other.service] == use for other in known)
            added = each.capacity or part
            rows.append((each.service_id, SERVICES.index(each.service), place, added, each.provenance))
    if not any(row[1] == DOCTOR and row[4] == OBSERVED for row in rows):
        rows += [(row[0], DOCTOR, row[2], 0.0, ASSUMED) for row in rows if row[1] == PHARMACY]
    rows.sort()
    ids, service, place_row, capacities, provenance = zip(*rows, strict=True) if rows else [()] * 5
    return Services(
        np.array(ids, dtype=np.str_),
        np.array(service, dtype=np.int8),
        np.array(place_row, dtype=np.int32),
        np.round(np.array(capacities, dtype=float), 1).astype(np.float32),
        np.array(provenance, dtype=np.int8),
    )
