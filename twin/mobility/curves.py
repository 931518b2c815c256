"""Speed curves of energy and pollutants for every kind of vehicle, put together from the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.kernels.emissions import Curves
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import (
    BUS,
    DIESEL,
    ELECTRIC,
    EURO_STANDARDS,
    FUELS,
    HYBRID,
    LORRY,
    PETROL,
    PLUG_IN,
    VAN,
    VEHICLE_CLASSES,
)

CARRIERS = ("petrol", "diesel", "electricity")
"""What is bought: petrol and diesel by the litre, electricity by the kWh."""
BY_PETROL, BY_DIESEL, BY_CURRENT = range(3)
MJ_PER_KWH = 3.6
N_FUELS, N_EUROS = len(FUELS), len(EURO_STANDARDS)


@dataclass(frozen=True)
class Factors:
    """Curves by group of vehicles: class, fuel and Euro standard together, (n_groups, ...) rows.

    Parameters
    ----------
    energy_curve
        (n_groups, n_carriers, 4): a, b, c, d of [unit/km], the unit is L, or kWh.
    nox_curve, pm_curve
        (n_groups, 6): a to f of [g/km].
    wear
        (n_groups, 3): PM10 of tyres, brakes and road [g/km] where the factor of speed is 1.
    co2_kg_per_unit, mj_per_unit
        (n_carriers,).
    curves_hold_kmh
        Least and greatest speed for which the curves of pollutants are used.
    top_kmh
        (n_groups,) speed above which the vehicle's curves are not followed; infinite for cars and vans.
    """

    energy_curve: NDArray[np.float64]
    nox_curve: NDArray[np.float64]
    pm_curve: NDArray[np.float64]
    wear: NDArray[np.float64]
    co2_kg_per_unit: NDArray[np.float64]
    mj_per_unit: NDArray[np.float64]
    curves_hold_kmh: tuple[float, float]
    top_kmh: NDArray[np.float64]

    @staticmethod
    def group_of(
        vehicle_class: NDArray[np.int64], fuel: NDArray[np.int64], euro: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Row of each vehicle's curves (n,)."""
        return (vehicle_class * N_FUELS + fuel) * N_EUROS + euro

    def as_curves(self) -> Curves:
        """The same as the kernel takes it."""
        hold_kmh = np.array(self.curves_hold_kmh, dtype=np.float64)
        return Curves(
            self.energy_curve,
            self.nox_curve,
            self.pm_curve,
            self.wear,
            self.top_kmh,
            self.co2_kg_per_unit,
            self.mj_per_unit,
            hold_kmh,
        )


def factors_of(parameters: Parameters) -> Factors:
    """The curves that the ledger holds, for every class, fuel and Euro standard."""
    shape = (len(VEHICLE_CLASSES), N_FUELS, N_EUROS)
    energy = np.zeros((*shape, len(CARRIERS), 4))
    nox, pm, wear = np.zeros((*shape, 6)), np.zeros((*shape, 6)), np.zeros((*shape, 3))
    top_kmh = np.full(shape, np.inf)
    top_kmh[[LORRY, BUS]] = parameters["emissions.heavy_top_speed_kmh"]
    for row in range(len(VEHICLE_CLASSES)):
        energy[row] = _energy(row, parameters)[:, None]
        wear[row] = _wear(row, parameters)[:, None]
        nox[row], pm[row] = _exhaust(row, "nox", parameters), _exhaust(row, "pm", parameters)
    return Factors(
        energy_curve=energy.reshape(-1, len(CARRIERS), 4),
        nox_curve=nox.reshape(-1, 6),
        pm_curve=pm.reshape(-1, 6),
        wear=wear.reshape(-1, 3),
        co2_kg_per_unit=np.array(
            [
                parameters["emissions.petrol_co2_kg_per_l"],
                parameters["emissions.diesel_co2_kg_per_l"],
                parameters["emissions.electricity_co2_kg_per_kwh"],
            ]
        ),
        mj_per_unit=np.array(
            [
                parameters["emissions.petrol_mj_per_l"],
                parameters["emissions.diesel_mj_per_l"],
                MJ_PER_KWH,
            ]
        ),
        curves_hold_kmh=tuple(parameters["emissions.curves_hold_kmh"]),
        top_kmh=top_kmh.ravel(),
    )


