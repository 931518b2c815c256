"""A closed road: signs send everybody round, whoever is inside goes on, and months bring it into force."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import busiest, closing, scenario, world
from twin.errors import InputError
from twin.kernels.paths import BLOCKED
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

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
    with pytest.raises(InputError, match=r"provider 1: refresh_s: 450 s .* multiple of 300 s"):
        scenario().varied("provider.Boussole.refresh_s", 450.0)


RULES = """
[[modification]]
kind = "{kind}"
links = {{ link = "{link}" }}
{keys}
"""


def way_round() -> tuple[int, set[int]]:
    """The link that most who are sent round drive because of it, and who drives it then."""
    plain, open_day = model_of(closing(True)), model_of("")
    for model in (plain, open_day):
        model.run_until(UNTIL_S)
    sent = np.flatnonzero(plain.state.guidance.detoured)
    closed, usual = ({} for _ in range(2))
    for model, ways in ((plain, closed), (open_day, usual)):
        record = record_of(model)
        for trip in sent.tolist():
            ways[trip] = set(record.event_link[record.event_trip == trip].tolist())
    count = np.zeros(world().territory.streets.n_links, dtype=np.int64)
    for trip in sent.tolist():
        count[list(closed[trip] - usual[trip])] += 1
    for link in np.argsort(-count, kind="stable").tolist():
        drove = np.array([trip for trip in sent.tolist() if link in closed[trip] - usual[trip]])
        if another_way(plain, drove, link):
            return link, set(drove.tolist())
    raise AssertionError("nobody is sent round by a street that has another way round it")


def another_way(model: TwinModel, trips: np.ndarray, link: int) -> bool:
    """Whether all these could drive round the closure without that link, too."""
    cost_ms = model.habit_cost_ms.copy()
    cost_ms[[busiest(), link]] = BLOCKED
    planned, topology = model.car_trips, model.roads.topology
    bounds = bounds_to(topology, model.habit_cost_ms, planned.destination[trips])
    found = find_routes(topology, static_weights(cost_ms), bounds, planned, trips, NO_DRAWS)
    return bool((found.start[trips] >= 0).all())


@pytest.mark.parametrize("kind", ["low_emission_zone", "toll"])
def test_who_is_sent_round_keeps_out_of_a_zone_and_off_a_toll(kind: str) -> None:
    link, drove = way_round()
    assert len(drove) >= 10
    keys = {
        "low_emission_zone": 'barred_fuels = ["petrol", "diesel"]\ncompliance = 1.0',
        "toll": "eur = 500.0",
    }
    name = world().territory.streets.link_id[link]
    model = model_of(closing(True) + RULES.format(kind=kind, link=name, keys=keys[kind]))
    model.run_until(UNTIL_S)
    record = record_of(model)
    drives = set(record.event_trip[record.event_link == link].tolist())
    still = drove & drives
    under = {trip for trip in drove if model.rules.group[trip] > 0}
    assert len(under) >= 0.5 * len(drove)
    assert len(still & under) <= 0.2 * len(under), "few have no other way"
