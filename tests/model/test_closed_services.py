"""A day without a service, in the real village: who went there goes elsewhere, everybody else as before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.errors import InputError
from twin.model.twin_model import TwinModel
from twin.population.tables import CAR, SHOP, WALK
from twin.scenario.basket import SERVICES

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

CLOSES = """
[[modification]]
kind = "close_service"
service = "food"
at = { zone = "la_turbie" }
"""


def model(more: str = "") -> TwinModel:
    here = world()
    return TwinModel(
        scenario(more), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )


@cache
def closed() -> TwinModel:
    return model(CLOSES)


def concerned() -> np.ndarray:
    """Persons any of whose trips changed."""
    before, now = closed().planned.trips, closed().accustomed.trips
    differs = np.zeros(len(before), dtype=bool)
    for name, column in before.columns().items():
        other = getattr(now, name)
        differs |= ~((column == other) | (np.isnan(column) & np.isnan(other)))
    return np.unique(before.person[differs])


def test_without_a_closing_the_day_is_the_one_planned() -> None:
    plain = model()
    assert plain.accustomed is plain.planned
    assert plain.habits is plain.learned


def test_who_shopped_there_and_nobody_else_has_another_day() -> None:
    before, now = closed().planned.trips, closed().accustomed.trips
    services = closed().ground.services
    (shop,) = services.place[services.service == SERVICES.index("food")].tolist()
    goes = np.unique(before.person[(before.destination_place == shop) & (before.purpose == SHOP)])
    moved = concerned()
    assert moved.size > 0
    assert np.isin(moved, goes).all()
    left = (now.destination_place == shop) & (now.purpose == SHOP)
    share = closed().territory.places.shop[shop] / closed().ground.places.shop[shop]
    assert left.sum() <= max(3, round(3 * share * goes.size)), (
        "the shop was nearly all that the house offered"
    )
    follows = np.flatnonzero(np.diff(now.person) == 0)
    assert np.array_equal(now.destination_place[follows], now.origin_place[follows + 1])
    assert (now.mode[now.origin_link == now.destination_link] != CAR).all()
    assert (np.isnan(now.duration_s) == (now.mode == CAR)).all()
    walks = np.isin(now.person, moved) & (now.mode == WALK)
    assert (now.distance_m[walks] < 1_500.0 * closed().parameters["population.walk_limit_km"]).all()


def test_drivers_have_a_way_to_where_they_go_now_and_the_others_keep_theirs() -> None:
    here, plain = closed(), model()
    moved = concerned()
    for trip in here.car_rows.tolist():
        route = here.habits.routes.of(trip)
        if here.accustomed.trips.person[trip] in moved:
            assert route[0] == here.car_trips.origin[trip]
            assert route[-1] == here.car_trips.destination[trip]
        else:
            assert np.array_equal(route, plain.habits.routes.of(trip))
    assert np.array_equal(here.habits.expected_ms, plain.habits.expected_ms)


def test_the_day_can_be_lived_and_begins_and_ends_as_months_pass() -> None:
    here = model(CLOSES + 'from = "2027-02"\nuntil = "2027-03"\n')
    assert here.accustomed is here.planned
    here.running = False
    here.run_months(0)
    here._begin_month(here.month + 1)
    assert here.accustomed is not here.planned
    assert np.array_equal(
        here.accustomed.trips.destination_place, closed().accustomed.trips.destination_place
    )
    here.run_until(10 * 3_600)
    here._begin_month(here.month + 1)
    assert here.accustomed is here.planned
    assert np.array_equal(here.habits.routes.pool, model().habits.routes.pool)


def test_what_nothing_else_serves_cannot_close() -> None:
    with pytest.raises(InputError, match="modification 1: at: "):
        model(CLOSES.replace('"food"', '"school"'))
