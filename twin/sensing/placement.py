"""Where sensors stand: at random, on the greatest roads, where they see most, or where they tell most."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Site, Spots
from twin.sensing.nested import place_by_coverage, place_by_value

_PLACE = stream_of("sensing.placement")
MOST_CENTRES = 200


def place(order: SensorFleet, site: Site, parameters: Parameters) -> np.ndarray:
    """Rows of the links that get a sensor, ascending (n_sensors,) int32.

    Without a count every named link gets one. With a count, links are taken in an order that belongs to
    them, so that the links of 20 sensors are among those of 30, whatever the rows: by rule ``class`` the
    greater road class first, then by their key's draw; the other rules as in `place_devices`.
    """
    where = order.where()
    if order.places is not None or order.share is not None:
        key = "places" if order.places is not None else "share"
        raise InputError(f"{where}: {key}", f"a {order.kind} stands on links", "links, count, or both")
    candidates = np.unique(np.asarray(site.candidates, dtype=np.int32))
    if order.count is None:
        if order.links is None:
            raise InputError(where, "says neither where nor how many", "links, count, or both")
        return candidates
    if order.placement in ("coverage", "value") and site.spots is not None:
        return place_devices(order, site.spots, site.seed, parameters)
    _check_count(order, len(candidates), "links")
    rule = order.placement or "class"
    draw = uniforms(site.seed, _PLACE, site.link_key[candidates])
    rank = site.road_class[candidates] if rule == "class" else np.zeros(len(candidates), dtype=np.int8)
    return np.sort(candidates[np.lexsort((site.link_key[candidates], draw, rank))[: order.count]])


def place_devices(order: SensorFleet, spots: Spots, seed: int, parameters: Parameters) -> np.ndarray:
    """Rows of the features that get a device, ascending (n_devices,) int32.

    All spots, a share of them, or a count: by rule ``random`` in the order of their keys' draws; by
    ``coverage`` one after the other where most worth within `sensing.sees_m` is not seen yet; by ``value``
    where a reading takes most off what is unknown, if what is near varies alike (`sensing.alike_m`).
    Fewer are always among more.
    """
    where, rows = order.where(), np.unique(spots.candidates)
    if not len(rows):
        raise InputError(where, f"the territory has no spot for a {order.kind}", "a territory that has one")
    if order.share is not None and order.count is not None:
        raise InputError(f"{where}: count", "a share is given too", "either share or count")
    if order.placement == "class":
        raise InputError(f"{where}: placement", f"a {order.kind} knows no class of roads",
                         "random, coverage or value")  # fmt: skip
    rows = rows[np.argsort(spots.key[rows])]
    draw = uniforms(seed, _PLACE, spots.key[rows])
    if order.share is not None and order.placement in (None, "random"):
        return np.sort(rows[draw < order.share])
    count = len(rows) if order.count is None else order.count
    if order.share is not None:
        count = round(order.share * len(rows))
    _check_count(order, len(rows), spots.named, count)
    if count == len(rows):
        return np.sort(rows)
    if order.placement == "coverage":
        return np.sort(rows[_by_coverage(spots, rows, count, float(parameters["sensing.sees_m"]))])
    if order.placement == "value":
        return np.sort(rows[_by_value(spots, rows, count, parameters)])
    return np.sort(rows[np.lexsort((spots.key[rows], draw))[:count]])


def _check_count(order: SensorFleet, n: int, named: str, count: int | None = None) -> None:
    count = order.count if count is None else count
    if count is not None and count > n:
        what = "meters" if named == "places" else "sensors"
        raise InputError(order.where("count"), f"{count} {what} for {n} {named}",
                         f"at most {n}")  # fmt: skip


def _by_coverage(spots: Spots, rows: np.ndarray, count: int, sees_m: float) -> np.ndarray:
    """Places among rows in the order of choice, the worth of those around counted once."""
    where = np.column_stack([spots.x_m[rows], spots.y_m[rows]])
    near = cKDTree(where).sparse_distance_matrix(cKDTree(where), sees_m, output_type="coo_matrix")
    n = len(rows)
    itself = np.arange(n)
    ends = np.concatenate([near.row, itself]), np.concatenate([near.col, itself])
    sees = csr_array((np.ones(len(ends[0])), ends), shape=(n, n))
    return place_by_coverage(sees, spots.worth[rows], count)[0]


def _by_value(spots: Spots, rows: np.ndarray, count: int, parameters: Parameters) -> np.ndarray:
    """Places among rows in the order of choice, by a prior of bell-shaped causes on a grid.

    What a spot observes varies with its worth; a share `sensing.alike_share` of the variance is common to
    what lies within some `sensing.alike_m` of each other.
    """
    where = np.column_stack([spots.x_m[rows], spots.y_m[rows]])
    length_m = float(parameters["sensing.alike_m"])
    centres, length_m = _centres(where, length_m)
    away = ((where[:, None, :] - centres) ** 2).sum(axis=2)
    shape = np.exp(-away / (2.0 * length_m**2))
    shape /= np.sqrt((shape**2).sum(axis=1))[:, None]
    spread = np.sqrt(np.maximum(spots.worth[rows], 0.0) / max(float(spots.worth[rows].mean()), 1e-12))
    alike, noise = float(parameters["sensing.alike_share"]), float(parameters["sensing.value_noise"])
    factor = shape * (np.sqrt(alike) * spread)[:, None]
    own = (1.0 - alike) * spread**2 + 1e-9
    return place_by_value(factor, own, np.full(len(rows), noise**2), count)[0]


def _centres(where: np.ndarray, length_m: float) -> tuple[np.ndarray, float]:
    """Middles of the squares that hold spots; larger squares where there would be too many."""
    while True:
        cells = np.unique(np.floor(where / length_m), axis=0)
        if len(cells) <= MOST_CENTRES:
            return (cells + 0.5) * length_m, length_m
        length_m *= 1.25
