"""Temperature fronts: the kernel against each kg followed on its way, and heat that goes nowhere unseen."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.kernels.fronts import Fronts, carry, flip, stored

STEP_S = 60.0


def pipe_of(held_kg: float, cooling_per_s: float, start_k: float = 0.0, n_parcels: int = 32) -> Fronts:
    """One pipe full of water of one temperature."""
    fronts = Fronts(
        *(np.zeros((1, n_parcels)) for _ in range(3)), np.zeros(1, dtype=np.int64),
        np.ones(1, dtype=np.int64), np.array([held_kg]), np.array([cooling_per_s]),
    )  # fmt: skip
    fronts.mass_kg[0, 0], fronts.back_k[0, 0] = held_kg, start_k
    return fronts


def move(fronts: Fronts, kg: float, entering_k: float) -> tuple[float, float]:
    """Heat that leaves and heat lost in a step through one pipe."""
    node_kg, node_heat = np.array([kg, 0.0]), np.array([kg * entering_k, 0.0])
    order, ends = np.zeros(1, dtype=np.int64), (np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))
    lost = carry(fronts, order, *ends, np.array([kg]), STEP_S, node_kg, node_heat)
    assert node_kg[1] == kg
    return float(node_heat[1]), lost


def follow(held: float, k: float, start_k: float, steps: list[tuple[float, float]]) -> list[float]:
    """Heat that leaves in each step: every kg that leaves is looked up by when it entered.

    Over mass, entry and exit are straight lines between the moments at which the rate changes.
    """
    edges = np.concatenate([[0.0], np.cumsum([kg for kg, _ in steps])])
    out = []
    for step, (kg, _) in enumerate(steps):
        low, high = edges[step] - held, edges[step] + kg - held  # mass that had entered when it did
        cuts = sorted({low, high, *(e for e in (*edges, 0.0) if low < e < high)})
        heat = 0.0
        for a, b in pairwise(cuts):
            leaves = [step * STEP_S + (x - low) / kg * STEP_S for x in (a, b)]
            if b <= 0.0:
                entered, warm = [0.0, 0.0], start_k
            else:
                row = max(i for i in range(len(steps)) if edges[i] <= 0.5 * (a + b) and steps[i][0] > 0.0)
                entered = [row * STEP_S + (x - edges[row]) / steps[row][0] * STEP_S for x in (a, b)]
                warm = steps[row][1]
            ages = [leave - enter for leave, enter in zip(leaves, entered, strict=True)]
            mean = 0.5 * sum(
                w * math.exp(-k * (0.5 * (ages[0] + ages[1]) + 0.5 * (ages[1] - ages[0]) * s))
                for s, w in zip(*GAUSS, strict=True)
            )
            heat += (b - a) * warm * mean
        out.append(heat)
    return out


GAUSS = np.polynomial.legendre.leggauss(12)
rates = st.one_of(st.just(0.0), st.floats(1.0, 900.0))
histories = st.lists(st.tuples(rates, st.floats(0.0, 80.0)), min_size=1, max_size=20)


@given(st.floats(5.0, 3_000.0), st.floats(0.0, 2e-3), st.floats(0.0, 60.0), histories)
def test_what_leaves_is_what_entered_when_it_did_and_has_cooled_since(held, k, start_k, steps):
    fronts = pipe_of(held, k, start_k)
    found = [move(fronts, kg, warm)[0] for kg, warm in steps]
    assert found == pytest.approx(follow(held, k, start_k, steps), rel=1e-9, abs=1e-7)


@given(
    st.floats(5.0, 3_000.0), st.floats(0.0, 2e-3), st.integers(2, 6),
    st.lists(st.tuples(rates, st.floats(0.0, 80.0), st.booleans()), min_size=1, max_size=30),
)  # fmt: skip
def test_no_heat_is_made_or_lost_unseen_even_when_parcels_merge_and_pipes_turn(held, k, n_parcels, steps):
    fronts = pipe_of(held, k, 20.0, n_parcels)
    for kg, warm, turned in steps:
        if turned:
            flip(fronts, 0)
        before = stored(fronts)
        heat, lost = move(fronts, kg, warm)
        assert lost >= -1e-9
        came = kg * warm - heat - lost
        assert stored(fronts) - before == pytest.approx(came, abs=1e-9 * (held + kg) * 80.0)
        held_now = sum(fronts.mass_kg[0, (fronts.first[0] + i) % n_parcels] for i in range(fronts.count[0]))
        assert held_now == pytest.approx(held, rel=1e-12)


@given(st.floats(10.0, 2_000.0), st.floats(10.0, 500.0), st.floats(1e-6, 1e-3))
def test_at_a_steady_rate_the_pipe_law_holds_exactly(held, kg, k):
    """Leaves with exp(-U L / (m c)) of what enters: k M / m is that exponent."""
    fronts = pipe_of(held, k, 0.0, 400)
    for _ in range(int(held / kg) + 2):
        heat, _ = move(fronts, kg, 50.0)
    assert heat / kg == pytest.approx(50.0 * math.exp(-k * STEP_S * held / kg), rel=1e-9)


def test_a_front_arrives_after_length_over_velocity():
    """900 kg at 2 kg/s: nothing for 450 s, and all of it afterwards."""
    fronts = pipe_of(900.0, 0.0)
    leaving = [move(fronts, 120.0, 40.0)[0] / 120.0 for _ in range(10)]
    assert leaving == pytest.approx([0.0] * 7 + [20.0, 40.0, 40.0])


def test_a_turned_pipe_gives_back_what_it_took_last():
    fronts = pipe_of(500.0, 0.0)
    move(fronts, 100.0, 30.0)
    move(fronts, 100.0, 60.0)
    flip(fronts, 0)
    assert move(fronts, 100.0, 0.0)[0] == pytest.approx(6_000.0)
    assert move(fronts, 100.0, 0.0)[0] == pytest.approx(3_000.0)
    assert move(fronts, 100.0, 0.0)[0] == 0.0
