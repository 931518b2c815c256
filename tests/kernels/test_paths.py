"""The path kernels and their slow twin: equal on random networks, and right where paper gives the answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.oracles import BLOCKED_MS, cost_along, slow_costs
from tests.strategies import link_weights, networks
from tests.worlds import Net


@st.composite
def weighted_networks(draw: st.DrawFn, n_slices: int = 1) -> tuple[Net, np.ndarray]:
    net = draw(networks(max_nodes=9, max_extra=20))
    return net, draw(link_weights(net, n_slices))


def all_simple_costs(net: Net, weight_ms: np.ndarray, origin: int) -> list[int | None]:
    """Costs by walking every path without a repeated node: slower still, and beyond doubt."""
    best: list[int | None] = [None] * net.n_links
    walks = [(origin, 0, frozenset({int(net.head[origin])}))]
    while walks:
        link, cost, seen = walks.pop()
        for following in net.successors(link):
            weight = int(weight_ms[following])
            if weight < BLOCKED_MS:
                total, end = cost + weight, int(net.head[following])
                known = best[following]
                best[following] = total if known is None else min(known, total)
                if end not in seen:
                    walks.append((following, total, seen | {end}))
    best[origin] = 0
    return best


@settings(max_examples=50, deadline=None)
@given(networks(max_nodes=5, max_extra=5).flatmap(lambda net: st.tuples(st.just(net), link_weights(net))))
def test_twin_finds_what_walking_every_path_finds(world: tuple[Net, np.ndarray]) -> None:
    net, weight_ms = world
    for origin in range(net.n_links):
        assert slow_costs(net, weight_ms, origin) == all_simple_costs(net, weight_ms[0], origin)