def _energy(row: int, parameters: Parameters) -> NDArray[np.float64]:
    """Energy curves of a class (n_fuels, n_carriers, 4); only cars and vans run on petrol."""
    name = VEHICLE_CLASSES[row]
    burnt = {fuel: np.array(parameters[f"emissions.{fuel}_{name}_curve"]) for fuel in ("diesel", "electric")}
    petrol = np.array(parameters["emissions.petrol_car_curve"])
    if row == VAN:
        petrol = petrol * parameters["emissions.petrol_van_factor"]
    hybrid = petrol * parameters["emissions.hybrid_factor"]
    by_current = float(parameters["emissions.plug_in_electric_share"])
    out = np.zeros((N_FUELS, len(CARRIERS), 4))
    out[PETROL, BY_PETROL] = petrol
    out[DIESEL, BY_DIESEL] = burnt["diesel"]
    out[ELECTRIC, BY_CURRENT] = burnt["electric"]
    out[HYBRID, BY_PETROL] = hybrid
    out[PLUG_IN, BY_PETROL] = (1.0 - by_current) * hybrid
    out[PLUG_IN, BY_CURRENT] = by_current * burnt["electric"]
    return out


def _exhaust(row: int, pollutant: str, parameters: Parameters) -> NDArray[np.float64]:
    """Curves of a pollutant for a class (n_fuels, n_euros, 6)."""
    out = np.zeros((N_FUELS, N_EUROS, 6))
    petrol = np.array([_curve("petrol_car", pollutant, euro, parameters) for euro in EURO_STANDARDS])
    heavy = row in (LORRY, BUS)
    for euro, name in enumerate(EURO_STANDARDS):
        if heavy:
            out[DIESEL, euro] = _per_energy(VEHICLE_CLASSES[row], pollutant, euro, parameters)
        else:
            out[DIESEL, euro] = _curve(f"diesel_{VEHICLE_CLASSES[row]}", pollutant, name, parameters)
    out[PETROL] = out[HYBRID] = petrol
    shrunk = petrol.copy()
    shrunk[:, [0, 2, 4, 5]] *= 1.0 - float(parameters["emissions.plug_in_electric_share"])
    out[PLUG_IN] = shrunk
    return out


def _curve(kind: str, pollutant: str, euro: str, parameters: Parameters) -> NDArray[np.float64]:
    return np.array(parameters[f"emissions.{kind}_euro{euro}_{pollutant}"])


def _per_energy(name: str, pollutant: str, euro: int, parameters: Parameters) -> NDArray[np.float64]:
    """Curve of a heavy vehicle: a mean per km, spread over speeds as the energy is."""
    a, b, c, d = parameters[f"emissions.diesel_{name}_curve"]
    at_kmh = float(parameters["emissions.heavy_mean_speed_kmh"])
    per_unit = parameters[f"emissions.{name}_{pollutant}_g_per_km"][euro] / (
        a / at_kmh + b + c * at_kmh + d * at_kmh**2
    )
    curve: NDArray[np.float64] = per_unit * np.array([b, 0.0, c, 0.0, d, a])
    return curve


def _wear(row: int, parameters: Parameters) -> NDArray[np.float64]:
    """PM10 of tyres, brakes and road of a class (n_fuels, 3) [g/km]; what takes current is heavier."""
    parts = [parameters[f"emissions.{part}_wear_g_per_km"][row] for part in ("tyre", "brake", "road")]
    of_ten_um = np.array(parts) * np.array(parameters["emissions.wear_pm10_share"])
    out = np.repeat(of_ten_um[None, :], N_FUELS, axis=0)
    out[ELECTRIC] *= np.array(parameters["emissions.electric_wear_ratio"])
    return out
