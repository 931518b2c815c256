"""Rows of streets that edits add: a lane for buses beside a link, a new link between two nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.kernels.keys import keys_of
from twin.scenario.ledger import Parameters
from twin.territory.attributes import lane_capacity_vps, storage_veh
from twin.territory.tables import ASSUMED, Floats, Ints, Streets

BUS_SUFFIX = ":bus"
"""What the id of a bus lane has behind that of its street's link."""
NEW_WAY = 0
"""Way of the members of a new link, which no way of the map has."""


def with_bus_lanes(streets: Streets, rows: Ints, parameters: Parameters) -> Streets:
    """Streets with one lane for buses beside each of those links, where nobody starts or parks."""
    ids = np.array([f"{each}{BUS_SUFFIX}" for each in streets.link_id[rows].tolist()])
    one = np.ones(len(rows))
    made = {
        "link_id": ids,
        "link_key": keys_of(ids),
        "lanes": one,
        "flow_capacity_vps": lane_capacity_vps(streets.road_class[rows], one, parameters),
        "storage_veh": storage_veh(streets.length_m[rows], parameters),
        "core": np.zeros(len(rows), dtype=np.bool_),
        "parking_spaces": np.zeros(len(rows), dtype=np.float32),
        "lanes_provenance": np.full(len(rows), ASSUMED, dtype=np.int8),
        "capacity_provenance": np.full(len(rows), ASSUMED, dtype=np.int8),
    }
    columns = {name: made.get(name, getattr(streets, name)[rows]) for name in _per_link(streets)}
    members = np.concatenate(
        [np.arange(streets.member_start[k], streets.member_start[k + 1]) for k in rows.tolist()]
    )
    points = np.concatenate(
        [np.arange(streets.shape_start[k], streets.shape_start[k + 1]) for k in rows.tolist()]
    )
    for name in ("member_way", "member_from", "member_to", "member_ref", "member_commune"):
        columns[name] = getattr(streets, name)[members]
    for name in ("shape_lon", "shape_lat"):
        columns[name] = getattr(streets, name)[points]
    sizes = np.diff(streets.member_start)[rows], np.diff(streets.shape_start)[rows]
    return _longer(streets, columns, *sizes)


@dataclass(frozen=True)
class Street:
    """A street to be laid between two nodes (rows); speed in m/s, length in metres."""

    tail: int
    head: int
    name: str
    road_class: int
    lanes: float
    speed_mps: float
    length_m: float


def new_link_id(streets: Streets, tail: int, head: int) -> str:
    """Outside id of a new link between two nodes (rows), by their own numbers."""
    return f"new:{streets.node_id[tail]}:{streets.node_id[head]}"


def with_street(streets: Streets, street: Street, both_ways: bool, parameters: Parameters) -> Streets:
    """Streets with a new one, straight from node to node, in the zone and commune of most around it."""
    ends = [(street.tail, street.head), (street.head, street.tail)][: 2 if both_ways else 1]
    tail, head = (np.array(column, dtype=np.int32) for column in zip(*ends, strict=True))
    n, here = len(ends), _around(streets, street)
    ids = np.array([new_link_id(streets, a, b) for a, b in ends])
    road_class, lanes = np.full(n, street.road_class, dtype=np.int8), np.full(n, street.lanes)
    commune = np.full(n, _most(streets.commune[here]), dtype=np.int16)
    inner_in, inner_out = streets.head[streets.core], streets.tail[streets.core]
    leads = bool((inner_in == street.tail).any() and (inner_out == street.head).any())
    assumed = np.full(n, ASSUMED, dtype=np.int8)
    columns: dict[str, np.ndarray] = {
        "link_id": ids,
        "link_key": keys_of(ids),
        "tail": tail,
        "head": head,
        "length_m": np.full(n, round(street.length_m, 3)),
        "free_speed_mps": np.full(n, street.speed_mps),
        "lanes": lanes,
        "flow_capacity_vps": lane_capacity_vps(road_class, lanes, parameters),
        "storage_veh": storage_veh(street.length_m * lanes, parameters),
        "road_class": road_class,
        "zone": np.full(n, _most(streets.zone[here]), dtype=np.int16),
        "commune": commune,
        "core": np.full(n, leads),
        "parking_spaces": np.zeros(n, dtype=np.float32),
        "speed_provenance": assumed,
        "lanes_provenance": assumed,
        "capacity_provenance": assumed,
        "elevation_provenance": assumed,
        "name": np.full(n, street.name),
        "member_way": np.full(n, NEW_WAY, dtype=np.int64),
        "member_from": streets.node_id[tail],
        "member_to": streets.node_id[head],
        "member_ref": np.full(n, ""),
        "member_commune": commune,
        "shape_lon": streets.node_lon[np.stack([tail, head], axis=1).ravel()],
        "shape_lat": streets.node_lat[np.stack([tail, head], axis=1).ravel()],
    }
    for name in _per_link(streets):  # what a street is not said to have it has not
        nothing = ASSUMED if name.endswith("_provenance") else 0
        columns.setdefault(name, np.full(n, nothing, dtype=getattr(streets, name).dtype))
    return _longer(streets, columns, np.ones(n, dtype=np.int64), np.full(n, 2, dtype=np.int64))


