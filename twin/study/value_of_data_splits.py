"""Cycles and splits of green of a junction of two phases, and the delay that they are expected to bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.mobility.signals import SignalPlans
from twin.scenario.ledger import Parameters

Floats = NDArray[np.float64]
CYCLES_S = (40.0, 60.0, 80.0, 100.0, 120.0)
SHARES = np.linspace(0.15, 0.85, 15)


def splits(parameters: Parameters) -> Iterator[tuple[int, np.ndarray]]:
    """Cycles and greens of two phases [ms] that are tried."""
    lost_ms = 2 * round(1_000.0 * float(parameters["junctions.lost_time_s"]))
    for cycle_s in CYCLES_S:
        left_ms = round(1_000.0 * cycle_s) - lost_ms
        for share in SHARES.tolist():
            first = round(left_ms * share)
            yield round(1_000.0 * cycle_s), np.array([first, left_ms - first])


def timed(
    plans: SignalPlans, links: np.ndarray, cycle_ms: int, green_ms: np.ndarray, parameters: Parameters
) -> SignalPlans:
    """Plans in which these links of a junction have that cycle, and the greens of their phases."""
    cycle, offset, green = plans.cycle_ms.copy(), plans.offset_ms.copy(), plans.green_ms.copy()
    lost_ms = round(1_000.0 * float(parameters["junctions.lost_time_s"]))
    phase = plans.phase[links]
    cycle[links], green[links] = cycle_ms, green_ms[phase]
    offset[links] = np.where(phase == 0, 0, green_ms[0] + lost_ms)
    return replace(plans, cycle_ms=cycle, offset_ms=offset, green_ms=green)


def expected_delay_s(cycle_ms: int, green_ms: np.ndarray, veh_h: Floats, passable_vph: Floats) -> float:
    """Mean over beliefs veh_h (n_beliefs, n_approaches) of the delay of all vehicles of an hour [s].

    Uniform and overflow delay of the Highway Capacity Manual (TRB 2000, chapter 16) for an hour of fixed
    times: 0.5 C (1 - u)^2 / (1 - min(1, x) u) + 900 ((x - 1) + sqrt((x - 1)^2 + 4 x / c)), u the share of
    green, c the capacity, x flow over capacity.
    """
    share = green_ms / cycle_ms
    capacity = passable_vph * share
    x = veh_h / capacity
    uniform = 0.5 * cycle_ms / 1_000.0 * (1.0 - share) ** 2 / (1.0 - np.minimum(x, 1.0) * share)
    overflow = 900.0 * ((x - 1.0) + np.sqrt((x - 1.0) ** 2 + 4.0 * x / capacity))
    return float((veh_h * (uniform + overflow)).sum(axis=1).mean())
