"""How long crews drive between utility elements: on the streets as they are, jams and darkness included."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from twin.clock import MS, SLICE_S, format_time_s
from twin.kernels.paths import BLOCKED
from twin.mobility.passages import Passages
from twin.model.state import Access
from twin.routing.search import bounds_to
from twin.routing.topology import usable_in
from twin.territory.tables import Flags, Floats, Ints, Longs, Streets
from twin.territory.utilities.tables import Utilities
from twin.units import H_PER_DAY, M_PER_DEGREE, S_PER_H

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

DEPOT = -1


class CrewRoads:
    """Streets to crews: shortest paths by present times, one tree for each destination and moment.

    Parameters
    ----------
    depot
        The link row at which crews stand when the day begins.
    """

    def __init__(self, model: TwinModel, depot: int | None = None) -> None:
        self.model, self.layers = model, model.territory.utilities
        self._depot = depot
        self.lamps_h = tuple(model.parameters["utilities.lamps_h"])
        self.dark_speed = float(model.parameters["utilities.crew_dark_speed"])
        self.free_ms = model.roads.free_ms.astype(np.int64)
        self.now_ms = self.free_ms
        self._trees: dict[tuple[bool, int], Ints] = {}
        self._unseen: tuple[Access, int] | None = None

    @cached_property
    def link_of_element(self) -> Ints:
        """The link nearest to each utility node, then to the middle of each edge (n_elements,)."""
        streets = self.model.territory.streets
        usable = _within_reach(streets, usable_in(self.model.roads.topology))
        return nearest_usable_links(streets, usable, *_spots(self.layers))

    @cached_property
    def depot(self) -> int:
        """The link at which crews stand: the one ordered, or that of the first substation."""
        if self._depot is not None:
            return self._depot
        kind = self.layers.nodes.kind
        first = np.flatnonzero(np.isin(kind, ("hv_mv_substation", "station", "exchange")))
        order = np.lexsort((self.layers.nodes.node_id[first], kind[first] != "hv_mv_substation"))
        return int(self.link_of_element[first[order[0]]])

    def begin(self, state: Access, moment_s: int) -> None:
        """A step begins: streets are looked at once somebody drives."""
        self._unseen = state, moment_s

    def _look(self, state: Access, moment_s: int) -> None:
        """Take up what links take now (n_links,) [ms]."""
        # passages of a slice of the clock tell what a link takes now, as they tell times by slice everywhere
        since_s = moment_s - SLICE_S
        n_parts = int(SLICE_S // self.model.step_s)
        parts = Passages.join(state.log.parts[-n_parts:] if n_parts else [])
        held = state.loader.queued(moment_s, max(since_s, 0), parts)
        link = np.concatenate([parts.link, held.link])
        spent = np.concatenate([parts.exit_ms - parts.enter_ms, held.exit_ms - held.enter_ms])
        n_links = self.free_ms.shape[0]
        count = np.bincount(link, minlength=n_links)
        mean = np.bincount(link, weights=spent, minlength=n_links) / np.maximum(count, 1)
        now = np.maximum(np.rint(mean).astype(np.int64), state.supply.free_ms)
        if self.is_dark(moment_s):
            now = np.where(state.utilities.unlit, np.rint(now / self.dark_speed).astype(np.int64), now)
        if not np.array_equal(now, self.now_ms):
            self.now_ms = now
            self._trees = {key: tree for key, tree in self._trees.items() if key[0]}

    def is_dark(self, moment_s: float) -> bool:
        """Whether streets need lamps at that moment."""
        hour = moment_s / S_PER_H % H_PER_DAY
        return bool(hour >= self.lamps_h[0] or hour < self.lamps_h[1])

    def travel_s(self, start: int, element: int, moment_s: float) -> float:
        """What a crew drives from an element (-1: the depot) to another now [s]; inf: there is no way."""
        if self._unseen is not None:
            self._look(*self._unseen)
            self._unseen = None
        return self._drive_s(start, element, self.now_ms, False)

    def expected_s(self, start: int, element: int, moment_s: float) -> float:
        """What the map says that it takes: all that a dispatcher without a calculator knows."""
        return self._drive_s(start, element, self.free_ms, True)

    def _drive_s(self, start: int, element: int, link_ms: Longs, free: bool) -> float:
        origin = self.depot if start == DEPOT else int(self.link_of_element[start])
        destination = int(self.link_of_element[element])
        ends_ms = (link_ms[origin] + link_ms[destination]) / 2.0
        if origin == destination:
            return float(link_ms[origin]) / 2.0 / MS
        topology = self.model.roads.topology
        tree = self._trees.get((free, destination))
        if tree is None:
            tree = bounds_to(topology, link_ms, np.array([destination])).cost_ms[0]
            self._trees[(free, destination)] = tree
        between = int(tree[topology.head[origin]])
        return float("inf") if between >= BLOCKED else (between + ends_ms) / MS

    def __repr__(self) -> str:
        return f"CrewRoads(depot at link {self.depot}, {format_time_s(self.model.now_s)})"


def _within_reach(streets: Streets, usable: Flags) -> Flags:
    """Usable links (n_links,) of the largest part of the streets in which every link leads to every other."""
    rows = np.flatnonzero(usable)
    shape = (streets.n_nodes, streets.n_nodes)
    graph = coo_array((np.ones(len(rows)), (streets.tail[rows], streets.head[rows])), shape)
    _, part = connected_components(graph, directed=True, connection="strong")
    inner = usable & (part[streets.tail] == part[streets.head])
    counts = np.bincount(part[streets.tail[inner]], minlength=1)
    return np.asarray(inner & (part[streets.tail] == counts.argmax()))


def _spots(layers: Utilities) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of nodes, then of the middles of edges."""
    nodes, edges = layers.nodes, layers.edges
    ends = [(each[edges.tail] + each[edges.head]) / 2.0 for each in (nodes.lon, nodes.lat)]
    has = np.diff(edges.shape_start) > 0
    middle = (edges.shape_start[:-1] + edges.shape_start[1:])[has] // 2
    ends[0][has], ends[1][has] = edges.shape_lon[middle], edges.shape_lat[middle]
    return np.concatenate([nodes.lon, ends[0]]), np.concatenate([nodes.lat, ends[1]])


def nearest_usable_links(streets: Streets, usable: Flags, lon: Floats, lat: Floats) -> Ints:
    """The usable link whose line has a point nearest to each spot (n,)."""
    of_point = np.repeat(np.arange(streets.n_links), np.diff(streets.shape_start))
    kept = usable[of_point]
    across = M_PER_DEGREE * np.cos(np.radians(float(streets.node_lat.mean())))

    def at(x: Floats, y: Floats) -> Floats:
        return np.column_stack([x * across, y * M_PER_DEGREE])

    tree = cKDTree(at(streets.shape_lon[kept], streets.shape_lat[kept]))
    return np.asarray(of_point[kept][tree.query(at(lon, lat))[1]], dtype=np.int32)
