"""How much of each network there is for an inhabitant, by zone; service connections are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from twin.territory.geometry import Plane
from twin.territory.tables import Flags, Ints
from twin.territory.utilities.tables import HEAT, POWER, TELECOM, WATER, Utilities, UtilityEdges

if TYPE_CHECKING:
    from twin.territory.territory import Territory

WATER_MAIN, LOW_VOLTAGE, MEDIUM_VOLTAGE = "water main", "low voltage", "medium voltage"
HEAT_PIPE, FIBRE = "heat pipe", "fibre"
LINES = (WATER_MAIN, LOW_VOLTAGE, MEDIUM_VOLTAGE, HEAT_PIPE, FIBRE)
WHOLE = "all"
MEDIUM_FROM_KV, HIGH_FROM_KV = 1.0, 50.0
"""Voltages from which a line is of medium and of high voltage (IEC 60038)."""


@dataclass(frozen=True)
class Lengths:
    """Metres of each of `LINES` in a zone, and its inhabitants (NaN: not known)."""

    zone: str
    inhabitants: float
    metres: dict[str, float]

    @property
    def per_inhabitant(self) -> dict[str, float]:
        """Metres for one inhabitant, NaN where their number is not known."""
        people = self.inhabitants if self.inhabitants > 0.0 else float("nan")
        return {name: metres / people for name, metres in self.metres.items()}


def edges_by_line(edges: UtilityEdges) -> dict[str, Flags]:
    """Which edges (n_edges,) belong to each of `LINES`; connections of single houses to none."""
    own = ~np.char.startswith(edges.kind, "service")
    power, kv = own & (edges.utility == POWER), edges.voltage_kv
    return {
        WATER_MAIN: own & (edges.utility == WATER),
        LOW_VOLTAGE: power & (kv < MEDIUM_FROM_KV),
        MEDIUM_VOLTAGE: power & (kv >= MEDIUM_FROM_KV) & (kv < HIGH_FROM_KV),
        HEAT_PIPE: own & (edges.utility == HEAT),
        FIBRE: own & (edges.utility == TELECOM),
    }


def lengths_of(territory: Territory) -> tuple[Lengths, ...]:
    """Lengths in zones whose inhabitants are known, then in the whole; edges lie where their middle is."""
    edges, zones = territory.utilities.edges, territory.zones
    lines, zone = edges_by_line(edges), _zone_of_edges(territory)
    found = [
        Lengths(
            name,
            float(zones.inhabitants[row]),
            {line: float(edges.length_m[own & (zone == row)].sum()) for line, own in lines.items()},
        )
        for row, name in enumerate(zones.name)
        if np.isfinite(zones.inhabitants[row])
    ]
    people = zones.inhabitants[np.isfinite(zones.inhabitants)].sum()
    metres = {line: float(edges.length_m[own].sum()) for line, own in lines.items()}
    complete = bool(np.isfinite(zones.inhabitants).all())
    return (*found, Lengths(WHOLE, float(people) if complete else float("nan"), metres))


def observed_shares(layers: Utilities) -> dict[str, float]:
    """Share of the elements of each utility that there is that the map shows."""
    return {
        name: row["observed"] / row["elements"] for name, row in layers.counts().items() if row["elements"]
    }


def _zone_of_edges(territory: Territory) -> Ints:
    """Row of the zone of the place nearest to each edge's middle (n_edges,)."""
    nodes, edges, places = territory.utilities.nodes, territory.utilities.edges, territory.places
    if not places.n_places or not edges.n_edges:
        return np.full(edges.n_edges, -1, dtype=np.int32)
    plane = Plane(float(places.lon.mean()), float(places.lat.mean()))
    tree = cKDTree(np.column_stack([plane.x_m(places.lon), plane.y_m(places.lat)]))
    lon = (nodes.lon[edges.tail] + nodes.lon[edges.head]) / 2.0
    lat = (nodes.lat[edges.tail] + nodes.lat[edges.head]) / 2.0
    nearest = tree.query(np.column_stack([plane.x_m(lon), plane.y_m(lat)]))[1]
    return np.asarray(places.zone[nearest], dtype=np.int32)
