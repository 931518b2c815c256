"""What sort of thing an element is for who wears, hits or mends it; which lines hang in the air."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import Flags, Floats, Texts
from twin.territory.utilities.tables import HEAT, POWER, TELECOM, WATER, Utilities
from twin.utilities.failures.inventory import Inventory

SORTS = ("mv_line", "lv_line", "station", "substation", "main", "fibre", "cabinet", "heat_pipe", "equipment")
"""Sorts of elements; ledger rows that list a number for each are in this order."""
_LINES = (
    "mv_trunk",
    "mv_cable",
    "mv_tie",
    "mv_node",
    "line",
    "minor_line",
    "cable",
    "tower",
    "pole",
    "portal",
)
_STATIONS = ("station", "substation", "transformer")
_JOINTS = ("joint", "chamber", "junction", "well", "hydrant", "distribution_point")


def sorts_of(known: Inventory) -> Texts:
    """Sort of each element (n,)."""
    kind, utility = known.kind, known.utility
    edge = known.at_node != np.arange(known.n_elements)
    passive = edge | np.isin(kind, _JOINTS)
    sort = np.full(known.n_elements, "equipment", dtype="U10")
    sort[(utility == WATER) & passive] = "main"
    sort[(utility == HEAT) & passive] = "heat_pipe"
    sort[(utility == TELECOM) & passive] = "fibre"
    sort[(utility == TELECOM) & (kind == "cabinet")] = "cabinet"
    sort[(utility == POWER) & (np.isin(kind, (*_LINES, *_JOINTS)) | edge)] = "mv_line"
    sort[(utility == POWER) & np.isin(kind, ("lv_cable", "lv_node"))] = "lv_line"
    sort[np.isin(kind, _STATIONS)] = "station"
    sort[kind == "hv_mv_substation"] = "substation"
    return sort


def dense_of(layers: Utilities, known: Inventory, parameters: Parameters) -> Flags:
    """Whether many people live around each element (n,); fibre lines stand for dwellings."""
    nodes = layers.nodes
    rows = np.flatnonzero(nodes.kind == "distribution_point")
    cabinet = np.flatnonzero(nodes.kind == "cabinet")
    lines = dict(zip(nodes.node_id[cabinet].tolist(), nodes.n_lines[cabinet].tolist(), strict=True))
    units: dict[str, float] = {}
    for area, n in zip(nodes.area[rows].tolist(), nodes.n_units[rows].tolist(), strict=True):
        units[area] = units.get(area, 0.0) + n
    weight = np.array([
        n * lines.get(area, 0.0) / units[area]
        for area, n in zip(nodes.area[rows].tolist(), nodes.n_units[rows].tolist(), strict=True)
    ])  # fmt: skip
    if not len(rows):
        return np.zeros(known.n_elements, dtype=bool)
    radius_m = float(parameters["utilities.density_radius_m"])
    asked = parameters["utilities.dense_inhabitants_per_km2"] / parameters["utilities.persons_per_dwelling"]
    least = asked * np.pi * (radius_m / 1000.0) ** 2
    xy = plane_xy(known)
    near = cKDTree(xy).query_ball_point(xy[rows], radius_m)
    around = np.zeros(known.n_elements)
    for here, n in zip(near, np.rint(1000.0 * weight).tolist(), strict=True):
        around[here] += n  # whole, so that sums do not depend on their order
    return np.asarray(around >= 1000.0 * least)


def plane_xy(known: Inventory) -> Floats:
    """Metres east and north of the elements (n, 2)."""
    plane = Plane(*((float(each.min()) + float(each.max())) / 2.0 for each in (known.lon, known.lat)))
    return np.column_stack([plane.x_m(known.lon), plane.y_m(known.lat)])


def overhead_of(layers: Utilities, known: Inventory, parameters: Parameters) -> Flags:
    """Power lines (n,) that hang in the air: mapped ones, and the ledger's share of those laid.

    Nobody maps which cables lie in the ground, so the ids are drawn, the same in every run.
    """
    dense = dense_of(layers, known, parameters)
    mapped = np.isin(known.kind, ("line", "minor_line", "tower", "pole", "portal"))
    share = np.zeros(known.n_elements)
    for name, kinds in (("mv", ("mv_trunk", "mv_cable", "mv_tie")), ("lv", ("lv_cable",))):
        inside, outside = parameters[f"utilities.overhead_{name}"]
        rows = np.isin(known.kind, kinds)
        share[rows] = np.where(dense[rows], inside, outside)
    draw = uniforms(0, stream_of("utilities.overhead"), keys_of(known.element_id))
    return np.asarray((mapped & (known.utility == POWER)) | (draw < share))
