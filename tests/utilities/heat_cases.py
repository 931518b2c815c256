"""District-heating networks of others, with the figures found for them and where those come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from twin.utilities.heat.flow import HeatControl, HeatFlow, HeatStep
from twin.utilities.heat.network import HeatNetwork, HeatPipes, Water

SCHUTTERWALD = Path(__file__).parent / "data" / "schutterwald_heat.json"

WATER = Water()

LOOP = {
    "source": "pandapipes (BSD-3-Clause), test/data/Temperature_masche_1load_an.csv: the closed law of a pipe"
    " on a loop of four pipes of 2.5 km, 75 mm, 5 W/m2K in ground of 293 K, supply of 350 K, one load",
    "flow_kg_s": [1.0, 0.606421, 0.393579, 0.393579],
    "node_k": [350.0, 321.1848506, 298.6604458, 297.708615],
    "arrive_at_2_k": [301.8236468, 293.7866302],
}
LOOP_PIPES = [(0, 1), (1, 2), (1, 3), (3, 2)]


def network_of(
    ends: list[tuple[int, int]], length_m: Any, inner_m: Any, w_per_m_k: Any, substation: list[int],
    source: int = 0, water: Water = WATER, roughness_m: float = 5e-5,
) -> HeatNetwork:  # fmt: skip
    """A network of pipes between numbered nodes; lengths and the like are numbers or lists."""
    n_nodes, n = 1 + max((max(each) for each in ends), default=source), len(ends)
    table = np.array(ends, dtype=np.int32).reshape(-1, 2).T
    columns = [
        np.broadcast_to(np.asarray(each, dtype=float), (n,)) for each in (length_m, inner_m, w_per_m_k)
    ]
    pipes = HeatPipes(np.array([f"{a}>{b}" for a, b in ends], dtype=np.str_), table[0], table[1], *columns)
    node = np.array([f"n{row}" for row in range(n_nodes)], dtype=np.str_)
    return HeatNetwork(node, pipes, source, np.array(substation, dtype=np.int32), roughness_m, water)


def control_of(n: int, **other: Any) -> HeatControl:
    """Settings that limit nothing, but for those that are given."""
    given = {
        "return_c": 50.0, "source_w": 1e12, "ground_c": 10.0, "station_pa": 0.0, "pump_efficiency": 1.0,
        "most_kg_s": np.full(n, 1e6), **other,
    }  # fmt: skip
    return HeatControl(**given)


def settle(
    flow: HeatFlow, asked_w: np.ndarray, supply_c: float, n_steps: int, step_s: float = 900.0
) -> HeatStep:
    """The last of a number of like steps."""
    opened = np.ones(len(asked_w), dtype=bool)
    for _ in range(n_steps):
        last = flow.step(asked_w, supply_c, step_s, True, opened)
    return last


def schutterwald() -> tuple[dict[str, Any], HeatFlow, np.ndarray]:
    """The case's figures, its network before the first step, and what is asked for [W]."""
    case = json.loads(SCHUTTERWALD.read_text(encoding="utf-8"))
    ends = [(a, b) for a, b, _ in case["pipes_from_to_m"]]
    length_m = [each for _, _, each in case["pipes_from_to_m"]]
    consumers = [int(row[0]) for row in case["consumer_node_kg_s_arriving_c_drop_bar"]]
    loss = case["u_w_per_m2_k"] * np.pi * case["diameter_m"]
    water = Water(density=980.0, heat_capacity=4_188.0, viscosity=4.4e-7)
    network = network_of(
        ends, length_m, case["diameter_m"], loss, consumers, case["source"], water, case["roughness_m"]
    )  # fmt: skip
    control = control_of(len(consumers), return_c=case["return_c"], ground_c=case["ground_c"])
    flow = HeatFlow(network, control, (case["supply_c"], case["return_c"]))
    return case, flow, np.full(len(consumers), case["asked_w"])
