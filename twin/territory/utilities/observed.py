"""What of the utilities is on the map: every element once, with its utility, kind and place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from twin.readers.osm import Box, OsmExtract, Tags
from twin.territory.geometry import distances_m, in_box
from twin.territory.tables import INFERRED, OBSERVED, Floats
from twin.territory.utilities.draft import Draft, Edge, Node
from twin.territory.utilities.tables import GAS, HEAT, OTHER, POWER, TELECOM, UNKNOWN, WATER, Utilities

NOT_THERE = frozenset({"no", "construction", "proposed", "abandoned", "demolished", "razed"})
LINES = frozenset({"line", "minor_line", "cable"})
SUBSTANCES = {
    "water": WATER, "drinking_water": WATER, "potable_water": WATER, "raw_water": WATER,
    "heat": HEAT, "hot_water": HEAT, "steam": HEAT,
    "gas": GAS, "natural_gas": GAS, "biogas": GAS,
}  # fmt: skip
CABINETS = {
    "power": POWER, "street_lighting": POWER, "telecom": TELECOM, "communication": TELECOM,
    "communications": TELECOM, "cable_tv": TELECOM, "gas": GAS, "water": WATER, "electric": POWER,
}  # fmt: skip
WATER_WORKS = {
    "water_tower": "tank", "reservoir_covered": "tank", "water_works": "water_works",
    "pumping_station": "pumping_station", "water_well": "well",
}  # fmt: skip
TELECOM_KINDS = {
    "exchange": "exchange", "central_office": "exchange", "antenna": "site", "bts": "site",
    "street_cabinet": "cabinet",
}  # fmt: skip
SAID_BY = frozenset({"power", "telecom", "man_made", "communication", "pipeline", "emergency"})
MASTS = frozenset({"mast", "tower", "communications_tower"})
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
LARGEST_MM = 5_000.0


def utility_of(tags: Tags) -> tuple[int, str] | None:
    """Utility and kind of an element; None if it belongs to no utility.

    >>> utility_of({"power": "tower"}), utility_of({"man_made": "pipeline", "substance": "hot_water"})
    ((0, 'tower'), (2, 'pipeline'))
    """
    if SAID_BY.isdisjoint(tags):  # as of nearly all elements
        return None
    power = tags.get("power", "no")
    if power not in NOT_THERE:
        return _power(power, tags)
    telecom, made = tags.get("telecom", "no"), tags.get("man_made", "")
    if telecom not in NOT_THERE:
        return TELECOM, "cabinet" if made == "street_cabinet" else TELECOM_KINDS.get(telecom, telecom)
    if tags.get("communication") == "line":
        return TELECOM, "line"
    if made == "pipeline" or tags.get("pipeline", "no") not in NOT_THERE:
        substance = tags.get("substance", "")
        kind = "pipeline" if made == "pipeline" else f"pipeline_{tags['pipeline']}"
        return SUBSTANCES.get(substance, OTHER if substance else UNKNOWN), kind
    if tags.get("emergency") == "fire_hydrant":
        return WATER, "hydrant"
    if tags.get("emergency") in ("water_tank", "suction_point"):
        return WATER, "fire_water"
    return _made(made, tags)


def _power(power: str, tags: Tags) -> tuple[int, str]:
    """Utility and kind of a ``power`` element; plants that only heat belong to heat."""
    if power == "plant" and any(
        tags.get(f"plant:output:{what}", "no") != "no" for what in ("hot_water", "steam")
    ):
        return (POWER, "plant_with_heat") if "plant:output:electricity" in tags else (HEAT, "heat_plant")
    return POWER, power


def _made(made: str, tags: Tags) -> tuple[int, str] | None:
    """Utility and kind of a ``man_made`` element."""
    if made in WATER_WORKS:
        return WATER, WATER_WORKS[made]
    if made == "wastewater_plant":
        return OTHER, made
    if made == "gasometer":
        return GAS, made
    if made in ("street_cabinet", "utility_pole", "manhole"):
        says = tags.get("utility") or (tags.get(made) if made != "utility_pole" else None)
        utility = UNKNOWN if says is None else CABINETS.get(says, OTHER)
        return utility, {"street_cabinet": "cabinet", "utility_pole": "pole"}.get(made, made)
    if made == "antenna":
        return TELECOM, "site"
    talks = any(key.startswith("communication:") and value == "yes" for key, value in tags.items())
    if made in MASTS and (
        talks or made == "communications_tower" or tags.get("tower:type") == "communication"
    ):
        return TELECOM, "site"
    return None


@dataclass(frozen=True)
class ObservedPoint:
    """An element at a point, or an area by its middle."""

    id: str
    utility: int
    kind: str
    lon: float
    lat: float
    voltage_kv: float


@dataclass(frozen=True)
class ObservedLine:
    """An element along a line: its points (n, 2) in degrees, and the map's node at each."""

    id: str
    utility: int
    kind: str
    refs: tuple[int, ...]
    points: Floats
    substance: str
    diameter_mm: float
    voltage_kv: float


