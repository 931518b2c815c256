"""The streets table: attributes of the kept links, read from tags or imputed, every repair counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.kernels.keys import keys_of
from twin.readers.osm import Member, OsmExtract, Tags
from twin.scenario.ledger import Parameters
from twin.territory.attributes import (
    LinkAttributes,
    LinkLines,
    impute,
    propagate_lane_drops,
    read_member_tags,
)
from twin.territory.communes import Commune, locate
from twin.territory.control import Ends, JunctionControl, control_of
from twin.territory.elevation import NodeHeights
from twin.territory.geometry import Plane, distances_m, positions
from twin.territory.kerbs import KerbParking, kerb_parking
from twin.territory.pieces import Pieces, reference_of
from twin.territory.tables import (
    INFERRED,
    ROAD_CLASSES,
    Flags,
    Floats,
    Ints,
    Longs,
    Streets,
    Zones,
)
from twin.territory.topology import StreetNetwork
from twin.territory.zones import zone_of


@dataclass(frozen=True)
class StreetGround:
    """What streets and places are laid on: extract, plane, communes, zones, heights, the ledger."""

    extract: OsmExtract
    plane: Plane
    communes: tuple[Commune, ...]
    zones: Zones
    elevation: NodeHeights
    parameters: Parameters


@dataclass(frozen=True)
class LinkMembers:
    """Members of all links in one row each, with the tags of their ways and their end points."""

    rows: tuple[Member, ...]
    start: Longs
    tags: tuple[Tags, ...]
    ends: Floats
    length_m: Floats

    def by_link(self) -> list[Floats]:
        """Lengths of the members of each link."""
        return np.split(self.length_m, self.start[1:-1])

    def middle(self) -> tuple[Floats, Floats]:
        """Longitude and latitude halfway along each member."""
        return (self.ends[:, 0] + self.ends[:, 2]) / 2.0, (self.ends[:, 1] + self.ends[:, 3]) / 2.0


def list_members(network: StreetNetwork, extract: OsmExtract) -> LinkMembers:
    """Members of the kept links, link after link."""
    rows = tuple(member for link in network.members for member in link)
    start = np.concatenate([[0], np.cumsum([len(link) for link in network.members])]).astype(np.int64)
    tail, head = ([row[at] for row in rows] for at in (1, 2))
    ends = np.hstack([positions(extract.nodes, tail), positions(extract.nodes, head)])
    tags = tuple(extract.ways[way].tags for way, _, _ in rows)
    return LinkMembers(rows, start, tags, ends, distances_m(*ends.T))


def make_streets(
    network: StreetNetwork, pieces: Pieces, buildings: Floats, ground: StreetGround, repairs: Counter[str]
) -> tuple[Streets, Mapping[str, int]]:
    """All columns of the streets table, and counts of mapped controls of junctions.

    Buildings (n, 2) in lon and lat tell town from country.
    """
    members = list_members(network, ground.extract)
    first = members.start[:-1]
    road_class = np.array([ROAD_CLASSES.index(members.tags[at]["highway"]) for at in first], dtype=np.int8)
    length = np.maximum(np.round(np.add.reduceat(members.length_m, first), 3), 0.001)
    forward, both = _directions(members, pieces)
    read = read_member_tags(members.tags, forward, both, repairs)
    urban = _is_urban(members, buildings, ground)
    shape = _shape_columns(network, members)
    x, y = ground.plane.x_m(shape["shape_lon"]), ground.plane.y_m(shape["shape_lat"])
    lines = LinkLines(members.length_m, members.start, x, y)
    made = impute(read, lines, road_class, urban, ground.parameters)
    kerb = kerb_parking(lines, (members.tags, forward, both), road_class, urban, ground.parameters)
    node_id = np.unique(np.concatenate([network.tail_id, network.head_id]))
    tail = np.searchsorted(node_id, network.tail_id).astype(np.int32)
    head = np.searchsorted(node_id, network.head_id).astype(np.int32)
    capacity, n_drops = propagate_lane_drops(made.flow_capacity_vps, tail, head, _opposite(network))
    repairs["lane_drops_propagated"] += n_drops
    control = _control(network, members, (node_id, tail, head, road_class), pieces, ground)
    known = ground.elevation.how(node_id)
    streets = Streets(
        **_node_columns(node_id, ground),
        link_id=(link_id := np.array([":".join(map(str, link[0])) for link in network.members])),
        link_key=keys_of(link_id),
        tail=tail,
        head=head,
        length_m=length,
        flow_capacity_vps=capacity,
        road_class=road_class,
        core=network.core,
        capacity_provenance=np.full(len(first), INFERRED, np.int8),
        elevation_provenance=np.maximum(known[tail], known[head]),
        name=np.array([members.tags[at].get("name", "") for at in first], dtype=np.str_),
        **_attribute_columns(made, kerb, control),
        **_member_columns(members),
        **_area_columns(members, ground),
        **shape,
        communes=tuple(commune.name for commune in ground.communes),
    )
    return streets, control.counts


def _control(
    network: StreetNetwork,
    members: LinkMembers,
    columns: tuple[Longs, Ints, Ints, np.ndarray],
    pieces: Pieces,
    ground: StreetGround,
) -> JunctionControl:
    """Control at the heads of the links, by node ids, end rows and classes."""
    ways = ground.extract.ways
    circles = frozenset(way for way, each in ways.items() if each.tags.get("junction") == "roundabout")
    ends = Ends(
        *columns,
        members=network.members,
        length_m=members.by_link(),
        merged=network.merged,
        round_nodes=frozenset(node for node, gone in network.vanished_ways.items() if gone & circles),
        round_ways=circles,
    )
    driven = (node for piece in pieces.pieces for node in piece.refs)
    return control_of(ends, ground.extract, driven, ground.parameters)


def _attribute_columns(
    made: LinkAttributes, kerb: KerbParking, control: JunctionControl
) -> dict[str, np.ndarray]:
    return {
        "free_speed_mps": made.free_speed_mps,
        "lanes": made.lanes,
        "storage_veh": made.storage_veh,
        "parking_spaces": kerb.spaces,
        "parking_eur_per_h": kerb.eur_per_h,
        "control": control.control,
        "speed_provenance": made.speed_provenance,
        "lanes_provenance": made.lanes_provenance,
        "parking_provenance": kerb.provenance,
        "control_provenance": control.provenance,
    }


def _node_columns(node_id: Longs, ground: StreetGround) -> dict[str, np.ndarray]:
    position = positions(ground.extract.nodes, node_id.tolist())
    return {
        "node_id": node_id,
        "node_lon": position[:, 0],
        "node_lat": position[:, 1],
        "node_x_m": ground.plane.x_m(position[:, 0]),
        "node_y_m": ground.plane.y_m(position[:, 1]),
        "node_elevation_m": ground.elevation.of(node_id),
        **({"node_elevation_provenance": ground.elevation.how(node_id)} if ground.elevation.given else {}),
    }


def _member_columns(members: LinkMembers) -> dict[str, np.ndarray]:
    columns = np.array(members.rows, dtype=np.int64).reshape(-1, 3)
    return {
        "member_start": members.start,
        "member_way": columns[:, 0],
        "member_from": columns[:, 1],
        "member_to": columns[:, 2],
        "member_ref": np.array([reference_of(tags) for tags in members.tags], dtype=np.str_),
    }


def _shape_columns(network: StreetNetwork, members: LinkMembers) -> dict[str, np.ndarray]:
    """Lines of the links: their members' nodes in order."""
    n_links = len(network.members)
    last = members.start[1:] - 1
    at = members.start[1:]  # where to put the end point of each link's last member
    lon = np.insert(members.ends[:, 0], at, members.ends[last, 2])
    lat = np.insert(members.ends[:, 1], at, members.ends[last, 3])
    return {"shape_start": members.start + np.arange(n_links + 1), "shape_lon": lon, "shape_lat": lat}


