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


def build_topology(tail: np.ndarray, head: np.ndarray, link_key: np.ndarray, n_nodes: int) -> Topology:
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
    )


def workspace_for(topology: Topology) -> Workspace:
    """Memory for one search at a time on that topology."""
    n_nodes, n_links = topology.first_out.shape[0] - 1, topology.tail.shape[0]
    return Workspace(
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_nodes, dtype=np.int64),
        np.full(n_nodes, -1, dtype=np.int32),
        np.zeros(n_nodes, dtype=np.int64),
        np.zeros(n_links + n_nodes + 2, dtype=np.int64),
        np.zeros(n_links + n_nodes + 2, dtype=np.int32),
        np.zeros(1, dtype=np.int64),
    )
