"""What people lose, and that each thing they do instead takes something off it: never the other way."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.indicators.reading import Values, by_name
from tests.indicators.small_day import small_day
from tests.indicators.utility_days import QUARTERS, outage, utilities_record
from tests.population.days import days
from twin.clock import MS
from twin.indicators.accessibility import Accessibility, Cells
from twin.indicators.focus import every_focus
from twin.indicators.indicator import INDICATORS
from twin.indicators.records import DayRecord
from twin.indicators.utilities_coping import (
    BATTERY,
    COUNTER,
    FETCHED,
    HELPER,
    LOSSES,
    PHONE,
    PROCEDURES,
    STORED,
    PersonHours,
    car_access,
    person_hours,
)
from twin.indicators.utilities_stays import Intervals, stays_of
from twin.population.tables import CONNECTIONS, Persons
from twin.scenario.basket import SERVICES as BASKET
from twin.territory.services import Services

COUNTER_ROW = BASKET.index("counter")
FIBRE = CONNECTIONS.index("fibre_or_cable")


def at_home(**persons: Any) -> DayRecord:
    """The small day with everybody at home all day: four in the town (place 0), three in the village (2)."""
    plain = small_day()
    none = plain.population.trips.take(np.empty(0, dtype=np.int64))
    made = plain.population.persons.with_columns(**{"connection": np.full(10, FIBRE), **persons})
    population = SimpleNamespace(persons=made, trips=none, digest="population", report={})
    empty = np.empty(0, dtype=np.int64)
    record = replace(plain, population=population, departed_ms=empty, arrived_ms=empty)
    return with_counter(record)


def with_counter(record: DayRecord, own_min: float = 10.0, by_car_min: float = 5.0) -> DayRecord:
    """A counter in the town's workplace (place 1), so many minutes from every home by own ways and by car."""
    services = Services(
        service_id=np.array(["node:9"]), service=np.array([COUNTER_ROW], dtype=np.int8),
        place=np.array([1], dtype=np.int32), capacity=np.ones(1, dtype=np.float32),
        provenance=np.zeros(1, dtype=np.int8),
    )  # fmt: skip
    territory = SimpleNamespace(**{**vars(record.territory), "services": services})
    cells = Cells.of(record.population.persons)
    shape = len(BASKET), len(cells.people)
    known = np.arange(len(BASKET)) == COUNTER_ROW
    access = Accessibility(
        cells, {"car": np.full(shape, by_car_min)}, np.full(shape, own_min), {}, np.zeros(shape),
        np.zeros(shape[1]), known,
    )  # fmt: skip
    made = replace(record, territory=territory)
    vars(made)["access"] = access
    return made


def lost(record: DayRecord, shares: dict[str, np.ndarray], **rows: Any) -> PersonHours:
    """Hours of each person; `fallback`, and rows of the ledger by name."""
    fallback, by_hand = rows.pop("fallback", False), rows.pop("by_hand", ())
    ledger = record.parameters.replaced({f"indicators.{name}": value for name, value in rows.items()}, "here")
    day = utilities_record(
        record.territory.places.place_id, shares, manual_fallback=fallback, by_hand=by_hand
    )
    made = replace(record, parameters=ledger, utilities=day)
    vars(made)["access"] = record.access
    return person_hours(made, day)


def values_of(record: DayRecord) -> Values:
    """Indicators of what people lose, of every focus."""
    names = [name for name in INDICATORS.names() if "hours" in name or "cold" in name]
    focuses = every_focus(record.territory)
    return by_name(
        [
            value
            for name in names
            for focus in focuses
            for value in INDICATORS.get(name, "here")(record, focus)
        ]
    )


TOWN, VILLAGE = slice(0, 4), slice(4, 7)
NIGHT = {"power": outage(4, [0, 1, 2, 3], 0.0, 16.0)}


# ---------------------------------------------------------------------------------- where people are


def slow_stays(population: Any, departed: np.ndarray, arrived: np.ndarray, end_s: float) -> list[tuple]:
    """Second by second of every person, in plain Python."""
    found = []
    persons, trips = population.persons, population.trips
    for person in range(len(persons)):
        rows = [row for row in range(len(trips)) if trips.person[row] == person]
        place = int(trips.origin_place[rows[0]]) if rows else int(persons.home[person])
        begin: float | None = 0.0
        for row in rows:
            if departed[row] < 0:
                break
            if begin is not None:
                found.append((person, place, begin, min(departed[row] / MS, end_s)))
            begin = None if arrived[row] < 0 else arrived[row] / MS
            place = int(trips.destination_place[row])
            if begin is None:
                break
        if begin is not None:
            found.append((person, place, begin, end_s))
    return sorted(each for each in found if each[1] >= 0 and each[2] < each[3])


