"""Routing under new weights: ``python -m benchmarks.speed.routing [--peers] [--side N] [--json]``.

The synthetic city of about 100,000 links (``--side`` 172): what new weights cost, and a query with its path,
for trips of 5 km on average and for pairs drawn anywhere, one by one and by destination; the same with banned
turns, and by the order of METIS where it is installed. With ``--peers`` the city of 225,000 links (257) and
one round of live traffic, new weights and 2,000 queries with path: pandana has to build anew, networkx (what
osmnx asks by default) has not. ``cpu_s`` is the median of some repeats, ``ratio`` is over ours of that case.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.machine import machine
from benchmarks.peers import check
from benchmarks.speed.world import city_streets
from twin.errors import InputError
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.routing.dissection import has_metis
from twin.routing.hierarchy import (
    Hierarchy,
    Metric,
    build_hierarchy,
    costs_between,
    customize,
    paths,
    recustomize,
)
from twin.routing.topology import Turns, build_topology

SEED = 1
QUERIES = 2_000
REPEATS = 7
BANNED_SHARE = 0.01
"""Share of all turns that the case with turns bans."""
PEER_SIDE = 257
NETWORKX_QUERIES = 20

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
Row = dict[str, Any]


@dataclass(frozen=True)
class City:
    """Links (n_links,) with weights, and nodes on the map."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    weight_ms: NDArray[np.int32]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]

    @staticmethod
    def of(side: int) -> City:
        """The city with side x side crossings; nodes that no link touches are dropped."""
        net, x_m, y_m = city_streets(side)
        ms = np.maximum(np.rint(1_000.0 * net["length_m"] / net["speed_mps"]), 1.0).astype(np.int32)
        nodes, ends = np.unique(np.concatenate([net["tail"], net["head"]]), return_inverse=True)
        tail, head = ends.astype(np.int32).reshape(2, -1)
        return City(tail, head, ms, x_m[nodes], y_m[nodes])

    def hierarchy(self, order: str, bans: Turns | None = None) -> Hierarchy:
        """Its hierarchy."""
        keys = keys_of(np.arange(self.tail.shape[0]))
        topology = build_topology(self.tail, self.head, keys, self.x_m.shape[0], bans)
        return build_hierarchy(topology, self.x_m, self.y_m, order)

    def live_ms(self, k: int) -> NDArray[np.int32]:
        """Weights of the k-th moment: up to twice as long as on empty roads."""
        slower: NDArray[np.int32] = (self.weight_ms * (1.0 + drawn("live", self.tail.shape[0], k))).astype(
            np.int32
        )
        return slower

    def turns(self, share: float) -> Turns:
        """Some turns to be banned, none of them back to where one comes from."""
        order = np.argsort(self.tail, kind="stable")
        degree = np.bincount(self.tail, minlength=self.x_m.shape[0])
        first = np.cumsum(degree) - degree
        rows = np.flatnonzero(drawn("bans", self.tail.shape[0]) < share * 3.0)  # about three ways on
        onward = order[
            first[self.head[rows]] + (drawn("onward", rows.shape[0]) * degree[self.head[rows]]).astype(int)
        ]
        kept = self.head[onward] != self.tail[rows]
        return rows[kept].astype(np.int32), onward[kept].astype(np.int32)

    def uniform_pairs(self, n: int) -> Pairs:
        """Links drawn anywhere."""
        a, b = ((drawn("uniform", n, k) * self.tail.shape[0]).astype(np.int32) for k in range(2))
        return a, b

    def city_pairs(self, n: int, n_destinations: int | None = None) -> Pairs:
        """Trips of 5 km on average (gamma, shape 2), to anywhere or to few destinations drawn before."""
        origin = (drawn("origins", n) * self.tail.shape[0]).astype(np.int32)
        away_m = (
            -2_500.0 * (np.log1p(-drawn("length", n, 0)) + np.log1p(-drawn("length", n, 1))) * np.pi / 4.0
        )
        angle = 2.0 * np.pi * drawn("angle", n)
        node = self.head[origin]
        wanted = np.stack(
            [self.x_m[node] + away_m * np.cos(angle), self.y_m[node] + away_m * np.sin(angle)], axis=1
        )
        links = np.arange(self.tail.shape[0])
        if n_destinations is not None:
            links = (drawn("parks", n_destinations) * self.tail.shape[0]).astype(np.int64)
        tree = cKDTree(np.stack([self.x_m[self.tail[links]], self.y_m[self.tail[links]]], axis=1))
        return origin, links[tree.query(wanted)[1]].astype(np.int32)


def drawn(purpose: str, n: int, k: int = 0) -> NDArray[np.float64]:
    """n uniform draws of one purpose."""
    return uniforms(SEED, stream_of(f"benchmarks.routing.{purpose}"), np.arange(n, dtype=np.uint64), k)


