"""The tables of a territory: frozen records of read-only columns, one row an element."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError

ROAD_CLASSES = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
    "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street",
    "service",
)  # fmt: skip
CONTROLS = ("none", "signal", "stop", "give_way", "roundabout")
"""Who goes first where a link ends; at a roundabout whoever enters yields to the circle."""
NO_CONTROL, SIGNAL, STOP, GIVE_WAY, ROUNDABOUT = range(5)
OBSERVED, INFERRED, ASSUMED = 0, 1, 2
PROVENANCES = ("observed", "inferred", "assumed")
GIVEN = INFERRED
HEIGHT_PROVENANCES = ("observed", "given", "assumed")
"""How a height is known: mapped there, read from a file of heights, or neither."""

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = NDArray[np.str_]
Flags = NDArray[np.bool_]
Pools = tuple[tuple[str, tuple[str, ...]], ...]
"""Names of pools of zones, each with its zones."""


@dataclass(frozen=True)
class Table:
    """Base of the tables: every array of a table is made read-only when the table is made."""

    def __post_init__(self) -> None:
        for name, value in self.columns().items():
            if isinstance(value, np.ndarray):
                frozen = np.ascontiguousarray(value)
                frozen = frozen.copy() if frozen is value and value.flags.writeable else frozen
                frozen.flags.writeable = False
                object.__setattr__(self, name, frozen)

    def columns(self) -> dict[str, Any]:
        """Columns by name, in the order in which they are declared."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True)
class Streets(Table):
    """Nodes and directed links of the drivable network.

    Lengths in metres, speeds in m/s, capacities for the whole link. `*_start` arrays are offsets
    (n_links + 1,) into the member or shape arrays. Provenances index `PROVENANCES`, those of elevations
    `HEIGHT_PROVENANCES`; `control` is that of a link's head, an index of `CONTROLS`. Parking is that at the
    kerb of the link's own direction. `node_elevation_provenance` is there where a file of heights was read.
    """

    node_id: Longs
    node_lon: Floats
    node_lat: Floats
    node_x_m: Floats
    node_y_m: Floats
    node_elevation_m: Floats
    link_id: Texts
    link_key: NDArray[np.uint64]
    tail: Ints
    head: Ints
    length_m: Floats
    free_speed_mps: Floats
    lanes: Floats
    flow_capacity_vps: Floats
    storage_veh: Ints
    road_class: NDArray[np.int8]
    zone: NDArray[np.int16]
    commune: NDArray[np.int16]
    core: Flags
    parking_spaces: NDArray[np.float32]
    parking_eur_per_h: NDArray[np.float32]
    control: NDArray[np.int8]
    speed_provenance: NDArray[np.int8]
    lanes_provenance: NDArray[np.int8]
    capacity_provenance: NDArray[np.int8]
    elevation_provenance: NDArray[np.int8]
    parking_provenance: NDArray[np.int8]
    control_provenance: NDArray[np.int8]
    name: Texts
    member_start: Longs
    member_way: Longs
    member_from: Longs
    member_to: Longs
    member_ref: Texts
    member_commune: NDArray[np.int16]
    shape_start: Longs
    shape_lon: Floats
    shape_lat: Floats
    communes: tuple[str, ...]
    node_elevation_provenance: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))

    def columns(self) -> dict[str, Any]:
        """Columns by name; how heights are known only where a file of them was read: digests stay."""
        columns = super().columns()
        if not len(self.node_elevation_provenance):
            del columns["node_elevation_provenance"]
        return columns

    @property
    def height_provenance(self) -> NDArray[np.int8]:
        """How the height of each node is known (n_nodes,), an index of `HEIGHT_PROVENANCES`."""
        if len(self.node_elevation_provenance):
            return self.node_elevation_provenance
        return np.where(np.isnan(self.node_elevation_m), ASSUMED, OBSERVED).astype(np.int8)

    @property
    def n_links(self) -> int:
        """Number of directed links."""
        return len(self.link_id)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def free_flow_time_s(self) -> Floats:
        """Seconds over each link at its free speed (n_links,)."""
        return self.length_m / self.free_speed_mps

    @property
    def member_link(self) -> Longs:
        """Link row of each member (n_members,)."""
        return np.repeat(np.arange(self.n_links), np.diff(self.member_start))


