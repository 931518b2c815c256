"""A closed road: signs send everybody round, whoever is inside goes on, and months bring it into force."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import busiest, closing, scenario, world
from twin.errors import InputError
from twin.model.record import record_of
from twin.model.twin_model import TwinModel

FROM_S, UNTIL_S = 8 * 3_600, 9 * 3_600


def model_of(more: str) -> TwinModel:
    here = world()
    return TwinModel(
        scenario(more), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )


def entries_between(model: TwinModel, link: int) -> int:
    """Vehicles that entered the link while it was closed."""
    record = record_of(model)
    entered = record.event_enter_ms[record.event_link == link]
    return int(((entered >= FROM_S * 1_000) & (entered < UNTIL_S * 1_000)).sum())


@pytest.mark.parametrize("signed", [True, False])
def test_nobody_enters_a_closed_link(signed: bool) -> None:
    open_day, closed_day = model_of(""), model_of(closing(signed))
    for model in (open_day, closed_day):
        model.run_day()
    assert entries_between(open_day, busiest()) > 20
    assert entries_between(closed_day, busiest()) == 0


def test_signs_send_people_round_and_no_sign_lets_them_wait() -> None:
    signed, unsigned = model_of(closing(True)), model_of(closing(False))
    for model in (signed, unsigned):
        model.run_until(UNTIL_S)
    assert signed.state.guidance.detoured.sum() > 20
    assert unsigned.state.guidance.detoured.sum() == 0
    assert unsigned.state.loader.driving.shape[0] > signed.state.loader.driving.shape[0]


def test_only_the_signed_part_of_two_closures_is_signed() -> None:
    here = world()
    other = int(np.flatnonzero(here.territory.streets.core)[0])
    assert other != busiest()
    more = closing(False) + closing(True).replace(
        str(here.territory.streets.link_id[busiest()]), str(here.territory.streets.link_id[other])
    )
    model = model_of(more)
    model.run_until(FROM_S + 300)
    assert model.state.orders.closed[busiest()]
    assert not model.state.orders.signed[busiest()]
    assert model.state.orders.signed[other]


def test_a_month_brings_its_modifications_into_force() -> None:
    model = model_of(closing(True, month="2027-02"))
    model.run_months(1)
    assert not model.state.orders.ever_closed.any()
    model.run_months(1)
    assert model.spec.month == "2027-02"
    assert model.state.orders.ever_closed[busiest()]


def test_a_picture_that_comes_within_a_step_is_refused() -> None:
    here = world()
    spec = scenario().varied("provider.Boussole.refresh_s", 450.0)
    with pytest.raises(InputError, match="multiple of 300 s"):
        TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
