"""Signals without power: an all-way stop by the levers that streets have, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.territories import grid_territory
from twin.mobility.dark_signals import AllWayStop, darken
from twin.mobility.network import Roads, roads_of
from twin.scenario.ledger import Parameters
from twin.territory.tables import SIGNAL

LEDGER = Parameters.defaults()
RULE = AllWayStop.of(LEDGER)


@pytest.fixture(scope="module")
def roads() -> Roads:
    """A grid whose inner junctions all have signals."""
    streets = grid_territory(4).streets
    control = np.where(np.arange(streets.n_links) % 2 == 0, SIGNAL, streets.control).astype(np.int8)
    return roads_of(replace(streets, control=control), LEDGER)


def test_without_a_dark_signal_the_supply_is_the_same_to_the_last_bit(roads):
    for dark in (np.zeros(0, dtype=bool), np.zeros(len(roads.free_ms), dtype=bool)):
        supply, plain = roads.supply(), roads.supply()
        darken(supply, roads, roads.capacity_vps, dark, RULE)
        assert all((a == b).all() for a, b in zip(supply, plain, strict=True))


def test_a_dark_approach_stops_everybody_and_lets_through_about_half(roads):
    signals = roads.signals
    dark = np.zeros(len(roads.free_ms), dtype=bool)
    (row,) = np.flatnonzero(signals.cycle_ms > 0)[:1].tolist()
    dark[row] = True
    supply, plain = roads.supply(), roads.supply()
    darken(supply, roads, roads.capacity_vps, dark, RULE)
    lit_vps = roads.green_vps[row] * signals.green_ms[row] / signals.cycle_ms[row]
    assert 1_000.0 / supply.headway_ms[row] == pytest.approx(0.55 * lit_vps, rel=1e-3)
    assert supply.free_ms[row] == plain.free_ms[row] + 7_000
    assert (supply.cycle_ms[row], supply.green_ms[row]) == (0, 0)
    for a, b in zip(supply, plain, strict=True):
        assert (a[~dark] == b[~dark]).all()


def test_narrowed_streets_are_narrow_in_the_dark_too(roads):
    dark = roads.signals.cycle_ms > 0
    whole, half = roads.supply(), roads.supply()
    darken(whole, roads, roads.capacity_vps, dark, RULE)
    darken(half, roads, roads.capacity_vps / 2.0, dark, RULE)
    assert np.allclose(half.headway_ms[dark], 2 * whole.headway_ms[dark], atol=2)
