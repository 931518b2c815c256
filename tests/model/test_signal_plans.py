"""Ordered signal plans in the village's day: red holds cars up, and who goes on does so at green."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.test_road_edits import MAIN, day, delay_h, on, row_of
from tests.model.village import scenario, world
from twin.behaviour.days import ARRIVED
from twin.indicators.records import DayRecord
from twin.mobility.passages import Passages
from twin.model.twin_model import TwinModel

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

CYCLE_S = 90


def plan(green_share: float, more: str = "") -> str:
    return on("signal_plan", MAIN, f"cycle_s = {CYCLE_S}\ngreen_share = {green_share}\noffset_s = 10\n{more}")


def goes_on_ms(passages: Passages) -> np.ndarray:
    """When vehicles leave the street for another."""
    order = np.lexsort((passages.enter_ms, passages.trip))
    trip, link, exit_ms = (column[order] for column in (passages.trip, passages.link, passages.exit_ms))
    goes_on = (link[:-1] == row_of(MAIN)) & (trip[1:] == trip[:-1])
    return np.asarray(exit_ms[:-1][goes_on])


def at_green(exit_ms: np.ndarray, green_share: float) -> np.ndarray:
    return np.asarray((exit_ms - 10_000) % (1_000 * CYCLE_S) < 1_000 * CYCLE_S * green_share)


def passages_of(record: DayRecord) -> Passages:
    return Passages(record.event_trip, record.event_link, record.event_enter_ms, record.event_exit_ms)


def test_a_red_street_delays_and_is_left_at_green_only() -> None:
    red = day(plan(0.4))
    assert red.rotations == 0
    assert (red.state == ARRIVED).all()
    exit_ms = goes_on_ms(passages_of(red))
    assert exit_ms.size > 1_000
    assert at_green(exit_ms, 0.4).all()
    before = goes_on_ms(passages_of(day()))
    assert at_green(before, 0.4).mean() < 0.6, "without the plan they come at any moment"
    assert delay_h(red) > delay_h(day())


def test_the_longer_the_red_the_longer_the_delay() -> None:
    delays = [delay_h(day(plan(share))) for share in (0.2, 0.4, 0.8)]
    assert delays[0] > delays[1] > delays[2] > delay_h(day())


def test_where_nobody_waits_a_signal_that_is_always_green_changes_no_route() -> None:
    assert delay_h(day(plan(1.0))) == pytest.approx(delay_h(day()), rel=0.05)


def test_a_plan_of_a_later_month_waits_for_it() -> None:
    here = world()
    text = "\n[[modification]]\n" + plan(0.2, 'from = "2027-02"')
    model = TwinModel(
        scenario(text), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    shares = []
    for _ in range(2):
        model.run_months(1)
        shares.append(at_green(goes_on_ms(Passages.join(model.state.log.parts)), 0.2).mean())
    assert shares[0] < 0.5
    assert shares[1] == 1.0
