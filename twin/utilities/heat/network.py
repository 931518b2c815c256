"""A district-heating network as arrays: pipes in pairs (supply and return), a source, substations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components

from twin.errors import InputError
from twin.territory.tables import Floats, Ints, Table, Texts


@dataclass(frozen=True)
class HeatPipes(Table):
    """Trenches between node rows, each with a supply and a return pipe alike; `w_per_m_k` is of one pipe."""

    name: Texts
    tail: Ints
    head: Ints
    length_m: Floats
    inner_m: Floats
    w_per_m_k: Floats


@dataclass(frozen=True)
class Water:
    """Properties of the water, taken as constant: kg/m3, J/(kg K), m2/s."""

    density: float = 978.0
    heat_capacity: float = 4_186.0
    viscosity: float = 4.1e-7


@dataclass(frozen=True)
class HeatNetwork:
    """Nodes by name, pipes, the node of the source, and those of the substations (n_substations,)."""

    node: Texts
    pipes: HeatPipes
    source: int
    substation: Ints
    roughness_m: float
    water: Water

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node)

    def check(self) -> None:
        """Raise InputError for the first element that no flow can be reckoned with."""
        pipes = self.pipes
        sound = np.isfinite(pipes.length_m) & (pipes.length_m >= 0.0)
        sound &= np.isfinite(pipes.inner_m) & (pipes.inner_m > 0.0)
        sound &= np.isfinite(pipes.w_per_m_k) & (pipes.w_per_m_k >= 0.0)
        bad = np.flatnonzero(~sound)
        if len(bad):
            right = "a heat pipe with all of them"
            raise InputError(str(pipes.name[bad[0]]), "no length, diameter or heat loss", right)
        label = connected_components(self._matrix(), directed=False)[1]
        cut = np.flatnonzero(label[self.substation] != label[self.source])
        if len(cut):
            where = str(self.node[self.substation[cut[0]]])
            raise InputError(where, "a substation that no pipe joins to the source", "a way to the source")

    def _matrix(self) -> coo_matrix:
        n, pipes = self.n_nodes, self.pipes
        return coo_matrix((np.ones(len(pipes.tail)), (pipes.tail, pipes.head)), shape=(n, n))

    @cached_property
    def tree(self) -> SpanningTree:
        """A spanning tree from the source, and the loops that the other pipes close."""
        return SpanningTree(self)


class SpanningTree:
    """Ways from the source to every node, over a tree of fewest pipes.

    `way` (n_nodes, n_pipes) is +1 where the way to a node follows a pipe, -1 where it runs against it;
    `loops` (n_loops, n_pipes) likewise round each loop; `depth` (n_nodes,) counts the pipes of a way.
    """

    def __init__(self, network: HeatNetwork) -> None:
        pipes, n = network.pipes, network.n_nodes
        order, before = breadth_first_order(network._matrix(), network.source, directed=False)
        row: dict[tuple[int, int], int] = {}
        for pipe, ends in enumerate(zip(pipes.tail.tolist(), pipes.head.tolist(), strict=True)):
            row.setdefault(ends, pipe)
            row.setdefault(ends[::-1], pipe)
        ways: dict[int, list[tuple[int, int]]] = {network.source: []}
        for node in order[1:].tolist():
            pipe, above = row[int(before[node]), node], int(before[node])
            sign = 1 if int(pipes.tail[pipe]) == above else -1
            ways[node] = [*ways[above], (pipe, sign)]
        entries = [(node, pipe, sign) for node, way in ways.items() for pipe, sign in way]
        table = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        shape = (n, len(pipes.tail))
        self.way: csr_matrix = coo_matrix((table[2].astype(float), (table[0], table[1])), shape=shape).tocsr()
        self.depth = np.array([len(ways.get(node, ())) for node in range(n)], dtype=np.int64)
        used = np.zeros(shape[1], dtype=bool)
        used[table[1]] = True
        reached = np.zeros(n, dtype=bool)
        reached[list(ways)] = True
        chords = np.flatnonzero(~used & reached[pipes.tail])
        self.loops: Floats = np.zeros((len(chords), shape[1]))
        for row_, chord in enumerate(chords.tolist()):
            there, back = self.way[[int(pipes.tail[chord])]], self.way[[int(pipes.head[chord])]]
            self.loops[row_] = (there - back).toarray()[0]
            self.loops[row_, chord] += 1.0
