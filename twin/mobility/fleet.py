"""What each class of vehicle takes of the road: passenger-car units at a stop line, places in a queue.

Contract with the loading: a vehicle occupies `places` places of storage of each link it is on (whole, 1
to 4), and after it the link's exit and its entry stay shut for ``pace / 4`` headways of a car. Pace is in
quarters, so that headways stay whole milliseconds: 4 is a car, 8 takes as long as two. Rows are those of
the loading: trips, and behind them the legs of buses. A trip that is no car trip has the row of a car; it
is never released.
"""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import BUS, CAR_CLASS, VEHICLE_CLASSES

QUARTERS = 4
"""Pace of a car."""
MOST_PLACES = 4


def class_places(parameters: Parameters) -> np.ndarray:
    """Places of storage by class (n_classes,) int8, 1 to 4 (ledger ``mobility.class_places``).

    >>> class_places(Parameters.defaults()).tolist()
    [1, 1, 2, 2]
    """
    name = "mobility.class_places"
    places = _by_class(parameters, name)
    if (places != np.rint(places)).any() or places.min() < 1 or places.max() > MOST_PLACES:
        raise InputError(name, f"{places.tolist()}", f"whole numbers from 1 to {MOST_PLACES}")
    return places.astype(np.int8)


def class_pcu(parameters: Parameters) -> np.ndarray:
    """Passenger-car units of flow by class (n_classes,) (ledger ``mobility.class_pcu``).

    >>> class_pcu(Parameters.defaults()).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    name = "mobility.class_pcu"
    pcu = _by_class(parameters, name)
    if pcu[CAR_CLASS] != 1.0 or pcu.min() < 0.25 or pcu.max() > 8.0:
        raise InputError(name, f"{pcu.tolist()}", "1 for a car, 0.25 to 8 for the others")
    return pcu


def class_pace(parameters: Parameters) -> np.ndarray:
    """Headway of each class in quarters of a car's (n_classes,) int8, rounded to the nearest quarter.

    >>> class_pace(Parameters.defaults()).tolist()
    [4, 4, 8, 8]
    """
    return np.asarray(np.rint(class_pcu(parameters) * QUARTERS), dtype=np.int8)


def vehicle_kinds(
    vehicle_class: np.ndarray, n_bus_legs: int, parameters: Parameters
) -> tuple[np.ndarray, tuple[int, ...], tuple[int, ...]]:
    """Kind of the loading's rows (n_trips + n_bus_legs,) int8, and places and pace by kind.

    A kind is a class; one that takes no more of the road than a car is counted as a car (0).

    Parameters
    ----------
    vehicle_class
        Class of the vehicle of each trip, (n_trips,) int8 rows of `VEHICLE_CLASSES`, -1 no vehicle.
    n_bus_legs
        Legs of buses behind them.

    >>> kind, places, pace = vehicle_kinds(np.array([0, -1, 1, 2], np.int8), 1, Parameters.defaults())
    >>> kind.tolist(), places, pace
    ([0, 0, 0, 2, 3], (1, 1, 2, 2), (4, 4, 8, 8))
    """
    of_row = np.concatenate([np.maximum(vehicle_class, CAR_CLASS), np.full(n_bus_legs, BUS)]).astype(np.int64)
    places, pace = class_places(parameters), class_pace(parameters)
    as_car = (places == places[CAR_CLASS]) & (pace == pace[CAR_CLASS])
    kind = np.where(as_car, CAR_CLASS, np.arange(places.shape[0]))[of_row].astype(np.int8)
    return kind, tuple(places.tolist()), tuple(pace.tolist())


def _by_class(parameters: Parameters, name: str) -> np.ndarray:
    values = np.asarray(parameters[name], dtype=np.float64)
    if values.shape != (len(VEHICLE_CLASSES),):
        raise InputError(name, f"{values.size} values", f"one each for {', '.join(VEHICLE_CLASSES)}")
    return values
