"""Places as a table of the user's own tells of them: capacities other than the map's, and more places.

Columns: place_id, and as wanted lon, lat, capacities and services. A place that the map has keeps whatever
the table leaves blank, but no service of a use that it is given no capacity for; any other is new, stands at
lon and lat, and has nothing where the table is silent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.readers.csv_rows import number_of, read_rows
from twin.scenario.ledger import Parameters
from twin.territory.access import nearest_links, nearest_nodes
from twin.territory.geometry import Plane
from twin.territory.own_services import OwnServices, services_listed, with_own_services
from twin.territory.services import CAPACITY_OF
from twin.territory.tables import OBSERVED, Places
from twin.territory.territory import Territory

CAPACITIES = ("dwellings", "jobs", "school_places", "shop", "health", "counter", "leisure")
COLUMNS = ("lon", "lat", *CAPACITIES, "services")
SAME_DEGREES = 1e-3
"""About 100 m: a place of the map that is given further off is another one."""
GIVEN = "given"
"""Use of a place that only the table knows."""


@dataclass(frozen=True)
class OwnPlace:
    """A row: capacities given by name, NaN for a position left out, services None where it is silent."""

    where: str
    place_id: str
    lon: float
    lat: float
    capacity: dict[str, float]
    services: tuple[str, ...] | None = None


def read_own_places(path: Path) -> list[OwnPlace]:
    """Rows of the table, each checked by itself; ids are unique."""
    found: dict[str, OwnPlace] = {}
    for line, row in read_rows(path, ("place_id",), COLUMNS):
        where, name = f"{path}: line {line}", row["place_id"]
        if not name:
            raise InputError(
                f"{where}: place_id", "empty", "a building's id such as way:123, or one of your own"
            )
        if name in found:
            raise InputError(f"{where}: place_id", f"{name} is given twice", "one row a place")
        lon, lat = (_degrees(row.get(axis, ""), f"{where}: {axis}") for axis in ("lon", "lat"))
        if np.isfinite(lon) != np.isfinite(lat):
            raise InputError(where, "only one of lon and lat", "both, or neither")
        capacity = {
            each: number_of(row[each], f"{where}: {each}", "a capacity, 0 or more, or nothing")
            for each in CAPACITIES
            if row.get(each)
        }
        services = services_listed(row.get("services", ""), f"{where}: services")
        found[name] = OwnPlace(where, name, lon, lat, capacity, services)
    if not found:
        raise InputError(str(path), "a table without a place", "a row for each place")
    return list(found.values())


def _degrees(text: str, where: str) -> float:
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not abs(value) <= 180.0:
        raise InputError(where, f"{text!r} is no place on earth", "degrees, for example 7.4213")
    return value


def with_own_places(territory: Territory, path: Path) -> Territory:
    """The territory with its places as the table says; its digest is that of what it now says."""
    rows = read_own_places(path)
    made = territory.with_places(_places(territory, rows))
    services = with_own_services(made.services, made.places, [_services_of(each) for each in rows])
    if services.digest == made.services.digest:
        return made
    spelled = f"{made.digest}\n{services.digest}"
    return replace(made, services=services, digest=hashlib.sha256(spelled.encode()).hexdigest())


def _services_of(row: OwnPlace) -> OwnServices:
    without = tuple(use for use, column in CAPACITY_OF.items() if row.capacity.get(column) == 0.0)
    return OwnServices(row.place_id, row.services, without)


def _places(territory: Territory, rows: list[OwnPlace]) -> Places:
    """The territory's places with what the rows say, new ones last."""
    places = territory.places
    row_of = {name: row for row, name in enumerate(places.place_id.tolist())}
    known = [each for each in rows if each.place_id in row_of]
    columns: dict[str, np.ndarray] = {name: np.array(column) for name, column in places.columns().items()}
    for each in known:
        row = row_of[each.place_id]
        if np.isfinite(each.lon) and max(abs(each.lon - places.lon[row]), abs(each.lat - places.lat[row])) > (
            SAME_DEGREES
        ):
            what = f"{each.place_id} lies at {places.lon[row]:.5f}, {places.lat[row]:.5f} on the map"
            raise InputError(each.where, what, "that position or none, or an id of your own")
        for name, value in each.capacity.items():
            columns[name][row] = value
        columns["provenance"][row] = OBSERVED
    added = [each for each in rows if each.place_id not in row_of]
    if not added:
        return Places(**columns)
    more = _added(territory, added)
    return Places(**{name: np.concatenate([column, more[name]]) for name, column in columns.items()})


def _added(territory: Territory, rows: list[OwnPlace]) -> dict[str, np.ndarray]:
    """Columns of new places; zone and commune are those of their street."""
    streets, n = territory.streets, len(rows)
    for each in rows:
        if not np.isfinite(each.lon):
            what = f"the map has no place {each.place_id!r}"
            raise InputError(
                f"{each.where}: place_id", what, "an id of the map, or lon and lat of a new place"
            )
    lon, lat = np.array([each.lon for each in rows]), np.array([each.lat for each in rows])
    plane = Plane.from_crs(str(territory.meta["crs"]))
    x, y = plane.x_m(lon), plane.y_m(lat)
    reach_m = float(Parameters.defaults()["territory.street_reach_m"])
    link = nearest_links(x, y, streets, plane, reach_m)
    for each, street in zip(rows, link.tolist(), strict=True):
        if street < 0:
            right = f"a position within {reach_m:g} m of a street"
            raise InputError(each.where, f"{each.place_id} is not on a street of the territory", right)
    filled: dict[str, Any] = {name: np.zeros(n) for name in Places.__dataclass_fields__}
    filled |= {name: np.array([each.capacity.get(name, 0.0) for each in rows]) for name in CAPACITIES}
    filled |= {
        "place_id": np.array([each.place_id for each in rows]),
        "lon": lon,
        "lat": lat,
        "x_m": x,
        "y_m": y,
        "zone": streets.zone[link],
        "commune": streets.commune[link],
        "levels": np.ones(n),
        "provenance": np.full(n, OBSERVED),
        "use": np.full(n, GIVEN),
        "access_link": link,
        "path_node": nearest_nodes(x, y, territory.paths),
    }
    return {
        name: np.asarray(column).astype(getattr(territory.places, name).dtype)
        if getattr(territory.places, name).dtype.kind != "U"
        else np.asarray(column)
        for name, column in filled.items()
    }
