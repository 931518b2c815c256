"""Parking in the village's day: cars stand somewhere, drivers search where space is short, orders matter."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import TABLES, scenario, world
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.kernels.parking import OWN, STREET
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.study.digests import truth_digest

pytestmark = pytest.mark.one_interpreter(
    "lives days; all of it together is lived on each in test_all_together"
)

AMPLE = {
    "own_spaces_per_dwelling": 50, "own_spaces_per_job": 50, "own_spaces_per_visitor": 50,
    "own_spaces_per_school_place": 50,
}  # fmt: skip
SCARCE = dict.fromkeys(AMPLE, 0.15)
ORDER = '[[modification]]\nkind = "parking"\nlinks = { zone = "la_turbie" }\n'


def model_of(limited: bool, own: tuple[tuple[str, float], ...] = (), order: str = "") -> TwinModel:
    rows = [f'"parking.limited" = {int(limited)}', *(f'"parking.{name}" = {each}' for name, each in own)]
    first = TABLES.index("[[")
    text = TABLES[:first] + "[parameters]\n" + "\n".join(rows) + "\n" + TABLES[first:]
    here = world()
    return TwinModel(
        scenario(order, text), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )


@cache
def day(
    limited: bool, own: tuple[tuple[str, float], ...] = (), order: str = ""
) -> tuple[TwinModel, DayRecord]:
    model = model_of(limited, own, order)
    model.run_day()
    return model, record_of(model)


def scarce(order: str = "") -> tuple[TwinModel, DayRecord]:
    return day(True, tuple(SCARCE.items()), order)


def value(record: DayRecord, name: str) -> float:
    (found,) = [
        each.value for each in compute(record) if (each.name, each.focus, each.group) == (name, "all", "")
    ]
    return found


def test_with_space_at_hand_for_everybody_the_day_is_the_same_to_the_bit():
    free, ample = day(False)[1], day(True, tuple(AMPLE.items()))[1]
    assert truth_digest(free) == truth_digest(ample)
    assert free.parking is None
    assert not any(each.name.startswith("parking") for each in compute(free))
    parked = ample.parking.parked
    assert (ample.parking.found[parked] == OWN).all()
    assert value(ample, "parking_searchers") == 0.0


def test_where_space_is_short_drivers_drive_on_and_walk_back():
    (_, free), (model, record) = day(False), scarce()
    parking, trips = record.parking, record.population.trips
    assert parking.searched.sum() > 50
    done = np.flatnonzero(parking.searched & (record.arrived_ms >= 0))
    assert (parking.found[done] == STREET).all()
    last = dict(zip(record.event_trip.tolist(), record.event_link.tolist(), strict=True))
    standing = model.state.parking
    assert all(last[trip] == standing.link[trip] for trip in done.tolist())
    assert (standing.link[done] != model.car_trips.destination[done]).all()
    on_foot = record.arrived_ms[done] - model.state.loader.vehicles.arrived_ms[done]
    np.testing.assert_allclose(on_foot / 1_000, parking.walk_s[done], atol=0.001)
    assert parking.search_s[done].mean() > 10.0
    assert not parking.searched[trips.destination_place < 0].any()
    for name in ("parking_search_time", "parking_walk_time", "parking_searchers"):
        assert value(record, name) > 0.0
    assert record.route_km.sum() > free.route_km.sum()


def test_spaces_are_neither_lost_nor_taken_twice():
    model, record = scarce()
    supply, state = model.parking.supply, model.state.parking
    assert (state.own >= 0).all()
    assert (state.free >= 0).all()
    assert (state.own <= supply.own).all()
    assert (state.free <= supply.spaces).all()
    opening = model_of(True, tuple(SCARCE.items())).state.parking
    for kind, left, at_first, place_of in (
        (OWN, state.own, opening.own, lambda row: row),
        (STREET, state.free, opening.free, lambda row: supply.street[row]),
    ):
        came = np.bincount(place_of(state.row[state.kind == kind]), minlength=len(left))
        went = np.bincount(place_of(opening.row[opening.kind == kind]), minlength=len(left))
        assert (left + came == at_first + went).all()
    assert (record.parking.taken <= record.parking.spaces).all()
    ended = model.by_car & (record.arrived_ms >= 0) & (record.population.trips.destination_place >= 0)
    assert (ended == (record.parking.parked & ended)).all(), "whoever has arrived stands somewhere"
    assert 0.0 < value(record, "parking_occupancy") <= 1.0


def test_cars_set_off_from_where_they_stand():
    model, record = scarce()
    person, state = record.population.trips.person, model.state.parking
    before = np.flatnonzero(state.searched[:-1] & (person[1:] == person[:-1]) & model.by_car[1:])
    before = before[record.entered_ms[before + 1] >= 0]
    assert before.size > 10
    events = zip(record.event_trip.tolist()[::-1], record.event_link.tolist()[::-1], strict=True)
    first = dict(events)
    street = model.parking.supply.street
    assert all(
        street[first[trip + 1]] == street[state.link[trip]] for trip in before.tolist() if trip + 1 in first
    )


def test_fewer_spaces_mean_more_search_and_more_spaces_less():
    searchers = [
        value(scarce(ORDER + f"factor = {factor}\n")[1], "parking_searchers") for factor in (0.3, 3.0)
    ]
    assert searchers[0] > value(scarce()[1], "parking_searchers") > searchers[1]


def test_a_price_drives_parking_away_and_raises_fees():
    """The streets where most park today, dearer and dearer."""
    streets = world().territory.streets
    model, record = scarce()
    street = model.parking.supply.street
    parked = street[model.state.parking.link[record.parking.found == STREET]]
    busy = np.isin(street, np.argsort(-np.bincount(parked, minlength=streets.n_links), kind="stable")[:10])
    links = ", ".join(f'"{each}"' for each in streets.link_id[busy])
    used, fees = [], []
    for price in (0.0, 1.0, 6.0):
        order = f'[[modification]]\nkind = "parking"\nlinks = {{ link = [{links}] }}\neur_per_h = {price}\n'
        model, record = scarce(order)
        there = model.state.parking.link[record.parking.found == STREET]
        used.append(int(busy[there].sum()))
        fees.append(value(record, "parking_fees"))
    assert used[0] > used[1] > used[2]
    assert fees[0] < fees[1]


def test_the_same_scenario_parks_alike_on_more_threads():
    again = model_of(True, tuple(SCARCE.items()))
    again.threads = 2
    again.run_day()
    assert truth_digest(record_of(again)) == truth_digest(scarce()[1])


def test_an_order_without_limited_parking_is_refused():
    with pytest.raises(InputError, match="parking is not limited"):
        model_of(False, (), ORDER + "factor = 0.5\n")
