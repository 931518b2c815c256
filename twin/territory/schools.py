"""Schools among the places, and the links near them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from twin.territory.geometry import distances_m
from twin.territory.tables import Flags, Floats, Longs, Places, Streets


def schools_named(places: Places, zones: Collection[int] = (), ids: Collection[str] = ()) -> Longs:
    """Rows of the places with school places, of those zones and with those ids where any are given."""
    chosen = np.asarray(places.school_places > 0)
    if zones:
        chosen &= np.isin(places.zone, list(zones))
    if ids:
        chosen &= np.isin(places.place_id, list(ids))
    return np.flatnonzero(chosen)


def near_schools(streets: Streets, places: Places, schools: Longs, within_m: float) -> Flags:
    """Which links lie near which school (n_schools, n_links): by the middle of the link's line.

    The link that a school opens to is near it in any case, and so is the way back along it.
    """
    lon, lat = line_middles(streets)
    near = np.zeros((len(schools), streets.n_links), dtype=bool)
    for row, school in enumerate(schools.tolist()):
        near[row] = distances_m(places.lon[school], places.lat[school], lon, lat) <= within_m
        door = int(places.access_link[school])
        near[row] |= (lon == lon[door]) & (lat == lat[door])  # the same street, either way
    return near


def line_middles(streets: Streets) -> tuple[Floats, Floats]:
    """Longitude and latitude of the point in the middle of each link's line, counted by points (n_links,)."""
    first, last = streets.shape_start[:-1], streets.shape_start[1:] - 1
    middle, odd = (first + last + 1) // 2, (last - first) % 2 == 0
    lon, lat = (
        np.where(odd, values[middle], (values[middle - 1] + values[middle]) / 2.0)
        for values in (streets.shape_lon, streets.shape_lat)
    )
    return lon, lat
