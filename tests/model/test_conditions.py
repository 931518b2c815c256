"""A date on the streets: rain slows, incidents narrow, and both are the same for every scenario."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pytest

from tests.model.village import busiest, closing, scenario, world
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.model.conditions import day_incidents, weather_levers
from twin.model.sources import conditions_of, load_population
from twin.model.twin_model import TwinModel
from twin.scenario.modifications import Incident
from twin.scenario.scenario import Scenario
from twin.scenario.weather import Rain
from twin.study.dated_days import dated
from twin.study.digests import truth_digest
from twin.study.habits import cache_folders
from twin.study.run import World, live, run, world_of_days, world_on

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

MANY = '"conditions.incidents_per_million_veh_km" = [100.0, 100.0, 100.0]'
NONE = '"conditions.incidents_per_million_veh_km" = [0.0, 0.0, 0.0]'
STORM = '[[modification]]\nkind = "rain"\nmm_per_h = 20\nfrom = "07:00"\nuntil = "10:00"\n'


@cache
def weekdays() -> World:
    """The village's world once its drivers are used to days that differ."""
    return world_of_days(scenario(), 1, world(), folders=cache_folders())


def on(date: str, parameters: str = "", more: str = "") -> Scenario:
    text = (
        f'title = "A date"\nterritory = "la_turbie_crop"\ndate = "{date}"\n[parameters]\n{parameters}\n{more}'
    )
    return Scenario.loads(text)


def lived(spec: Scenario) -> DayRecord:
    return live(spec, 1, world() if spec.date is None else world_on(spec, 1, weekdays()))


def mean_delay_s(record: DayRecord) -> float:
    return float(np.mean(record.delay_s[record.comparable]))


def opened(spec: Scenario, here: World) -> TwinModel:
    return TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)


def orders(model: TwinModel) -> list[str]:
    return [str(lever.order.model_dump(exclude_none=True)) for lever in weather_levers(model)]


def test_rain_costs_time_and_only_while_it_falls():
    plain = live(scenario(), 1, world())
    wet = live(scenario(STORM), 1, world())
    assert mean_delay_s(wet) > 1.05 * mean_delay_s(plain)
    early = plain.event_exit_ms < 7 * 3_600_000
    n = int(early.sum())
    assert n > 0
    same = wet.event_exit_ms < 7 * 3_600_000
    assert (np.sort(wet.event_exit_ms[same]) == np.sort(plain.event_exit_ms[early])).all()


def test_heavy_rain_is_what_the_ledger_says_on_every_street():
    model = opened(scenario(STORM), world())
    model.run_until(8 * 3_600)
    dry = model.roads
    slower = model.state.supply.free_ms / dry.free_ms
    assert np.median(slower) == pytest.approx(1.0 / 0.94, rel=1e-3)
    assert slower.min() >= 1.0  # a link takes a second at least
    narrower = model.state.supply.headway_ms / dry.headway_ms
    assert narrower.max() == pytest.approx(1.0 / 0.725, rel=0.01)
    assert narrower.min() >= 1.0
    model.run_until(10 * 3_600 + 300)
    assert (model.state.supply.free_ms == dry.free_ms).all()
    assert (model.state.supply.headway_ms == dry.headway_ms).all()


def test_incidents_are_the_same_in_every_scenario_of_the_date():
    """With an app, with a street closed, in a world of its own or not: the same orders on the same links."""
    spec = on("2027-01-12", MANY)
    here = world_on(spec, 1, weekdays())
    base = orders(opened(spec, here))
    assert sum("incident" in order for order in base) > 2
    closed = on("2027-01-12", MANY, closing(True))
    assert orders(opened(closed, here)) == base


def test_incidents_narrow_their_links_while_they_last():
    spec = on("2027-01-12", MANY)
    model = opened(spec, world_on(spec, 1, weekdays()))
    levers = [lever for lever in weather_levers(model) if isinstance(lever.order, Incident)]
    worst = min((each for each in levers if each.order.from_s > 0), key=lambda each: each.order.factor)
    link = int(worst.links[0])
    model.run_until(worst.order.from_s + model.step_s)
    during = int(model.state.supply.headway_ms[link])
    assert during > model.roads.headway_ms[link]
    assert not model.state.supply.closed[link]


def test_incidents_cost_time():
    """The same people on the same date, with incidents as many as nowhere and with none."""
    many, none = (lived(on("2027-01-12", parameters)) for parameters in (MANY, NONE))
    assert (many.population.trips.depart_s == none.population.trips.depart_s).all()
    assert mean_delay_s(many) > mean_delay_s(none)
    assert truth_digest(many) != truth_digest(none)


def test_a_date_comes_out_alike_and_unlike_another():
    first, again, other = (lived(on(f"2027-01-{day}")) for day in (16, 16, 17))
    assert truth_digest(first) == truth_digest(again)
    assert first.exits.sum() > 1.1 * other.exits.sum()


