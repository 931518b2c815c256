"""Stars: every link once at each of its nodes, and nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from tests.strategies import networks
from tests.worlds import Net
from twin.routing.topology import build_topology, workspace_for


@settings(max_examples=40)
@given(networks())
def test_stars_hold_every_link_once(net: Net) -> None:
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    for node in range(net.n_nodes):
        out = topology.out_links[topology.first_out[node] : topology.first_out[node + 1]]
        into = topology.in_links[topology.first_in[node] : topology.first_in[node + 1]]
        assert out.tolist() == np.flatnonzero(net.tail == node).tolist()
        assert into.tolist() == np.flatnonzero(net.head == node).tolist()
    assert topology.first_out[-1] == topology.first_in[-1] == net.n_links


def test_nodes_without_links_have_empty_stars() -> None:
    topology = build_topology(np.array([3]), np.array([1]), np.array([9], dtype=np.uint64), 5)
    assert topology.first_out.tolist() == [0, 0, 0, 0, 1, 1]
    assert topology.first_in.tolist() == [0, 0, 1, 1, 1, 1]
    assert workspace_for(topology).cost.shape == (5,)
