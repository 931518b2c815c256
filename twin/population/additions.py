"""One person more: columns of a person and its trips from what a caller says, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.population.draws import derive_keys, member_keys
from twin.population.tables import (
    CAR,
    HOME,
    LATEST_DEPARTURE_S,
    MODES,
    PERSON_DTYPES,
    PLAIN_ATTRIBUTES,
    TRIP_DTYPES,
    TRIPS_PER_PERSON_LIMIT,
    WALK,
    WORKER,
    Persons,
)

PERSON_IDS = 1_000_000_000_000
"""Outside ids of persons lie below this; clones lie above."""
PLAIN_PERSON: dict[str, Any] = {
    "kind": 0,
    "household": -1,
    "zone": -1,
    "home": -1,
    "density": -1,
    "age": 40,
    "female": False,
    "occupation": WORKER,
    "licence": False,
    "household_cars": 0,
    "smartphone": False,
    "home_internet": False,
    "skill": 2,
    "consent": False,
    **PLAIN_ATTRIBUTES,
}
PLAIN_TRIP: dict[str, Any] = {
    "purpose": HOME,
    "mode": WALK,
    "depart_s": 43_200.0,
    "min_stay_s": 600.0,
    "origin_place": -1,
    "destination_place": -1,
    "origin_link": -1,
    "destination_link": -1,
    "distance_m": 0.0,
    "duration_s": np.nan,
}


def person_columns(person: Mapping[str, Any], others: Persons) -> dict[str, np.ndarray]:
    """Columns of length 1; the key follows from the id unless it is given."""
    _check_names("with_person", person, PERSON_DTYPES)
    person_id = person.get("person_id")
    if (
        isinstance(person_id, bool)
        or not isinstance(person_id, int | np.integer)
        or not 0 <= person_id < PERSON_IDS
    ):
        raise InputError(
            "with_person: person_id", f"{person_id!r} is no id", f"a whole number below {PERSON_IDS}"
        )
    if bool((others.person_id == person_id).any()):
        raise InputError("with_person: person_id", f"{person_id} is taken", "an id nobody has")
    values = {**PLAIN_PERSON, "person_key": derive_keys("added person", np.array([person_id]))[0], **person}
    return {name: np.array([values[name]], dtype=dtype) for name, dtype in PERSON_DTYPES.items()}


def trip_columns(
    trips: Sequence[Mapping[str, Any]], person: Mapping[str, np.ndarray], row: int
) -> dict[str, np.ndarray]:
    """Columns of the trips of the person in that row, in the order given, which must be that of the day."""
    given = [{**PLAIN_TRIP, **trip} for trip in trips]
    before_s = 0.0
    for i, trip in enumerate(given):
        where = f"with_person: trip {i + 1}"
        _check_names(where, trip, TRIP_DTYPES)
        if not before_s <= trip["depart_s"] < LATEST_DEPARTURE_S:
            right = f"from {before_s:g} on, below {LATEST_DEPARTURE_S:g}"
            raise InputError(f"{where}: depart_s", f"{trip['depart_s']!r} is not in order", right)
        before_s = float(trip["depart_s"])
        _check_ends(where, trip, given[i - 1] if i else None)
    sequence = np.arange(len(given), dtype=np.int64)
    if len(given) >= TRIPS_PER_PERSON_LIMIT:
        raise InputError("with_person", f"{len(given)} trips", f"fewer than {TRIPS_PER_PERSON_LIMIT}")
    columns = {name: np.array([t[name] for t in given], dtype=TRIP_DTYPES[name]) for name in PLAIN_TRIP}
    return columns | {
        "trip_id": person["person_id"][0] * TRIPS_PER_PERSON_LIMIT + sequence,
        "trip_key": member_keys(np.repeat(person["person_key"], len(given)), sequence),
        "person": np.full(len(given), row),
        "sequence": sequence,
    }


def _check_names(where: str, given: Mapping[str, Any], known: Mapping[str, str]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"{where}: {name}", "unknown column", "one of " + ", ".join(known))


def _check_ends(where: str, trip: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """A trip begins where the one before ended; a vehicle has two different links."""
    if trip["mode"] not in range(len(MODES)):
        raise InputError(f"{where}: mode", f"{trip['mode']!r} is no mode", f"an index into {MODES}")
    if before is not None and trip["origin_place"] != before["destination_place"]:
        right = f"place {before['destination_place']}, where the trip before ended"
        raise InputError(f"{where}: origin_place", f"place {trip['origin_place']} is elsewhere", right)
    if trip["mode"] == CAR and (trip["origin_link"] == trip["destination_link"] or trip["origin_link"] < 0):
        right = "two different links"
        raise InputError(f"{where}: links", "a car needs somewhere to go", right)
