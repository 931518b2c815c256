"""Full buses in the real village: who finds no room waits, many make a bus late, and numbers say so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model import test_offer as offer_tests
from tests.model.test_buses import EAST, LINE, WEST
from tests.model.village import scenario, world
from tests.transit_worlds import timetable_of
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.mobility.crowding import planned_crowding_s
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.population.tables import SHOP, TRANSIT, WALK
from twin.scenario.ledger import Parameters

pytestmark = pytest.mark.one_interpreter(
    "lives days, of kernels that are compared with their slow twins on each"
)

FIRST_ID, LEAVE_S = 910_000, 29_400.0
TIGHT = """
[parameters]
"transit.seats" = [3, 60, 150, 300, 100, 16]
"transit.standing_m2" = [0, 35, 100, 80, 20, 0]
"""
SEATS_FOR_FEW = """
[parameters]
"transit.seats" = [10, 60, 150, 300, 100, 16]
"""


@cache
def population(n: int) -> Population:
    """The village's people, and n who ride west from one door at ten past eight and walk home."""
    here, people = world(), world().population
    row = {each: int(np.flatnonzero(here.territory.places.place_id == each)[0]) for each in (EAST, WEST)}
    link = here.territory.places.access_link
    ends = [{"origin_place": row[a], "destination_place": row[b],
             "origin_link": link[row[a]], "destination_link": link[row[b]], "distance_m": 1_500.0}
            for a, b in ((EAST, WEST), (WEST, EAST))]  # fmt: skip
    ride = {"mode": TRANSIT, "purpose": SHOP, "depart_s": LEAVE_S, "duration_s": 9_000.0, **ends[0]}
    walk = {"mode": WALK, "depart_s": LEAVE_S + 12_000.0, "duration_s": 1_200.0, **ends[1]}
    for k in range(n):
        people = people.with_person({"person_id": FIRST_ID + k, "age": 40}, [ride, walk])
    return people


@cache
def lived(n: int, more: str = "") -> tuple[TwinModel, DayRecord]:
    here = world()
    model = TwinModel(
        scenario(more + LINE), rng=1, territory=here.territory, population=population(n), habits=here.habits
    )
    model.run_day()
    return model, record_of(model)


def value(record: DayRecord, name: str, group: str = "") -> float:
    return {(v.name, v.group): v.value for v in compute(record)}[name, group]


def test_three_board_each_run_in_the_order_of_their_keys() -> None:
    """Eight at one stop at one moment, three places a bus: 3 + 3 + 2, and 5 + 2 times refused."""
    _, record = lived(8, TIGHT)
    transit = record.transit
    assert transit is not None
    assert transit.places.max() == 3
    trips, persons = record.population.trips, record.population.persons
    rider = np.argsort(persons.person_key[trips.person[transit.trip]])
    call = transit.board_call[transit.ride_start[rider]]
    run = transit.run_of_call[call]
    assert (np.diff(run) >= 0).all(), "lower keys board earlier runs"
    assert np.unique(run, return_counts=True)[1].tolist() == [3, 3, 2]
    left_s = transit.left_ms[call] / 1_000.0
    assert np.diff(np.unique(left_s)) == pytest.approx([600.0, 600.0], abs=60.0)
    assert transit.refused.sum() == 5 + 2
    assert value(record, "denied_boardings") == 7.0
    assert value(record, "passengers_left_behind") == 5 / 8
    assert value(record, "load_factor", "run:fullest") == 1.0
    assert (transit.load <= transit.places[transit.run_of_call]).all()
    assert (transit.load >= 0).all()


def test_with_room_nobody_is_refused_and_the_refused_arrive_later() -> None:
    (_, roomy), (_, tight) = lived(8), lived(8, TIGHT)
    assert value(roomy, "denied_boardings") == 0.0
    assert roomy.transit is not None
    rides = roomy.transit.trip
    later_s = tight.elapsed_s[rides] - roomy.elapsed_s[rides]
    assert sorted(np.rint(later_s / 600.0).tolist()) == [0, 0, 0, 1, 1, 1, 2, 2]


