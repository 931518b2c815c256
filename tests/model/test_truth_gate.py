"""Truth reaches an actor only as an observation: changing it changes no estimate and no act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.model import other_truth as gate
from tests.model import peeping, test_buses, test_on_demand
from tests.model.network_days import MORNING
from tests.model.village import TABLES, WORKS, closing, scenario, world
from twin.indicators.records import ROAD_MANAGER
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.day import DayEstimate
from twin.model.city_day import city_estimate
from twin.model.manager import RoadManager
from twin.model.operator import Operator
from twin.model.phases import PHASES
from twin.model.provider import ProviderAgent
from twin.model.register import ROWS
from twin.model.shared_rides import ASSIGN
from twin.model.state import KINDS, Access
from twin.model.twin_model import TwinModel

pytestmark = pytest.mark.one_interpreter("lives days twice; who reads what is the same on each")

PHASE = {phase.name: phase for phase in PHASES}
BUSY_HOURS = (8 + 5 / 60, 8 + 15 / 60, 8.5)
"""When works hold people up and advice is taken."""
RANKING = """
[[modification]]
kind = "rank_by_ghg"
respect = 0.5
"""
KEYS = """[parameters]
"on_demand.constant_min" = 55.0
"parking.limited" = 1
"parking.own_spaces_per_dwelling" = 0.5
"""
OUTAGE = MORNING.replace("06:30", "16:00").replace("10:00", "18:00")


def model_at(hour: float, objective: str = "time", more: str = "") -> TwinModel:
    here = world()
    spec = scenario(WORKS + more).varied("provider.Boussole.objective", objective)
    if objective != "time":
        spec = spec.varied("provider.Azimut.times", "predicted").varied("provider.Boussole.indifference", 0.0)
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_until(round(hour * 3_600))
    return model


def with_everything() -> TwinModel:
    """The village with all that has a state of its own, so that no column of truth is empty.

    Works, a closure from 8 to 9, an outage in the afternoon, a bus, cars that are called, spaces that lack.
    """
    here, first = world(), TABLES.index("[[")
    service = test_on_demand.SERVICE.format(vehicles=2, seats=6)
    more = (WORKS, closing(signed=True), OUTAGE, test_buses.LINE, service)
    spec = scenario("".join(more), TABLES[:first] + KEYS + TABLES[first:])
    people = test_buses.population()
    return TwinModel(spec, rng=1, territory=here.territory, population=people, habits=here.habits)


def with_calls() -> TwinModel:
    """The village at eight, where shared vehicles are called."""
    model = test_on_demand.model_of(test_on_demand.spec())
    model.run_until(8 * 3_600)
    return model


def random_hour(number: int) -> float:
    """A step of the day between 6 and 20, drawn; on the model's grid of five minutes."""
    draw = float(uniforms(number, stream_of("test.truth gate"), np.array([number], dtype=np.uint64))[0])
    return 6.0 + int(draw * 14 * 12) / 12.0


def beliefs(model: TwinModel) -> list[np.ndarray]:
    """What every provider holds of the roads, and what the city would say of the day."""
    city = city_estimate(model)
    held = [
        part
        for belief in model.state.pictures.values()
        for part in (belief.picture.travel_time_s, belief.time_ms, belief.plain_ms, belief.honouring_ms)
    ]
    return [city.flow_veh, city.speed_mps, *held]


def seen(model: TwinModel) -> list[np.ndarray]:
    """All that any actor may read now."""
    platform = model.state.platform
    owners = (ROAD_MANAGER, *(agent.name for agent in model.providers))
    return [
        column
        for owner in owners
        for dataset in platform.datasets()
        for column in platform.visible(owner, dataset.name, float(model.now_s))
    ]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("hour", [*BUSY_HOURS, *(random_hour(number) for number in range(4))])
def test_another_truth_moves_no_estimate_and_no_act(hour: float) -> None:
    assert gate.differing(model_at(hour), model_at(hour)) == []


@pytest.mark.parametrize(
    "objective", ["marginal_cost", "forward", "diverse", "time_co2", "secondary_penalty"]
)
def test_no_objective_looks_at_truth(objective: str) -> None:
    honest, other = (model_at(BUSY_HOURS[0], objective, RANKING) for _ in range(2))
    assert gate.differing(honest, other) == []


def test_with_everything_every_column_of_truth_is_changed_and_moves_no_act() -> None:
    pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    honest, other = with_everything(), with_everything()
    registered = {name for name, *_ in ROWS if KINDS[name.split(".")[0]] == "truth"}
    orders, n_told, n_served = set(), 0, 0
    for hour in (7 + 55 / 60, 8 + 55 / 60, 16.5, *sorted(random_hour(number) for number in range(4, 7))):
        for model in (honest, other):
            model.run_until(round(hour * 3_600))
        with gate.other_truth(other.state, 1) as changed:
            assert registered <= changed
        was = (honest.state.dispatch.vehicle >= 0).sum()
        assert gate.differing(honest, other) == []
        orders.add(honest.state.orders.closed.any())
        n_told += sum(advice.told.size for advice in honest.state.advice.values())
        n_served += (honest.state.dispatch.vehicle >= 0).sum() - was
    assert orders == {False, True}
    assert n_told > 0
    assert n_served > 0