def _area_columns(members: LinkMembers, ground: StreetGround) -> dict[str, np.ndarray]:
    """Commune of each member, and the commune and zone in which most of each link lies."""
    commune = locate(*members.middle(), ground.communes)
    zone = zone_of(*members.middle(), ground.zones, ground.communes)
    return {
        "member_commune": commune,
        "commune": _most_of_length(commune, members),
        "zone": _most_of_length(zone, members),
    }


def _most_of_length(row: np.ndarray, members: LinkMembers) -> np.ndarray:
    """Of each link the value that holds over most of its length, the lowest of equals."""
    choices = np.unique(row)
    first = members.start[:-1]
    length = [np.add.reduceat(np.where(row == choice, members.length_m, 0.0), first) for choice in choices]
    return np.asarray(choices[np.argmax(np.round(length, 3), axis=0)])


def _directions(members: LinkMembers, pieces: Pieces) -> tuple[list[bool], list[bool]]:
    """Of each member: whether it runs along its way's own order, and whether the way is two-way."""
    both = {piece.way: piece.both_ways for piece in pieces.pieces}
    along = {
        (piece.way, u, v) for piece in pieces.pieces for u, v in zip(piece.refs, piece.refs[1:], strict=False)
    }
    return [row in along for row in members.rows], [both[row[0]] for row in members.rows]


def _is_urban(members: LinkMembers, buildings: Floats, ground: StreetGround) -> Flags:
    """Links most of whose length has buildings around it."""
    least = int(ground.parameters["territory.urban_buildings"])
    radius_m = ground.parameters["territory.urban_radius_m"]
    plane = ground.plane
    lon, lat = members.middle()
    houses = cKDTree(np.column_stack([plane.x_m(buildings[:, 0]), plane.y_m(buildings[:, 1])]))
    near = houses.query_ball_point(
        np.column_stack([plane.x_m(lon), plane.y_m(lat)]), radius_m, return_length=True
    )
    built = np.where(np.asarray(near) >= least, members.length_m, 0.0)
    first = members.start[:-1]
    return np.asarray(2.0 * np.add.reduceat(built, first) >= np.add.reduceat(members.length_m, first))


def _opposite(network: StreetNetwork) -> Ints:
    """Link that runs back over the same members, -1 where there is none."""
    backward = {
        tuple((way, v, u) for way, u, v in reversed(link)): n for n, link in enumerate(network.members)
    }
    return np.array([backward.get(link, -1) for link in network.members], dtype=np.int32)
