"""Slow, plain-Python twin of the kernel of emissions: what single passages burnt and emitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.mobility.curves import Factors

NANO = 1e9


@dataclass(frozen=True)
class SlowPassage:
    """Whole billionths: energy of each carrier, CO2 [kg], energy [MJ], masses [g]."""

    energy: tuple[int, ...]
    co2_kg: int
    energy_mj: int
    nox_g: int
    exhaust_pm_g: int
    wear_pm_g: int


def slow_exhaust_g_per_km(curve: Sequence[float], speed_kmh: float) -> float:
    """Pollutant of one vehicle by the guidebook's curve.

    >>> round(slow_exhaust_g_per_km((0.106, 0.0, -1.58e-3, 0.0, 7.1e-6, 0.0), 50.0), 5)
    0.04475
    """
    a, b, c, d, e, f = curve
    return (a + speed_kmh * (c + e * speed_kmh) + f / speed_kmh) / (1.0 + speed_kmh * (b + d * speed_kmh))


def slow_wear_g_per_km(wear: Sequence[float], speed_kmh: float) -> float:
    """PM10 of tyres, brakes and road: the first two wear more at low speeds (guidebook eqs 5 and 8)."""
    tyre = min(max(1.78 - 0.00974 * speed_kmh, 0.902), 1.39)
    brake = min(max(2.75 - 0.0270 * speed_kmh, 0.185), 1.67)
    return wear[0] * tyre + wear[1] * brake + wear[2]


def slow_passage(length_m: float, takes_ms: int, group: int, factors: Factors) -> SlowPassage:
    """One passage of a vehicle of a group of curves."""
    km = length_m / 1_000.0
    speed_kmh = min(km / (takes_ms / 3_600_000.0), float(factors.top_kmh[group]))
    energy = []
    for a, b, c, d in factors.energy_curve[group].tolist():
        per_km = a / speed_kmh + (b + speed_kmh * (c + d * speed_kmh))
        energy.append(round(per_km * km * NANO))
    co2_kg = energy_mj = 0.0
    for used, co2_kg_per_unit, mj_per_unit in zip(
        energy, factors.co2_kg_per_unit.tolist(), factors.mj_per_unit.tolist(), strict=True
    ):
        co2_kg += used * co2_kg_per_unit
        energy_mj += used * mj_per_unit
    least_kmh, most_kmh = factors.curves_hold_kmh
    held_kmh = min(max(speed_kmh, least_kmh), most_kmh)
    nox, particles = (
        max(round(slow_exhaust_g_per_km(curve[group].tolist(), held_kmh) * km * NANO), 0)
        for curve in (factors.nox_curve, factors.pm_curve)
    )
    wear = round(slow_wear_g_per_km(factors.wear[group].tolist(), speed_kmh) * km * NANO)
    return SlowPassage(tuple(energy), round(co2_kg), round(energy_mj), nox, particles, wear)
