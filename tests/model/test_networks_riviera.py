"""A substation lost on the streets of the riviera in the evening: where signals are busy, queues grow."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS
from twin.mobility.passages import Passages
from twin.model.sources import load_population, load_territory
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario

pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.one_interpreter("a day of the whole area, in whole milliseconds"),
]
FROM_S, UNTIL_S = 15.5 * 3_600, 18 * 3_600
LOST = """
[[modification]]
kind = "substation_loss"
zone = "dense"
from = "15:30"
until = "20:00"
"""


@cache
def afternoon(more: str) -> TwinModel:
    """Nobody is guided, so that it is the signals that tell; both days have the habits of the first."""
    text = 'title = "Lit or dark"\nextends = "metropolis.toml"\napp_share = 0.0\n'
    spec = Scenario.loads(text + more, folder=SCENARIOS)
    lit = afternoon("") if more else None
    ground = load_territory(spec) if lit is None else lit.ground
    people = load_population(spec, ground, 1) if lit is None else lit.planned
    habits = None if lit is None else lit.learned
    model = TwinModel(spec, rng=1, territory=ground, population=people, habits=habits)
    model.run_until(int(UNTIL_S))
    return model


def flows(model: TwinModel) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles an hour that left each link while the substation is lost, and the time they took [s]."""
    passages = Passages.join(model.state.log.parts)
    passages = passages.of(passages.exit_ms >= FROM_S * 1_000)
    n_links = model.territory.streets.n_links
    veh = np.bincount(passages.link, minlength=n_links)
    spent = np.bincount(passages.link, passages.exit_ms - passages.enter_ms, n_links) / 1_000.0
    return veh / (UNTIL_S - FROM_S) * 3_600.0, spent / np.maximum(veh, 1)


def test_where_more_come_than_an_all_way_stop_lets_through_queues_grow() -> None:
    lit, dark = afternoon(""), afternoon(LOST)
    signals = lit.roads.signals
    there = signals.cycle_ms > 0
    assert dark.state.utilities.dark[there].all()
    assert not dark.state.utilities.dark[~there].any()
    (veh, took_s), (fewer, longer_s) = flows(lit), flows(dark)
    green = signals.green_ms / np.maximum(signals.cycle_ms, 1)
    share = float(lit.parameters["utilities.dark_signal_capacity"])
    allowed_vph = share * lit.roads.green_vps * green * 3_600.0
    busy = there & (veh > 0.95 * allowed_vph)
    assert busy.any()
    assert (fewer[busy] < veh[busy]).all()
    assert (fewer[there] <= 1.01 * allowed_vph[there] + 1.0).all()
    assert (longer_s[busy] > took_s[busy]).all()
