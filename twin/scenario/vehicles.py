"""Words for vehicles that scenarios and tables share: classes, fuels, Euro standards, Crit'Air classes."""

from __future__ import annotations

import numpy as np

VEHICLE_CLASSES = ("car", "van", "lorry", "bus")
FUELS = ("petrol", "diesel", "electric", "hybrid", "plug_in")
"""What a vehicle runs on; a hybrid takes petrol only, a plug-in hybrid petrol and electricity."""
EURO_STANDARDS = ("1", "2", "3", "4", "5", "6")
"""Euro 1 stands for all before it as well; of lorries and buses Euro I to VI."""
CRITAIR_CLASSES = ("E", "1", "2", "3", "4", "5", "none")
"""Air quality certificates from the cleanest on; none are those too old to have one."""

CAR_CLASS, VAN, LORRY, BUS = range(4)
PETROL, DIESEL, ELECTRIC, HYBRID, PLUG_IN = range(5)

_LIGHT = {
    PETROL: (6, 3, 3, 2, 1, 1),
    HYBRID: (6, 3, 3, 2, 1, 1),
    DIESEL: (6, 5, 4, 3, 2, 2),
    ELECTRIC: (0,) * 6,
    PLUG_IN: (1,) * 6,
}
_HEAVY = {**_LIGHT, DIESEL: (6, 6, 5, 4, 3, 2), PETROL: (6, 6, 3, 2, 1, 1), HYBRID: (6, 6, 3, 2, 1, 1)}


def critair_of(vehicle_class: np.ndarray, fuel: np.ndarray, euro: np.ndarray) -> np.ndarray:
    """Crit'Air class (n,) int8, row of `CRITAIR_CLASSES`, by class, fuel and Euro standard (rows, n each).

    Arrete of 21 June 2016 (NOR DEVR1604963A), annex I: tables by fuel and Euro standard, one for cars and
    vans, one for lorries, buses and coaches.

    >>> critair_of(np.array([0, 0, 2]), np.array([0, 1, 1]), np.array([3, 5, 4])).tolist()
    [2, 2, 3]
    """
    rows = range(len(FUELS))
    table = np.array([[each[fuel] for fuel in rows] for each in (_LIGHT, _HEAVY)], dtype=np.int8)
    heavy = (np.asarray(vehicle_class) >= LORRY).astype(np.int64)
    return np.asarray(table[heavy, fuel, euro])
