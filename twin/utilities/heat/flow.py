"""District heat step by step: substations draw what they ask for, and temperatures travel with the water.

Flows are steady within a step. Each substation's valve opens by the temperature that arrived last, so that
its water leaves at the return temperature; what it takes is limited by its valve and by that temperature.
The source heats what comes back to the temperature that is set, as far as its power goes. Heat from the
pump and from friction is left out of the water's balance (it is below a hundredth of what is sold).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.errors import WorkError
from twin.kernels.fronts import Fronts, carry, flip, stored
from twin.territory.tables import Flags, Floats, Longs
from twin.utilities.heat.hydraulics import node_drop, pipe_flows, pump_w
from twin.utilities.heat.network import HeatNetwork

N_PARCELS = 64
MOST_IMBALANCE = 1e-6
"""Heat that may be missing in a step's balance, over what is brought, taken, lost and stored in it."""
LEAST_LIFT_K = 1.0
"""A substation takes nothing from water that is not at least so much warmer than its return."""


@dataclass(frozen=True)
class HeatControl:
    """What the operator sets: return temperature [degC], power of the source [W], pump and substations."""

    return_c: float
    source_w: float
    ground_c: float
    station_pa: float
    pump_efficiency: float
    most_kg_s: Floats


@dataclass(frozen=True)
class HeatStep:
    """A step of the network, heat in J: brought by the source, taken by substations (n_substations,), lost.

    `arriving_c` (n_substations,) is the mean temperature that arrived, `pump_j` electricity of the pump.
    """

    brought_j: float
    taken_j: Floats
    asked_j: Floats
    lost_j: float
    stored_j: float
    pump_j: float
    supply_c: float
    return_c: float
    arriving_c: Floats
    drawn_kg_s: Floats
    imbalance: float


class _Move(NamedTuple):
    """Where the water of a step goes: pipes with the flow, their inlets and outlets, and what enters them."""

    order: Longs
    inlet: Longs
    outlet: Longs
    entering_kg: Floats
    step_s: float


