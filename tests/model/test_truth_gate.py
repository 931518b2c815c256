"""Truth reaches an actor only as an observation: changing it changes no estimate and no act."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.model.village import WORKS, scenario, world
from twin.indicators.records import ROAD_MANAGER
from twin.kernels.random import stream_of, uniforms
from twin.model.city_day import city_estimate
from twin.model.phases import PHASES
from twin.model.provider import ProviderAgent
from twin.model.state import Access
from twin.model.twin_model import TwinModel

PHASE = {phase.name: phase for phase in PHASES}
HIDDEN = ("loader.traffic.", "itineraries.", "log.", "supply.")
"""Truth columns that no provider has a right to: queues and flows, everybody's day, real capacities."""
PLANS = ("loader.traffic.slots.code", "loader.traffic.slots.word")
"""Routes, which lie beside them: their drivers tell them when they ask."""


BUSY_HOURS = (8 + 5 / 60, 8 + 10 / 60, 8 + 15 / 60, 8.5)
"""When works hold people up and advice is taken."""


RANKING = """
[[modification]]
kind = "rank_by_ghg"
respect = 0.5
"""


def model_at(hour: float, objective: str = "time", more: str = "") -> TwinModel:
    here = world()
    spec = scenario(WORKS + more).varied("provider.Boussole.objective", objective)
    if objective != "time":
        spec = spec.varied("provider.Azimut.times", "predicted").varied("provider.Boussole.indifference", 0.0)
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_until(round(hour * 3_600))
    return model


def random_hour(number: int) -> float:
    """A step of the day between 6 and 20, drawn; on the model's grid of five minutes."""
    draw = float(uniforms(number, stream_of("test.truth gate"), np.array([number], dtype=np.uint64))[0])
    return 6.0 + int(draw * 14 * 12) / 12.0


def disturb(model: TwinModel) -> int:
    """Change every hidden column, and where those who consult nobody drive; returns how many columns."""
    n = 0
    loader, alone = model.state.loader, model.trip_provider < 0
    driving = loader.driving
    places = loader.vehicles.at[driving[alone[driving]]]
    for column, rows in (
        (loader.vehicles.release_ms, np.flatnonzero(alone)),
        (loader.traffic.slots["enter_ms"], places),
    ):
        column[rows] += 60_000
        n += 1
    for name, column in model.state.columns().items():
        if name.startswith(HIDDEN) and column.size and name not in PLANS:
            column[...] = ~column if column.dtype == np.bool_ else column + 1
            n += 1
    return n


def run(model: TwinModel, name: str) -> None:
    phase = PHASE[name]
    phase.run(model, Access(model.state, name, phase.reads | phase.writes), model.now_s)


def believed_and_done(model: TwinModel) -> list[np.ndarray]:
    """What providers believe, and the routes that their users have after asking them."""
    for phase in ("learn", "ask", "advise", "take"):
        run(model, phase)
    loader, guidance = model.state.loader, model.state.guidance
    active = np.concatenate([loader.driving, loader.waiting])
    users = active[model.trip_provider[active] >= 0]
    ahead = loader.ahead_of(users)
    acts = [*(users, ahead.pool, ahead.start, ahead.end), guidance.guided, guidance.n_reroutes]
    return [column.copy() for column in (*beliefs(model), *acts)]


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
def test_hidden_truth_moves_no_estimate_and_no_act(hour: float) -> None:
    honest, other = model_at(hour), model_at(hour)
    assert disturb(other) >= 15
    assert same(believed_and_done(honest), believed_and_done(other))


@pytest.mark.parametrize(
    "objective", ["marginal_cost", "forward", "diverse", "time_co2", "secondary_penalty"]
)
def test_no_objective_looks_at_hidden_truth(objective: str) -> None:
    honest, other = (model_at(BUSY_HOURS[0], objective, RANKING) for _ in range(2))
    assert disturb(other) >= 15
    assert same(believed_and_done(honest), believed_and_done(other))


def test_there_are_acts_to_compare() -> None:
    taken = 0
    for hour in BUSY_HOURS:
        model = model_at(hour)
        before = model.state.loader.n_words
        believed_and_done(model)
        taken += model.state.loader.n_words - before
    assert taken > 0


def test_nothing_is_believed_before_an_observation_has_come_and_then_it_is() -> None:
    """Capacity falls to a third all over: what is believed stays the same until what is seen differs."""
    honest, other = model_at(8.0), model_at(8.0)
    other.state.supply.headway_ms[:] *= 3
    n_same = 0
    for _ in range(6):
        alike = same(seen(honest), seen(other))
        for model in (honest, other):
            run(model, "learn")
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


def test_a_city_that_reads_truth_is_caught() -> None:
    honest, other = model_at(8.0), model_at(8.0)
    disturb(other)

    def peeping(model: TwinModel) -> list[np.ndarray]:
        return [city_estimate(model).flow_veh[0] + model.state.loader.traffic.links["n_here"]]

    assert not same(peeping(honest), peeping(other))


def test_a_provider_that_reads_truth_is_caught() -> None:
    class Peeping(ProviderAgent):
        def learn(self, state: Access, moment_s: int) -> None:
            super().learn(state, moment_s)
            queues = self.model.state.loader.on_link_veh
            belief = state.pictures[self.name]
            belief.plain_ms = (belief.plain_ms + 1_000 * queues).astype(np.int32)

    honest, other = model_at(8.0), model_at(8.0)
    disturb(other)
    other.state.loader.traffic.links["n_here"] += 7
    for model in (honest, other):
        for agent in model.providers:
            agent.__class__ = Peeping
    assert not same(believed_and_done(honest), believed_and_done(other))


def test_a_provider_that_goes_through_its_access_is_stopped() -> None:
    model = copy.copy(model_at(7.0))
    phase = PHASE["learn"]
    access = Access(model.state, phase.name, phase.reads | phase.writes)
    for hidden in ("loader", "supply", "itineraries", "log"):
        with pytest.raises(AttributeError):
            getattr(access, hidden)
