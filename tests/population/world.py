"""A small town on a grid, made by hand: streets both ways, 240 buildings, two zones, gates west and east."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from twin.kernels.random import keys_of
from twin.territory.tables import Gateways, Paths, Places, Streets, Zones
from twin.territory.territory import Territory

SIDE = 9
SPACING_M = 220.0
N_PLACES = 240
USES = ("jobs", "school_places", "shop", "health", "counter", "leisure")

POPULATION = """
schema_version = 1
place = "grid"

[[area]]
zone = "old"
commune = "Left"
inhabitants = 2500
density_class = "dense"
legal_regime = "France"
kind = "assumption"
source = "made for the test"

[[area]]
zone = "new"
inhabitants = 900
density_class = "village"
legal_regime = "France"
outside_shares = { work = 0.3, leisure = 0.2 }
gates = { "N1 west" = 1.0, "N1 east" = 3.0 }
kind = "assumption"
source = "made for the test"

[[commuters]]
zone = "old"
trips_per_day = 400
gates = { "N1 west" = 1.0, "N1 east" = 1.0 }
arrival_profile = [0,0,0,0,0,0,1,3,3,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0]
kind = "assumption"
source = "made for the test"

[[through]]
enter = "N1 west"
leave = "N1 east"
vehicles_per_day = 300
profile = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
kind = "assumption"
source = "made for the test"
"""


def write_population(folder: Path, text: str = POPULATION) -> Path:
    """The file of the grid town, or one with other text."""
    file = folder / "population.toml"
    file.write_text(text, encoding="utf-8")
    return file


def grid_town() -> Territory:
    """The town; everything follows from row numbers, nothing is drawn."""
    return Territory(
        name="grid",
        streets=_streets(),
        gateways=_gateways(),
        zones=Zones(
            name=("old", "new"),
            inhabitants=np.array([2_500.0, np.nan]),
            communes=(("Left",), ("Right",)),
            insee=(("00001",), ("00002",)),
            rings=(None, None),
            method=("ring", "ring"),
        ),
        places=_places(),
        paths=_paths(),
        meta={},
        digest="",
    )


def with_places_in_order(town: Territory, order: np.ndarray) -> Territory:
    """The same town, its buildings in other rows."""
    places = {name: column[order] for name, column in town.places.columns().items()}
    return replace(town, places=Places(**places))


def with_places(town: Territory, **columns: np.ndarray) -> Territory:
    """The same town, some columns of its buildings replaced."""
    return replace(town, places=replace(town.places, **columns))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Node coordinates: a square grid, then a node west and one east of its middle row."""
    x, y = np.meshgrid(np.arange(SIDE) * SPACING_M, np.arange(SIDE) * SPACING_M)
    middle = SIDE // 2 * SPACING_M
    ends = np.array([-400.0, (SIDE - 1) * SPACING_M + 400.0])
    return np.append(x.ravel(), ends), np.append(y.ravel(), [middle, middle])


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    """Neighbours on the grid."""
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    u = np.append(node[:, :-1].ravel(), node[:-1, :].ravel())
    v = np.append(node[:, 1:].ravel(), node[1:, :].ravel())
    return u, v


