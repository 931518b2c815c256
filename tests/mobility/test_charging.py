"""Charging: who drove charges where he may, until full or off again; energy adds up and is drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.population.days import population_of
from tests.territories import grid_territory
from twin.mobility.charging import AT_HOME, AT_WORK, PUBLIC, Charging, Powered, charging_of, habits_of
from twin.population.residents.fleet import VehicleFleet, trip_vehicles
from twin.population.tables import CAR, HOME, SHOP, WORK
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import ELECTRIC, PETROL, PLUG_IN
from twin.utilities.demand import POWER, ConsumptionRates, DayConsumption

H = 3_600_000
LEDGER = Parameters.defaults().replaced(
    {
        "charging.plug_in_below": 0.99,
        "charging.home_share": 1.0,
        "charging.home_power_shares": [0.0, 0.0, 1.0],
    }
)


def fleet_of(fuel: int, household: int = 7) -> VehicleFleet:
    return VehicleFleet(
        vehicle_key=np.array([11], dtype=np.uint64), household=np.array([household]), person=np.array([-1]),
        vehicle_class=np.zeros(1), fuel=np.array([fuel]), euro=np.array([5]),
    )  # fmt: skip


def day(
    ledger: Parameters = LEDGER,
    fuel: int = ELECTRIC,
    kwh: float = 8.0,
    household: int = 7,
    powered: Powered | None = None,
) -> tuple[Charging, float]:
    """Home (place 0) to work (1) at 8, back at 17, shopping (2) at 20 and home at 21; an hour each way."""
    population = population_of([0], [[(1, WORK), (0, HOME), (2, SHOP), (0, HOME)]])
    trips = population.trips.with_columns(mode=np.full(4, CAR))
    object.__setattr__(population, "trips", trips)
    fleet = fleet_of(fuel, household)
    vehicles = trip_vehicles(fleet, np.zeros(4, dtype=np.int32))
    energy = np.zeros((4, 3))
    energy[:, 2] = kwh
    moments = np.array([8, 17, 20, 21]) * H, np.array([9, 18, 20.6, 21.5]) * H
    whole = tuple(each.astype(np.int64) for each in moments)
    found = charging_of(population, fleet, vehicles, energy, whole, ledger, 1, powered)
    return found, float(habits_of(fleet, ledger, 1).starts_full[0])


def test_it_charges_at_home_after_what_was_driven() -> None:
    sessions, start = day()
    assert set(sessions.spot.tolist()) == {AT_HOME}
    assert sessions.place.tolist() == [0, 0]
    assert (sessions.start_ms / H).tolist() == [18.0, 21.5]
    missing = (1.0 - start) * 52.0 + 16.0
    assert sessions.kwh[0] == pytest.approx(min(missing / 0.9, 7.4 * 2.0), rel=1e-6), (
        "until full, or off at 20"
    )
    assert sessions.kwh.sum() == pytest.approx(((1.0 - start) * 52.0 + 32.0) / 0.9, rel=1e-6)


def test_a_slow_socket_takes_longer_and_is_cut_by_the_next_trip() -> None:
    slow, _ = day(LEDGER.replaced({"charging.home_power_shares": [1.0, 0.0, 0.0]}))
    assert slow.end_ms[0] == 20 * H
    assert slow.kw.tolist() == [2.3, 2.3]
    assert slow.end_ms[1] <= 30 * H


def test_who_cannot_charge_at_home_does_at_work_or_in_public() -> None:
    away = LEDGER.replaced({"charging.home_share": 0.0, "charging.work_share": 1.0})
    at_work, _ = day(away)
    assert at_work.spot.tolist() == [AT_WORK]
    assert at_work.place.tolist() == [1]
    public, _ = day(away.replaced({"charging.work_share": 0.0}))
    assert set(public.spot.tolist()) == {PUBLIC}
    assert 2 not in public.place.tolist(), "a shorter stop than half an hour"
    assert day(away.replaced({"charging.home_share": 1.0}), household=-1)[0].spot.tolist() == [AT_WORK]


def test_only_what_takes_current_charges_and_only_when_low() -> None:
    assert day(fuel=PETROL)[0].kw.size == 0
    assert day(LEDGER.replaced({"charging.plug_in_below": 0.0}), kwh=1.0)[0].kw.size == 0
    plug_in, start = day(fuel=PLUG_IN, kwh=2.0)
    assert plug_in.kwh.sum() == pytest.approx(((1.0 - start) * 11.0 + 8.0) / 0.9, rel=1e-6)


def test_hours_add_up_to_sessions_and_join_the_load_of_buildings() -> None:
    sessions, _ = day()
    places = grid_territory(2).places
    hourly = np.array([sessions.between(h * H, (h + 1) * H, places.n_places) for h in range(30)])
    assert hourly.sum() == pytest.approx(sessions.kwh.sum(), rel=1e-9)
    demand = ConsumptionRates(population_of([0], [[]]), places, LEDGER)
    none = np.zeros(0, dtype=np.int64)
    plain = DayConsumption(demand, none, none)
    more = DayConsumption(
        demand, none, none, lambda start, end: sessions.between(start, end, places.n_places)
    )
    for utility in ("power", "water"):
        gain = more.between(utility, 18 * H, 19 * H) - plain.between(utility, 18 * H, 19 * H)
        expected = hourly[18] if utility == POWER else np.zeros(places.n_places)
        assert gain == pytest.approx(expected, abs=1e-9)


def test_a_charger_without_power_stops_and_goes_on_when_it_is_back() -> None:
    slow = LEDGER.replaced({"charging.home_power_shares": [1.0, 0.0, 0.0]})
    whole, _ = day(slow)
    cut, _ = day(slow, powered={0: [(0, 18 * H + H // 2), (19 * H, 30 * H)]})
    assert (cut.start_ms[:3] / H).tolist() == [18.0, 19.0, 21.5]
    assert (cut.end_ms[:2] / H).tolist() == [18.5, 20.0]
    assert cut.kwh[:2].sum() == pytest.approx(2.3 * 1.5)
    dark, _ = day(slow, powered={0: []})
    assert len(dark.start_ms) == 0
    elsewhere, _ = day(slow, powered={1: []})
    assert all((a == b).all() for a, b in zip(elsewhere, whole, strict=True))


def test_what_could_not_be_charged_in_the_dark_is_made_up_for_later() -> None:
    whole, _ = day()
    late, _ = day(powered={0: [(0, 18 * H), (22 * H, 30 * H)]})
    assert late.start_ms.min() == 22 * H
    assert late.kwh.sum() == pytest.approx(whole.kwh.sum(), rel=1e-6)
