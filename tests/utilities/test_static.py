"""Cascades held against what is known of them without simulating: on laid networks, and in the limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.utilities.static import (
    COUPLED_THRESHOLD,
    LargestPiece,
    inoperabilities,
    surviving,
    threshold,
    twins,
)
from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.utilities.failures.cascade import Needs, settle
from twin.utilities.failures.laid import laid_cascade

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

LEDGER = Parameters.defaults()


def draws(n: int, what: str, seed: int) -> np.ndarray:
    return uniforms(seed, stream_of(f"tests.{what}"), np.arange(n, dtype=np.uint64))


@pytest.mark.parametrize("name", ["la_turbie_crop", "riviera"])
@pytest.mark.parametrize("harm", [1e-3, 1e-5])
def test_small_harm_to_a_laid_network_spreads_as_the_linear_model_says(name: str, harm: float) -> None:
    """Every need of the laid networks at half its weight, so that loops die out; nothing trips."""
    layers = Territory.load(ROOT / "networks" / name).utilities
    laid = laid_cascade(layers, LEDGER, 1).needs
    needs = Needs(laid.consumer, laid.support, laid.utility, 0.5 * laid.weight)
    n = layers.nodes.n_nodes
    own = harm * draws(n, "harm", 1)
    found = settle(1.0 - own, needs, (), np.zeros(n), np.zeros((2, n), dtype=bool))
    expected = inoperabilities(needs, own)
    assert np.abs((1.0 - found.level) - expected).max() < 5.0 * harm**2 + 1e-11
    hit = np.unique(needs.consumer)
    assert len(hit) > 3
    assert (expected[hit] > own[hit]).all(), "who needs somebody is worse off"
    alone = np.setdiff1d(np.arange(n), hit)
    assert expected[alone] == pytest.approx(own[alone])


def test_elements_that_hold_each_other_up_wholly_are_one_clear_line() -> None:
    with pytest.raises(InputError, match="hold each other up wholly"):
        inoperabilities(twins(2), np.full(4, 0.1))


def coupled(n: int, mean_degree: float, seed: int) -> tuple[LargestPiece, LargestPiece]:
    """Two Erdos-Renyi graphs of n nodes with n * mean_degree / 2 edges each."""
    n_edges = round(n * mean_degree / 2)
    pieces = []
    for which in range(2):
        u, v = ((n * draws(n_edges, f"graph {which} {end}", seed)).astype(np.int32) for end in "uv")
        rows = np.arange(n, dtype=np.int32) + which * n
        pieces.append(LargestPiece(rows, u + which * n, v + which * n))
    return pieces[0], pieces[1]


def test_coupled_random_graphs_collapse_near_the_known_threshold() -> None:
    """p_c = 2.4554/<k> within 3 %, for graphs of 8,000 nodes.

    The share that a draw keeps is off by sqrt(p (1 - p) / n), 0.5 % of p here, and that of nodes which
    the graph's own largest piece leaves out by as much; near the threshold cascades linger (some n^(1/3)
    rounds, Zhou et al. 2014, Phys. Rev. E 90), which luck may end either way. The mean of three seeds counts.
    """
    n, mean_degree = 8_000, 5.0
    found = []
    for seed in (1, 2, 3):
        luck, layers = draws(n, "kept", seed), coupled(n, mean_degree, seed)

        def left(kept: float, luck: np.ndarray = luck, layers: tuple = layers) -> float:
            return surviving(twins(n), layers, np.concatenate([luck < kept, np.ones(n, dtype=bool)]))

        low, high = threshold(left, least=0.05, within=0.004)
        assert left(low) < 0.01, "all of it goes"
        # what is left at the threshold is 1.2564/<k> of all nodes (Buldyrev et al. 2010): a jump
        assert left(high + 0.01) > 0.9 * 1.2564 / mean_degree
        found.append((low + high) / 2.0)
    assert np.mean(found) == pytest.approx(COUPLED_THRESHOLD / mean_degree, rel=0.03)


def test_one_graph_alone_stands_far_below_that_threshold_and_goes_gradually() -> None:
    """p_c of one graph is 1/<k>."""
    n, mean_degree = 10_000, 4.0
    layer = coupled(n, mean_degree, 1)[0]
    luck = draws(n, "kept", 1)
    none = Needs(*(np.zeros(0, dtype=np.int32),) * 3, np.zeros(0))
    alone = replace(layer, rows=np.arange(n, dtype=np.int32))
    left = [surviving(none, (alone,), luck < kept) for kept in (0.2, 0.3, 0.4, 0.6)]
    assert left[0] < 0.02
    assert 0.02 < left[1] < left[2] < left[3]
    assert left[3] > 0.4