def _streets() -> Streets:
    u, v = _pairs()
    west, east = SIDE * SIDE, SIDE * SIDE + 1
    row = SIDE // 2 * SIDE
    tail = np.concatenate([u, v, [west, row, row + SIDE - 1, east]]).astype(np.int32)
    head = np.concatenate([v, u, [row, west, east, row + SIDE - 1]]).astype(np.int32)
    x, y = _grid()
    n = len(tail)
    ids = np.array([f"{i}:{a}:{b}" for i, (a, b) in enumerate(zip(tail, head, strict=True))])
    length = np.hypot(x[tail] - x[head], y[tail] - y[head])
    core = np.ones(n, dtype=bool)
    core[-4:] = False
    zeros = np.zeros(n, dtype=np.int8)
    start = np.arange(n + 1)
    return Streets(
        node_id=np.arange(len(x)),
        node_lon=7.4 + x / 80_000.0,
        node_lat=43.7 + y / 111_000.0,
        node_x_m=x,
        node_y_m=y,
        node_elevation_m=np.full(len(x), np.nan),
        link_id=ids,
        link_key=keys_of(ids),
        tail=tail,
        head=head,
        length_m=length,
        free_speed_mps=np.full(n, 10.0),
        lanes=np.ones(n),
        flow_capacity_vps=np.full(n, 0.25),
        storage_veh=np.maximum(length / 7.0, 2.0).astype(np.int32),
        road_class=np.full(n, 11, dtype=np.int8),
        zone=(x[tail] > SIDE * SPACING_M / 2).astype(np.int16),
        commune=(x[tail] > SIDE * SPACING_M / 2).astype(np.int16),
        core=core,
        parking_spaces=np.zeros(n, dtype=np.float32),
        parking_eur_per_h=np.zeros(n, dtype=np.float32),
        control=zeros,
        speed_provenance=zeros,
        lanes_provenance=zeros,
        capacity_provenance=zeros,
        elevation_provenance=zeros,
        parking_provenance=zeros,
        control_provenance=zeros,
        name=np.full(n, ""),
        member_start=start,
        member_way=start[:-1],
        member_from=tail.astype(np.int64),
        member_to=head.astype(np.int64),
        member_ref=np.full(n, ""),
        member_commune=np.zeros(n, dtype=np.int16),
        shape_start=np.zeros(n + 1, dtype=np.int64),
        shape_lon=np.zeros(0),
        shape_lat=np.zeros(0),
        communes=("Left", "Right"),
    )


def _gateways() -> Gateways:
    n = len(_pairs()[0]) * 2
    return Gateways(
        gate_id=np.array(["gate:1", "gate:2"]),
        node=np.array([SIDE * SIDE, SIDE * SIDE + 1], dtype=np.int32),
        group=np.array(["N1 west", "N1 east"]),
        in_link=np.array([n, n + 3], dtype=np.int32),
        out_link=np.array([n + 1, n + 2], dtype=np.int32),
        road_class=np.zeros(2, dtype=np.int8),
        side=np.array(["W", "E"]),
        kind=np.array(["cut", "cut"]),
    )


def _places() -> Places:
    """Buildings along the streets; every use has some, spread over the whole town."""
    row = np.arange(N_PLACES)
    u, v = _pairs()
    link = (row * 37) % len(u)
    x, y = _grid()
    along = 0.15 + 0.7 * ((row * 53) % 97) / 97.0
    px, py = x[u[link]] * (1 - along) + x[v[link]] * along, y[u[link]] * (1 - along) + y[v[link]] * along
    zone = (px > SIDE * SPACING_M / 2).astype(np.int16)
    capacity = {use: np.where(row % 7 == i, 10.0 + row % 5, 0.0) for i, use in enumerate(USES)}
    return Places(
        place_id=np.array([f"way:{1000 + (r * 7919) % 9973}" for r in row]),
        lon=7.4 + px / 80_000.0,
        lat=43.7 + py / 111_000.0,
        x_m=px,
        y_m=py,
        zone=zone,
        commune=zone,
        floor_area_m2=400.0 + 10.0 * (row % 11),
        levels=np.full(N_PLACES, 3.0, dtype=np.float32),
        dwellings=np.where(row % 9 == 0, 0.0, 4.0 + row % 6).astype(np.float32),
        **{use: column.astype(np.float32) for use, column in capacity.items()},
        parking=np.zeros(N_PLACES, dtype=np.float32),
        parking_eur_per_h=np.zeros(N_PLACES, dtype=np.float32),
        provenance=np.full(N_PLACES, 2, dtype=np.int8),
        use=np.full(N_PLACES, "mixed"),
        access_link=link.astype(np.int32),
        path_node=np.where(along < 0.5, u[link], v[link]).astype(np.int32),
        fuel=np.zeros(N_PLACES, dtype=bool),
    )


def _paths() -> Paths:
    """Paths along all streets, and no cycling on some."""
    u, v = _pairs()
    x, y = _grid()
    n = SIDE * SIDE
    return Paths(
        node_x_m=x[:n],
        node_y_m=y[:n],
        u=u.astype(np.int32),
        v=v.astype(np.int32),
        length_m=np.hypot(x[u] - x[v], y[u] - y[v]),
        walk=np.ones(len(u), dtype=bool),
        cycle=np.arange(len(u)) % 5 > 0,
    )
