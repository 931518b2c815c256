"""Buses of a line that is added to the real village: on time on free roads, late in a jam, as cars are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import busiest, scenario, world
from twin.behaviour.days import ARRIVED
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.indicators.transit_record import TransitRecord
from twin.mobility.curves import CARRIERS
from twin.model.phases import PHASES
from twin.model.record import record_of
from twin.model.register import ROWS
from twin.model.state import Access
from twin.model.transit import DISPATCH, RIDE, with_transit
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.population.tables import SHOP, TRANSIT, WALK
from twin.scenario.vehicles import FUELS, VEHICLE_CLASSES
from twin.study.digests import truth_digest

pytestmark = pytest.mark.one_interpreter(
    "lives days, of kernels that are compared with their slow twins on each"
)

LINE = """
[[modification]]
kind = "bus_line"
name = "Corniche"
stops = [[7.38897, 43.73861], [7.3924, 43.74319], [7.39458, 43.74484],
         [7.40006, 43.74546], "way:143229682", [7.40798, 43.7496]]
headway_s = 600
from = "06:00"
until = "20:00"
"""
NARROW_LINK = "196017189:247693726:1258762131"
"""The main street from the middle of the village to the west, 395 m."""
JAM = f"""
[[modification]]
kind = "reduce_capacity"
links = {{ link = "{NARROW_LINK}" }}
capacity_vph = 280
from = "07:00"
until = "09:00"
"""
CLOSED = """
[[modification]]
kind = "close_link"
links = {{ link = "{link}" }}
from = "{begin}"
until = "{end}"
"""
SHOPPER, LATECOMER = 900_001, 900_002
EAST, WEST = "way:143229682", "way:143230341"
"""Houses at the fifth and at the second stop; the narrow stretch lies between."""


@cache
def population() -> Population:
    """The village's people; one who rides west at ten past eight, and one who will miss the last bus."""
    here = world()
    row = {each: int(np.flatnonzero(here.territory.places.place_id == each)[0]) for each in (EAST, WEST)}
    link = here.territory.places.access_link
    ends = {name: {"origin_place": row[a], "destination_place": row[b],
                   "origin_link": link[row[a]], "destination_link": link[row[b]]}
            for name, a, b in (("west", EAST, WEST), ("east", WEST, EAST))}  # fmt: skip
    ride = {"mode": TRANSIT, "purpose": SHOP, "duration_s": 3_000.0, "distance_m": 1_500.0, **ends["west"]}
    walk = {"mode": WALK, "distance_m": 1_500.0, **ends["east"]}
    shopping = [{**ride, "depart_s": 29_400.0}, {**walk, "depart_s": 30_600.0, "duration_s": 1_200.0}]
    too_late = [{**walk, "depart_s": 68_400.0, "duration_s": 3_600.0}, {**ride, "depart_s": 71_700.0}]
    people = here.population.with_person({"person_id": SHOPPER}, shopping)
    return people.with_person({"person_id": LATECOMER}, too_late)


@cache
def lived(more: str = "") -> tuple[TwinModel, DayRecord]:
    """A day with the line, and its record."""
    here = world()
    model = TwinModel(
        scenario(LINE + more), rng=1, territory=here.territory, population=population(), habits=here.habits
    )
    model.run_day()
    return model, record_of(model)


def transit_of(record: DayRecord) -> TransitRecord:
    assert record.transit is not None
    return record.transit


def trips_of(record: DayRecord, person_id: int) -> np.ndarray:
    person = np.flatnonzero(record.population.persons.person_id == person_id)[0]
    return np.flatnonzero(record.population.trips.person == person)


def at_last_stop_s(record: DayRecord) -> np.ndarray:
    """Lateness of each run at its last stop (n_runs,)."""
    transit = transit_of(record)
    return transit.lateness_s[transit.timetable.call_start[1:] - 1]


