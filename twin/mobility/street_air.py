"""Air in a street: what traffic adds to the background, by the box of the STREET model.

c = K q / ((u + 0.5) (sqrt(x^2 + z^2) + 2)) at x metres from the lane and z above it, with K = 7 (Johnson,
Ludwig, Dabberdt and Allwine 1973, Journal of the Air Pollution Control Association 23(6)): its lee side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.scenario.ledger import Parameters

UG_PER_G = 1e6
LEAST_WIND_MPS, VEHICLE_M = 0.5, 2.0


def street_concentration(
    emitted_g: NDArray[np.float64], length_m: NDArray[np.float64], lasts_s: float, parameters: Parameters
) -> NDArray[np.float64]:
    """Concentration beside links (n_links,) on which that was emitted in some time [ug/m3].

    >>> rows = Parameters.defaults()
    >>> street_concentration(np.zeros(1), np.ones(1), 900.0, rows)[0] == rows["emissions.air_background"]
    np.True_
    """

    def of(name: str) -> float:
        return float(parameters[f"emissions.air_{name}"])

    source = np.asarray(emitted_g) * UG_PER_G / (np.maximum(length_m, 1.0) * lasts_s)
    away_m = float(np.hypot(of("beside_m"), of("above_m")))
    wind = of("wind_mps") + LEAST_WIND_MPS
    return np.asarray(of("background") + of("street_k") * source / (wind * (away_m + VEHICLE_M)))