class HeatFlow:
    """A network under way: what its pipes hold, and what arrived at substations last."""

    def __init__(self, network: HeatNetwork, control: HeatControl, start_c: tuple[float, float]) -> None:
        """Pipes are full of water of the two temperatures of `start_c`, supply and return."""
        network.check()
        self.network, self.control = network, control
        self._supply, self._return = (_full(network, each - control.ground_c) for each in start_c)
        self._turned = np.zeros(len(network.pipes.tail), dtype=bool)
        self._arriving_k = np.full(len(network.substation), start_c[0] - control.ground_c)
        self._back_k = start_c[1] - control.ground_c
        self._stored = self._stored_now()

    def step(self, asked_w: Floats, supply_c: float, step_s: float, running: bool, opened: Flags) -> HeatStep:
        """Move on by a step: what substations ask for [W], the supply temperature that is set [degC].

        `running` is whether the source has its power, without which nothing moves; where `opened`
        (n_substations,) is not, nothing is drawn. Raises WorkError when heat is missing.
        """
        control, c = self.control, self.network.water.heat_capacity
        drawn = self._drawn(asked_w, running, opened)
        flow = pipe_flows(self.network, drawn)
        move, kg = self._move(flow, step_s), drawn * step_s
        lift = max(min(supply_c - control.ground_c, self._lifted(drawn)), self._back_k)
        arrived, lost_out = self._send(move, kg, lift)
        spare_k = arrived - (control.return_c - control.ground_c)
        taken_k = np.minimum(asked_w * step_s / (c * np.maximum(kg, 1e-12)), spare_k)
        taken_k = np.where((kg > 0.0) & (spare_k >= LEAST_LIFT_K), taken_k, 0.0)
        back, lost_back = self._bring_back(move, kg, arrived - taken_k)
        self._arriving_k, self._back_k = arrived, back
        taken, lost = c * kg * taken_k, c * (lost_out + lost_back)
        brought = c * float(kg.sum()) * (lift - back)
        held, before = self._stored_now(), self._stored
        self._stored = held
        missing = self._missing(brought, float(taken.sum()), lost, held - before)
        pump_j = pump_w(self.network, flow, drawn, control.station_pa) * step_s / control.pump_efficiency
        ground = control.ground_c
        return HeatStep(
            brought, taken, asked_w * step_s, lost, held, pump_j, lift + ground, back + ground,
            arrived + ground, drawn, missing,
        )  # fmt: skip

    def _drawn(self, asked_w: Floats, running: bool, opened: Flags) -> Floats:
        """Flow that each valve lets through [kg/s]."""
        if not running:
            return np.zeros(len(asked_w))
        lift = self._arriving_k - (self.control.return_c - self.control.ground_c)
        wanted = asked_w / (self.network.water.heat_capacity * np.maximum(lift, LEAST_LIFT_K))
        return np.where(opened & (asked_w > 0.0), np.minimum(wanted, self.control.most_kg_s), 0.0)

    def _lifted(self, drawn: Floats) -> float:
        """Temperature to which the source's power heats what comes back, over the ground's [K]."""
        total = float(drawn.sum())
        if total <= 0.0:
            return self._back_k
        return self._back_k + self.control.source_w / (self.network.water.heat_capacity * total)

    def _move(self, flow: Floats, step_s: float) -> _Move:
        """Pipes in the order of their flow; where it has turned round, parcels turn, too."""
        pipes, tree = self.network.pipes, self.network.tree
        turned = np.where(flow == 0.0, self._turned, flow < 0.0)
        for pipe in np.flatnonzero(turned != self._turned).tolist():
            flip(self._supply, pipe)
            flip(self._return, pipe)
        self._turned = turned
        inlet = np.where(turned, pipes.head, pipes.tail).astype(np.int64)
        outlet = np.where(turned, pipes.tail, pipes.head).astype(np.int64)
        drop = node_drop(self.network, flow)[inlet] if len(tree.loops) else tree.depth[inlet]
        order = np.lexsort((tree.depth[inlet], drop)).astype(np.int64)
        return _Move(order, inlet, outlet, np.abs(flow) * step_s, step_s)

    def _send(self, move: _Move, kg: Floats, lift: float) -> tuple[Floats, float]:
        """Supply side: what arrives at each substation over the ground [K], and heat lost [kg K]."""
        node_kg, node_heat = np.zeros(self.network.n_nodes), np.zeros(self.network.n_nodes)
        node_kg[self.network.source] = kg.sum()
        node_heat[self.network.source] = kg.sum() * lift
        ends = move.inlet, move.outlet
        lost = carry(self._supply, move.order, *ends, move.entering_kg, move.step_s, node_kg, node_heat)
        here = node_kg[self.network.substation]
        warm = node_heat[self.network.substation] / np.maximum(here, 1e-12)
        return np.where((here > 0.0) & (kg > 0.0), warm, self._arriving_k), float(lost)

    def _bring_back(self, move: _Move, kg: Floats, leaving_k: Floats) -> tuple[float, float]:
        """Return side: what comes back to the source over the ground [K], and heat lost [kg K]."""
        node_kg, node_heat = np.zeros(self.network.n_nodes), np.zeros(self.network.n_nodes)
        np.add.at(node_kg, self.network.substation, kg)
        np.add.at(node_heat, self.network.substation, kg * leaving_k)
        order, ends = np.ascontiguousarray(move.order[::-1]), (move.outlet, move.inlet)
        lost = carry(self._return, order, *ends, move.entering_kg, move.step_s, node_kg, node_heat)
        came = float(node_kg[self.network.source])
        back = float(node_heat[self.network.source]) / came if came > 0.0 else self._back_k
        return back, float(lost)

    def _stored_now(self) -> float:
        """Heat that all pipes hold over the ground's temperature [J]."""
        return self.network.water.heat_capacity * float(stored(self._supply) + stored(self._return))

    def _missing(self, brought: float, taken: float, lost: float, more: float) -> float:
        """Heat that the balance does not explain, over what passes; more than the limit is an error."""
        held_kg = float(self._supply.held_kg.sum())
        scale = max(abs(brought), taken + lost, abs(more), 1e-9 * held_kg * self.network.water.heat_capacity)
        missing = abs(brought - taken - lost - more) / max(scale, 1e-300)
        if not missing <= MOST_IMBALANCE:
            raise WorkError(f"heat balance: {missing:.3g} of what passes in a step is missing")
        return missing


def _full(network: HeatNetwork, warm_k: float) -> Fronts:
    """Pipes full of water of one temperature over the ground's."""
    pipes, water = network.pipes, network.water
    n = len(pipes.tail)
    held = water.density * 0.25 * np.pi * pipes.inner_m**2 * pipes.length_m
    per_m = water.density * 0.25 * np.pi * pipes.inner_m**2 * water.heat_capacity
    mass, back, slope = (np.zeros((n, N_PARCELS)) for _ in range(3))
    mass[:, 0], back[:, 0] = held, warm_k
    first, count = np.zeros(n, dtype=np.int64), (held > 0.0).astype(np.int64)
    return Fronts(mass, back, slope, first, count, held, pipes.w_per_m_k / per_m)
