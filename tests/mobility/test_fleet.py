"""What classes take of the road: rows for the loading, and what the ledger may say."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import InputError
from twin.mobility.fleet import class_pace, class_pcu, class_places, vehicle_kinds
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import BUS, VEHICLE_CLASSES

LEDGER = Parameters.defaults()


def test_rows_of_trips_and_of_buses_behind_them() -> None:
    trips = np.array([0, 1, 2, -1], dtype=np.int8)
    places, pace = vehicle_rows(trips, 2, LEDGER)
    assert places.dtype == pace.dtype == np.int8
    assert places.tolist() == [1, 1, 2, 1, 2, 2]
    assert pace.tolist() == [4, 4, 8, 4, 8, 8]
    assert class_places(LEDGER)[BUS] == 2


def test_a_heavier_lorry_takes_longer_and_never_less_than_a_car() -> None:
    heavier = LEDGER.replaced({"mobility.class_pcu": [1.0, 1.0, 2.6, 2.0]})
    assert class_pace(heavier).tolist() == [4, 4, 10, 8]
    assert (class_pcu(LEDGER) >= 1.0).all()
    assert class_pcu(LEDGER).shape == (len(VEHICLE_CLASSES),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mobility.class_places", [1.0, 1.0, 1.5, 2.0]),
        ("mobility.class_places", [1.0, 1.0, 5.0, 2.0]),
        ("mobility.class_pcu", [0.9, 1.0, 2.0, 2.0]),
        ("mobility.class_pcu", [1.0, 1.0, 40.0, 2.0]),
    ],
)
def test_what_no_loading_can_hold_is_refused(name: str, value: list[float]) -> None:
    with pytest.raises(InputError, match=name):
        vehicle_rows(np.zeros(1, dtype=np.int8), 0, LEDGER.replaced({name: value}))