def _per_link(streets: Streets) -> list[str]:
    """Names of the columns with one row a link."""
    others = ("node_", "member_", "shape_", "communes")
    return [name for name in streets.columns() if not name.startswith(others)]


def _around(streets: Streets, street: Street) -> Ints:
    """Links that touch either end of a street."""
    ends = (street.tail, street.head)
    return np.flatnonzero(np.isin(streets.tail, ends) | np.isin(streets.head, ends)).astype(np.int32)


def _most(values: np.ndarray) -> int:
    """The most frequent value, the lowest of equals."""
    found, count = np.unique(values, return_counts=True)
    return int(found[np.argmax(count)])


def _longer(
    streets: Streets, columns: dict[str, np.ndarray], n_members: np.ndarray, n_points: np.ndarray
) -> Streets:
    """Streets with rows behind those that are there, which keep theirs."""
    made: dict[str, Any] = {
        name: np.concatenate([getattr(streets, name), values]) for name, values in columns.items()
    }
    made["member_start"] = _offsets(streets.member_start, n_members)
    made["shape_start"] = _offsets(streets.shape_start, n_points)
    return replace(streets, **made)


def _offsets(start: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([start, start[-1] + np.cumsum(sizes)])


def lanes_beside(streets: Streets) -> dict[int, int]:
    """Rows of the bus lanes by the row of the link that each lies beside."""
    ids = streets.link_id.tolist()
    lanes = {row: each.removesuffix(BUS_SUFFIX) for row, each in enumerate(ids) if each.endswith(BUS_SUFFIX)}
    row_of = {each: row for row, each in enumerate(ids)} if lanes else {}
    return {row_of[street]: lane for lane, street in lanes.items()}


def opposites(streets: Streets, rows: Sequence[int] | np.ndarray) -> Ints:
    """Of each of the links (rows) the one that runs back along it, -1 none; (n_links,), -1 for the others.

    That is the link over the same members the other way, or, where each direction is a way of its own,
    the one from node to node in the reverse order.
    """
    members = np.stack([streets.member_from, streets.member_to, streets.member_way], axis=1)
    found = np.full(streets.n_links, -1, dtype=np.int32)
    for n_columns in (3, 2):
        left = [row for row in np.asarray(rows).tolist() if found[row] < 0]
        lines = {row: members[streets.member_start[row] : streets.member_start[row + 1]] for row in left}
        backward = {_turned(line)[:, :n_columns].tobytes(): row for row, line in lines.items()}
        for row, line in lines.items():
            found[row] = backward.get(np.ascontiguousarray(line[:, :n_columns]).tobytes(), -1)
    return found


def _turned(line: np.ndarray) -> np.ndarray:
    """Members (n, 3) of the same street the other way: end to beginning, and each turned round."""
    return np.ascontiguousarray(line[::-1][:, [1, 0, 2]])


def straight_m(streets: Streets, tail: int, head: int) -> float:
    """Metres between two nodes (rows) as the crow flies."""
    x, y = streets.node_x_m, streets.node_y_m
    return float(np.hypot(x[head] - x[tail], y[head] - y[tail]))


def nearest_node(streets: Streets, position_m: tuple[Floats, Floats]) -> tuple[int, float]:
    """The node nearest to a position (1,) each, and how far it is [m]; the least number among equals."""
    apart = np.hypot(streets.node_x_m - position_m[0][0], streets.node_y_m - position_m[1][0])
    row = int(np.lexsort((streets.node_id, np.round(apart, 3)))[0])
    return row, float(apart[row])