def test_a_bus_that_takes_up_many_leaves_late() -> None:
    """Forty at one stop stand for 5 + 2.75 * 40 = 115 s (Levinson 1983), one for the least of 15 s."""
    (model, many), (_, one) = lived(40), lived(1)
    assert many.transit is not None
    assert one.transit is not None
    boards = int(many.transit.board_call[0])
    assert int(one.transit.board_call[0]) == boards
    stood_s = [(each.left_ms - each.arrived_ms)[boards] / 1_000.0 for each in (many.transit, one.transit)]
    assert model.state.service.dwell_ms[boards] == 115_000
    assert stood_s[0] == pytest.approx(115.0, abs=3.0)
    assert stood_s[1] < 60.0
    late_s = many.transit.lateness_s - one.transit.lateness_s
    run = many.transit.run_of_call == many.transit.run_of_call[boards]
    after = run & (np.arange(run.shape[0]) >= boards)
    assert (late_s[after] > 50.0).all()
    assert np.nanmax(np.abs(late_s[~after])) < 30.0, "what came before and other runs are as they were"


def test_minutes_among_many_count_more() -> None:
    """Forty with ten seats: three in four stand at 2.32, and who sits among so many counts 1.5."""
    _, roomy = lived(8)
    _, packed = lived(40, SEATS_FOR_FEW)
    assert value(roomy, "perceived_ride_time") == 1.0
    assert value(roomy, "crowded_time") == 0.0
    expected = (10 * 1.5 + 30 * 2.32) / 40
    assert value(packed, "perceived_ride_time") == pytest.approx(expected, rel=1e-6)
    assert value(packed, "perceived_ride_time", "age:30-44") == pytest.approx(expected, rel=1e-6)
    transit = packed.transit
    assert transit is not None
    ride_min = (transit.arrived_ms[transit.alight_call] - transit.left_ms[transit.board_call]) / 60_000.0
    assert value(packed, "crowded_time") == pytest.approx(ride_min.sum())


def test_everybody_is_in_one_place() -> None:
    """Passengers aboard, waiting, done and not begun are all there are, at every step."""
    here = world()
    model = TwinModel(
        scenario(TIGHT + LINE), rng=1, territory=here.territory, population=population(8), habits=here.habits
    )
    model.run_until(8 * 3_600)
    for _ in range(12):
        model.step()
        riders, queues = model.state.riders, model.state.queues
        listed: list[int] = []
        for heads in (queues.waiting, queues.aboard):
            here_now = heads[heads >= 0]
            while here_now.size:
                listed += here_now.tolist()
                here_now = queues.behind[here_now]
                here_now = here_now[here_now >= 0]
        assert sorted(listed) == np.flatnonzero(riders.ride >= 0).tolist()
        assert queues.load.sum() == (riders.run >= 0).sum()
        assert (queues.load <= model.transit.capacity.places).all()


def test_places_are_seats_and_standing_room() -> None:
    ledger = Parameters.defaults()
    model, _ = lived(8)
    seats, floor = ledger["transit.seats"][0], ledger["transit.standing_m2"][0]
    assert set(model.transit.capacity.seats.tolist()) == {int(seats)}
    assert set(model.transit.capacity.places.tolist()) == {int(seats + 4 * floor)}


def test_planned_riders_make_each_stretch_count_more() -> None:
    """Forty from the first stop to the last, ten seats: 600 s at (10 x 1.5 + 30 x 2.32) / 40."""
    timetable = timetable_of([[(0, 0, 0), (1, 300, 320), (2, 620, 620)], [(0, 900, 900), (1, 1200, 1200)]])
    ledger = Parameters.defaults().replaced({"transit.seats": [10, 60, 150, 300, 100, 16]})
    on, off = np.zeros(40, dtype=np.int64), np.full(40, 2)
    summed_s = planned_crowding_s(timetable, on, off, ledger)
    factor = (10 * 1.5 + 30 * 2.32) / 40
    assert np.diff(summed_s) == pytest.approx([300 * (factor - 1), 300 * (factor - 1), 0, 0, 0])


def test_a_new_line_draws_more_where_the_old_ones_are_full() -> None:
    """The same people and lines; with one seat a bus what rides there now counts more, the new line's not."""
    tight = '[parameters]\n"transit.seats" = [1, 1, 1, 1, 1, 1]\n'
    line = offer_tests.LINE.format(stops=offer_tests.STOPS, headway_s=600)
    riders = [
        offer_tests.model_of(offer_tests.scenario(text=offer_tests.TEXT + more + line)).population.trips.mode
        == TRANSIT
        for more in ("", tight)
    ]
    assert riders[1].sum() > riders[0].sum()
    assert (riders[1] >= riders[0]).all()