@given(days(), st.sampled_from([40.0, 100.0, 300.0]))
@settings(max_examples=80, deadline=None)
def test_stays_are_those_counted_one_by_one(day: Any, end_s: float) -> None:
    population, departed, arrived = day
    found = stays_of(population.persons, population.trips, departed, arrived, end_s)
    columns = (found.person, found.place, found.begin_s, found.end_s)
    assert sorted(zip(*(each.tolist() for each in columns), strict=True)) == slow_stays(
        population, departed, arrived, end_s
    )


@given(days(), st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_hours_are_sums_over_seconds(day: Any, rates: list[list[float]]) -> None:
    population, departed, arrived = day
    stays = stays_of(population.persons, population.trips, departed, arrived, 90.0)
    rate = np.array(rates)
    found = Intervals(np.array([0.0, 20.0, 50.0, 90.0])).hours(rate, stays)
    for row, hours in enumerate(found):
        seconds = np.arange(stays.begin_s[row], stays.end_s[row])
        span = np.searchsorted([20.0, 50.0], seconds, side="right")
        assert hours == pytest.approx(rate[span, stays.place[row]].sum() / 3_600.0, abs=1e-9)


def test_who_is_out_loses_where_they_are() -> None:
    """Persons 0 and 2 go between home and work in the town; person 1 to the village and back."""
    plain = small_day()
    day = utilities_record(plain.territory.places.place_id, {"power": outage(4, [0], 0.0, 8.0)})
    record = with_counter(replace(plain, utilities=day))
    found = person_hours(record, day).exposed["power"]
    assert found[[0, 1, 2, 3]].tolist() == pytest.approx([8.0, 0.0, 0.0, 8.0]), "those who begin at place 0"
    assert found[4:].sum() == 0.0


# ---------------------------------------------------------------------------------- what is done instead


def test_power_is_lost_as_long_as_it_is_gone() -> None:
    found = lost(at_home(), {"power": outage(4, [0], 12.0, 14.0)})
    assert found.lost["power"][TOWN].tolist() == pytest.approx([2.0] * 4)
    assert found.lost["power"][VILLAGE].tolist() == [0.0] * 3
    assert found.lost["water"].sum() == 0.0


def test_stored_water_is_drunk_first_and_more_of_it_bridges_more() -> None:
    shares = {"water": outage(4, [0, 1, 2, 3], 0.0, 24.0)}
    by_litres = [
        lost(at_home(), shares, stored_water_l=litres).lost["water"][0] for litres in (0.0, 5.0, 9.0, 20.0)
    ]
    assert by_litres == pytest.approx([24.0, 16.0, 24.0 - 24.0 * 9 / 15, 0.0])
    found = lost(at_home(), shares)
    assert found.bridged[STORED][0] == pytest.approx(14.4)
    assert found.bridged[FETCHED].sum() == 0.0, "nobody has any to fetch"


def test_who_has_no_car_depends_on_neighbours_who_help() -> None:
    cars = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    record = at_home(household_cars=cars)
    shares = {"water": outage(4, [0, 2], 0.0, 24.0)}
    assert car_access(record.population.persons, 0.5)[:7].tolist() == pytest.approx(
        [1.0, 1.0, 0.25, 0.25, 0.0, 0.0, 0.0]
    )
    found = lost(record, shares, stored_water_l=0.0)
    assert found.lost["water"][:7].tolist() == pytest.approx([12.0, 12.0, 21.0, 21.0, 24.0, 24.0, 24.0])
    total = [
        lost(record, shares, stored_water_l=0.0, neighbour_helps=helps).lost["water"].sum()
        for helps in (0.0, 0.5, 1.0)
    ]
    assert total[0] > total[1] > total[2]
    fetched = [lost(record, shares, fetched_water_share=each).lost["water"].sum() for each in (0.0, 0.5, 1.0)]
    assert fetched[0] > fetched[1] > fetched[2]


def test_the_phone_lasts_as_long_as_its_battery_and_no_longer_than_its_site() -> None:
    by_battery = [lost(at_home(), NIGHT, phone_battery_h=h).lost["mobile"][0] for h in (4.0, 10.0, 24.0)]
    assert by_battery == pytest.approx([12.0, 6.0, 0.0])
    site = {**NIGHT, "mobile": outage(4, [0, 1, 2, 3], 0.5, 17.0)}
    assert lost(at_home(), site).lost["mobile"][0] == pytest.approx(16.5), "the site fell after half an hour"
    assert lost(at_home(), site).bridged[BATTERY][0] == pytest.approx(0.5)
    assert lost(at_home(smartphone=np.zeros(10)), site).exposed["mobile"].sum() == 0.0


def test_the_phone_takes_the_lines_place_by_skill() -> None:
    shares = {"fibre": outage(4, [0, 1, 2, 3], 8.0, 18.0)}
    found = lost(at_home(), shares)
    assert found.lost["fibre"][:4].tolist() == pytest.approx([10.0, 7.0, 3.0, 0.5]), "skill 0, 1, 2, 3"
    no_phone = lost(at_home(smartphone=np.zeros(10)), shares)
    assert no_phone.lost["fibre"][:7].tolist() == pytest.approx([10.0] * 7)
    both = lost(at_home(), {**shares, "mobile": outage(4, [0, 1, 2, 3], 8.0, 18.0)})
    assert both.bridged[PHONE].sum() == 0.0, "no site either"
    mobile_only = lost(at_home(connection=np.full(10, CONNECTIONS.index("mobile_only"))), shares)
    assert mobile_only.exposed["fibre"].sum() == 0.0
    unskilled = lost(at_home(), shares, phone_for_line_by_skill=[0.0, 0.0, 0.0, 0.0])
    assert unskilled.lost["fibre"].sum() > found.lost["fibre"].sum()


DARK = {name: outage(4, [0, 2], 8.0, 18.0) for name in ("fibre", "mobile")}


def test_the_counter_takes_the_apps_place_for_who_reaches_it_while_it_is_open() -> None:
    """Six hours open between 8 and 18; the counter itself, at place 1, has power and a line."""
    found = lost(at_home(), DARK)
    app = np.array([0.0, 0.4, 0.7, 0.9])
    assert found.exposed[PROCEDURES][:4].tolist() == pytest.approx((app * 10.0).tolist())
    assert found.bridged[COUNTER][:4].tolist() == pytest.approx((app * 0.8 * 6.0).tolist())
    far = lost(with_counter(at_home(), 50.0, 45.0), DARK)
    assert far.bridged[COUNTER].sum() == 0.0
    by_car = lost(with_counter(at_home(), 50.0, 20.0), DARK)
    assert by_car.bridged[COUNTER].tolist() == pytest.approx(found.bridged[COUNTER].tolist()), "all have cars"
    no_car = with_counter(at_home(household_cars=np.zeros(10)), 50.0, 20.0)
    assert lost(no_car, DARK).bridged[COUNTER].sum() == 0.0
    reluctant = lost(at_home(), DARK, counter_for_app_share=0.3)
    assert reluctant.lost[PROCEDURES].sum() > found.lost[PROCEDURES].sum()


def test_counters_without_power_or_line_shut_but_for_paper() -> None:
    """The whole town is dark: counters are lost to who goes there, and to who would in the app's place."""
    dark = {name: outage(4, [0, 1, 2, 3], 8.0, 18.0) for name in ("power", "fibre", "mobile")}
    plain, paper = lost(at_home(), dark), lost(at_home(), dark, fallback=True)
    assert plain.bridged[COUNTER].sum() == 0.0
    assert plain.lost[PROCEDURES][0] == pytest.approx(6.0), "no skill: at the counter, in its hours"
    assert paper.lost[PROCEDURES][0] == 0.0
    assert paper.bridged[COUNTER].sum() > 0.0
    assert (paper.lost[PROCEDURES] <= plain.lost[PROCEDURES]).all()
    for name in LOSSES[:-1]:
        assert paper.lost[name].tolist() == plain.lost[name].tolist(), "paper brings no current"
    radio = lost(at_home(), dark, fallback=True, by_hand=("repairs",))
    assert radio.lost[PROCEDURES].tolist() == plain.lost[PROCEDURES].tolist(), "crews have one, clerks not"


def test_somebody_at_home_helps_with_the_app_when_the_counter_is_shut() -> None:
    shut = {"power": outage(4, [1], 8.0, 18.0)}
    alone, helped = lost(at_home(), shut), lost(at_home(helper_at_home=np.ones(10)), shut)
    assert alone.lost[PROCEDURES][0] == pytest.approx(6.0)
    assert helped.lost[PROCEDURES][0] == 0.0
    assert helped.bridged[HELPER][0] == pytest.approx(6.0)
    assert alone.bridged[HELPER].sum() == 0.0


def test_more_skill_depends_more_on_the_app() -> None:
    by_skill = lost(at_home(), DARK).lost[PROCEDURES][:4]
    assert (np.diff(by_skill) > 0.0).all(), "skill 0, 1, 2, 3"


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_nobody_loses_less_than_nothing_or_more_than_was_gone(data: Any) -> None:
    hour = st.integers(0, 30)
    shares = {}
    for name in ("power", "water", "fibre", "mobile"):
        first, last = sorted((data.draw(hour), data.draw(hour)))
        places = data.draw(st.lists(st.integers(0, 3), max_size=4, unique=True))
        shares[name] = outage(4, places, first, last, data.draw(st.sampled_from([0.0, 0.5, 0.9])))
    record = at_home(
        helper_at_home=np.arange(10) % 2, smartphone=np.arange(10) % 3 > 0, household_cars=np.arange(10) % 2
    )
    found = lost(record, shares, fallback=data.draw(st.booleans()))
    for name in LOSSES:
        assert (found.lost[name] >= -1e-9).all(), name
        assert (found.lost[name] <= found.exposed[name] + 1e-9).all()
        assert (found.exposed[name] <= 30.0 + 1e-9).all()
    longer = {name: np.minimum(share, np.roll(share, 4, axis=0)) for name, share in shares.items()}
    for name in ("power", "water"):
        assert (lost(record, longer).lost[name] >= lost(record, shares).lost[name] - 1e-9).all()


# ---------------------------------------------------------------------------------- indicators


def test_groups_add_up_and_means_are_per_head() -> None:
    record = at_home(household_cars=np.array([1, 1, 0, 0, 1, 1, 0, 0, 0, 0]))
    day = utilities_record(record.territory.places.place_id, {"power": outage(4, [0, 2], 12.0, 14.0)})
    made = replace(record, utilities=day)
    vars(made)["access"] = record.access
    found = values_of(made)
    whole = found["person_hours_lost_power", "all", ""]
    assert whole == pytest.approx(14.0), "seven at home for two hours"
    for family in ("age:", "skill:", "car:"):
        parts = [
            value
            for (name, focus, group), value in found.items()
            if (name, focus) == ("person_hours_lost_power", "all") and group.startswith(family)
        ]
        assert sum(parts) == pytest.approx(whole), family
    zones = [found["person_hours_lost_power", zone, ""] for zone in ("town", "village")]
    assert sum(zones) == pytest.approx(whole)
    total = sum(found[f"person_hours_lost_{name}", "all", ""] for name in LOSSES)
    assert found["person_hours_lost", "all", ""] == pytest.approx(total)
    town = found["hours_lost_per_person", "town", ""]
    assert town == pytest.approx(found["person_hours_lost", "town", ""] / 4)
    bridged = found["person_hours_bridged", "all", f"by:{BATTERY}"]
    assert bridged == pytest.approx(14.0)
    assert found["person_hours_exposed", "all", "service:mobile"] == pytest.approx(14.0)


def test_another_days_ledger_is_not_served_the_hours_of_this_one() -> None:
    record = at_home()
    day = utilities_record(record.territory.places.place_id, {"water": outage(4, [0, 2], 0.0, 24.0)})
    values = []
    for litres in (0.0, 9.0):
        ledger = record.parameters.replaced({"indicators.stored_water_l": litres}, "here")
        made = replace(record, utilities=day, parameters=ledger)
        vars(made)["access"] = record.access
        values.append(values_of(made)["person_hours_lost_water", "all", ""])
    assert values[0] > values[1]


def test_calculators_tell_how_long_they_were_down() -> None:
    record = at_home()
    down = np.zeros(QUARTERS, dtype=bool)
    down[40:46] = True
    day = utilities_record(record.territory.places.place_id, {}, calculator_down={"Alpha": down})
    made = replace(record, utilities=day)
    vars(made)["access"] = record.access
    assert values_of(made)["calculator_down_hours", "all", "provider:Alpha"] == pytest.approx(1.5)


def test_cold_counts_for_who_is_at_home_below_the_least_comfortable_temperature() -> None:
    """The town's home at 15 degrees from six to ten: four times three degree-hours for each who stays in."""
    record = at_home()
    indoor = np.full((QUARTERS, 4), 19.0, dtype=np.float32)
    indoor[24:40, 0], indoor[:, 3] = 15.0, np.nan
    day = utilities_record(record.territory.places.place_id, {}, indoor_c=indoor)
    made = replace(record, utilities=day)
    vars(made)["access"] = record.access
    found = values_of(made)
    assert found["cold_at_home", "town", ""] == pytest.approx(4.0 * 3.0)
    assert found["cold_at_home", "village", ""] == 0.0
    assert found["cold_at_home", "town", "age:0-17"] == pytest.approx(12.0)
    bare = replace(record, utilities=replace(day, indoor_c=indoor[:, :0], memo={}))
    vars(bare)["access"] = record.access
    assert ("cold_at_home", "all", "") not in values_of(bare)


def test_persons_without_attributes_lose_what_a_place_loses() -> None:
    """Populations of before connections were known: everybody counts as without a helper."""
    assert isinstance(at_home().population.persons, Persons)
    found = lost(at_home(connection=np.full(10, -1)), DARK)
    assert found.exposed["fibre"][0] == pytest.approx(10.0)
