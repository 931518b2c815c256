"""Distances, a local plane and point-in-ring, in plain arithmetic that any machine repeats to the mm."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from twin.errors import InputError
from twin.territory.tables import Flags, Floats
from twin.units import EARTH_RADIUS_M


@dataclass(frozen=True)
class Plane:
    """Equirectangular plane around a point: x east, y north, in metres, rounded to mm.

    >>> plane = Plane(7.42, 43.74)
    >>> plane.x_m(np.array([7.42, 7.43])).tolist()
    [0.0, 803.367]
    """

    lon0: float
    lat0: float

    def x_m(self, lon: Floats) -> Floats:
        """Metres east of the origin."""
        scale = EARTH_RADIUS_M * math.cos(math.radians(self.lat0)) * math.pi / 180.0
        return np.round((np.asarray(lon) - self.lon0) * scale, 3) + 0.0

    def y_m(self, lat: Floats) -> Floats:
        """Metres north of the origin."""
        return np.round((np.asarray(lat) - self.lat0) * (EARTH_RADIUS_M * math.pi / 180.0), 3) + 0.0

    def lon(self, x_m: Floats) -> Floats:
        """Degrees east of a place so many metres from the origin."""
        return (
            np.asarray(x_m) / (EARTH_RADIUS_M * math.cos(math.radians(self.lat0)) * math.pi / 180.0)
            + self.lon0
        )

    def lat(self, y_m: Floats) -> Floats:
        """Degrees north."""
        return np.asarray(y_m) / (EARTH_RADIUS_M * math.pi / 180.0) + self.lat0

    @classmethod
    def from_crs(cls, text: str) -> Plane:
        """The plane that `crs` spelled.

        >>> Plane.from_crs(Plane(7.42, 43.74).crs())
        Plane(lon0=7.42, lat0=43.74)
        """
        parts = dict(part.lstrip("+").split("=", 1) for part in text.split() if "=" in part)
        try:
            return cls(float(parts["lon_0"]), float(parts["lat_0"]))
        except (KeyError, ValueError):
            raise InputError("crs", f"{text!r} is no plane of a territory", cls(7.42, 43.74).crs()) from None

    def crs(self) -> str:
        """The plane in the words of PROJ."""
        return f"+proj=eqc +lat_ts={self.lat0} +lat_0={self.lat0} +lon_0={self.lon0} +R={EARTH_RADIUS_M}"


def positions(nodes: Mapping[int, tuple[float, float]], ids: Collection[int]) -> Floats:
    """Longitude and latitude of nodes, (n, 2) in the order of their ids.

    >>> positions({7: (7.4, 43.7), 8: (7.5, 43.8)}, [8, 7]).tolist()
    [[7.5, 43.8], [7.4, 43.7]]
    """
    flat = chain.from_iterable(map(nodes.__getitem__, ids))
    return np.fromiter(flat, dtype=float, count=2 * len(ids)).reshape(-1, 2)


def distances_m(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Great-circle distances by the haversine formula (Sinnott 1984, Sky and Telescope 68, 159), in mm steps.

    >>> distances_m(np.array([7.42]), np.array([43.74]), np.array([7.42]), np.array([43.75])).tolist()
    [1111.951]
    """
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_phi, half_lambda = (phi2 - phi1) / 2.0, np.radians(np.asarray(lon2) - lon1) / 2.0
    h = np.sin(half_phi) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_lambda) ** 2
    return np.asarray(np.round(2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h)), 3))


def ring_area_m2(x_m: Sequence[float], y_m: Sequence[float]) -> float:
    """Area of a ring (shoelace formula over whole mm, so exact), never negative.

    >>> ring_area_m2([0, 2, 2, 0], [0, 0, 3, 3])
    6.0
    """
    x = [round(1000 * each) for each in x_m]
    y = [round(1000 * each) for each in y_m]
    twice = sum(x[i - 1] * y[i] - x[i] * y[i - 1] for i in range(len(x)))
    return abs(twice) / 2e6


def clipped_ring(ring: Floats, box: tuple[float, float, float, float]) -> Floats:
    """The part of a ring (n, 2) that lies in a box (Sutherland & Hodgman 1974, CACM 17, 32); may be empty."""
    west, south, east, north = box
    corners = ring.tolist()
    for axis, edge, sign in ((0, west, 1.0), (0, east, -1.0), (1, south, 1.0), (1, north, -1.0)):
        kept: list[list[float]] = []
        for before, here in zip([*corners[-1:], *corners], corners, strict=False):
            if (before[axis] - edge) * (here[axis] - edge) < 0.0:
                share = (edge - before[axis]) / (here[axis] - before[axis])
                kept.append([a + share * (b - a) for a, b in zip(before, here, strict=True)])
            if sign * (here[axis] - edge) >= 0.0:
                kept.append(here)
        corners = kept
    return np.array(corners).reshape(-1, 2)


def in_rings(lon: Floats, lat: Floats, rings: Sequence[Floats]) -> Flags:
    """Which points lie inside an odd number of rings (even-odd rule), each ring (n, 2) lon and lat.

    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    >>> in_rings(np.array([0.5, 1.5]), np.array([0.5, 0.5]), [square]).tolist()
    [True, False]
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    inside = np.zeros(lon.shape, dtype=bool)
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
            if y1 == y2:
                continue
            crosses = (y1 > lat) != (y2 > lat)
            at = x1 + (lat - y1) * ((x2 - x1) / (y2 - y1))
            inside ^= crosses & (lon < at)
    return inside


def in_box(lon: float, lat: float, box: tuple[float, float, float, float]) -> bool:
    """Whether a point lies in (west, south, east, north), its edges included."""
    west, south, east, north = box
    return west <= lon <= east and south <= lat <= north


def side_of_box(lon: float, lat: float, box: tuple[float, float, float, float]) -> tuple[str, float]:
    """The side of the box nearest to a point, and its distance to it in metres (negative outside).

    >>> side, away_m = side_of_box(7.401, 43.75, (7.4, 43.7, 7.5, 43.8))
    >>> side, round(away_m)
    ('W', 80)
    """
    per_degree = EARTH_RADIUS_M * math.pi / 180.0
    across = per_degree * math.cos(math.radians(lat))
    west, south, east, north = box
    away = (
        ((lon - west) * across, "W"),
        ((lat - south) * per_degree, "S"),
        ((east - lon) * across, "E"),
        ((north - lat) * per_degree, "N"),
    )
    distance, side = min(away)
    return side, distance
