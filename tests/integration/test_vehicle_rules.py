"""Low-emission zones and tolls on a real network: the right vehicles move the right way, and pay."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import busiest, scenario, world
from twin.behaviour.days import ARRIVED
from twin.indicators.records import DayRecord
from twin.model.twin_model import TwinModel
from twin.population.tables import CAR, FREIGHT
from twin.scenario.vehicles import CRITAIR_CLASSES
from twin.study.results import Result
from twin.study.run import run_in

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

DIRTY = ("3", "4", "5", "none")


def link() -> str:
    return str(world().territory.streets.link_id[busiest()])


def rule(kind: str, keys: str) -> str:
    return f'\n[[modification]]\nkind = "{kind}"\nlinks = {{ link = "{link()}" }}\n{keys}\n'


def zone(compliance: float = 1.0, keys: str = "") -> str:
    barred = ", ".join(f'"{name}"' for name in DIRTY)
    return rule("low_emission_zone", f"barred = [{barred}]\ncompliance = {compliance}\n{keys}")


@cache
def lived(more: str = "") -> Result:
    return run_in(scenario(more), 1, world())


def record_of(more: str = "") -> DayRecord:
    found = lived(more).record
    assert found is not None
    return found


def on_the_street(record: DayRecord, from_h: float = 0.0, until_h: float = 30.0) -> np.ndarray:
    """Trips that drove through the street within those hours."""
    entered = (record.event_link == busiest()) & (record.event_enter_ms >= from_h * 3_600_000)
    return np.unique(record.event_trip[entered & (record.event_enter_ms < until_h * 3_600_000)])


def dirty(record: DayRecord, trips: np.ndarray) -> np.ndarray:
    names = np.array(CRITAIR_CLASSES)[record.vehicles.critair[trips]]
    return trips[np.isin(names, DIRTY)]


def goes_well(more: str) -> None:
    base, changed = record_of(), record_of(more)
    assert (changed.state == ARRIVED).mean() >= (base.state == ARRIVED).mean() - 1e-3
    assert changed.rotations <= base.rotations


@pytest.mark.parametrize(
    "nothing",
    [
        ("toll", "eur = 0"),
        ("low_emission_zone", "barred = []"),
        ("low_emission_zone", 'barred = ["5", "none"]\ncompliance = 0.0'),
        ("toll", 'eur = 9\nhours = ["29:00-30:00"]'),
    ],
)
def test_a_rule_that_asks_nothing_changes_not_one_bit(nothing: tuple[str, str]) -> None:
    assert lived(rule(*nothing)).digest == lived().digest


def test_barred_vehicles_keep_out_and_the_others_do_not_care() -> None:
    base, barred = record_of(), record_of(zone())
    before, after = on_the_street(base), on_the_street(barred)
    assert dirty(base, before).size > 300
    assert dirty(barred, after).size <= 0.1 * dirty(base, before).size
    clean = np.setdiff1d(before, dirty(base, before))
    assert np.intersect1d(clean, after).size >= 0.95 * clean.size
    goes_well(zone())


def test_the_more_comply_the_fewer_drive_in_and_they_are_the_same_vehicles() -> None:
    found = [
        dirty(record_of(zone(share)), on_the_street(record_of(zone(share)))) for share in (0.0, 0.5, 1.0)
    ]
    assert found[0].size > found[1].size > found[2].size
    half = np.setdiff1d(found[1], found[0])
    assert half.size <= 0.05 * found[1].size


def test_outside_its_hours_the_zone_is_as_it_was() -> None:
    morning = zone(keys='hours = "06:00-09:00"')
    base, barred = record_of(), record_of(morning)
    assert (
        dirty(barred, on_the_street(barred, 6.25, 9.0)).size
        <= 0.15 * dirty(base, on_the_street(base, 6.25, 9.0)).size
    )
    afternoon = [dirty(each, on_the_street(each, 11.0, 18.0)).size for each in (base, barred)]
    assert afternoon[1] == pytest.approx(afternoon[0], rel=0.1)


def test_kilometres_of_barred_vehicles_are_reported() -> None:
    strict, lax = (lived(zone(share)).value("barred_vehicle_km") for share in (1.0, 0.0))
    assert 0.0 <= strict < 0.2 * lax
    assert np.isnan(lived().value("barred_vehicle_km"))


def test_carriers_send_clean_vans_into_a_zone_where_they_deliver() -> None:
    area = 'links = { zone = "la_turbie" }'
    text = zone().replace(f'links = {{ link = "{link()}" }}', area)
    model = TwinModel(
        scenario(text), rng=1, territory=world().territory, population=world().population,
        habits=world().habits,
    )  # fmt: skip
    trips = model.population.trips
    rounds = (model.population.persons.kind[trips.person] == FREIGHT) & (trips.mode == CAR)
    assert rounds.sum() > 50
    names = np.array(CRITAIR_CLASSES)[model.trip_vehicles.critair[rounds]]
    assert not np.isin(names, DIRTY).any()
    assert (model.trip_vehicles.vehicle_class[rounds] == record_of().vehicles.vehicle_class[rounds]).all()


def test_a_household_takes_its_clean_car_if_that_stands_at_home() -> None:
    text = zone().replace(f'links = {{ link = "{link()}" }}', 'links = { zone = "la_turbie" }')
    base, barred = record_of(), record_of(text)
    changed = np.flatnonzero(base.vehicles.row != barred.vehicles.row)
    resident = changed[base.population.persons.household[base.population.trips.person[changed]] >= 0]
    assert resident.size > 20
    assert dirty(barred, resident).size == 0
    used = np.unique(base.vehicles.row[base.vehicles.row >= 0])
    assert np.intersect1d(barred.vehicles.row[resident], used).size == 0, "a car that stood at home"


def toll(eur: float, keys: str = "") -> str:
    return rule("toll", f"eur = {eur}\n{keys}")


def test_the_dearer_the_toll_the_fewer_drive_there() -> None:
    n = [on_the_street(record_of(toll(eur))).size for eur in (0.0, 0.05, 0.2, 2.0)]
    assert n == sorted(n, reverse=True)
    assert n[-1] < 0.1 * n[0]
    goes_well(toll(2.0))


def test_lorries_pay_where_cars_go_round() -> None:
    """At one price for all, a lorry's time is worth more."""
    share = []
    for vehicle_class in (0, 2):
        before, after = (on_the_street(record_of(toll(eur))) for eur in (0.0, 0.05))
        chosen = record_of().vehicles.vehicle_class == vehicle_class
        share.append(chosen[after].sum() / chosen[before].sum())
    assert share[1] > share[0]


