"""Open data in a lived day: published closures reach calculators, and what another holds the city has not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import TABLES, busiest, closing, scenario, world
from twin.errors import InputError
from twin.model.record import record_of
from twin.model.twin_model import TwinModel

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

SOON_S, LATER_S = 8 * 3_600 + 300, 9 * 3_600
PUBLISHED = """
[[modification]]
kind = "publish_dataset"
dataset = "city.closures"
"""
AGREED = "".join(
    f"""
[[modification]]
kind = "data_agreement"
provider = "{name}"
returns_traffic = false
"""
    for name in ("Boussole", "Azimut")
)


def model_at(more: str, moment_s: int) -> TwinModel:
    here = world()
    model = TwinModel(
        scenario(more), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_until(moment_s)
    return model


def test_published_closures_are_known_to_calculators_at_once_as_if_all_had_an_agreement() -> None:
    closed = closing(False)
    silent, published, agreed = (model_at(closed + more, LATER_S) for more in ("", PUBLISHED, AGREED))
    for model, known in ((silent, False), (published, True), (agreed, True)):
        assert all(each.closed[busiest()] == known for each in model.state.pictures.values())
    arrived = [model.state.itineraries.arrived_ms for model in (silent, published, agreed)]
    assert np.array_equal(arrived[1], arrived[2])
    assert not np.array_equal(arrived[0], arrived[1])
    rerouted = [int(model.state.guidance.n_reroutes.sum()) for model in (silent, published)]
    assert rerouted[0] < rerouted[1], "who is told drives round it"
    standing = [model.state.loader.driving.shape[0] for model in (silent, published)]
    assert standing[1] < standing[0], "and does not stand before it"


def test_what_an_operator_holds_the_city_does_not_know() -> None:
    held = """
[[modification]]
kind = "hold_dataset"
dataset = "counters"
holder = "operator"
holder_kind = "operator"
[[modification]]
kind = "hold_dataset"
dataset = "road_counts"
documented = false
"""
    ours, theirs = model_at("", SOON_S), model_at(held, SOON_S)
    assert ours.state.platform.visible("city", "counters", SOON_S).n_rows > 0
    assert theirs.state.platform.visible("city", "counters", SOON_S).n_rows == 0
    listed = {each["dct:title"]: each for each in record_of(theirs).catalogue["dcat:dataset"]}
    assert listed["counters"]["dct:publisher"]["foaf:name"] == "operator"
    assert "road_counts" in listed, "what decisions are taken on is listed though no run observes it"
    assert np.array_equal(ours.state.itineraries.departed_ms, theirs.state.itineraries.departed_ms)
    flows = [record_of(model).knowledge["city"].flow_veh for model in (ours, theirs)]
    assert np.isfinite(flows[0]).any()
    assert not np.isfinite(flows[1]).any()


def test_counters_of_a_provider_tell_the_city_once_they_are_open() -> None:
    """Who owns a counter is one thing, who may read it another: the city's picture asks for rights alone."""
    fleet = """
[[modification]]
kind = "add_sensor_fleet"
fleet = { name = "cameras", kind = "road_counter", owner = "Boussole", count = 40 }
"""
    opened = fleet + PUBLISHED.replace("city.closures", "cameras")
    without, closed, shared = (record_of(model_at(more, SOON_S)) for more in ("", fleet, opened))
    flows = [each.knowledge["city"].flow_veh for each in (without, closed, shared)]
    assert np.array_equal(flows[0], flows[1], equal_nan=True)
    known = [np.isfinite(each).sum() for each in flows]
    assert known[2] > known[1] > 0
    assert np.array_equal(without.departed_ms, shared.departed_ms)


def test_of_a_provider_whom_nobody_consults_nothing_is_published() -> None:
    published = PUBLISHED.replace("city.closures", "Azimut.traffic")
    here, nobody = world(), scenario(published, TABLES.replace("app_share = 0.4", "app_share = 0.0"))
    model = TwinModel(nobody, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    names = [
        {each.name for each in day.state.platform.datasets()} for day in (model_at(published, 300), model)
    ]
    assert "Azimut.traffic" in names[0] - names[1]


def test_what_is_not_there_cannot_be_published() -> None:
    with pytest.raises(InputError, match="no such dataset"):
        model_at(PUBLISHED.replace("city.closures", "city.weather"), 300)
