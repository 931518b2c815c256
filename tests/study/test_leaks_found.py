"""A leak laid into La Turbie's mains is found from pressure loggers, nearer than chance would have it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from tests.conftest import ROOT
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.leaks import likelier_nodes, night_leak_lps
from twin.model.sources import open_territory
from twin.scenario.ledger import Parameters
from twin.sensing.nested import place_by_coverage
from twin.utilities.water.flow import WaterFlow
from twin.utilities.water.laid import LaidWater, laid_water

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
pytestmark = pytest.mark.one_interpreter("the engine of EPANET, the same on each")

LOGGER_ERROR_M, DRAWS_DIFFER, LEAK_LPS, N_LOGGERS = 0.05, 0.1, 2.0, 12
NIGHT_SHARE = 0.3
LITTLE_LPS = 1.0


def heads(flow: WaterFlow, asked_lps: np.ndarray) -> np.ndarray:
    """Heads of the night as the engine has them (n_nodes,)."""
    return np.array(flow.settle(asked_lps, np.ones(len(flow.laid.zones.name))).moment.head)


def laid() -> tuple[LaidWater, np.ndarray, np.ndarray, np.ndarray]:
    """The network, what nodes draw at night, junctions, and distances between them [m]."""
    territory = open_territory(ROOT / "networks" / "la_turbie_crop")
    mean_lps = (territory.places.dwellings * 2.15 * 148.0 + 1.0) / 86_400.0
    water = laid_water(territory.utilities, territory.places.place_id, mean_lps, Parameters.defaults())
    junction = np.flatnonzero(water.zone >= 0)
    nodes = territory.utilities.nodes
    y = np.radians(nodes.lat[junction]) * 6_371_009.0
    x = np.radians(nodes.lon[junction]) * 6_371_009.0 * np.cos(np.radians(43.74))
    return water, water.asked(mean_lps * NIGHT_SHARE), junction, np.hypot(x[:, None] - x, y[:, None] - y)


def test_an_injected_leak_is_found_better_than_chance():
    water, night_lps, junction, distance_m = laid()
    model = WaterFlow(water, 900.0)
    expected = heads(model, night_lps)
    felt = []
    for node in junction.tolist():
        more = night_lps.copy()
        more[node] += LITTLE_LPS
        felt.append(heads(model, more)[junction] - expected[junction])
    felt_m = np.array(felt)
    sites, _ = place_by_coverage(
        csr_array(np.abs(felt_m.T) > 5.0 * LOGGER_ERROR_M), np.ones(len(junction)), N_LOGGERS
    )
    key = keys_of(np.array([f"node {row}" for row in junction.tolist()]))
    of_nodes = keys_of(np.array([f"node {row}" for row in range(len(night_lps))]))
    other_nights = [
        night_lps * (1.0 + DRAWS_DIFFER * bells(100 + k, stream_of("test.draws"), of_nodes))
        for k in range(10)
    ]
    found_m, chance_m, sizes = [], [], []
    for seed in range(20):
        at = int(uniforms(seed, stream_of("test.leak"), np.zeros(1, dtype=np.uint64))[0] * len(junction))
        night = night_lps.copy()
        night[junction] *= 1.0 + DRAWS_DIFFER * bells(seed, stream_of("test.draws"), key)
        leaking = water.leak.copy()
        pressure = max(float(expected[junction[at]] - water.height_m[junction[at]]), 1.0)
        exponent = float(Parameters.defaults()["utilities.leak_exponent"])
        leaking[junction[at]] += LEAK_LPS / pressure**exponent
        truth = WaterFlow(replace(water, leak=leaking), 900.0)
        settled = truth.settle(night, np.ones(len(water.zones.name)))
        read = settled.moment.head[junction] + LOGGER_ERROR_M * bells(seed, stream_of("test.logger"), key)
        residual = (read - expected[junction])[sites]
        best = likelier_nodes(residual, felt_m[:, sites])[0]
        found_m.append(distance_m[at, best])
        chance_m.append(distance_m[at].mean())
        before = np.array([[other.sum()] for other in other_nights])
        inflow = float((settled.served_lps + settled.leaked_lps).sum())
        own = float(model.settle(night_lps, np.ones(len(water.zones.name))).leaked_lps.sum())
        sizes.append(night_leak_lps(np.array([inflow - own]), before)[0])
    assert np.mean(found_m) < 0.5 * np.mean(chance_m)
    assert np.median(found_m) < 0.35 * np.mean(chance_m)
    assert np.mean(sizes) == pytest.approx(LEAK_LPS, rel=0.15)
