"""Signals without power: their junctions work as all-way stops, by the levers that every street has.

A dark approach may be left at any moment, but not faster than a share of its flow capacity: at an
all-way stop one vehicle goes after another, whatever the approach (Highway Capacity Manual 2000, ch. 17).
"""

from __future__ import annotations

import numpy as np

from twin.kernels.traffic import Supply
from twin.mobility.links import headway_ms
from twin.mobility.network import Roads


def darken(supply: Supply, roads: Roads, capacity_vps: np.ndarray, dark: np.ndarray, share: float) -> None:
    """Put signals out of action in a supply whose headways are those of ``capacity_vps`` (n_links,).

    dark (n_links,) bool; empty where nothing is known of power. ``share`` of the flow capacity is left.
    """
    if not dark.size:
        return
    for column, planned in zip(
        (supply.cycle_ms, supply.offset_ms, supply.green_ms), roads.signals, strict=True
    ):
        column[:] = np.where(dark, 0, planned)
    supply.headway_ms[dark] = headway_ms(share * capacity_vps[dark])
