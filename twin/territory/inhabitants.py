"""What is known of a commune's inhabitants: how many its tag counts, and in how many dwellings they live.

A tag counts the whole commune, also where the map's box has cut most of it away. So the notes of a
territory keep the dwellings of each whole commune, as far as the map can tell:

- `counted`: its ring lies within the map, so every building of it was seen, inside the box or outside;
- `by area`: its ring closes but leaves the map; outside is assumed to be as densely built as inside;
- `unknown`: its ring does not close, or it is known by a place node alone.

One settlement's people are counted once: a commune takes them from its own node (else from its relation),
and quarters within it (Monte-Carlo in Monaco) are no communes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.readers.osm import Box
from twin.territory.communes import METHOD_RING, locate
from twin.territory.geometry import Plane, clipped_ring, in_box, ring_area_m2
from twin.territory.places import dwellings_of, find_footprints
from twin.territory.streets import StreetGround
from twin.territory.tables import Floats, Places

COUNTED, BY_AREA, UNKNOWN = "counted", "by area", "unknown"


def people_of(ground: StreetGround, places: Places, box: Box, is_crop: bool) -> dict[str, dict[str, Any]]:
    """By commune with a tag: inhabitants, dwellings of all of it (None: unknown), how known, dwellings here.

    Without a crop all buildings of the map are among the places; with one, those beyond it are counted.
    """
    inside = _by_commune(places.dwellings.astype(np.float64), places.commune, len(ground.communes))
    beyond = _beyond(ground, box) if is_crop else np.zeros(len(ground.communes))
    notes = {}
    for row, commune in enumerate(ground.communes):
        if not np.isfinite(commune.inhabitants):
            continue
        dwellings, basis = None, UNKNOWN
        if commune.method == METHOD_RING and all(
            _within(ring, ground.extract.box) for ring in commune.rings or ()
        ):
            dwellings, basis = inside[row] + beyond[row], COUNTED
        elif commune.method == METHOD_RING:
            share = area_share(commune.rings or (), box, ground.plane)
            if share > 0.0:
                dwellings, basis = inside[row] / share, BY_AREA
        notes[commune.name] = {
            "inhabitants": commune.inhabitants,
            "dwellings": None if dwellings is None else round(float(dwellings), 1),
            "dwellings_here": round(float(inside[row]), 1),
            "basis": basis,
            "method": commune.method,
        }
    return notes


def people_of_cut(meta: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """What a territory cut out of this one still knows of whole communes and whole zones."""
    places, zones = tables["places"], tables["zones"]
    here = _by_commune(places.dwellings.astype(np.float64), places.zone, len(zones.name))
    known = dict(meta.get("zone_dwellings", {}))
    for row, name in enumerate(zones.name):
        known.setdefault(name, round(float(here[row]), 1))
    return {"people": dict(meta.get("people", {})), "zone_dwellings": known}


def area_share(rings: Sequence[Floats], box: Box, plane: Plane) -> float:
    """Share of the area of rings that lies in a box.

    >>> ring = np.array([[0.0, 0.0], [0.04, 0.0], [0.04, 0.01], [0.0, 0.01], [0.0, 0.0]])
    >>> round(area_share([ring], (0.01, -1.0, 0.02, 1.0), Plane(0.0, 0.0)), 3)
    0.25
    """
    whole = sum(_area_m2(ring, plane) for ring in rings)
    inside = sum(_area_m2(clipped_ring(ring, box), plane) for ring in rings)
    return inside / whole if whole > 0.0 else 0.0


def _area_m2(ring: Floats, plane: Plane) -> float:
    return ring_area_m2(plane.x_m(ring[:, 0]).tolist(), plane.y_m(ring[:, 1]).tolist())


def _within(ring: Floats, box: Box) -> bool:
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    return in_box(west, south, box) and in_box(east, north, box)


def _by_commune(amount: Floats, commune: np.ndarray, n: int) -> Floats:
    placed = commune >= 0
    return np.bincount(commune[placed], weights=amount[placed], minlength=n).astype(np.float64)


def _beyond(ground: StreetGround, box: Box) -> Floats:
    """Dwellings of each commune in buildings of the map that lie beyond the box (n_communes,)."""
    footprints = [each for each in find_footprints(ground, None, Counter()) if each.is_building]
    dwellings = dwellings_of(footprints, ground)
    outside = np.array([not in_box(each.lon, each.lat, box) for each in footprints], dtype=bool)
    lon, lat = np.array([(each.lon, each.lat) for each in footprints]).reshape(-1, 2).T
    return _by_commune(
        np.where(outside, dwellings, 0.0), locate(lon, lat, ground.communes), len(ground.communes)
    )
