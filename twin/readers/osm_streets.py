"""Streets simplified: from the points of ways to links between junctions.

Which points stay is decided as OSMnx decides it (Boeing 2025, Transactions in GIS 29(3), e70037;
"Topological Graph Simplification Solutions to the Street Intersection Miscount Problem"): ends,
junctions, changes of one-way, and here also changes of road class or reference, and forced points.
Tests hold the answer against OSMnx itself, on drawn and on real streets.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from twin.readers.osm_records import Member, StreetPiece

Edge = tuple[int, int]


class _Graph:
    """Directed segments between neighbouring points; each is kept once, for the first piece that has it."""

    def __init__(self, pieces: Sequence[StreetPiece], forced: Iterable[int]) -> None:
        self.piece_of: dict[Edge, int] = {}
        self.out: dict[int, list[int]] = {}
        self.into: dict[int, list[int]] = {}
        self.forced = frozenset(forced)
        self.kinds = [(piece.road_class, piece.ref) for piece in pieces]
        for number, piece in enumerate(pieces):
            self._add(piece.refs, number)
            if piece.both_ways:
                self._add(piece.refs[::-1], number)

    def _add(self, refs: Sequence[int], number: int) -> None:
        piece_of, out, into = self.piece_of, self.out, self.into
        for edge in itertools.pairwise(refs):
            u, v = edge
            if u != v and edge not in piece_of:
                piece_of[edge] = number
                out.setdefault(u, []).append(v)
                into.setdefault(v, []).append(u)

    def is_end(self, node: int) -> bool:
        """Whether links end at a point."""
        ahead, behind = self.out.get(node), self.into.get(node)
        if not ahead or not behind or len(ahead) + len(behind) not in (2, 4):
            return True
        if len({*ahead, *behind}) != 2 or node in self.forced:
            return True
        kinds, piece_of = self.kinds, self.piece_of
        kind = kinds[piece_of[node, ahead[0]]]
        return any(kinds[piece_of[node, other]] != kind for other in ahead) or any(
            kinds[piece_of[other, node]] != kind for other in behind
        )

    def run(self, first: int, second: int, ends: set[int]) -> list[int]:
        """Points from one end through `second` to the next end."""
        path = [first, second]
        while path[-1] not in ends:
            ahead = self.out[path[-1]]
            path.append(ahead[0] if ahead[0] != path[-2] else ahead[-1])
        return path


def simplify_streets(pieces: Sequence[StreetPiece], forced: Iterable[int]) -> list[list[Member]]:
    """Directed links from junction to junction, each as its ordered members.

    A link also ends where the road class or the road reference changes, and at every forced node.
    Where two ways share a segment only one of them keeps it: the one that comes first in `pieces`.
    Which nodes end a link depends on their own neighbours only, so a smaller crop gives equal links.
    A ring without any end stays in its segments.
    """
    graph = _Graph(pieces, forced)
    ends = {node for node in graph.out.keys() | graph.into.keys() if graph.is_end(node)}
    runs = [graph.run(end, second, ends) for end in ends for second in graph.out.get(end, ())]
    passed = {node for run in runs for node in run[1:-1]}
    runs += [
        [node, second] for node in graph.out if node not in ends and node not in passed
        for second in graph.out[node]
    ]  # fmt: skip
    way_of = {edge: pieces[number].way for edge, number in graph.piece_of.items()}
    return sorted([(way_of[u, v], u, v) for u, v in itertools.pairwise(run)] for run in runs)
