"""An area to cut out of a territory, by box, polygon or zones, and what of the territory lies in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.errors import InputError
from twin.readers.osm import Box
from twin.territory.build import check_box
from twin.territory.geometry import Plane, in_rings
from twin.territory.tables import Flags, Floats, Paths, Places, Streets, Zones
from twin.territory.zones import closed_ring


@dataclass(frozen=True)
class Area:
    """A box, or a polygon (n, 2) in lon and lat, or rows of zones: one of the three."""

    box: Box | None = None
    ring: Floats | None = None
    zones: tuple[int, ...] = ()
    spelled: str = ""

    def holds(self, lon: Floats, lat: Floats) -> Flags:
        """Which points lie in the box (edges included) or in the polygon."""
        if self.ring is not None:
            return in_rings(lon, lat, [self.ring])
        west, south, east, north = self.box or (0.0, 0.0, 0.0, 0.0)
        return np.asarray((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))

    def links(self, streets: Streets) -> tuple[Flags, Flags]:
        """Links with some of their line inside, and those wholly inside, (n_links,) each.

        By zones, a link is inside if most of its length is, as the territory's zones count it.
        """
        if self.zones:
            inside = np.isin(streets.zone, self.zones)
            return inside, inside
        held = self.holds(streets.shape_lon, streets.shape_lat).astype(np.int64)
        n_held = np.add.reduceat(held, streets.shape_start[:-1])
        return n_held > 0, n_held == np.diff(streets.shape_start)

    def places(self, places: Places) -> Flags:
        """Places inside (n_places,)."""
        if self.zones:
            return np.isin(places.zone, self.zones)
        return self.holds(places.lon, places.lat)

    def path_nodes(self, paths: Paths, streets: Streets, plane: Plane) -> Flags:
        """Nodes of the paths inside; by zones, those whose nearest junction is in one of them."""
        if self.zones:
            nodes = np.column_stack([streets.node_x_m, streets.node_y_m])
            zone_of_node = np.full(streets.n_nodes, -1, dtype=np.int64)
            zone_of_node[streets.head], zone_of_node[streets.tail] = streets.zone, streets.zone
            _, near = cKDTree(nodes).query(np.column_stack([paths.node_x_m, paths.node_y_m]))
            return np.isin(zone_of_node[near], self.zones)
        return self.holds(plane.lon(paths.node_x_m), plane.lat(paths.node_y_m))


def area_of(
    box: Box | None, polygon: Sequence[Sequence[float]] | None, names: Sequence[str], zones: Zones
) -> Area:
    """The area that one of box, polygon and zone names gives; pools stand for their zones."""
    if sum((box is not None, polygon is not None, bool(names))) != 1:
        raise InputError("cut", "must say where, once", "bbox, polygon or zones")
    if box is not None:
        check_box(box, "cut: bbox")
        return Area(box=box, spelled="bbox " + ",".join(f"{each:g}" for each in box))
    if polygon is not None:
        ring = closed_ring(polygon, "cut: polygon")
        return Area(ring=ring, spelled=f"polygon of {len(ring) - 1} corners")
    rows = dict.fromkeys(row for name in names for row in zones.rows(name, "cut: zones"))
    return Area(zones=tuple(rows), spelled="zones " + ", ".join(zones.name[row] for row in rows))