@dataclass(frozen=True)
class TurnBans(Table):
    """Pairs of links of which the second must not follow the first, and the relation that says so."""

    from_link: Ints
    to_link: Ints
    relation: Longs

    @classmethod
    def none(cls) -> TurnBans:
        """No banned turn."""
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))

    def taken(self, kept: Flags) -> TurnBans:
        """The pairs of which both links are kept (n_links,), in rows of those that are."""
        both = kept[self.from_link] & kept[self.to_link]
        row = (np.cumsum(kept) - 1).astype(np.int32)
        return TurnBans(row[self.from_link[both]], row[self.to_link[both]], self.relation[both])


@dataclass(frozen=True)
class Gateways(Table):
    """Where traffic enters and leaves the territory; -1 where it cannot enter or leave."""

    gate_id: Texts
    node: Ints
    group: Texts
    in_link: Ints
    out_link: Ints
    road_class: NDArray[np.int8]
    side: Texts
    kind: Texts


@dataclass(frozen=True)
class Zones(Table):
    """Zones of report and their communes; `rings` in degrees, None where only a place node is known.

    `pools` are groups of zones under one name.
    """

    name: tuple[str, ...]
    inhabitants: Floats
    communes: tuple[tuple[str, ...], ...]
    insee: tuple[tuple[str, ...], ...]
    rings: tuple[tuple[Floats, ...] | None, ...]
    method: tuple[str, ...]
    pools: Pools = ()

    def columns(self) -> dict[str, Any]:
        """Columns by name; pools only where there are some, so that a digest without them stays."""
        columns = super().columns()
        return columns if self.pools else {name: columns[name] for name in columns if name != "pools"}

    def row(self, name: str) -> int:
        """Row of the zone of that name, -1 if there is none."""
        return self.name.index(name) if name in self.name else -1

    def rows(self, name: str, where: str) -> tuple[int, ...]:
        """Rows of a zone or of a pool of zones; an `InputError` says which there are."""
        pools = dict(self.pools)
        if name not in self.name and name not in pools:
            raise InputError(where, f"no zone {name!r}", "one of " + ", ".join((*self.name, *pools)))
        return tuple(self.name.index(each) for each in pools.get(name, (name,)))


@dataclass(frozen=True)
class Places(Table):
    """Buildings as places: what can be done there, for how many; 0 means none.

    `parking` counts the spaces of a car park that everybody may use, at `parking_eur_per_h`;
    `access_link` is the drivable core link where car trips start and end, `path_node` the node of
    the walking and cycling network.
    """

    place_id: Texts
    lon: Floats
    lat: Floats
    x_m: Floats
    y_m: Floats
    zone: NDArray[np.int16]
    commune: NDArray[np.int16]
    floor_area_m2: Floats
    levels: NDArray[np.float32]
    dwellings: NDArray[np.float32]
    jobs: NDArray[np.float32]
    school_places: NDArray[np.float32]
    shop: NDArray[np.float32]
    health: NDArray[np.float32]
    counter: NDArray[np.float32]
    leisure: NDArray[np.float32]
    parking: NDArray[np.float32]
    parking_eur_per_h: NDArray[np.float32]
    provenance: NDArray[np.int8]
    use: Texts
    access_link: Ints
    path_node: Ints
    fuel: Flags

    def taken(self, rows: Flags) -> Places:
        """The places of a mask (n_places,)."""
        return Places(**{name: column[rows] for name, column in self.columns().items()})

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.place_id)


@dataclass(frozen=True)
class Paths(Table):
    """Walking and cycling network, undirected, its largest connected part.

    `node_elevation_m` is there where the territory was built with a file of heights, NaN where that has
    none; without it, flat is assumed.
    """

    node_x_m: Floats
    node_y_m: Floats
    u: Ints
    v: Ints
    length_m: Floats
    walk: Flags
    cycle: Flags
    node_elevation_m: Floats = field(default_factory=lambda: np.zeros(0))

    def columns(self) -> dict[str, Any]:
        """Columns by name; heights only where there are some, so that a digest without them stays."""
        columns = super().columns()
        if not len(self.node_elevation_m):
            del columns["node_elevation_m"]
        return columns

    @property
    def has_heights(self) -> bool:
        """Whether the height of any node is known."""
        return bool(np.isfinite(self.node_elevation_m).any())
