"""Routes that drivers keep to, as given: a CSV file of pairs of zones, shares and links.

Columns ``origin,destination,share,links``: zones as numbered in the network, the part of the pair's trips
that take the route, and the links in order, as the numbers of their lines in the network's file from 1 on,
between spaces.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from twin.errors import InputError
from twin.readers.tntp import RoadNetwork, TripTable

COLUMNS = ["origin", "destination", "share", "links"]
SHARE_TOLERANCE = 1e-9

Pair = tuple[int, int]


@dataclass(frozen=True)
class GivenRoutes:
    """Routes of each pair of zone rows: the share that takes each, and its link rows."""

    file: str
    routes: dict[Pair, list[tuple[float, np.ndarray]]]

    def link_flow(self, trips: TripTable, n_links: int) -> np.ndarray:
        """Flow of each link, (n_links,), if all trips keep to these routes."""
        flow = np.zeros(n_links)
        pairs = zip(trips.origin.tolist(), trips.destination.tolist(), trips.trips.tolist(), strict=True)
        for origin, destination, n_trips in pairs:
            for share, links in self.routes.get((origin, destination), []):
                np.add.at(flow, links, share * n_trips)
        return flow


def read_given_routes(path: Path, network: RoadNetwork, trips: TripTable) -> GivenRoutes:
    """Routes for every pair of zones that has trips; each one leads from its origin to its destination."""
    routes: dict[Pair, list[tuple[float, np.ndarray]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != COLUMNS:
                raise InputError(path.as_posix(), "does not begin with its columns", ",".join(COLUMNS))
            for row in rows:
                if row:
                    pair, share, links = _route(f"{path.as_posix()}: line {rows.line_num}", row, network)
                    routes.setdefault(pair, []).append((share, links))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(path.as_posix(), f"cannot be read: {words}", "a CSV file in UTF-8") from None
    for pair in zip(trips.origin.tolist(), trips.destination.tolist(), strict=True):
        total = math.fsum(share for share, _ in routes.get(pair, []))
        if pair[0] != pair[1] and abs(total - 1.0) > SHARE_TOLERANCE:
            what = f"routes from {pair[0] + 1} to {pair[1] + 1} have shares that sum to {total:g}"
            raise InputError(path.as_posix(), what, "1 for every pair of zones with trips")
    return GivenRoutes(path.as_posix(), routes)


def _route(where: str, row: list[str], network: RoadNetwork) -> tuple[Pair, float, np.ndarray]:
    """One line: pair of zone rows, share, link rows."""
    if len(row) != len(COLUMNS):
        raise InputError(where, f"has {len(row)} values", ",".join(COLUMNS))
    origin, destination = (_row(where, word, network.n_zones, "zone") for word in row[:2])
    try:
        share = float(row[2])
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise InputError(where, f"share is '{row[2]}'", "a number from 0 to 1")
    links = [_row(where, word, network.n_links, "link") for word in row[3].split()]
    nodes = [int(network.tail[link]) for link in links] + [int(network.head[link]) for link in links[-1:]]
    joined = all(network.head[a] == network.tail[b] for a, b in pairwise(links))
    if not links or not joined or (nodes[0], nodes[-1]) != (origin, destination):
        right = f"links that lead from {origin + 1} to {destination + 1} without a gap"
        raise InputError(where, f"'{row[3]}' is no route", right)
    barred = [node + 1 for node in nodes[1:-1] if node < network.first_through]
    if barred:
        raise InputError(where, f"passes node {barred[0]}", f"nodes from {network.first_through + 1} on")
    return (origin, destination), share, np.array(links, dtype=np.int64)


def _row(where: str, word: str, most: int, name: str) -> int:
    """Row of something numbered from 1 on."""
    word = word.strip()
    if not (word.isascii() and word.isdigit() and len(word) <= 9 and 1 <= int(word) <= most):
        raise InputError(where, f"{name} is '{word}'", f"a whole number from 1 to {most}")
    return int(word) - 1
