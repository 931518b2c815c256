"""Ways from sources through a network: what is still reached over elements that work, and where it ends."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from twin.territory.tables import Flags, Floats, Ints
from twin.utilities.failures.inventory import Rows


class Layer(Protocol):
    """A network that elements must be reached by."""

    def reached(self, level: Floats) -> Floats:
        """What the network leaves each element (n,), 1 for those that are none of its own."""
        ...


class SupplyPaths:
    """A network in which an element works if a way over working elements leads there from a source.

    Parameters
    ----------
    n
        Number of elements of all networks.
    tail, head
        (n_arcs,) elements that a way leads from and to.
    sources
        Elements at which ways begin.
    via
        (n_arcs,) the element that the way goes over, such as a cable; -1: none.
    ties
        Elements that are open unless somebody closes them: no way leads over them while all stands.
    """

    def __init__(
        self, n: int, tail: Ints, head: Ints, sources: Ints, via: Ints | None = None, ties: Ints | None = None
    ) -> None:
        self.n, self.sources = n, sources
        over = np.full(len(tail), -1) if via is None else via
        points = np.unique(np.concatenate([tail, head, sources]).astype(np.int64))
        m = len(points)
        local = np.full(n, -1)
        local[points] = np.arange(m)
        tails = np.concatenate([local[tail], np.full(len(sources), m)])
        heads = np.concatenate([local[head], local[sources]])
        order = np.lexsort((heads, tails))
        self._points, self._m = points, m
        self._tail, self._head = tails[order], heads[order]
        self._via = np.concatenate([over, np.full(len(sources), -1)])[order]
        self._own = np.unique(np.concatenate([points, self._via[self._via >= 0]]))
        self._known: tuple[bytes, Floats] | None = None
        intact = np.ones(n, dtype=bool)
        if ties is not None:
            intact[ties] = False
        self.members = self._over(intact, self._from_sources(intact))
        self.upstream = self._upstream(intact)

    def reached(self, level: Floats) -> Floats:
        """1 where a way over others leads, and for elements to which none led when all stood."""
        works = level > 0.0
        key = works[self._own].tobytes()
        if self._known is None or self._known[0] != key:
            fine = self._over(works, self._from_sources(works)) | ~self.members
            self._known = key, fine.astype(np.float64)
        return self._known[1]

    def first_dead(self, unreached: Flags, rows: Rows) -> Ints:
        """For elements that no way reaches, the nearest on their usual way that fails for another reason.

        `unreached` (n,) are all whom this network does not reach.
        """
        step = np.where(unreached & (self.upstream >= 0), self.upstream, np.arange(self.n))
        at = step[rows]
        while True:  # each round doubles how far everybody looks
            step = step[step]
            further = step[at]
            if (further == at).all():
                return np.where(at == rows, -1, at).astype(np.int32)
            at = further

    def _kept(self, works: Flags) -> Flags:
        open_ = np.append(works[self._points], True)
        return np.asarray(open_[self._tail] & (works[self._via] | (self._via < 0)))

    def _graph(self, kept: Flags) -> csr_matrix:
        counts = np.bincount(self._tail[kept], minlength=self._m + 1)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        columns = self._head[kept].astype(np.int32)
        return csr_matrix((np.ones(len(columns)), columns, starts), shape=(self._m + 1, self._m + 1))

    def _from_sources(self, works: Flags) -> Flags:
        """Points (m + 1,) that are found; a way ends at what does not work, and is known to lead there."""
        found = np.zeros(self._m + 1, dtype=bool)
        graph = self._graph(self._kept(works))
        found[breadth_first_order(graph, self._m, return_predecessors=False)] = True
        return found

    def _over(self, works: Flags, found: Flags) -> Flags:
        """Elements (n,) that are found, and those that ways go over from what is found and works."""
        fine = np.zeros(self.n, dtype=bool)
        fine[self._points] = found[:-1]
        fed = found[self._tail] & np.append(works[self._points], True)[self._tail] & (self._via >= 0)
        fine[self._via[fed]] = True
        return fine

    def _upstream(self, intact: Flags) -> Ints:
        """The element before each on its usual way (n,): fewest elements from a source; -1: none."""
        kept = self._kept(intact)
        found, before = breadth_first_order(self._graph(kept), self._m)
        rank = np.full(self._m + 1, self._m + 2)
        rank[found] = np.arange(len(found))
        upstream = np.full(self.n, -1)
        name = np.append(self._points, -1)
        rows = np.flatnonzero(kept & (rank[self._tail] <= self._m))
        rows = rows[np.argsort(-rank[self._tail[rows]], kind="stable")]  # the earliest end is written last
        over = rows[self._via[rows] >= 0]
        upstream[self._via[over]] = name[self._tail[over]]
        usual = rows[before[self._head[rows]] == self._tail[rows]]
        at = name[self._head[usual]]
        upstream[at] = np.where(self._via[usual] >= 0, self._via[usual], name[self._tail[usual]])
        return upstream.astype(np.int32)
