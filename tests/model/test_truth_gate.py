"""Truth reaches an actor only as an observation: changing it changes no estimate and no act."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.model.village import WORKS, scenario, world
from twin.kernels.random import stream_of, uniforms
from twin.model.phases import PHASES
from twin.model.provider import ProviderAgent
from twin.model.state import Access
from twin.model.twin_model import TwinModel

PHASE = {phase.name: phase for phase in PHASES}
HIDDEN = ("loader.traffic.", "itineraries.", "log.", "supply.")
"""Truth columns that no provider has a right to: queues and flows, everybody's day, real capacities."""


BUSY_HOURS = (8 + 5 / 60, 8 + 10 / 60, 8 + 15 / 60, 8.5)
"""When works hold people up and advice is taken."""


def model_at(hour: float) -> TwinModel:
    here = world()
    model = TwinModel(
        scenario(WORKS), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_until(round(hour * 3_600))
    return model


def random_hour(number: int) -> float:
    """A step of the day between 6 and 20, drawn; on the model's grid of five minutes."""
    draw = float(uniforms(number, stream_of("test.truth gate"), np.array([number], dtype=np.uint64))[0])
    return 6.0 + int(draw * 14 * 12) / 12.0


def disturb(model: TwinModel) -> int:
    """Change every hidden column, and where those who consult nobody drive; returns how many columns."""
    n = 0
    vehicles, alone = model.state.loader.vehicles, model.trip_provider < 0
    for column in (vehicles.release_ms, vehicles.link_enter_ms):
        column[alone] += 60_000
        n += 1
    for name, column in model.state.columns().items():
        if name.startswith(HIDDEN) and column.size:
            column[...] = ~column if column.dtype == np.bool_ else column + 1
            n += 1
    return n


def run(model: TwinModel, name: str) -> None:
    phase = PHASE[name]
    phase.run(model, Access(model.state, name, phase.reads | phase.writes), model.now_s)


def believed_and_done(model: TwinModel) -> list[np.ndarray]:
    """What providers believe, and the routes that their users have after asking them."""
    run(model, "learn")
    run(model, "consult")
    vehicles, guidance = model.state.loader.vehicles, model.state.guidance
    pool = model.state.loader.pool[: model.state.loader.pool_used]
    acts = [vehicles.route_at, vehicles.route_end, pool, guidance.guided, guidance.n_reroutes]
    beliefs = [
        part
        for agent in model.providers
        for part in (model.state.pictures[agent.name].travel_time_s, agent.weight_ms)
    ]
    return [column.copy() for column in (*beliefs, *acts)]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("hour", [*BUSY_HOURS, *(random_hour(number) for number in range(4))])
def test_hidden_truth_moves_no_estimate_and_no_act(hour: float) -> None:
    honest, other = model_at(hour), model_at(hour)
    assert disturb(other) >= 15
    assert same(believed_and_done(honest), believed_and_done(other))


def test_there_are_acts_to_compare() -> None:
    taken = 0
    for hour in BUSY_HOURS:
        model = model_at(hour)
        before = model.state.loader.pool_used
        believed_and_done(model)
        taken += model.state.loader.pool_used - before
    assert taken > 0


def test_an_observation_does_reach_them() -> None:
    honest, other = model_at(8.0), model_at(8.0)
    other.state.supply.headway_ms[:] *= 3
    for model in (honest, other):
        for _ in range(6):
            model.step()
    names = [agent.name for agent in honest.providers]
    pictures = [[m.state.pictures[name].travel_time_s for name in names] for m in (honest, other)]
    assert not same(*pictures)


def test_a_provider_that_reads_truth_is_caught() -> None:
    class Peeping(ProviderAgent):
        def learn(self, state: Access, moment_s: int) -> None:
            super().learn(state, moment_s)
            queues = self.model.state.loader.traffic.n_in - self.model.state.loader.traffic.n_out
            self.weight_ms = (self.weight_ms + 1_000 * queues).astype(np.int32)

    honest, other = model_at(8.0), model_at(8.0)
    disturb(other)
    other.state.loader.traffic.n_in[:] += 7
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
