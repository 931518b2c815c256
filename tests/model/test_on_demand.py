"""Shared vehicles called in the real village: who rides, what is promised, and what a jam or a fleet does."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS, TABLES, closing, scenario, world
from twin.behaviour.days import ARRIVED
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.indicators.on_demand_record import OnDemandRecord
from twin.indicators.records import DayRecord
from twin.model.phases import PHASES
from twin.model.record import record_of
from twin.model.shared_rides import with_on_demand
from twin.model.state import Access
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.population.tables import CAR, CYCLE, ON_DEMAND, PASSENGER, Persons, Trips
from twin.scenario.scenario import Scenario
from twin.study.digests import truth_digest

pytestmark = pytest.mark.one_interpreter(
    "lives days; all of it together is lived on each in test_all_together"
)

LIKED = '[parameters]\n"on_demand.constant_min" = {liked}\n'
"""Next to nobody uses public transport within the village: so much better is riding on demand felt to be that
some do."""
SERVICE = """
[[modification]]
kind = "on_demand_transport"
name = "Appel"
serves = {{ commune = "La Turbie" }}
vehicles = {vehicles}
seats = {seats}
"""
NARROW = """
[[modification]]
kind = "reduce_capacity"
links = { commune = "La Turbie" }
factor = 0.35
from = "06:00"
until = "20:00"
"""


def spec(vehicles: int = 2, more: str = "", seats: int = 6, liked: float = 70.0, keys: str = "") -> Scenario:
    text = TABLES + LIKED.format(liked=liked) + SERVICE.format(vehicles=vehicles, seats=seats) + keys + more
    return Scenario.loads(text, folder=SCENARIOS)


def model_of(order: Scenario, population: Population | None = None, threads: int = 1) -> TwinModel:
    here = world()
    people = here.population if population is None else population
    return TwinModel(
        order, rng=1, territory=here.territory, population=people, habits=here.habits, threads=threads
    )


@cache
def lived(
    vehicles: int = 2, more: str = "", seats: int = 6, liked: float = 70.0
) -> tuple[TwinModel, DayRecord]:
    model = model_of(spec(vehicles, more, seats, liked))
    model.run_day()
    return model, record_of(model)


def service_of(record: DayRecord) -> OnDemandRecord:
    assert record.on_demand is not None
    return record.on_demand


def values(record: DayRecord) -> dict[tuple[str, str], float]:
    return {(each.name, each.group): each.value for each in compute(record)}


def test_every_call_is_served_or_refused_and_no_trip_is_lost() -> None:
    record = lived()[1]
    service = service_of(record)
    assert service.asked.sum() > 50
    assert (service.rode ^ service.refused)[service.asked].all()
    assert not (service.rode | service.refused)[~service.asked].any()
    assert (service.vehicle[service.rode] >= 0).all()
    assert (record.state[service.trip] == ARRIVED).all()
    assert (record.arrived_ms[service.trip[service.rode]] == service.set_down_ms[service.rode]).all()
    assert (record.population.trips.mode[service.trip[service.rode]] == ON_DEMAND).all()
    assert not (record.population.trips.mode[service.trip[service.refused]] == ON_DEMAND).any()


def test_nobody_is_in_two_vehicles_and_seats_are_never_exceeded() -> None:
    for seats in (2, 6):
        service = service_of(lived(2, "", seats)[1])
        stops = np.concatenate([service.stop[v, : service.n[v]] for v in range(service.n_vehicles)])
        assert np.unique(stops).shape[0] == stops.shape[0]
        for v in range(service.n_vehicles):
            mine = np.flatnonzero(service.vehicle == v)
            assert set(service.stop[v, : service.n[v] - 1].tolist()) == {*(2 * mine), *(2 * mine + 1)}
            moments = np.concatenate([service.picked_ms[mine], service.set_down_ms[mine]])
            change = np.repeat([1, -1], mine.shape[0])
            order = np.lexsort((change, moments))
            load = np.cumsum(change[order])
            assert load.min() >= 0
            assert load.max() <= seats
            assert load[-1] == 0
    assert service.aboard.max() > 1, "rides are shared"


def test_vehicles_come_in_the_order_of_their_stops_after_the_calls_and_end_at_the_depot() -> None:
    model, record = lived()
    service = service_of(record)
    for v in range(service.n_vehicles):
        stops = service.stop[v, : service.n[v]]
        assert stops[-1] == model.on_demand.fleet.depot_stop(v)
        assert (np.diff(service.reached_ms[stops]) >= 0).all()
        assert (service.reached_ms[stops] >= 0).all()
    assert (service.picked_ms >= service.asked_ms)[service.rode].all()
    assert (service.set_down_ms > service.picked_ms)[service.rode].all()
    stop_start_ms = np.full(service.reached_ms.shape[0], 2**62)
    np.minimum.at(stop_start_ms, service.event_stop, service.event_enter_ms)
    driven = np.unique(service.event_stop)
    called = driven[driven < 2 * service.n_requests]
    assert (stop_start_ms[called] >= service.asked_ms[called // 2]).all(), "nobody drives before the call"


def test_each_way_is_driven_link_by_link_from_the_stop_before() -> None:
    model, record = lived()
    service, streets = service_of(record), record.territory.streets
    stop_link = model.on_demand.fleet.stop_link
    before = {}
    for v in range(service.n_vehicles):
        stops = service.stop[v, : service.n[v]].tolist()
        before |= dict(
            zip(stops, [model.on_demand.fleet.depot_link, *stop_link[stops[:-1]].tolist()], strict=True)
        )
    order = np.lexsort((service.event_enter_ms, service.event_stop))
    stop, link = service.event_stop[order], service.event_link[order]
    for each in np.unique(stop).tolist():
        way = link[stop == each]
        assert streets.tail[way[0]] == streets.head[before[each]]
        assert (streets.tail[way[1:]] == streets.head[way[:-1]]).all()
        assert way[-1] == stop_link[each]


def test_promises_are_kept_as_the_operator_reckons_where_streets_are_free() -> None:
    service = service_of(lived(4)[1])
    model = lived(4)[0]
    order = model.on_demand.order
    assert order is not None
    waited_s = service.wait_s[service.rode]
    taken_s = (service.set_down_ms - service.asked_ms)[service.rode] / 1_000.0
    longest_s = order.detour_factor * service.direct_ms[service.rode] / 1_000.0 + order.detour_s
    assert (waited_s <= order.max_wait_s).mean() > 0.95
    assert (taken_s <= longest_s).mean() > 0.95


def test_more_vehicles_refuse_less_let_wait_less_and_cost_more_a_trip() -> None:
    days = [values(lived(vehicles, "", 6, 110.0)[1]) for vehicles in (1, 2, 4)]
    refused, waits, costs = (
        [day[f"on_demand_{name}", ""] for day in days] for name in ("rejected", "wait", "cost_per_trip")
    )
    assert refused[0] > refused[1] > refused[2] or (refused[1] == 0.0 and refused[0] > 0.0)
    assert waits[0] > waits[1] > waits[2]
    assert costs[0] < costs[1] < costs[2]


def test_a_fleet_in_a_jam_is_late() -> None:
    free, jammed = (service_of(lived(2, more)[1]) for more in ("", NARROW))
    both = free.rode & jammed.rode
    assert both.sum() > 30
    aboard_s = [((each.set_down_ms - each.picked_ms)[both] / 1_000.0).mean() for each in (free, jammed)]
    waits_s = [each.wait_s[both].mean() for each in (free, jammed)]
    assert sum(waits_s[1:] + aboard_s[1:]) > 1.1 * sum(waits_s[:1] + aboard_s[:1])
    assert jammed.refused.sum() >= free.refused.sum()
    km_h = [
        3.6e3 * world().territory.streets.length_m[each.event_link].sum()
        / (each.event_exit_ms - each.event_enter_ms).sum()
        for each in (free, jammed)
    ]  # fmt: skip
    assert km_h[1] < 0.8 * km_h[0]


def test_vehicles_go_round_a_signed_closure() -> None:
    record = lived(2, closing(signed=True))[1]
    service, streets = service_of(record), record.territory.streets
    closed = int(
        np.flatnonzero(streets.link_id == closing(signed=True).split('link = "')[1].split('"')[0])[0]
    )
    inside = (service.event_enter_ms >= 8 * 3_600_000) & (service.event_enter_ms < 9 * 3_600_000)
    assert inside.any()
    assert not (service.event_link[inside] == closed).any()
    assert (service.event_link == closed).any()
    assert (service.rode ^ service.refused)[service.asked].all()


def test_who_is_refused_goes_as_before_and_a_car_left_at_home_is_not_driven() -> None:
    model, record = lived(1, "", 2, 110.0)
    service, trips, usual = service_of(record), record.population.trips, model.on_demand.usual.trips
    refused = service.trip[service.refused]
    own = np.isin(usual.mode[refused], (CAR, CYCLE))
    assert (trips.mode[refused[~own]] == usual.mode[refused[~own]]).all()
    tour = model.on_demand.tour
    rode_out = np.isin(tour[refused], tour[service.trip[service.rode]])
    assert (trips.mode[refused[own & rode_out]] == PASSENGER).all()
    assert (own & rode_out).sum() > 0
    by_car = refused[own & ~rode_out & (usual.mode[refused] == CAR)]
    assert by_car.size > 0
    assert (record.entered_ms[by_car] >= record.departed_ms[by_car]).all()
    for one in np.unique(tour[by_car]).tolist():
        assert (trips.mode[tour == one] == usual.mode[tour == one]).all(), "a tour by car is so to its end"


def test_links_count_shared_vehicles_and_trips_do_not() -> None:
    record = lived()[1]
    service, n_links = service_of(record), record.territory.streets.n_links
    cars, shared = (np.bincount(link, minlength=n_links) for link in (record.event_link, service.event_link))
    assert shared.sum() > 0
    assert (record.link_flow_veh == cars + shared).all()


def test_indicators_say_what_happened() -> None:
    record = lived()[1]
    service, value = service_of(record), values(record)
    assert value["on_demand_requests", ""] == service.asked.sum()
    assert (
        value["on_demand_requests", "booking:app"] + value["on_demand_requests", "booking:phone"]
        == (value["on_demand_requests", ""])
    )
    assert value["on_demand_rejected", ""] == pytest.approx(service.refused.sum() / service.asked.sum())
    assert value["on_demand_wait", ""] == pytest.approx(np.nanmean(service.wait_s))
    assert value["on_demand_wait", ""] < value["on_demand_wait_p95", ""]
    km = record.territory.streets.length_m[service.event_link].sum() / 1_000.0
    assert value["on_demand_km", ""] == pytest.approx(km)
    assert 0.0 < value["on_demand_empty_km", ""] < 1.0
    hours = service.n_vehicles * 16.0
    assert value["on_demand_cost_per_trip", ""] == pytest.approx(
        (35.0 * hours + 0.35 * km) / service.rode.sum()
    )
    assert any(group.startswith("age:") for name, group in value if name == "on_demand_wait")
    assert value["mode_share", "mode:on_demand"] == pytest.approx(
        (record.population.trips.mode == ON_DEMAND).mean()
    )
    assert record.accounts.total_cents() == 0
    fares = sum(cents for _, to, cents, why in record.accounts.postings if (to, why) == ("Appel", "fares"))
    assert fares == round(100 * service.fare_eur) * int(service.rode.sum())


def test_who_likes_it_a_little_is_among_those_who_like_it_more() -> None:
    few, more = (set(model_of(spec(liked=liked)).on_demand.trip.tolist()) for liked in (55.0, 70.0))
    assert few < more
    dear = set(model_of(spec(keys="fare_eur = 4.0\n")).on_demand.trip.tolist())
    assert dear < more
    slow = set(model_of(spec(keys="max_wait_s = 3600.0\n")).on_demand.trip.tolist())
    assert slow < more


def test_without_the_telephone_those_who_book_by_an_app_still_do_and_others_do_not() -> None:
    both, app = (model_of(spec(keys=keys)) for keys in ("", "phone_booking = false\n"))
    persons = world().population.persons
    caller = world().population.trips.person[both.on_demand.trip]
    able = persons.smartphone[caller] & (persons.skill[caller] > 0)
    assert set(app.on_demand.trip.tolist()) == set(both.on_demand.trip[able].tolist())
    assert not able.all()


def test_nobody_outside_where_it_serves_rides() -> None:
    model = model_of(spec())
    places, trips = world().territory.places, model.on_demand.usual.trips
    commune = world().territory.streets.communes.index("La Turbie")
    for place in (trips.origin_place, trips.destination_place):
        assert (places.commune[place[model.on_demand.trip]] == commune).all()
    box = "[[7.395, 43.74], [7.405, 43.74], [7.405, 43.75], [7.395, 43.75]]"
    near = model_of(spec(keys=f"polygon = {box}\n")).on_demand.trip
    assert 0 < near.shape[0] < model.on_demand.trip.shape[0]
    assert (places.lon[trips.origin_place[near]] < 7.405).all()
    assert (places.lat[trips.destination_place[near]] > 43.74).all()


def test_the_same_for_any_number_of_threads_and_any_order_of_rows() -> None:
    plain = truth_digest(lived()[1])
    model = model_of(spec(), threads=3)
    model.run_day()
    assert truth_digest(record_of(model)) == plain


def in_other_rows(population: Population) -> Population:
    """The same people in the opposite order of rows."""
    persons, trips = population.persons, population.trips
    order = np.arange(len(persons))[::-1]
    row = np.empty(len(persons), dtype=np.int64)
    row[order] = np.arange(len(persons))
    turned = Trips(**{**trips.columns(), "person": row[trips.person]})
    by_person = np.lexsort((turned.sequence, turned.person))
    return Population.of(Persons(**persons.take(order).columns()), turned.take(by_person), population.report)


def test_the_order_of_rows_changes_nobodys_ride() -> None:
    def served(population: Population) -> dict[int, tuple[int, ...]]:
        here = world()
        order = spec().varied("app_share", 0.0)
        model = TwinModel(order, rng=1, territory=here.territory, population=population)
        model.run_until(10 * 3_600)
        shared, trip = model.state.shared, model.on_demand.trip
        n = 2 * trip.shape[0]
        moments = zip(shared.served_ms[0:n:2].tolist(), shared.served_ms[1:n:2].tolist(), strict=True)
        return dict(zip(model.population.trips.trip_id[trip].tolist(), moments, strict=True))

    assert served(world().population) == served(in_other_rows(world().population))


def test_without_a_service_the_day_is_as_ever() -> None:
    model = model_of(scenario())
    assert model.phases == PHASES
    assert model.population is world().population
    assert model.operator is None
    assert model.state.loader.vehicles.key.shape[0] == world().population.n_trips


def test_two_services_at_one_time_are_one_line() -> None:
    with pytest.raises(InputError, match="one service"):
        model_of(spec(more=SERVICE.format(vehicles=1, seats=4).replace("Appel", "Autre")))


def disturb(model: TwinModel) -> int:
    """Change what the operator must not see: where others drive and what streets are like."""
    n = 0
    for name, column in model.state.columns().items():
        if name.startswith(("supply.", "riders.", "service.", "log.")) and column.size:
            column[...] = ~column if column.dtype == np.bool_ else column + 1
            n += 1
    vehicles = model.state.loader.vehicles
    for column in (vehicles.release_ms, vehicles.entered_ms, vehicles.arrived_ms):
        column[: model.n_trips] += 60_000
        n += 1
    return n


def test_the_operator_decides_by_calls_and_its_own_vehicles_alone() -> None:
    decided = []
    for hidden in (False, True):
        model = model_of(spec(liked=60.0))
        model.run_until(8 * 3_600)
        depart = next(phase for phase in model.phases if phase.name == "depart")
        depart.run(model, Access(model.state, "depart", depart.reads | depart.writes), model.now_s)
        if hidden:
            assert disturb(model) >= 5
        for phase in model.phases:
            if phase.name in ("book", "assign"):
                phase.run(model, Access(model.state, phase.name, phase.reads | phase.writes), model.now_s)
        decided.append([column.copy() for column in vars(model.state.dispatch).values()])
    assert all(np.array_equal(a, b) for a, b in zip(*decided, strict=True))
    assert (decided[0][2] >= 0).any()


def test_phases_change_what_they_declare() -> None:
    model = model_of(spec(1, closing(signed=True), 2, 110.0))
    assert model.phases == with_on_demand(PHASES)
    model.run_until(7 * 3_600 + 1_800)
    ever: dict[str, set[str]] = {"book": set(), "assign": set(), "serve": set(), "alight": set()}
    for _ in range(12):
        for phase in model.phases:
            was = {name: column.copy() for name, column in model.state.columns().items()}
            phase.run(model, Access(model.state, phase.name, phase.reads | phase.writes), model.now_s)
            now = model.state.columns()
            if phase.name in ever:
                ever[phase.name] |= {
                    name.split(".")[0]
                    for name in now
                    if not name.startswith(("loader.supply.", "loader.network."))
                    and (name not in was or not np.array_equal(was[name], now[name], equal_nan=True))
                }
        model.now_s += model.step_s
    for phase in model.phases:
        if phase.name in ever:
            # parking is not limited on this day, so nobody's car changes its space
            assert ever[phase.name] == set(phase.writes) - {"parking"}, phase.name


def test_the_digest_covers_calls_and_shared_vehicles() -> None:
    model, record = lived()
    plain = truth_digest(record)
    service = service_of(record)
    assert plain == truth_digest(record_of(model))
    for column in (service.asked_ms, service.picked_ms, service.event_exit_ms, service.vehicle):
        kept = column[0]
        column[0] = kept + 1
        assert truth_digest(record) != plain
        column[0] = kept