def cpu_s(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median CPU seconds of all threads, after once for nothing (what is compiled is compiled then)."""
    work()
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return statistics.median(spent)


def fresh(metric: Metric) -> Metric:
    """The same metric, of which nobody has asked how arcs are made up."""
    return customize(metric.hierarchy, metric.ways.weight_ms)


def query_s(metric: Metric, pairs: Pairs) -> float:
    """CPU seconds a query with path, unpacking from scratch in every repeat."""
    spent = []
    for _ in range(REPEATS):
        new = fresh(metric)
        begin = time.process_time()
        paths(new, *pairs)
        spent.append(time.process_time() - begin)
    return statistics.median(spent) / pairs[0].shape[0]


def city_rows(side: int) -> list[Row]:
    """Our engine on the city: plain, with banned turns, and by the order of METIS."""
    city = City.of(side)
    kinds: list[tuple[str, str, Turns | None]] = [("plain", "geometric", None)]
    kinds += [("banned turns", "geometric", city.turns(BANNED_SHARE))]
    kinds += [("order by METIS", "metis", None)] if has_metis() else []
    rows: list[Row] = []
    for name, order, bans in kinds:
        rows += _rows_of(f"city {side}, {name}", city, order, bans)
    return rows


def _rows_of(case: str, city: City, order: str, bans: Turns | None) -> list[Row]:
    hierarchy = city.hierarchy(order, bans)
    metric = customize(hierarchy, city.live_ms(0))
    few, some = city.live_ms(0), city.live_ms(0)
    uniform = city.uniform_pairs(QUERIES)
    few[:5], some[:: few.shape[0] // 100] = 2**30, 1
    spent = {
        "build": cpu_s(lambda: city.hierarchy(order, bans), 3),
        "new weights": cpu_s(lambda: customize(hierarchy, metric.ways.weight_ms)),
        "5 links closed": cpu_s(lambda: recustomize(metric, few)),
        "100 links changed": cpu_s(lambda: recustomize(metric, some)),
        "query with path, 5 km": query_s(metric, city.city_pairs(QUERIES)),
        "query with path, uniform": query_s(metric, uniform),
        "cost only, uniform": cpu_s(lambda: costs_between(metric, *uniform)) / QUERIES,
        "query with path, 5 km, 20,000 to 800 destinations": query_s(metric, city.city_pairs(20_000, 800)),
    }
    about = {
        "links": int(city.tail.shape[0]),
        "states": int(hierarchy.place.shape[0]),
        "arcs": int(hierarchy.shape.up_head.shape[0]),
        "triangles": hierarchy.n_triangles,
        "height": hierarchy.height,
        "order": hierarchy.order,
    }
    return [
        {"case": f"{case}: {what}", "engine": "twin", "cpu_s": s, "ratio": 1.0, **about}
        for what, s in spent.items()
    ]


def peer_rows(side: int) -> list[Row]:
    """One round of live traffic, all engines in turn; the costs of all are compared."""
    from benchmarks.peers.shortest_paths import Network, networkx_costs, pandana_round

    check("pandana")
    city = City.of(side)
    case, pairs = f"city {side}, new weights and {QUERIES} queries", city.uniform_pairs(QUERIES)
    ends = city.head[pairs[0]], city.tail[pairs[1]]
    hierarchy, weight_ms = city.hierarchy("geometric"), city.live_ms(1)
    network = Network(city.tail, city.head, city.x_m, city.y_m, weight_ms)
    new_s = cpu_s(lambda: customize(hierarchy, weight_ms), 3)
    metric = customize(hierarchy, weight_ms)
    each_s = query_s(metric, pairs)
    cost_ms = costs_between(metric, *pairs) - weight_ms[pairs[1]]
    peer_new_s, peer_each_s, found_ms = pandana_round(network, ends)
    _agree("pandana", cost_ms, found_ms)
    slow_s, slow_ms = networkx_costs(network, (ends[0][:NETWORKX_QUERIES], ends[1][:NETWORKX_QUERIES]))
    _agree("networkx", cost_ms[:NETWORKX_QUERIES], slow_ms)
    engines = {
        "twin": (new_s, each_s),
        "pandana": (peer_new_s, peer_each_s),
        "networkx": (0.0, slow_s),
    }
    rows: list[Row] = [
        {"case": case, "engine": name, "cpu_s": new + QUERIES * each, "new_weights_s": new, "query_s": each}
        for name, (new, each) in engines.items()
    ]
    for row in rows:
        row["ratio"], row["query_ratio"] = row["cpu_s"] / rows[0]["cpu_s"], row["query_s"] / each_s
        row["links"] = int(city.tail.shape[0])
    if peer_each_s < each_s:
        rows[1]["wins_above_queries"] = int((peer_new_s - new_s) / (each_s - peer_each_s))
    return rows


def _agree(name: str, ours_ms: NDArray[np.int64], theirs_ms: NDArray[np.float64]) -> None:
    """Engines that find other costs are not compared."""
    worst = float(np.abs(ours_ms - theirs_ms).max())
    if worst >= 1.0:
        raise InputError(f"peer {name}", f"differs from ours by {worst:.0f} ms", "costs that agree")


def main(arguments: list[str] | None = None) -> int:
    """Run all, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.routing", description=__doc__)
    parser.add_argument("--side", type=int, default=172, help="crossings along one side of the city")
    parser.add_argument("--peer-side", type=int, default=PEER_SIDE, help="the same beside peers")
    parser.add_argument("--peers", action="store_true", help="ask pandana and networkx as well")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        if min(options.side, options.peer_side) < 24:
            raise InputError("--side", "is too small for a city", "24 or more")
        rows = city_rows(options.side) + (peer_rows(options.peer_side) if options.peers else [])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        print(
            f"{row['case']:66} {row['engine']:9} {1e3 * row['cpu_s']:>12.4f} ms {row['ratio']:>8.1f}", end=""
        )
        print(f"  {1e6 * row['query_s']:.0f} us a query" if "query_s" in row else f"  {row['arcs']} arcs")
    print(f"load average {machine()['load_average']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
