"""Topology of the drivable links: forward and backward stars that never change."""

from __future__ import annotations

import numpy as np

from twin.kernels.paths import Topology, Workspace


def star(node: np.ndarray, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Links grouped by a node of theirs: (first (n_nodes + 1,) int64, links int32), rows ascending.

    >>> first, links = star(np.array([1, 0, 1]), 2)
    >>> first.tolist(), links.tolist()
    ([0, 1, 3], [1, 0, 2])
    """
    links = np.argsort(node, kind="stable").astype(np.int32)
    first = np.zeros(n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(node, minlength=n_nodes), out=first[1:])
    return first, links


Turns = tuple[np.ndarray, np.ndarray]
"""Links, and links that must not follow them, (n_bans,) each."""


def build_topology(
    tail: np.ndarray, head: np.ndarray, link_key: np.ndarray, n_nodes: int, bans: Turns | None = None
) -> Topology:
    """Topology of links given by tail and head node rows (n_links,) and random keys (n_links,)."""
    first_out, out_links = star(tail, n_nodes)
    first_in, in_links = star(head, n_nodes)
    return Topology(
        first_out,
        out_links,
        first_in,
        in_links,
        np.ascontiguousarray(tail, dtype=np.int32),
        np.ascontiguousarray(head, dtype=np.int32),
        np.ascontiguousarray(link_key, dtype=np.uint64),
        *_turn_states(head, n_nodes, bans),
    )


def restricted(topology: Topology, usable: np.ndarray) -> Topology:
    """The same rows, of which only the usable (n_links,) bool lead on from nodes: no route takes another.

    >>> plain = build_topology(np.array([0, 0]), np.array([1, 1]), np.arange(2), 2)
    >>> restricted(plain, np.array([True, False])).out_links.tolist()
    [0]
    """
    if usable.all():
        return topology
    n_nodes = topology.first_out.shape[0] - 1
    rows = np.flatnonzero(usable).astype(np.int32)
    stars = [star(end[rows], n_nodes) for end in (topology.tail, topology.head)]
    (first_out, out_links), (first_in, in_links) = ((first, rows[links]) for first, links in stars)
    return topology._replace(first_out=first_out, out_links=out_links, first_in=first_in, in_links=in_links)


def usable_in(topology: Topology) -> np.ndarray:
    """Links that some route may take on that topology, (n_links,) bool."""
    usable = np.zeros(topology.tail.shape[0], dtype=np.bool_)
    usable[topology.out_links] = True
    return usable


def _turn_states(head: np.ndarray, n_nodes: int, bans: Turns | None) -> tuple[np.ndarray, ...]:
    """Where each link lands, and the states of links that must not be followed by every other.

    >>> [each.tolist() for each in _turn_states(np.array([1, 1, 0]), 2, (np.array([1]), np.array([2])))]
    [[1, 2, 0], [1], [0, 1], [2]]
    """
    first, onward = bans if bans is not None else (np.zeros(0, np.int32), np.zeros(0, np.int32))
    order = np.lexsort((onward, first))
    turn_from, counts = np.unique(first, return_counts=True)
    lands_in = np.array(head, dtype=np.int32)
    lands_in[turn_from] = n_nodes + np.arange(turn_from.shape[0], dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return lands_in, turn_from.astype(np.int32), starts, np.asarray(onward)[order].astype(np.int32)


def workspace_for(topology: Topology) -> Workspace:
    """Memory for one search at a time on that topology."""
    n_nodes, n_links = topology.first_out.shape[0] - 1, topology.tail.shape[0]
    n_states = n_nodes + topology.turn_from.shape[0]
    out_degree = np.diff(topology.first_out)
    taken_at_turns = int(out_degree[topology.head[topology.turn_from]].sum())
    reached_at_most = n_links + taken_at_turns + n_states + 2  # once from each state
    return Workspace(
        np.zeros(n_states, dtype=np.int64),
        np.zeros(n_states, dtype=np.int64),
        np.full(n_states, -1, dtype=np.int32),
        np.full(n_states, -1, dtype=np.int32),
        np.zeros(n_states, dtype=np.int64),
        np.zeros(reached_at_most, dtype=np.int64),
        np.zeros(reached_at_most, dtype=np.int32),
        np.zeros(2, dtype=np.int64),
    )
