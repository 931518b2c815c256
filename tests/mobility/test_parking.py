"""Parking supply: one stock for a street with its car parks, own spaces by use, orders that change it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.territories import grid_territory
from twin.mobility.parking import ParkingChange, parking_supply_of, ranks_within
from twin.routing.kerbs import other_directions
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()


def supply(territory: Territory, *changes: ParkingChange):
    streets = territory.streets
    other = other_directions(streets.tail, streets.head, streets.length_m)
    return parking_supply_of(streets, territory.places, other, LEDGER, changes)


def test_both_directions_and_their_car_parks_are_one_stock():
    """Each link has 5 kerb spaces and a building with a car park of 10: a street has 30."""
    made = supply(grid_territory(3))
    assert made.spaces[made.street].tolist() == [30] * len(made.street)
    assert made.spaces.sum() == 15 * len(made.street)


def test_own_spaces_follow_from_what_a_place_is():
    territory = grid_territory(3)
    rate = {unit: LEDGER[f"parking.own_spaces_per_{unit}"]
            for unit in ("dwelling", "job", "visitor", "school_place")}  # fmt: skip
    expected = 8 * rate["dwelling"] + 6 * rate["job"] + 7 * rate["visitor"] + 4 * rate["school_place"]
    assert set(supply(territory).own.tolist()) == {round(expected)}


def test_orders_change_spaces_and_prices_where_they_say():
    territory = grid_territory(3)
    other = other_directions(territory.streets.tail, territory.streets.head, territory.streets.length_m)
    links = np.array([0, other[0]])
    halved = supply(territory, ParkingChange(links, 0.5, None))
    dear = supply(territory, ParkingChange(links, None, 3.0))
    street = halved.street[0]
    assert halved.spaces[street] == 15
    assert dear.spaces[street] == 30
    assert dear.eur_per_h[street] == pytest.approx(3.0)
    rest = np.arange(len(halved.spaces)) != street
    assert (halved.spaces[rest] == supply(territory).spaces[rest]).all()
    assert not dear.eur_per_h[rest].any()


def test_a_price_is_the_mean_of_the_streets_spaces():
    territory = grid_territory(3)
    paid = np.zeros(territory.streets.n_links, dtype=np.float32)
    paid[0] = 2.0
    made = supply(replace(territory, streets=replace(territory.streets, parking_eur_per_h=paid)))
    assert made.eur_per_h[made.street[0]] == pytest.approx(2.0 * 5 / 30)


def test_the_riviera_keeps_all_its_spaces_but_for_rounding():
    territory = Territory.load(ROOT / "networks" / "riviera")
    made = supply(territory)
    mapped = float(territory.streets.parking_spaces.sum() + territory.places.parking.sum())
    assert made.spaces.sum() == pytest.approx(mapped, rel=0.01)
    assert (made.eur_per_h >= 0).all()
    assert (made.eur_per_h <= LEDGER["territory.lot_eur_per_h"]).all()


def test_ranks_count_within_each_group():
    group, key = np.array([3, 1, 3, 3, 1]), np.array([9, 5, 2, 4, 1])
    assert ranks_within(group, key).tolist() == [2, 1, 0, 1, 0]