@dataclass(frozen=True)
class ObservedElements:
    """Every element of a utility on the map, in order of id; `unplaced` counts those without a place."""

    points: tuple[ObservedPoint, ...] = ()
    lines: tuple[ObservedLine, ...] = ()
    unplaced: int = 0

    def of(self, utility: int, *kinds: str) -> list[ObservedPoint]:
        """Points of a utility and of any of these kinds."""
        return [each for each in self.points if each.utility == utility and each.kind in kinds]


def read_observed(extract: OsmExtract, box: Box | None) -> ObservedElements:
    """Elements of which any point lies in the box."""
    points: list[ObservedPoint] = []
    lines: list[ObservedLine] = []
    unplaced = 0
    for point in extract.points:
        found = utility_of(point.tags)
        if found and _inside([(point.lon, point.lat)], box):
            points.append(
                ObservedPoint(f"node:{point.id}", *found, point.lon, point.lat, _voltage(point.tags))
            )
    for outside_id, tags, refs in _shapes(extract):
        found = utility_of(tags)
        if found is None:
            continue
        here = tuple(ref for ref in refs if ref in extract.nodes)
        place = [extract.nodes[ref] for ref in here]
        unplaced += not place
        if not place or not _inside(place, box):
            continue
        if found[1] in ("pipeline", *LINES) and len(place) > 1:
            substance, diameter_mm, voltage_kv = tags.get("substance", ""), _diameter(tags), _voltage(tags)
            lines.append(
                ObservedLine(outside_id, *found, here, np.array(place), substance, diameter_mm, voltage_kv)
            )
        else:
            corners = place[:-1] if len(here) > 1 and here[0] == here[-1] else place
            lon, lat = (round(float(each), 7) for each in np.array(corners).mean(axis=0))
            points.append(ObservedPoint(outside_id, *found, lon, lat, _voltage(tags)))
    unique = {each.id: each for each in points}
    return ObservedElements(
        tuple(unique[each] for each in sorted(unique)),
        tuple(sorted(lines, key=lambda each: each.id)),
        unplaced,
    )


_AS_READ = {"station": "substation", "hv_mv_substation": "substation", "heat_source": "heat_plant"}
"""What mapped elements were called before they took a part in what was laid."""


