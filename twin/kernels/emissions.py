"""Energy and pollutants of passages, added up by trip and by link; formulas: `twin.mobility.emissions`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel

NANO = 1e9
CO2_KG, ENERGY_MJ, NOX_G, EXHAUST_PM_G, WEAR_PM_G = range(5)
MS_PER_H = 3_600_000.0


class Curves(NamedTuple):
    """Speed curves by group of vehicles, (n_groups, ...) float64, as in `twin.mobility.curves`."""

    energy: np.ndarray  # (n_groups, n_carriers, 4)
    nox: np.ndarray  # (n_groups, 6)
    exhaust_pm: np.ndarray  # (n_groups, 6)
    wear: np.ndarray  # (n_groups, 3)
    top_kmh: np.ndarray  # (n_groups,)
    co2_kg_per_unit: np.ndarray  # (n_carriers,)
    mj_per_unit: np.ndarray  # (n_carriers,)
    hold_kmh: np.ndarray  # (2,)


class Sums(NamedTuple):
    """Whole billionths of units, as float64, which is exact below 9e15."""

    energy: np.ndarray  # (n_trips, n_carriers)
    nox_g: np.ndarray  # (n_trips,)
    by_link: np.ndarray  # (5, n_links)


@inline_kernel
def _exhaust(curve: np.ndarray, v: float) -> float:
    """Pollutant per km [g] at a speed [km/h]."""
    above = curve[0] + v * (curve[2] + v * curve[4]) + curve[5] / v
    return above / (1.0 + v * (curve[1] + v * curve[3]))


@inline_kernel
def _wear(wear: np.ndarray, v: float) -> float:
    """PM10 of wear per km [g] at a speed [km/h]."""
    tyre = min(max(1.78 - 0.00974 * v, 0.902), 1.39)
    brake = min(max(2.75 - 0.0270 * v, 0.185), 1.67)
    return wear[0] * tyre + wear[1] * brake + wear[2]


@kernel
def add_emissions(
    passages: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    group: np.ndarray,
    length_m: np.ndarray,
    curves: Curves,
    sums: Sums,
) -> None:
    """Add what passages (trip, link, enter_ms, exit_ms) burnt and emitted; group (n_trips,) int64."""
    trips, links, enters_ms, exits_ms = passages
    by_link = sums.by_link
    for i in range(trips.shape[0]):
        trip, link = trips[i], links[i]
        g = group[trip]
        km = length_m[link] / 1_000.0
        v = min(km / ((exits_ms[i] - enters_ms[i]) / MS_PER_H), curves.top_kmh[g])
        co2, mj = 0.0, 0.0
        for carrier in range(curves.energy.shape[1]):
            curve = curves.energy[g, carrier]
            used = np.rint((curve[0] / v + (curve[1] + v * (curve[2] + curve[3] * v))) * km * NANO)
            sums.energy[trip, carrier] += used
            co2 += used * curves.co2_kg_per_unit[carrier]
            mj += used * curves.mj_per_unit[carrier]
        held = min(max(v, curves.hold_kmh[0]), curves.hold_kmh[1])
        nox = max(np.rint(_exhaust(curves.nox[g], held) * km * NANO), 0.0)
        sums.nox_g[trip] += nox
        by_link[CO2_KG, link] += np.rint(co2)
        by_link[ENERGY_MJ, link] += np.rint(mj)
        by_link[NOX_G, link] += nox
        by_link[EXHAUST_PM_G, link] += max(np.rint(_exhaust(curves.exhaust_pm[g], held) * km * NANO), 0.0)
        by_link[WEAR_PM_G, link] += np.rint(_wear(curves.wear[g], v) * km * NANO)
