"""The mean car of those in use: what a provider reckons with, which knows no user's vehicle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.mobility.curves import factors_of
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import CAR_CLASS, FUELS
from twin.units import G_PER_KG


def mean_car_co2_curve(parameters: Parameters) -> NDArray[np.float64]:
    """CO2 per km of a mean car, (4,): a, b, c, d of a/v + b + c v + d v^2 [g/km], v in km/h.

    Energy curves and carbon contents as in `twin.mobility.curves`, fuels by their shares of cars in use
    (ledger ``fleet.car_fuel_shares``); energy does not depend on the Euro standard.
    """
    factors, fuels = factors_of(parameters), np.arange(len(FUELS))
    none = np.zeros(fuels.shape[0], dtype=np.int64)
    group = factors.group_of(none + CAR_CLASS, fuels, none)
    shares = np.asarray(parameters["fleet.car_fuel_shares"], dtype=np.float64)
    kg = np.einsum("fck,c->fk", factors.energy_curve[group], factors.co2_kg_per_unit)
    curve: NDArray[np.float64] = G_PER_KG * (shares / shares.sum()) @ kg
    return curve
