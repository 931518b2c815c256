"""A territory as maps draw it: lines in local metres, names, outlines, gateways, and how values are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.report.drawn import Bools, DrawnGateway, DrawnNetwork, Floats, Outline, zone_label
from twin.report.view import ProvenanceShare
from twin.territory.tables import PROVENANCES, ROAD_CLASSES, Streets
from twin.territory.territory import Territory
from twin.territory.utilities.tables import UTILITIES

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG 1980)."""
OUTSIDE = "outside"


def network_of(territory: Territory) -> DrawnNetwork:
    """The streets of a territory, with zones, gateways and buildings around them."""
    streets = territory.streets
    plane = _Plane(float(streets.node_lon.mean()), float(streets.node_lat.mean()))
    points = plane.metres(streets.shape_lon, streets.shape_lat)
    lines = tuple(np.split(points, streets.shape_start[1:-1]))
    places = plane.metres(territory.places.lon, territory.places.lat)
    zones = territory.zones.name
    return DrawnNetwork(
        name=territory.name,
        link_id=tuple(streets.link_id.tolist()),
        link_name=_names(streets),
        road_class=tuple(ROAD_CLASSES[code] for code in streets.road_class.tolist()),
        zone=tuple(zones[row] if row >= 0 else OUTSIDE for row in streets.zone.tolist()),
        lines_m=lines,
        two_way=_two_way(streets.tail, streets.head),
        length_m=streets.length_m,
        lanes=streets.lanes,
        free_speed_mps=streets.free_speed_mps,
        outlines=_outlines(territory, plane, places, lines),
        gates=_gates(territory, plane),
        built_m=places,
        attribution=attribution_of(territory),
        pools=dict(territory.zones.pools),
        origin=(plane.lon, plane.lat),
    )


def metres_on(network: DrawnNetwork, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Floats:
    """Places (n, 2) in the metres of a network's lines."""
    return _Plane(*network.origin).metres(lon, lat)


def united(networks: Sequence[DrawnNetwork]) -> DrawnNetwork:
    """The streets of any of some networks on one ground: those of the first, then what others have more."""
    first, known = networks[0], set(networks[0].link_id)
    added: list[tuple[DrawnNetwork, int]] = []
    for network in networks[1:]:
        rows = [row for row, link in enumerate(network.link_id) if link not in known]
        added += [(network, row) for row in rows]
        known.update(network.link_id[row] for row in rows)
    if not added:
        return first
    texts = ("link_id", "link_name", "road_class", "zone", "lines_m")
    numbers = ("two_way", "length_m", "lanes", "free_speed_mps")
    more: dict[str, Any] = {
        name: (*getattr(first, name), *(getattr(each, name)[row] for each, row in added)) for name in texts
    }
    for name in numbers:
        more[name] = np.append(getattr(first, name), [getattr(each, name)[row] for each, row in added])
    return replace(first, **more)


def provenance_of(territory: Territory) -> tuple[ProvenanceShare, ...]:
    """How the values of links and places are known, as counts."""
    streets, places = territory.streets, territory.places
    columns = {
        "speeds of links": streets.speed_provenance,
        "lanes of links": streets.lanes_provenance,
        "capacities of links": streets.capacity_provenance,
        "heights of links (inferred: given by a file)": streets.elevation_provenance,
        "uses of buildings": places.provenance,
        **{f"elements of {name}": codes for name, codes in _utility_provenance(territory).items()},
    }
    return tuple(
        ProvenanceShare(what, *np.bincount(codes, minlength=len(PROVENANCES)).tolist())
        for what, codes in columns.items()
        if len(codes)
    )


def _utility_provenance(territory: Territory) -> dict[str, NDArray[np.int8]]:
    """Provenance of the nodes and edges of each utility that the territory has."""
    nodes, edges = territory.utilities.nodes, territory.utilities.edges
    return {
        name: np.concatenate([nodes.provenance[nodes.utility == row], edges.provenance[edges.utility == row]])
        for row, name in enumerate(UTILITIES)
    }


def attribution_of(territory: Territory) -> str:
    """Who must be named beside the map, and the licence: ``© OpenStreetMap contributors, ODbL``."""
    licence = str(territory.meta.get("licence", "")).partition("-")[0]
    return ", ".join(part for part in (str(territory.meta.get("attribution", "")), licence) if part)


def zone_names_of(territory: Territory) -> dict[str, str]:
    """Zones that are one commune, by that commune's own name."""
    zones = territory.zones
    return {
        name: communes[0]
        for name, communes in zip(zones.name, zones.communes, strict=True)
        if len(communes) == 1
    }


class _Plane:
    """Degrees to metres around a point: equirectangular, fair over a metropolitan area."""

    def __init__(self, lon: float, lat: float) -> None:
        self.lon, self.lat = lon, lat
        self.per_degree = np.pi / 180.0 * EARTH_RADIUS_M

    def metres(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Floats:
        """(n, 2) metres east and north of the point."""
        east = (np.asarray(lon) - self.lon) * self.per_degree * np.cos(np.radians(self.lat))
        return np.column_stack([east, (np.asarray(lat) - self.lat) * self.per_degree])


def _names(streets: Streets) -> tuple[str, ...]:
    """Street names, with the road's reference where there is one."""
    names = []
    for link, name in enumerate(streets.name.tolist()):
        references = streets.member_ref[streets.member_start[link] : streets.member_start[link + 1]].tolist()
        reference = next((each for each in references if each), "")
        both = f"{name} ({reference})" if name and reference and reference not in name else name or reference
        names.append(both)
    return tuple(names)


def _two_way(tail: NDArray[np.int32], head: NDArray[np.int32]) -> Bools:
    """Whether a link of the other direction joins the same nodes."""
    there = set(zip(tail.tolist(), head.tolist(), strict=True))
    return np.array(
        [a != b and (b, a) in there for a, b in zip(tail.tolist(), head.tolist(), strict=True)],
        dtype=np.bool_,
    )


def _outlines(
    territory: Territory, plane: _Plane, places: Floats, lines: tuple[Floats, ...]
) -> tuple[Outline, ...]:
    """Zones with their rings; a label stands amid the zone's buildings, else amid its streets."""
    zones, outlines = territory.zones, []
    middles = np.array([line[len(line) // 2] for line in lines]).reshape(-1, 2)
    for row, name in enumerate(zones.name):
        inside = places[territory.places.zone == row]
        inside = inside if len(inside) else middles[territory.streets.zone == row]
        if not len(inside):
            continue
        rings = tuple(plane.metres(ring[:, 0], ring[:, 1]) for ring in zones.rings[row] or ())
        x, y = np.median(inside, axis=0).tolist()
        outlines.append(Outline(name, zone_names_of(territory).get(name, zone_label(name)), (x, y), rings))
    return tuple(outlines)


def _gates(territory: Territory, plane: _Plane) -> tuple[DrawnGateway, ...]:
    """One label per group of gateways, amid its nodes."""
    gateways, streets = territory.gateways, territory.streets
    gates = []
    for group in dict.fromkeys(gateways.group.tolist()):
        nodes = gateways.node[gateways.group == group]
        x, y = plane.metres(streets.node_lon[nodes], streets.node_lat[nodes]).mean(axis=0).tolist()
        gates.append(DrawnGateway(str(group), x, y))
    return tuple(gates)
