"""One network and one demand table for all engines of a speed benchmark.

Two worlds, both deterministic: a square grid of 900 nodes, and a synthetic city of about 100,000 or 250,000
links (a jittered grid with arterials, motorways and missing streets). Jam spacing 7.5 m a lane and a
reaction time of 1 s everywhere, so capacity per lane is v/(7.5 m + v x 1 s) and waves travel at 7.5 m/s
(Newell 1993): what a peer derives from the same three numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.kernels.paths import RouteQueries, Weights
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, Stream, bounds_to, find_routes
from twin.routing.topology import build_topology
from twin.units import KMH_PER_MPS

JAM_SPACING_M = 7.5
REACTION_S = 1.0
WAVE_MPS = JAM_SPACING_M / REACTION_S
SEED = 1


@dataclass(frozen=True)
class World:
    """Network (n_nodes,), (n_links,) and trips (n_trips,) with their routes; all plain arrays."""

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    lanes: NDArray[np.int64]
    depart_s: NDArray[np.float64]
    pool: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    horizon_s: int

    @property
    def n_trips(self) -> int:
        """Trips, all of them with a route."""
        return self.depart_s.shape[0]

    @property
    def capacity_vps(self) -> NDArray[np.float64]:
        """Flow capacity of each link: the top of its triangular diagram."""
        top: NDArray[np.float64] = self.lanes * self.speed_mps / (JAM_SPACING_M + self.speed_mps * REACTION_S)
        return top

    def between(self, from_s: float, until_s: float) -> World:
        """The trips that depart between two moments, by a clock that starts then, and an hour to get home."""
        rows = np.flatnonzero((self.depart_s >= from_s) & (self.depart_s < until_s))
        routes = Routes(self.pool, self.start, self.end).taken(rows).packed()
        return replace(
            self,
            depart_s=self.depart_s[rows] - from_s,
            pool=routes.pool,
            start=routes.start,
            end=routes.end,
            horizon_s=int(until_s - from_s) + 3_600,
        )

    def save(self, file: Path) -> None:
        """Write all arrays, uncompressed."""
        np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @staticmethod
    def load(file: Path) -> World:
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return World(**(arrays | {"horizon_s": int(arrays["horizon_s"])}))


def _draw(purpose: str, n: int, k: int = 0) -> NDArray[np.float64]:
    """n uniform draws of one purpose."""
    return uniforms(SEED, stream_of(f"benchmarks.{purpose}"), np.arange(n, dtype=np.uint64), k)


def _streets(
    side: int,
    kind: NDArray[np.int64],
    pairs: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Two links for each pair of nodes; kind 0 street, 1 arterial, 2 motorway."""
    tail, head = np.concatenate([pairs, pairs[:, ::-1]]).T
    kind = np.concatenate([kind, kind])
    return {
        "tail": tail.astype(np.int32),
        "head": head.astype(np.int32),
        "length_m": np.hypot(x[head] - x[tail], y[head] - y[tail]),
        "speed_mps": np.array([40.0, 60.0, 90.0])[kind] / KMH_PER_MPS,
        "lanes": np.array([1, 2, 2])[kind],
    }


