"""How long it takes from homes to places, all homes at once: searches run backwards from the places.

On foot and by bicycle along paths, by car over streets at free flow (Dijkstra 1959 each), by the timetable
from each home to every stop (`twin.kernels.connections`) and on foot from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from twin.clock import MS
from twin.kernels.connections import NEVER_MS
from twin.population.days.cycling import paces
from twin.population.days.speeds import BICYCLE
from twin.routing.journeys import Offer
from twin.routing.walking import walk_graph
from twin.scenario.ledger import Parameters
from twin.territory.tables import Ints, Paths, Streets
from twin.territory.territory import Territory
from twin.units import S_PER_H, S_PER_MIN

Floats = NDArray[np.float64]


class Reach:
    """Ways from homes to places, both given as rows of places: on foot, by bicycle, by car."""

    def __init__(self, territory: Territory, homes: Ints, parameters: Parameters) -> None:
        self.streets, self.places, self.homes = territory.streets, territory.places, homes
        walks = walk_graph(territory.paths)
        self._walks = walks + walks.T
        self._rides = ride_graph(territory.paths, parameters)
        self._drives = drive_graph(territory.streets)
        self._two_way = _is_two_way(territory.streets)

    def foot_metres(self, places: Ints, limit_m: float) -> Floats:
        """Metres along walkable paths from each home to each place (n_places, n_homes); infinite beyond."""
        return self._along_paths(self._walks, places, limit_m)

    def flat_metres(self, places: Ints, limit_m: float) -> Floats:
        """Metres of a flat ride that takes as long as the way by bicycle, as for `foot_metres`.

        Uphill takes longer than back, and where riding is not allowed the bicycle is pushed.
        """
        return self._along_paths(self._rides, places, limit_m)

    def drive_seconds(self, places: Ints, limit_s: float) -> Floats:
        """Seconds over the streets at free flow, as for `foot_metres`.

        Half of the first and of the last link is driven; a street open both ways is left by either end.
        """
        streets, door, two_way = self.streets, self.places.access_link, self._two_way
        from_link, to_link = door[self.homes], door[places]
        free_s = streets.free_flow_time_s
        best = np.full((places.shape[0], self.homes.shape[0]), np.inf)
        for arrives_at, always in ((streets.tail, True), (streets.head, False)):
            goal = np.where((to_link >= 0) & (always | two_way[to_link]), arrives_at[to_link], -1)
            away = _from_nodes(self._drives, goal, limit_s)
            for leaves_at, ever in ((streets.head, True), (streets.tail, False)):
                may = (from_link >= 0) & (ever | two_way[from_link])
                np.minimum(best, np.where(may, away[:, leaves_at[from_link]], np.inf), out=best)
        return np.asarray(best + 0.5 * free_s[from_link] + 0.5 * free_s[to_link][:, None])

    def _along_paths(self, graph: Any, places: Ints, limit_m: float) -> Floats:
        away = _from_nodes(graph, self.places.path_node[places], limit_m)
        node = self.places.path_node[self.homes]
        return np.asarray(np.where(node >= 0, away[:, node], np.inf))


@dataclass(frozen=True)
class Riding:
    """What is reached by the timetable from homes: moments at all stops, for each moment of departure.

    `arrival_ms` is (n_moments, n_nodes, n_stops), `node` the path nodes of homes, `row` the home's row in it.
    """

    offer: Offer
    depart_ms: NDArray[np.int64]
    arrival_ms: NDArray[np.int64]
    row: NDArray[np.int64]

    @staticmethod
    def of(territory: Territory, homes: Ints, offer: Offer, parameters: Parameters) -> Riding:
        """Rides that begin at each home at the ledger's moments."""
        node, row = np.unique(territory.places.path_node[homes], return_inverse=True)
        hours = np.array(parameters["indicators.bus_departure_hours"])
        depart_ms = np.rint(hours * S_PER_H * MS).astype(np.int64)
        longest_ms = round(float(parameters["indicators.access_limit_min"]) * S_PER_MIN * MS)
        moment = np.repeat(depart_ms, node.shape[0])
        found = offer.arrivals_ms(np.tile(node, depart_ms.shape[0]), moment, moment + longest_ms)
        shape = depart_ms.shape[0], node.shape[0], offer.timetable.n_stops
        return Riding(offer, depart_ms, found.reshape(shape), row.reshape(-1))

    def minutes(self, nodes: Ints) -> Floats:
        """Minutes by bus from each home to path nodes (n_nodes, n_homes): the median over departures."""
        start, stop, metres = self.offer.walks.around(nodes)
        walk_ms = metres / self.offer.walk_mps * MS
        out = np.full((nodes.shape[0], self.row.shape[0]), np.inf)
        for goal in range(nodes.shape[0]):
            near = slice(int(start[goal]), int(start[goal + 1]))
            if near.start == near.stop:
                continue
            at_stop = self.arrival_ms[:, :, stop[near]]
            taken = np.where(at_stop < NEVER_MS, at_stop - self.depart_ms[:, None, None], np.inf)
            out[goal] = np.median((taken + walk_ms[near]).min(axis=2), axis=0)[self.row]
        return out / (S_PER_MIN * MS)


def ride_graph(paths: Paths, parameters: Parameters) -> Any:
    """Paths for bicycles, backwards: [b, a] of (n_nodes, n_nodes) is the way from a to b [flat m]."""
    usable = paths.walk | paths.cycle
    u, v, length_m = paths.u[usable], paths.v[usable], paths.length_m[usable]
    forth, back = (pace[usable] for pace in paces(paths, BICYCLE, parameters))
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    flat_m = np.concatenate([length_m / forth, length_m / back])
    return _least(head, tail, flat_m, paths.node_x_m.shape[0])


def drive_graph(streets: Streets) -> Any:
    """Streets, backwards: [b, a] of (n_nodes, n_nodes) is the way from a to b at free flow [s]."""
    return _least(streets.head, streets.tail, streets.free_flow_time_s, streets.n_nodes)


def _least(row: Ints, column: Ints, value: Floats, n: int) -> Any:
    """Sparse matrix of the least value of each pair, pairs of one node left out."""
    order = np.lexsort((value, column, row))
    row, column, value = row[order], column[order], value[order]
    first = np.ones(row.shape[0], dtype=np.bool_)
    first[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    kept = first & (row != column)
    return coo_array((value[kept], (row[kept], column[kept])), shape=(n, n)).tocsr()


def _from_nodes(graph: Any, nodes: NDArray[Any], limit: float) -> Floats:
    """Distances from each node (n, n_nodes), each searched once; infinite for node -1."""
    out = np.full((nodes.shape[0], graph.shape[0]), np.inf)
    known = nodes >= 0
    if known.any():
        sources, of = np.unique(nodes[known], return_inverse=True)
        out[known] = dijkstra(graph, indices=sources, limit=limit)[of.reshape(-1)]
    return out


def _is_two_way(streets: Streets) -> NDArray[np.bool_]:
    """Links (n_links,) with another one back."""
    there = streets.tail.astype(np.int64) * streets.n_nodes + streets.head
    back = streets.head.astype(np.int64) * streets.n_nodes + streets.tail
    return np.isin(back, there)