def cars_beside_s(record: DayRecord) -> np.ndarray:
    """What cars around each run, at most two minutes off, lost on the links that it drove."""
    transit = transit_of(record)
    order = np.lexsort((record.event_enter_ms, record.event_link))
    link, enter_ms = record.event_link[order], record.event_enter_ms[order]
    took_s = (record.event_exit_ms - record.event_enter_ms)[order] / 1_000.0
    run = transit.run_of_call[transit.leg_call[transit.event_leg]]
    lost_s = np.zeros(transit.timetable.n_runs)
    for row, moment_ms, k in zip(transit.event_link, transit.event_enter_ms, run, strict=True):
        first, last = np.searchsorted(link, [row, row + 1])
        at = first + np.searchsorted(enter_ms[first:last], moment_ms)
        near = np.arange(max(first, at - 1), min(last, at + 1))
        near = near[np.abs(enter_ms[near] - moment_ms) < 120_000]
        if near.size:
            lost_s[k] += took_s[near].mean() - record.territory.streets.free_flow_time_s[row]
    return lost_s


def test_without_a_jam_buses_are_on_time() -> None:
    late_s = transit_of(lived()[1]).lateness_s
    assert np.isfinite(late_s).all()
    assert (late_s <= 60.0).all()


def test_a_bus_on_a_jammed_street_is_late_by_what_cars_lose_there() -> None:
    free, jammed = lived()[1], lived(JAM)[1]
    grown_s, lost_s = at_last_stop_s(jammed) - at_last_stop_s(free), cars_beside_s(jammed)
    held_up = lost_s > 120.0
    assert held_up.sum() >= 8
    assert grown_s[held_up].max() > 600.0
    assert grown_s[held_up].sum() == pytest.approx(lost_s[held_up].sum(), rel=0.15)
    assert np.corrcoef(grown_s[held_up], lost_s[held_up])[0, 1] > 0.95
    assert np.abs(grown_s[lost_s < 5.0]).max() < 60.0


def test_indicators_tell_the_jam() -> None:
    free, jammed = ({(v.name, v.group): v.value for v in compute(lived(more)[1])} for more in ("", JAM))
    assert free["buses_on_time", ""] == 1.0
    assert jammed["buses_on_time", ""] < 1.0
    assert jammed["bus_lateness", ""] > free["bus_lateness", ""] + 10.0
    assert jammed["bus_lateness", "line:Corniche"] == jammed["bus_lateness", ""]
    streets, transit = lived()[1].territory.streets, transit_of(lived()[1])
    km = streets.length_m[transit.event_link].sum() / 1_000.0
    assert free["bus_km", ""] == pytest.approx(km)
    assert free["passengers_boarded", "line:Corniche"] == 1.0
    assert free["missed_last_run", ""] == 1.0


def test_links_count_buses_and_trips_do_not() -> None:
    record = lived()[1]
    transit = transit_of(record)
    n_links = record.territory.streets.n_links
    by_car = np.bincount(record.event_link, minlength=n_links)
    by_bus = np.bincount(transit.event_link, minlength=n_links)
    assert by_bus.sum() > 0
    assert (record.link_flow_veh == by_car + by_bus).all()
    assert record.event_trip.max() < record.n_trips


def test_a_passenger_in_the_jam_arrives_late_and_leaves_late_again() -> None:
    (free_model, free), (_, jammed) = lived(), lived(JAM)
    first, second = trips_of(free, SHOPPER)
    assert free_model.transit.rides[first]
    planned_s = free.population.trips.duration_s[first]
    assert free.elapsed_s[first] == pytest.approx(planned_s, abs=60.0)
    assert planned_s < 3_000.0
    assert jammed.elapsed_s[first] > free.elapsed_s[first] + 120.0
    assert jammed.departed_ms[second] == max(30_600_000, jammed.arrived_ms[first] + 600_000)
    assert jammed.departed_ms[second] > free.departed_ms[second]


def test_who_misses_the_last_bus_takes_the_time_planned_without_it() -> None:
    record = lived()[1]
    walk, ride = trips_of(record, LATECOMER)
    assert record.departed_ms[ride] == record.arrived_ms[walk] + 600_000
    assert record.state[ride] == ARRIVED
    assert transit_of(record).stranded.sum() == 1
    assert record.elapsed_s[ride] >= 3_000.0


