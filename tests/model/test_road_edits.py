"""Edited streets on the real village: effects go the way that they should, and idle edits change nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.behaviour.days import ARRIVED
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.model.twin_model import TwinModel
from twin.population.tables import CYCLE
from twin.study.digests import truth_digest
from twin.study.run import run_in

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

MAIN, BACK = "196017189:247693726:247693725", "196017189:247693723:247693724"
"""A stretch of the main street, both ways: thousands of cars a day, and there is another way round."""
IDLE = 'kind = "new_link"\nstart = 248069845\nend = 298402509\nroad_class = "tertiary"\nlength_m = 20000'
"""A street too long for anybody, between two junctions: at a dead end it would end turning on the spot."""
UNUSED_TURN = ("25739475:1782743034:2109137599", "103078904:1395082029:1190097327")
USED_TURN = (MAIN, "196017189:247693723:2111071435")
SHORT_CUT = 'kind = "new_link"\nstart = 1190097339\nend = 2110366307\nroad_class = "tertiary"\n'


@cache
def day(*orders: str) -> DayRecord:
    text = "".join(f"\n[[modification]]\n{order}\n" for order in orders)
    record = run_in(scenario(text), 1, world()).record
    assert record is not None
    return record


def on(kind: str, link: str, more: str = "") -> str:
    return f'kind = "{kind}"\nlinks = {{ link = "{link}" }}\n{more}'


def turn_ban(first: str, onto: str) -> str:
    return on("turn_ban", first, f'onto = {{ link = "{onto}" }}')


def row_of(link: str) -> int:
    return int(np.flatnonzero(world().territory.streets.link_id == link)[0])


def delay_h(record: DayRecord) -> float:
    return float(np.nansum(record.delay_s)) / 3_600.0


def n_turns(record: DayRecord, first: int, onto: int) -> int:
    """How often a vehicle left the first link for the other."""
    order = np.lexsort((record.event_enter_ms, record.event_trip))
    trip, link = record.event_trip[order], record.event_link[order]
    return int(((trip[1:] == trip[:-1]) & (link[:-1] == first) & (link[1:] == onto)).sum())


@pytest.mark.parametrize(
    "order",
    [
        on("lanes", MAIN, "lanes = 1"),
        turn_ban(*UNUSED_TURN),
        IDLE,
        on("bus_lane", MAIN, "takes_lane = false"),
        on("bike_lane", MAIN, "speed_kmh = 15\ncomfort = 1.0"),
    ],
)
def test_an_edit_that_nobody_meets_leaves_the_day_as_it_was(order: str) -> None:
    assert truth_digest(day(order)) == truth_digest(day())
    n = world().territory.streets.n_links
    assert np.array_equal(day(order).link_flow_veh[:n], day().link_flow_veh)


def test_everybody_goes_round_a_direction_that_is_no_more() -> None:
    one_way = day(on("one_way", MAIN))
    assert day().link_flow_veh[row_of(BACK)] > 1_000
    assert one_way.link_flow_veh[row_of(BACK)] == 0
    assert one_way.link_flow_veh[row_of(MAIN)] > day().link_flow_veh[row_of(MAIN)], "doors open to it"
    assert (one_way.state == ARRIVED).all()
    km = day().link_flow_veh @ day().territory.streets.length_m
    assert one_way.link_flow_veh @ one_way.territory.streets.length_m > km
    touched = one_way.link_flow_veh != day().link_flow_veh
    assert touched.mean() < 0.5, "the rest of the village is as it was"


def test_nobody_makes_a_banned_turn() -> None:
    first, onto = (row_of(each) for each in USED_TURN)
    assert n_turns(day(), first, onto) > 1_000
    banned = day(turn_ban(*USED_TURN))
    assert n_turns(banned, first, onto) == 0
    assert (banned.state == ARRIVED).all()
    assert np.nansum(banned.route_km) > np.nansum(day().route_km)


def test_a_short_cut_is_used_and_saves_time() -> None:
    new = day(SHORT_CUT)
    n = world().territory.streets.n_links
    assert new.link_flow_veh[n:].sum() > 100
    took, before = (float(np.nansum(each.elapsed_s[each.by_car])) for each in (new, day()))
    assert took < before
    assert delay_h(day(SHORT_CUT + "speed_kmh = 20")) >= 0.0
    slower = day(SHORT_CUT + "speed_kmh = 20").link_flow_veh[n:].sum()
    assert slower <= new.link_flow_veh[n:].sum(), "a slower one draws no more"


def test_more_lanes_shorten_a_queue_and_fewer_are_refused_below_one() -> None:
    jam = on("reduce_capacity", MAIN, 'factor = 0.25\nfrom = "07:00"\nuntil = "09:00"')
    assert delay_h(day(jam)) > 2.0 * delay_h(day())
    assert delay_h(day(on("lanes", MAIN, "lanes = 2"), jam)) < 0.8 * delay_h(day(jam))
    with pytest.raises(InputError, match="lanes in the link's direction, between 1 and 8"):
        scenario("\n[[modification]]\n" + on("lanes", MAIN, "lanes = 0"))


def test_works_hold_traffic_up_and_close_the_direction_that_they_name() -> None:
    hours = 'from = "07:00"\nuntil = "09:00"'
    works = day(on("works", MAIN, f'factor = 0.3\nspeed_kmh = 30\nclosed = {{ link = "{BACK}" }}\n{hours}'))
    parts = day(
        on("reduce_capacity", MAIN, f"factor = 0.3\n{hours}"),
        on("speed_limit", MAIN, f"speed_kmh = 30\n{hours}"),
        on("close_link", BACK, hours),
    )
    assert truth_digest(works) == truth_digest(parts)
    assert delay_h(works) > delay_h(day())
    entered = (works.event_link == row_of(BACK)) & (works.event_enter_ms // 3_600_000 == 7)
    assert not (entered & (works.event_enter_ms >= 7 * 3_600_000 + 300_000)).any()
    told = [works.datasets[row] for row in np.unique(works.observations["dataset"]).tolist()]
    assert "city.closures" in told


def test_cyclists_on_a_lane_are_quicker_and_some_begin_to_cycle() -> None:
    before, order = world().population.trips, 'kind = "bike_lane"\nlinks = { commune = "La Turbie" }\n'
    after, felt = (day(order + more).population.trips for more in ("", "comfort = 0.4"))
    cycled = before.mode == CYCLE
    assert np.all(after.duration_s[cycled] <= before.duration_s[cycled])
    assert after.duration_s[cycled].mean() < 0.95 * before.duration_s[cycled].mean()
    assert np.all(after.mode[cycled] == CYCLE), "nobody stops cycling"
    new, more_new = ((each.mode == CYCLE) & ~cycled for each in (after, felt))
    assert 0 < new.sum() < more_new.sum()
    assert np.all(more_new[new]), "who begins for a small gain begins for a greater one"
    others = ~cycled & ~new
    assert np.array_equal(after.duration_s[others], before.duration_s[others], equal_nan=True)


def test_a_day_does_not_depend_on_being_told_in_one_month_or_another() -> None:
    later = on("one_way", MAIN, 'from = "2027-02"')
    assert truth_digest(day(later)) == truth_digest(day())
    here = world()
    text = "\n[[modification]]\n" + later
    model = TwinModel(
        scenario(text), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_months(2)
    driven = np.concatenate([part.link for part in model.state.log.parts])
    flow = np.bincount(driven, minlength=model.territory.streets.n_links)
    assert flow[row_of(BACK)] == 0
    assert np.array_equal(flow, day(on("one_way", MAIN)).link_flow_veh)


def test_what_is_built_takes_no_counter_from_elsewhere() -> None:
    here = world()
    places = []
    for order in ("", on("bus_lane", MAIN, "takes_lane = false"), SHORT_CUT):
        text = f"\n[[modification]]\n{order}\n" if order else ""
        model = TwinModel(scenario(text), rng=1, territory=here.territory, population=here.population,
                          habits=here.habits)  # fmt: skip
        (fleet,) = [each for each in model.fleets if each.name == "counters"]
        places.append(model.territory.streets.link_id[fleet.link].tolist())
    assert places[0] == places[1] == places[2]


def test_errors_come_before_anybody_drives() -> None:
    with pytest.raises(InputError, match=r"modification 1: links: cuts off 952 places"):
        day('kind = "one_way"\nlinks = { ref = "D2564", direction = "eastbound" }')
