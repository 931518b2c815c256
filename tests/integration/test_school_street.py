"""A school street on a real network: who may not drive there does not, nobody is held, and life goes on."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import busiest, scenario, world
from twin.behaviour.days import ARRIVED
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.model.twin_model import TwinModel
from twin.study.known_rules import leads_home
from twin.study.run import run_in

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

FROM_S, UNTIL_S = 8 * 3_600, 8 * 3_600 + 2_700


def school() -> str:
    """The busiest street with a way round it, closed for three quarters of an hour."""
    link = world().territory.streets.link_id[busiest()]
    return f"""
[[modification]]
kind = "school_street"
links = {{ link = "{link}" }}
hours = ["08:00-08:45"]
"""


@cache
def day(more: str) -> DayRecord:
    record = run_in(scenario(more), 1, world()).record
    assert record is not None
    return record


def passing(record: DayRecord, from_s: int = FROM_S, until_s: int = UNTIL_S) -> np.ndarray:
    """Trips that enter the street then, and neither end there nor live there nor set out from there."""
    entered = (record.event_link == busiest()) & (record.event_enter_ms >= from_s * 1_000)
    trips = np.unique(record.event_trip[entered & (record.event_enter_ms < until_s * 1_000)])
    ends = record.population.trips
    inside = (ends.origin_link == busiest()) | (ends.destination_link == busiest())
    return trips[~inside[trips] & ~leads_home(record.population)[trips]]


def test_those_who_only_pass_stay_out_while_it_is_closed() -> None:
    assert passing(day("")).size > 20
    assert passing(day(school())).size <= 0.1 * passing(day("")).size  # who is late by his own reckoning


def test_at_other_hours_it_is_as_it_was() -> None:
    before, after = (passing(day(more), 10 * 3_600, 15 * 3_600).size for more in ("", school()))
    assert after == pytest.approx(before, rel=0.1)


def test_everybody_arrives_and_traffic_goes_another_way() -> None:
    base, closed = day(""), day(school())
    assert (closed.state == ARRIVED).mean() >= (base.state == ARRIVED).mean() - 1e-3
    assert closed.rotations <= base.rotations
    moved = closed.link_flow_veh - base.link_flow_veh
    assert moved[busiest()] < 0 < moved.max()


def test_a_school_street_by_places_must_be_settled_before_a_model_is_made() -> None:
    text = '[[modification]]\nkind = "school_street"\nlinks = { school_zone = "la_turbie" }\n'
    here = world()
    with pytest.raises(InputError, match="settled on its territory"):
        TwinModel(scenario(text), rng=1, territory=here.territory, population=here.population)
    with pytest.raises(InputError, match="no school in la_turbie"):
        run_in(scenario(text), 1, here)


def test_before_its_month_nothing_is_closed() -> None:
    record = run_in(scenario(school() + 'from = "2027-09"\n'), 1, world()).record
    assert record is not None
    assert np.array_equal(record.link_flow_veh, day("").link_flow_veh)
