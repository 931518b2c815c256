"""Streets of a territory: simplified, short links merged, attributes imputed, every repair counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.kernels.random import keys_of
from twin.readers.osm import Member, OsmExtract, simplify_streets
from twin.scenario.ledger import Parameters
from twin.territory.attributes import impute, propagate_lane_drops, read_member_tags
from twin.territory.communes import Commune, locate
from twin.territory.contraction import contract
from twin.territory.gateways import Gates, find_gates, keep_links
from twin.territory.geometry import Plane, distances_m
from twin.territory.pieces import Pieces, reference_of
from twin.territory.tables import ASSUMED, OBSERVED, ROAD_CLASSES, Flags, Floats, Ints, Streets
from twin.territory.zones import Zones, zone_of

LinkMembers = list[Member]


@dataclass(frozen=True)
class Ground:
    """What streets are laid on: the extract, its plane, communes, zones, buildings, the ledger."""

    extract: OsmExtract
    plane: Plane
    communes: tuple[Commune, ...]
    zones: Zones
    building_lon: Floats
    building_lat: Floats
    elevation: Mapping[int, float]
    parameters: Parameters


@dataclass(frozen=True)
class Network:
    """Topology of the kept links: members of each, their end nodes by outside id, and the gates."""

    members: list[LinkMembers]
    tail_id: np.ndarray
    head_id: np.ndarray
    core: Flags
    gates: Gates
    lost_km: Mapping[str, float]
    total_km: Mapping[str, float]


def lay_out(pieces: Pieces, ground: Ground, repairs: Counter[str]) -> Network:
    """Simplify, merge short links, find gates and keep what traffic can use."""
    nodes = ground.extract.nodes
    members = simplify_streets(pieces.pieces, nodes, pieces.touched)
    class_of = {piece.way: ROAD_CLASSES.index(piece.road_class) for piece in pieces.pieces}
    length = np.array([sum(_member_lengths(link, nodes)) for link in members])
    road_class = np.array([class_of[link[0][0]] for link in members], dtype=np.int8)
    ids = np.array(sorted({link[0][1] for link in members} | {link[-1][2] for link in members}))
    tail = np.searchsorted(ids, [link[0][1] for link in members]).astype(np.int32)
    head = np.searchsorted(ids, [link[-1][2] for link in members]).astype(np.int32)
    gates = find_gates(ids, tail, head, road_class, pieces.cut, ground.extract, ground.parameters)
    pinned = np.isin(ids, np.array(sorted(pieces.touched), dtype=np.int64)) | gates.is_gate
    short = length < ground.parameters["territory.short_link_m"]
    cluster, gone = contract(tail, head, short, pinned)
    repairs["merged_short_links"] += int(gone.sum())
    repairs["merged_short_links_m"] += round(float(length[gone].sum()))
    tail, head = cluster[tail], cluster[head]
    kept, core = keep_links(tail, head, ~gone, gates)
    return Network(
        [members[link] for link in np.flatnonzero(kept)],
        ids[tail[kept]],
        ids[head[kept]],
        core[kept],
        gates,
        _km_by_class(length, road_class, ~gone & ~kept),
        _km_by_class(length, road_class, ~gone),
    )


def _km_by_class(length_m: Floats, road_class: np.ndarray, chosen: Flags) -> dict[str, float]:
    km = {}
    for number, name in enumerate(ROAD_CLASSES):
        metres = float(length_m[chosen & (road_class == number)].sum())
        if metres > 0.0:
            km[name] = round(metres / 1000.0, 3)
    return km


def _member_lengths(link: LinkMembers, nodes: Mapping[int, tuple[float, float]]) -> list[float]:
    """Length of each member in metres, whole mm."""
    ends = np.array([(*nodes[u], *nodes[v]) for _, u, v in link])
    lengths: list[float] = distances_m(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3]).tolist()
    return lengths


def make_streets(network: Network, ground: Ground, repairs: Counter[str]) -> Streets:
    """All columns of the streets table."""
    nodes, ways = ground.extract.nodes, ground.extract.ways
    flat = [member for link in network.members for member in link]
    start = np.concatenate([[0], np.cumsum([len(link) for link in network.members])]).astype(np.int64)
    ends = np.array([(*nodes[u], *nodes[v]) for _, u, v in flat]).reshape(-1, 4)
    member_length = distances_m(*ends.T)
    length = np.maximum(np.round(np.add.reduceat(member_length, start[:-1]), 3), 0.001)
    tags = [ways[way].tags for way, _, _ in flat]
    road_class = np.array([ROAD_CLASSES.index(tags[at]["highway"]) for at in start[:-1]], dtype=np.int8)
    node_id, (tail, head) = _rows(network)
    position = np.array([nodes[int(node)] for node in node_id])
    read = read_member_tags(tags, _forward(flat, ground.extract), *_both_ways(flat, repairs))
    urban = _urban(ends, member_length, start, ground)
    made = impute(read, member_length, start, road_class, urban, ground.parameters)
    link_id = np.array([f"{link[0][0]}:{link[0][1]}:{link[0][2]}" for link in network.members])
    capacity, n_drops = propagate_lane_drops(
        made.flow_capacity_vps, tail, head, opposite(network.members)
    )
    repairs["lane_drops_propagated"] += n_drops
    shape = _shapes(network.members, nodes)
    middle = _middles(shape)
    elevation = np.array([ground.elevation.get(int(node), np.nan) for node in node_id])
    flat_ends = np.isnan(elevation[tail]) | np.isnan(elevation[head])
    commune = locate(*middle, ground.communes)
    member_middle = (ends[:, 0] + ends[:, 2]) / 2.0, (ends[:, 1] + ends[:, 3]) / 2.0
    return Streets(
        node_id=node_id,
        node_lon=position[:, 0],
        node_lat=position[:, 1],
        node_x_m=ground.plane.x_m(position[:, 0]),
        node_y_m=ground.plane.y_m(position[:, 1]),
        node_elevation_m=elevation,
        link_id=link_id,
        link_key=keys_of(link_id),
        tail=tail,
        head=head,
        length_m=length,
        free_speed_mps=made.free_speed_mps,
        lanes=made.lanes,
        flow_capacity_vps=capacity,
        storage_veh=made.storage_veh,
        road_class=road_class,
        zone=zone_of(*middle, ground.zones, ground.communes),
        commune=commune,
        core=network.core,
        parking_spaces=made.parking_spaces,
        speed_provenance=made.speed_provenance,
        lanes_provenance=made.lanes_provenance,
        capacity_provenance=np.ones(len(link_id), np.int8),
        elevation_provenance=np.where(flat_ends, ASSUMED, OBSERVED).astype(np.int8),
        name=np.array([_street_name(tags[at]) for at in start[:-1]]),
        member_start=start,
        member_way=np.array([way for way, _, _ in flat], dtype=np.int64),
        member_from=np.array([u for _, u, _ in flat], dtype=np.int64),
        member_to=np.array([v for _, _, v in flat], dtype=np.int64),
        member_ref=np.array([reference_of(each) for each in tags]),
        member_commune=locate(*member_middle, ground.communes),
        shape_start=shape[0],
        shape_lon=shape[1],
        shape_lat=shape[2],
        communes=tuple(each.name for each in ground.communes),
    )