def test_the_truth_is_put_back() -> None:
    state = model_at(8.0).state
    before = {name: column.copy() for name, column in gate.of_kind(state, True).items()}
    beside = {name: value for name, value in vars(state.loader).items() if isinstance(value, int)}
    with gate.other_truth(state, 1):
        assert state.loader.n_words != beside["n_words"]
    after = gate.of_kind(state, True)
    assert before.keys() == after.keys()
    assert [name for name, column in after.items() if not gate.same(before[name], column)] == []
    assert beside.items() <= vars(state.loader).items()


def test_routes_are_advised_at_the_hours_compared() -> None:
    advised = 0
    for hour in BUSY_HOURS:
        model = model_at(hour)
        for _ in range(3):
            model.step()
            advised += sum(advice.trip.size for advice in model.state.advice.values())
    assert advised > 0


def test_nothing_is_believed_before_an_observation_has_come_and_then_it_is() -> None:
    """Capacity falls to a third all over: what is believed stays the same until what is seen differs."""
    honest, other = model_at(8.0), model_at(8.0)
    other.state.supply.headway_ms[:] *= 3
    n_same = 0
    for _ in range(6):
        alike = same(seen(honest), seen(other))
        for model in (honest, other):
            phase = PHASE["learn"]
            phase.run(model, Access(model.state, phase.name, phase.reads | phase.writes), model.now_s)
        if alike:
            n_same += 1
            assert same(beliefs(honest), beliefs(other))
        for model in (honest, other):
            model.step()
    assert n_same >= 1
    believed = [[b.picture.travel_time_s for b in model.state.pictures.values()] for model in (honest, other)]
    assert not same(*believed)
    assert not same(
        [city_estimate(honest).flow_veh],
        [city_estimate(other).flow_veh],
    )


def caught(
    kind: type[ProviderAgent | RoadManager | Operator], model: Callable[[], TwinModel], n_steps: int = 3
) -> list[str]:
    """What differs where actors have become of that kind."""
    models = [model() for _ in range(2)]
    for each in models:
        for actor in (*each.providers, each.manager, each.operator):
            if isinstance(actor, kind.__mro__[1]):
                actor.__class__ = kind
    return gate.differing(*models, n_steps)


@pytest.mark.parametrize("reading", peeping.READINGS)
def test_a_provider_that_reads_truth_is_caught(reading: str) -> None:
    kind = peeping.learning_from(peeping.READINGS[reading])
    found = caught(kind, lambda: model_at(8.0))
    assert {"pictures.Azimut.plain_ms", "pictures.Boussole.plain_ms"} <= set(found)


def test_a_provider_that_reads_truth_when_it_is_asked_is_caught() -> None:
    found = caught(peeping.PeepingAdviser, lambda: model_at(8.0))
    assert any(name.startswith("advice.") and name.endswith(".promised_ms") for name in found)


@pytest.mark.parametrize(
    ("kind", "column"),
    [(peeping.PeepingClassifier, "orders.classified"), (peeping.PeepingAnnouncer, "platform.")],
)
def test_a_city_that_reads_truth_is_caught(kind: type[RoadManager], column: str) -> None:
    assert any(name.startswith(column) for name in caught(kind, lambda: model_at(8.0)))


def test_a_city_whose_estimate_reads_truth_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def peeps(model: TwinModel) -> DayEstimate:
        found = city_estimate(model)
        return replace(found, flow_veh=found.flow_veh + model.state.loader.on_link_veh)

    monkeypatch.setattr(gate, "city_estimate", peeps)
    assert gate.differing(model_at(8.0), model_at(8.0)) == ["city.flow_veh"]


@pytest.mark.parametrize(
    ("kind", "column"),
    [(peeping.PeepingReckoner, "bookings.ready_ms"), (peeping.PeepingRefuser, "dispatch.refused")],
)
def test_an_operator_that_reads_truth_is_caught(kind: type[Operator], column: str) -> None:
    assert gate.differing(with_calls(), with_calls(), n_steps=12) == []
    assert column in caught(kind, with_calls, n_steps=12)


def test_an_actor_that_goes_through_its_access_is_stopped() -> None:
    state = model_at(0.0).state
    for phase in (*(each for each in PHASES if each.actor), ASSIGN):
        access = Access(state, phase.name, phase.reads | phase.writes)
        for hidden in (group for group, kind in KINDS.items() if kind == "truth"):
            with pytest.raises(AttributeError, match="does not declare"):
                getattr(access, hidden)