def test_what_is_paid_is_booked_to_the_city_by_class() -> None:
    dear = toll(0.2, "eur_lorry = 1.0")
    day, record = lived(dear), record_of(dear)
    assert record.toll_cents is not None
    entered = on_the_street(record)
    from_place = record.population.trips.origin_place >= 0
    order = np.lexsort((record.event_enter_ms, record.event_trip))
    of_trip, first = np.unique(record.event_trip[order], return_index=True)
    starts = np.zeros(record.n_trips, dtype=bool)
    starts[of_trip] = record.event_link[order[first]] == busiest()
    starts &= from_place  # who was parked there drove onto it from no other street
    owed = np.where(record.vehicles.vehicle_class[entered] == 2, 100, 20)
    paid = record.toll_cents[entered]
    assert (paid[~starts[entered]] % owed[~starts[entered]] == 0).all()
    assert (paid[~starts[entered]] > 0).all()
    assert record.toll_cents.sum() == paid.sum() > 0
    assert record.accounts.balance_cents["city"] == record.toll_cents.sum()
    assert record.accounts.total_cents() == 0
    assert day.value("tolls_paid") == pytest.approx(record.toll_cents.sum() / 100.0)
    assert day.value("tolls_paid", group="vehicle:lorry") > 0.0


def test_providers_reckon_with_the_rules() -> None:
    """Nobody is advised into the street that his vehicle may not enter, or that is not worth its price."""
    for more in (zone(), toll(50.0)):
        record = record_of(more)
        guided = record.guided & np.isin(np.arange(record.n_trips), on_the_street(record))
        base = record_of()
        before = base.guided & np.isin(np.arange(base.n_trips), on_the_street(base))
        if "toll" in more:
            assert guided.sum() <= 0.1 * before.sum()
        else:
            assert dirty(record, np.flatnonzero(guided)).size <= 0.1 * max(before.sum(), 1)


def test_the_kind_of_month_holds() -> None:
    later = toll(2.0, 'from = "2030-01"')
    assert lived(later).digest == lived().digest