def test_a_run_of_a_scenario_with_a_date_is_that_day(tmp_path):
    """And its folder says which day it was."""
    spec = on("2027-01-16")
    result = run(spec, 1, out=tmp_path / "run")
    assert result.digest == truth_digest(lived(spec))
    assert result.manifest["scenario"]["date"] == "2027-01-16"
    assert result.manifest["scenario"]["month"] == "2027-01"


def test_drivers_get_used_to_days_once(tmp_path):
    """Routes stay those learned, what is expected moves on; it is read again where it was kept."""
    before, after = world().habits, weekdays().habits
    assert (after.routes.pool == before.routes.pool).all()
    assert (after.expected_ms != before.expected_ms).any()
    no_days = scenario().varied("parameters.conditions.learning_days", 0.0)
    assert world_of_days(no_days, 1, world(), folders=(tmp_path,)).habits is before
    one_day = scenario().varied("parameters.conditions.learning_days", 1.0)
    first = world_of_days(one_day, 1, world(), folders=(tmp_path,)).habits
    assert list(tmp_path.glob("*-varied/day-01"))
    again = world_of_days(one_day, 1, world(), folders=(tmp_path,)).habits
    assert (first.expected_ms == again.expected_ms).all()


def test_commuters_keep_their_routes_on_a_date():
    """Whoever makes a trip of the usual weekday goes the way that was learned for it."""
    spec = on("2027-01-12")
    here, usual = world_on(spec, 1, weekdays()), world()
    trips, before = here.population.trips, usual.population.trips
    person, person_before = (
        each.population.persons.person_id[each.population.trips.person] for each in (here, usual)
    )
    known = {
        (int(person_before[row]), int(before.origin_link[row]), int(before.destination_link[row])): row
        for row in reversed(np.flatnonzero(usual.habits.routes.start >= 0).tolist())
    }
    kept = 0
    for row in np.flatnonzero(here.habits.routes.start >= 0).tolist():
        key = (int(person[row]), int(trips.origin_link[row]), int(trips.destination_link[row]))
        if key in known:
            assert (here.habits.routes.of(row) == usual.habits.routes.of(known[key])).all()
            kept += 1
    assert kept > 0.5 * here.habits.routes.start.shape[0]


def test_everybody_by_car_has_a_route_on_a_date():
    here = world_on(on("2027-01-16"), 1, weekdays())
    usual = world()
    without = [
        float((each.habits.routes.start[each.population.trips.mode == 0] < 0).mean())
        for each in (here, usual)
    ]
    assert without[0] <= without[1] + 0.01


def test_a_scenario_without_a_date_has_no_conditions():
    assert conditions_of(scenario(), world().territory, 1) is None
    assert weather_levers(opened(scenario(), world())) == ()


def test_the_spells_of_a_wet_date_are_rain_on_the_streets():
    """The hours in which it rains enough are those of the levers."""
    dates = [dt.date(2027, 10, 1) + dt.timedelta(days=day) for day in range(60)]
    days = {date: conditions_of(on(f"{date}"), world().territory, 1) for date in dates}
    date, today = next(
        (date, day) for date, day in days.items() if day and (day.weather.rain_mm_per_h[:24] > 1.0).any()
    )
    spec = on(f"{date}")
    hours = np.zeros(30, dtype=bool)
    for lever in weather_levers(opened(spec, world_on(spec, 1, weekdays()))):
        if isinstance(lever.order, Rain):
            hours[lever.order.from_s // 3_600 : lever.order.until_s // 3_600] = True
            assert lever.links.shape[0] == world().territory.streets.n_links
    assert (hours == (today.weather.rain_mm_per_h >= 0.25)).all()
    assert hours.any()


def test_more_weekdays_of_a_date_and_more_months_are_refused():
    spec = on("2027-01-12")
    with pytest.raises(InputError, match="one date"):
        load_population(spec, world().territory, 1, day=1)
    model = opened(spec, world_on(spec, 1, weekdays()))
    model.now_s, model.running = 30 * 3_600, False
    with pytest.raises(InputError, match="is over"):
        model.run_months(1)


def test_a_busy_road_meets_more_incidents_than_a_quiet_street():
    streets, spec = world().territory.streets, on("2027-01-12", MANY)
    link = busiest()
    quiet = int(np.argmin(streets.flow_capacity_vps * streets.length_m))
    counts = np.zeros(streets.n_links)
    for day in range(300):
        date = dt.date(2027, 1, 1) + dt.timedelta(days=day)
        today = conditions_of(dated(spec, date), world().territory, 1)
        assert today is not None
        counts += np.bincount(day_incidents(streets, today, spec.ledger(), 1).link, minlength=streets.n_links)
    assert counts[link] > counts[quiet]
