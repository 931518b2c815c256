"""Hand-made worlds as full territories: the streets of a `Net`, a building on every link, paths, gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.worlds import Net, grid, link_ids
from twin.kernels.random import keys_of
from twin.territory.content import SCHEMA_VERSION, content_digest
from twin.territory.geometry import Plane
from twin.territory.tables import (
    ASSUMED,
    INFERRED,
    NO_CONTROL,
    OBSERVED,
    ROAD_CLASSES,
    Gateways,
    Paths,
    Places,
    Streets,
    Zones,
)
from twin.territory.territory import Territory

WEST_LON, SOUTH_LAT = 7.4, 43.74
M_PER_DEGREE_LAT = 111_195.0
M_PER_DEGREE_LON = M_PER_DEGREE_LAT * float(np.cos(np.radians(SOUTH_LAT)))
ZONES = ("town", "village")
"""The western half of a world is the town, the eastern half the village; each is one commune."""
CAPACITIES = {
    "dwellings": 8.0,
    "jobs": 6.0,
    "school_places": 4.0,
    "shop": 3.0,
    "health": 1.0,
    "counter": 1.0,
    "leisure": 2.0,
    "parking": 10.0,
}
"""What the building on each link offers, by use."""

Gate = tuple[int, int, str]
"""Link into the territory, link out of it (-1: none), compass side."""


def territory_of(net: Net, name: str = "hand-made", gates: tuple[Gate, ...] = ()) -> Territory:
    """A full territory on a network; gates stand where their links begin or end."""
    east = net.node_x_m > np.median(net.node_x_m)
    tables: dict[str, Any] = {
        "streets": _streets(net, east),
        "gateways": _gateways(net, gates),
        "zones": _zones(np.bincount(east[net.tail].astype(int), minlength=2)),
        "places": _places(net, east),
        "paths": _paths(net),
    }
    return Territory(name=name, meta=_meta(net, len(gates)), digest=content_digest(tables), **tables)


def grid_territory(n_side: int = 4, length_m: float = 200.0) -> Territory:
    """A square grid with a gate at its western and one at its eastern end."""
    net = grid(n_side, length_m)
    west, east = 0, n_side * n_side - 1
    return territory_of(
        net,
        f"grid {n_side}",
        gates=(
            (int(np.flatnonzero(net.tail == west)[0]), int(np.flatnonzero(net.head == west)[0]), "W"),
            (int(np.flatnonzero(net.tail == east)[0]), int(np.flatnonzero(net.head == east)[0]), "E"),
        ),
    )


def _lon(x_m: np.ndarray) -> np.ndarray:
    return WEST_LON + x_m / M_PER_DEGREE_LON


def _lat(y_m: np.ndarray) -> np.ndarray:
    return SOUTH_LAT + y_m / M_PER_DEGREE_LAT


def _streets(net: Net, east: np.ndarray) -> Streets:
    n_nodes, n_links = net.n_nodes, net.n_links
    half = east[net.tail].astype(np.int16)
    ends = np.column_stack([net.tail, net.head]).ravel()
    names = link_ids(net.tail, net.head)
    one_each = np.arange(n_links + 1, dtype=np.int64)
    return Streets(
        node_id=np.arange(1, n_nodes + 1, dtype=np.int64),
        node_lon=_lon(net.node_x_m),
        node_lat=_lat(net.node_y_m),
        node_x_m=net.node_x_m,
        node_y_m=net.node_y_m,
        node_elevation_m=np.full(n_nodes, np.nan),
        link_id=names,
        link_key=keys_of(names),
        tail=net.tail,
        head=net.head,
        length_m=net.length_m,
        free_speed_mps=1_000.0 * net.length_m / net.free_ms,
        lanes=np.ones(n_links),
        flow_capacity_vps=net.weight,
        storage_veh=np.maximum(net.storage, 2).astype(np.int32),
        road_class=np.full(n_links, ROAD_CLASSES.index("tertiary"), dtype=np.int8),
        zone=half,
        commune=half,
        core=np.ones(n_links, dtype=np.bool_),
        parking_spaces=np.full(n_links, 5.0, dtype=np.float32),
        parking_eur_per_h=np.zeros(n_links, dtype=np.float32),
        control=np.full(n_links, NO_CONTROL, dtype=np.int8),
        speed_provenance=np.full(n_links, OBSERVED, dtype=np.int8),
        lanes_provenance=np.full(n_links, INFERRED, dtype=np.int8),
        capacity_provenance=np.full(n_links, ASSUMED, dtype=np.int8),
        elevation_provenance=np.full(n_links, ASSUMED, dtype=np.int8),
        parking_provenance=np.full(n_links, INFERRED, dtype=np.int8),
        control_provenance=np.full(n_links, ASSUMED, dtype=np.int8),
        name=np.array([f"Street {row + 1}" for row in range(n_links)]),
        member_start=one_each,
        member_way=one_each[1:],
        member_from=net.tail.astype(np.int64) + 1,
        member_to=net.head.astype(np.int64) + 1,
        member_ref=np.array(["D1" if row % 2 else "" for row in range(n_links)]),
        member_commune=half,
        shape_start=2 * one_each,
        shape_lon=_lon(net.node_x_m)[ends],
        shape_lat=_lat(net.node_y_m)[ends],
        communes=ZONES,
    )


def _gateways(net: Net, gates: tuple[Gate, ...]) -> Gateways:
    into = np.array([gate[0] for gate in gates], dtype=np.int32)
    out = np.array([gate[1] for gate in gates], dtype=np.int32)
    side = np.array([gate[2] for gate in gates], dtype=np.str_)
    return Gateways(
        gate_id=np.array([f"gate:{row + 1}" for row in range(len(gates))], dtype=np.str_),
        node=np.where(into >= 0, net.tail[into], net.head[out]).astype(np.int32),
        group=np.array([f"D1 {gate[2]}" for gate in gates], dtype=np.str_),
        in_link=into,
        out_link=out,
        road_class=np.full(len(gates), ROAD_CLASSES.index("tertiary"), dtype=np.int8),
        side=side,
        kind=np.array(["cut"] * len(gates), dtype=np.str_),
    )


def _zones(n_buildings: np.ndarray) -> Zones:
    return Zones(
        name=ZONES,
        inhabitants=2.0 * CAPACITIES["dwellings"] * n_buildings,
        communes=tuple((zone,) for zone in ZONES),
        insee=(("00001",), ("00002",)),
        rings=(None, None),
        method=("nearest place",) * 2,
    )


def _places(net: Net, east: np.ndarray) -> Places:
    n = net.n_links
    x_m = (net.node_x_m[net.tail] + net.node_x_m[net.head]) / 2
    y_m = (net.node_y_m[net.tail] + net.node_y_m[net.head]) / 2
    half = east[net.tail].astype(np.int16)
    return Places(
        place_id=np.array([f"way:{1_000 + row}" for row in range(n)]),
        lon=_lon(x_m),
        lat=_lat(y_m),
        x_m=x_m,
        y_m=y_m,
        zone=half,
        commune=half,
        floor_area_m2=np.full(n, 1_000.0),
        levels=np.full(n, 3.0, dtype=np.float32),
        **{use: np.full(n, capacity, dtype=np.float32) for use, capacity in CAPACITIES.items()},
        parking_eur_per_h=np.zeros(n, dtype=np.float32),
        provenance=np.full(n, INFERRED, dtype=np.int8),
        use=np.array(["home"] * n),
        access_link=np.arange(n, dtype=np.int32),
        path_node=net.tail,
        fuel=np.arange(n) == 0,
    )


def _paths(net: Net) -> Paths:
    """One path along every street, whichever way its links run."""
    pairs = {(min(a, b), max(a, b)): row for row, (a, b) in enumerate(zip(net.tail, net.head, strict=True))}
    return Paths(
        node_x_m=net.node_x_m,
        node_y_m=net.node_y_m,
        u=np.array([a for a, _ in pairs], dtype=np.int32),
        v=np.array([b for _, b in pairs], dtype=np.int32),
        length_m=net.length_m[list(pairs.values())],
        walk=np.ones(len(pairs), dtype=np.bool_),
        cycle=np.ones(len(pairs), dtype=np.bool_),
    )


def _meta(net: Net, n_gates: int) -> dict[str, Any]:
    lon, lat = _lon(net.node_x_m), _lat(net.node_y_m)
    return {
        "schema_version": SCHEMA_VERSION,
        "place": "hand-made",
        "date": "2026-01-01",
        "source": "drawn by hand",
        "source_sha256": "0" * 64,
        "licence": "ODbL-1.0",
        "attribution": "nobody",
        "bbox": [float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())],
        "crs": Plane(WEST_LON, SOUTH_LAT).crs(),
        "repairs": {},
        "lost_km": {},
        "total_km": {"tertiary": float(net.length_m.sum()) / 1_000},
        "gateways": n_gates,
        "unreachable_pairs": [],
        "buildings": net.n_links,
        "utilities": {},
        "built_by": "tests",
    }