def mapped_in(layers: Utilities, box: Box) -> ObservedElements:
    """Mapped elements of built layers of which any point lies in the box, as they were read."""
    nodes, edges = layers.nodes, layers.edges
    points = [
        ObservedPoint(
            str(nodes.node_id[row]),
            int(nodes.utility[row]),
            _AS_READ.get(str(nodes.kind[row]), str(nodes.kind[row])),
            float(nodes.lon[row]),
            float(nodes.lat[row]),
            float(nodes.voltage_kv[row]),
        )
        for row in np.flatnonzero(nodes.provenance == OBSERVED).tolist()
        if _inside([(float(nodes.lon[row]), float(nodes.lat[row]))], box)
    ]
    lines = []
    for row in np.flatnonzero(edges.provenance == OBSERVED).tolist():
        shape = slice(int(edges.shape_start[row]), int(edges.shape_start[row + 1]))
        place = np.column_stack([edges.shape_lon[shape], edges.shape_lat[shape]])
        ends = nodes.node_id[[edges.tail[row], edges.head[row]]].tolist()
        if _inside(place.tolist(), box):
            line = ObservedLine(
                str(edges.edge_id[row]),
                int(edges.utility[row]),
                str(edges.kind[row]),
                tuple(int(end.rsplit(":", 1)[-1]) for end in ends),
                place,
                str(edges.substance[row]),
                float(edges.diameter_mm[row]),
                float(edges.voltage_kv[row]),
            )
            lines.append(line)
    return ObservedElements(
        tuple(sorted(points, key=lambda each: each.id)), tuple(sorted(lines, key=lambda each: each.id))
    )


def _shapes(extract: OsmExtract) -> Iterator[tuple[str, Tags, Sequence[int]]]:
    """Ways, and relations that are areas by their outer ways; routes only name ways that count themselves."""
    for way in sorted(extract.ways.values(), key=lambda each: each.id):
        yield f"way:{way.id}", way.tags, way.refs
    for relation in sorted(extract.relations, key=lambda each: each.id):
        if relation.tags.get("type") in ("multipolygon", "site"):
            outer = [ref for kind, ref, role in relation.members if kind == "w" and role != "inner"]
            refs = [node for ref in outer if ref in extract.ways for node in extract.ways[ref].refs]
            yield f"relation:{relation.id}", relation.tags, refs


def _inside(place: Sequence[tuple[float, float]], box: Box | None) -> bool:
    return box is None or any(in_box(lon, lat, box) for lon, lat in place)


def _voltage(tags: Tags) -> float:
    """Highest voltage in kV of a list in volts.

    >>> _voltage({"voltage": "63000;20000"})
    63.0
    """
    volts = [float(each) for each in NUMBER.findall(tags.get("voltage", "")[:80])]
    return max(volts) / 1000.0 if volts and max(volts) <= 2e6 else float("nan")


def _diameter(tags: Tags) -> float:
    """Diameter in mm where it is a plain number of millimetres."""
    text = tags.get("diameter", "").removesuffix("mm").strip()
    known = NUMBER.fullmatch(text) is not None and 0.0 < float(text) <= LARGEST_MM
    return float(text) if known else float("nan")


def enter_observed(observed: ObservedElements, draft: Draft) -> None:
    """Lay every observed element: one row each, and a joint where a line ends at no mapped element."""
    for point in observed.points:
        numbers = {"voltage_kv": point.voltage_kv}
        draft.node(Node(point.id, point.utility, point.kind, point.lon, point.lat, OBSERVED, numbers=numbers))
    for line in observed.lines:
        tail, head = _joint(line, 0, draft), _joint(line, -1, draft)
        lon, lat = line.points[:, 0], line.points[:, 1]
        length_m = float(distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum())
        numbers = {"diameter_mm": line.diameter_mm, "voltage_kv": line.voltage_kv}
        edge = Edge(line.utility, line.kind, tail, head, length_m, OBSERVED, line.id, line.substance)
        edge.numbers, edge.shape = numbers, line.points
        draft.edge(edge)


def _joint(line: ObservedLine, at: int, draft: Draft) -> str:
    """The node at an end of a line: a mapped element of its utility, else a joint."""
    mapped = f"node:{line.refs[at]}"
    if mapped in draft.nodes and draft.nodes[mapped].utility == line.utility:
        return mapped
    joint = f"joint:{line.utility}:{line.refs[at]}"
    if joint not in draft.nodes:
        lon, lat = line.points[at].tolist()
        draft.node(Node(joint, line.utility, "joint", lon, lat, INFERRED))
    return joint
