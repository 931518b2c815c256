"""Signals without power: their junctions work as all-way stops, by the levers that every street has.

A dark approach may be left at any moment, but everybody stops first, and no more leave than a share of what
the signal lets through: one goes after another, whatever the approach (Highway Capacity Manual 2000, chapter
17). So with little traffic a dark signal costs less time than a red one, and with much of it queues grow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.traffic import Supply
from twin.mobility.links import headway_ms
from twin.mobility.network import Roads
from twin.scenario.ledger import Parameters


class AllWayStop(NamedTuple):
    """What is left of an approach's capacity under its signal, and what each vehicle loses by stopping."""

    share: float
    stop_ms: int

    @classmethod
    def of(cls, parameters: Parameters) -> AllWayStop:
        """By the ledger."""
        stop_ms = round(1_000.0 * float(parameters["utilities.dark_stop_s"]))
        return cls(float(parameters["utilities.dark_signal_capacity"]), stop_ms)


def darken(
    supply: Supply, roads: Roads, capacity_vps: np.ndarray, dark: np.ndarray, rule: AllWayStop
) -> None:
    """Put signals out of action in a supply that has just been set for ``capacity_vps`` (n_links,).

    dark (n_links,) bool; empty where nothing is known of power.
    """
    if not dark.size:
        return
    times = supply.cycle_ms, supply.offset_ms, supply.green_ms
    for column, planned in zip(times, roads.signals, strict=True):
        column[:] = np.where(dark, 0, planned)
    supply.free_ms[dark] += rule.stop_ms
    signals = roads.signals
    green = signals.green_ms / np.maximum(signals.cycle_ms, 1)
    lit_vps = roads.green_vps * (capacity_vps / roads.capacity_vps) * green
    supply.headway_ms[dark] = headway_ms(rule.share * lit_vps[dark])