def _neighbours(side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of adjacent nodes of a square grid, and the number of the line that each lies on."""
    node = np.arange(side * side).reshape(side, side)
    across = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    down = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    line = np.concatenate([across[:, 0] // side, down[:, 0] % side])
    return np.concatenate([across, down]), line


def grid_world(n_trips: int, side: int = 30, spacing_m: float = 150.0) -> World:
    """The grid: every fifth street an arterial; trips over 2 h between random links, horizon 3 h."""
    pairs, line = _neighbours(side)
    x, y = np.meshgrid(spacing_m * np.arange(side), spacing_m * np.arange(side))
    net = _streets(side, (line % 5 == 2).astype(np.int64), pairs, x.ravel(), y.ravel())
    n_links = net["tail"].shape[0]
    ends = [(_draw("ends", n_trips, k) * n_links).astype(np.int32) for k in range(2)]
    ends[1] = np.where(ends[0] == ends[1], (ends[1] + 1) % n_links, ends[1]).astype(np.int32)
    depart_s = np.floor(7_200.0 * np.sort(_draw("departures", n_trips)))
    return _routed(net, (x.ravel(), y.ravel()), (depart_s, ends[0], ends[1]), 10_800, spread=0.5)


def city_streets(
    side: int,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]]:
    """The links of the city, and where its nodes are [m]."""
    pairs, line = _neighbours(side)
    x, y = (column.ravel() * 100.0 for column in np.meshgrid(np.arange(side), np.arange(side)))
    x, y = x + 40.0 * (_draw("x", x.shape[0]) - 0.5), y + 40.0 * (_draw("y", y.shape[0]) - 0.5)
    kind = np.where(line % 32 == 16, 2, np.where(line % 8 == 4, 1, 0))
    there = (kind > 0) | (_draw("missing", line.shape[0]) >= 0.17)  # minor streets are missing here and there
    net = _streets(side, kind[there], pairs[there], x, y)
    return _connected(net, x.shape[0]), x, y


def city_world(side: int, n_trips: int) -> World:
    """The city: trips of 24 h with two peaks, gamma-distributed lengths of mean 5 km (shape 2)."""
    net, x, y = city_streets(side)
    ends = _city_ends(net, x, y, side, n_trips)
    return _routed(net, (x, y), (_two_peaks(n_trips), *ends), 86_400, spread=0.0)


def _connected(net: dict[str, NDArray[np.float64]], n_nodes: int) -> dict[str, NDArray[np.float64]]:
    """The largest connected part (streets are two-way)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(net["tail"].shape[0])
    matrix = coo_array((ones, (net["tail"], net["head"])), shape=(n_nodes, n_nodes))
    _, part = connected_components(matrix, directed=False)
    keep = part[net["tail"]] == np.bincount(part).argmax()
    return {name: column[keep] for name, column in net.items()}


def _two_peaks(n: int) -> NDArray[np.float64]:
    """Departures [s], sorted: 35 % around 8:00 (1 h), 35 % around 17:30 (1.25 h), the rest 6 to 22."""
    which, u, v = (_draw("hours", n, k) for k in range(3))
    normal = np.sqrt(-2.0 * np.log1p(-u)) * np.cos(2.0 * np.pi * v)
    hour = np.where(which < 0.35, 8.0 + normal, np.where(which < 0.7, 17.5 + 1.25 * normal, 6.0 + 16.0 * u))
    moments: NDArray[np.float64] = np.sort(np.round(np.clip(hour, 0.0, 23.0) * 3_600.0, 3))
    return moments


def _city_ends(
    net: dict[str, NDArray[np.float64]],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    side: int,
    n_trips: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Origin links anywhere; destinations at car parks six blocks apart, at a drawn distance."""
    n_links = net["tail"].shape[0]
    origin = (_draw("origins", n_trips) * n_links).astype(np.int32)
    away_m = -2_500.0 * (np.log1p(-_draw("length", n_trips, 0)) + np.log1p(-_draw("length", n_trips, 1)))
    angle = 2.0 * np.pi * _draw("angle", n_trips)
    node = net["head"][origin].astype(np.int64)
    # paths on a grid are longer than the straight line by 4/pi on average
    step = away_m * np.pi / 4.0
    wanted = [
        np.clip(np.round((z + step * turn) / 600.0), 0, (side - 1) // 6).astype(np.int64) * 6
        for z, turn in ((x[node], np.cos(angle)), (y[node], np.sin(angle)))
    ]
    first = np.full(side * side, -1, dtype=np.int64)
    first[net["tail"]] = np.arange(n_links)
    park = first[wanted[1] * side + wanted[0]]
    other = np.flatnonzero(first >= 0)
    # a car park on a street that is missing, or at the trip's own start, is the nearest link by number
    near = first[other[np.minimum(np.searchsorted(other, wanted[1] * side + wanted[0]), other.shape[0] - 1)]]
    park = np.where(park < 0, near, park)
    return origin, np.where(park == origin, (park + 1) % n_links, park).astype(np.int32)


def _routed(
    net: dict[str, NDArray[np.float64]],
    xy: tuple[NDArray[np.float64], NDArray[np.float64]],
    trips: tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]],
    horizon_s: int,
    spread: float,
) -> World:
    """The world with routes: by own views of the links, or (without spread) by one of four metrics."""
    depart_s, origin, destination = trips
    n_links, n_nodes = net["tail"].shape[0], xy[0].shape[0]
    topology = build_topology(net["tail"], net["head"], keys_of(np.arange(n_links)), n_nodes)
    free_ms = np.maximum(np.rint(1_000.0 * net["length_m"] / net["speed_mps"]), 1_000.0)
    n = depart_s.shape[0]
    routes = Routes(np.empty(0, np.int32), np.full(n, -1, np.int64), np.full(n, -1, np.int64))
    asked = RouteQueries(origin, destination, np.zeros(n, dtype=np.int64), np.arange(n, dtype=np.uint64))
    metrics = 1 if spread else 4
    for metric in range(metrics):
        cost = free_ms if spread else free_ms * (0.8 + 0.4 * _draw("metric", n_links, metric))
        cost = cost.astype(np.int32)
        weights = Weights(cost.reshape(1, -1), cost.reshape(1, -1), 1, spread)
        mine = np.flatnonzero(np.arange(n) % metrics == metric)
        order = mine[np.argsort(net["tail"][destination[mine]], kind="stable")]
        for rows in np.array_split(order, max(1, order.shape[0] // 100_000)):
            bounds = bounds_to(topology, cost, destination[rows])
            draws = Stream(SEED, stream_of("benchmarks.views")) if spread else NO_DRAWS
            routes = _with(routes, rows, find_routes(topology, weights, bounds, asked, rows, draws))
    found = np.flatnonzero(routes.start >= 0)
    taken = _without_turning_back(routes.taken(found), n_links // 2)
    columns = net | {"x_m": xy[0], "y_m": xy[1], "depart_s": depart_s[found]}
    return World(**columns, pool=taken.pool, start=taken.start, end=taken.end, horizon_s=horizon_s)


def _without_turning_back(routes: Routes, half: int) -> Routes:
    """Routes that begin and end in the direction they need: a first or last turn on the spot is cut off.

    Links come in two halves, so that a link's other direction is ``half`` rows away.
    """
    start, end, pool = routes.start.copy(), routes.end.copy(), routes.pool.astype(np.int64)
    long = np.flatnonzero(end - start > 1)
    start[long] += np.abs(pool[start[long]] - pool[start[long] + 1]) == half
    long = np.flatnonzero(end - start > 1)
    end[long] -= np.abs(pool[end[long] - 1] - pool[end[long] - 2]) == half
    return Routes(routes.pool, start, end).packed()


def _with(routes: Routes, rows: NDArray[np.int64], found: Routes) -> Routes:
    """Routes with more of them behind in the pool."""
    start, end, shift = routes.start, routes.end, routes.pool.shape[0]
    there = rows[found.start[rows] >= 0]
    start[there], end[there] = found.start[there] + shift, found.end[there] + shift
    return Routes(np.concatenate([routes.pool, found.pool]), start, end)