def test_nobody_changes_where_nobody_rides_and_every_other_mode_stays() -> None:
    before, after = population().trips.mode, lived()[1].population.trips.mode
    assert (before == after).all()


def test_without_a_line_the_day_is_as_ever() -> None:
    here = world()
    model = TwinModel(
        scenario(), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    assert model.phases == PHASES
    assert model.population is here.population
    assert model.state.loader.vehicles.key.shape[0] == here.population.n_trips


def test_the_digest_covers_buses() -> None:
    model, record = lived()
    assert truth_digest(record) == truth_digest(record_of(model))
    transit = transit_of(record)
    for column in (transit.arrived_ms, transit.boarded, transit.event_exit_ms, transit.board_call):
        before, kept = truth_digest(record), column[0]
        column[0] = kept + 1 if kept + 1 < transit.timetable.n_calls or kept > 10**6 else 0
        assert truth_digest(record) != before
        column[0] = kept


def test_a_bus_goes_round_a_closure_or_waits_for_it_to_end() -> None:
    link = world().territory.streets.link_id[busiest()]
    model, record = lived(CLOSED.format(link=link, begin="08:00", end="09:00"))
    transit = transit_of(record)
    before_it = np.flatnonzero(world().territory.streets.head[model.transit.link_of_call]
                               == world().territory.streets.tail[busiest()])  # fmt: skip
    left_h = transit.left_ms[before_it] / 3_600_000
    assert ((left_h > 8.1) & (left_h < 8.9)).any(), "buses at the stop before it leave another way"
    inside = (transit.event_enter_ms >= 8 * 3_600_000) & (transit.event_enter_ms < 9 * 3_600_000)
    assert not (transit.event_link[inside] == busiest()).any()
    assert (transit.event_link == busiest()).any()
    assert (transit.arrived_ms >= 0).all(), "every bus came through in the end"


def test_a_stop_in_a_closed_street_is_passed_by_and_the_run_goes_on() -> None:
    """Its second stop's own street is closed all morning; there is a way round, and buses take it."""
    link, here = busiest(), world()
    streets = here.territory.streets
    lon, lat = (float(column[streets.head[link]]) for column in (streets.node_lon, streets.node_lat))
    line = LINE.split("stops", maxsplit=1)[0]
    text = f"""{line}stops = [[7.40228, 43.74817], [{lon}, {lat}], [7.3924, 43.74319]]
headway_s = 600
from = "06:00"
until = "14:00"
both_ways = false
"""
    closed = CLOSED.format(link=streets.link_id[link], begin="06:30", end="12:00")
    model = TwinModel(
        scenario(text + closed), rng=1, territory=here.territory, population=population(), habits=here.habits
    )
    model.run_day()
    transit = transit_of(record_of(model))
    assert set(model.transit.link_of_call[1::3].tolist()) == {link}
    planned_s = transit.timetable.call_departure_s[1::3]
    passed, arrived_ms = transit.passed.reshape(-1, 3), transit.arrived_ms.reshape(-1, 3)
    assert passed[(planned_s > 6.75 * 3_600) & (planned_s < 11.75 * 3_600), 1].all()
    assert not passed[(planned_s < 6.4 * 3_600) | (planned_s > 12.25 * 3_600)].any()
    assert not passed[:, [0, 2]].any()
    assert (arrived_ms[:, 2] >= 0).all()
    assert (arrived_ms[passed[:, 1], 1] == -1).all()
    inside = (transit.event_enter_ms >= 6.5 * 3_600_000) & (transit.event_enter_ms < 12 * 3_600_000)
    assert not (transit.event_link[inside] == link).any()


def test_a_run_without_any_way_on_ends_at_the_sign() -> None:
    model, _ = lived()
    link = int(model.transit.link_of_call[2])
    stop_link = world().territory.streets.link_id[link]
    _, record = lived(CLOSED.format(link=stop_link, begin="06:30", end="06:45"))
    transit = transit_of(record)
    cut = np.flatnonzero(transit.passed.reshape(-1, 6).any(axis=1))
    assert cut.size >= 1
    for run in cut.tolist():
        assert transit.passed.reshape(-1, 6)[run].tolist() == [False, False, True, True, True, True]
    others = np.delete(np.arange(transit.timetable.n_runs), cut)
    assert (transit.arrived_ms.reshape(-1, 6)[others] >= 0).all()


def test_phases_of_transit_change_what_they_declare() -> None:
    here = world()
    link = here.territory.streets.link_id[0]
    spec = scenario(LINE + CLOSED.format(link=link, begin="08:00", end="09:00"))
    model = TwinModel(spec, rng=1, territory=here.territory, population=population(), habits=here.habits)
    assert model.phases == with_transit(PHASES)
    model.run_until(8 * 3_600)
    aliases = ("loader.supply.", "loader.network.")
    ever: dict[str, set[str]] = {"dispatch": set(), "ride": set()}
    for _ in range(6):
        for phase in model.phases:
            was = {name: column.copy() for name, column in model.state.columns().items()}
            phase.run(model, Access(model.state, phase.name, phase.reads | phase.writes), model.now_s)
            now = model.state.columns()
            if phase.name in ever:
                ever[phase.name] |= {
                    name.split(".")[0]
                    for name in now
                    if not name.startswith(aliases)
                    and (name not in was or not np.array_equal(was[name], now[name], equal_nan=True))
                }
        model.now_s += model.step_s
    assert "loader" in ever["dispatch"]
    assert ever["dispatch"] <= DISPATCH.writes
    assert ever["ride"] <= RIDE.writes
    assert {"service", "riders"} <= ever["ride"]


def test_the_register_holds_buses_and_riders() -> None:
    columns = lived()[0].state.columns()
    dtypes = {name: dtype for name, _, dtype, _, _ in ROWS}
    for name in columns:
        if name.startswith(("service.", "riders.", "loader.vehicles.")):
            assert str(columns[name].dtype) == dtypes[name], name


def burnt_l(record: DayRecord) -> float:
    """Diesel of all buses, passage by passage, by the curve as it stands in the ledger."""
    assert record.services is not None
    passages, buses = record.services
    a, b, c, d = record.parameters["emissions.diesel_bus_curve"]
    total = 0.0
    for leg, link, enter_ms, exit_ms in zip(*passages, strict=True):
        assert buses.vehicle_class[leg] == VEHICLE_CLASSES.index("bus")
        km = record.territory.streets.length_m[link] / 1_000.0
        kmh = km / ((exit_ms - enter_ms) / 3_600_000.0)
        if FUELS[buses.fuel[leg]] == "diesel":
            total += km * (a / kmh + b + c * kmh + d * kmh**2)
    return total


def test_buses_emit_by_their_curve_and_more_in_a_jam() -> None:
    per_km = []
    for record in (lived()[1], lived(JAM)[1]):
        assert record.services is not None
        found = record.service_emissions
        assert found.energy_by_trip[:, CARRIERS.index("diesel")].sum() == pytest.approx(burnt_l(record))
        values = {(v.name, v.group): v.value for v in compute(record)}
        co2 = found.co2_kg_by_link.sum()
        assert values["co2_on_links", "from:services"] == pytest.approx(co2)
        of_trips = record.emissions.co2_kg_by_trip.sum()
        assert values["co2_on_links", ""] == pytest.approx(of_trips + co2)
        assert values["co2_of_people", ""] == pytest.approx(of_trips)
        per_km.append(co2 / values["bus_km", ""])
    assert per_km[1] > per_km[0] * 1.01


def test_a_bus_keeps_its_fuel_from_stop_to_stop() -> None:
    record = lived()[1]
    assert record.services is not None
    run = transit_of(record).run_of_call[transit_of(record).leg_call]
    fuels = [np.unique(record.services.vehicles.fuel[run == k]) for k in np.unique(run)]
    assert all(each.size == 1 for each in fuels)
    assert len(np.unique(np.concatenate(fuels))) > 1
