"""What a day of limited parking leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ParkingRecord:
    """Parking of a day: of trips (n_trips,), of steps and zones.

    Parameters
    ----------
    found
        Kind of space: 0 none, or none was needed; 1 the destination's own; 2 of a street or car park (int8).
    parked
        Whether the trip chose where to park (bool).
    search_s, walk_s, fee_eur
        Drive beyond the destination link [s]; walk back [s]; fee of the stay that follows [EUR].
    searched
        Whether the driver drove on (bool).
    taken, spaces
        Spaces of streets and car parks taken (n_steps, n_zones), and all there are (n_zones,).
    """

    found: NDArray[np.int8]
    parked: NDArray[np.bool_]
    searched: NDArray[np.bool_]
    search_s: NDArray[np.float64]
    walk_s: NDArray[np.float64]
    fee_eur: NDArray[np.float64]
    taken: NDArray[np.int32]
    spaces: NDArray[np.int64]
