"""Steady flow in the pipes of a district-heating network: mass flows, pressure lost, and pumping.

Darcy-Weisbach with the friction factor of Swamee and Jain (1976, J. Hydraulics Division 102, 657), below a
Reynolds number of 2,300 with 64 / Re; loops balance by Newton's method on their flows (Cross 1936, with all
loops at once: Epp and Fowler 1970, J. Hydraulics Division 96, 43). Supply and return are alike, so one is
reckoned and counts twice.
"""

from __future__ import annotations

import numpy as np

from twin.errors import WorkError
from twin.territory.tables import Floats
from twin.utilities.heat.network import HeatNetwork

LAMINAR, TURBULENT = 2_300.0, 4_000.0
MOST_ROUNDS = 60
CLOSED_PA = 1e-3
"""A loop is balanced when the pressures round it add up to no more."""
STEP_KG_S = 1e-6


def pressure_drop(network: HeatNetwork, flow_kg_s: Floats) -> Floats:
    """Pressure lost along each pipe (n_pipes,) at a flow, with the flow's sign [Pa]."""
    pipes, water = network.pipes, network.water
    area = 0.25 * np.pi * pipes.inner_m**2
    velocity = flow_kg_s / (water.density * area)
    reynolds = np.maximum(np.abs(velocity) * pipes.inner_m / water.viscosity, 1e-9)
    rough = network.roughness_m / (3.7 * pipes.inner_m)
    turbulent = 0.25 / np.log10(rough + 5.74 / np.maximum(reynolds, TURBULENT) ** 0.9) ** 2
    share = np.clip((reynolds - LAMINAR) / (TURBULENT - LAMINAR), 0.0, 1.0)  # between: a straight line
    friction = (1.0 - share) * 64.0 / np.minimum(reynolds, LAMINAR) + share * turbulent
    friction = np.where(
        reynolds > TURBULENT, 0.25 / np.log10(rough + 5.74 / reynolds**0.9) ** 2, friction
    )  # fmt: skip
    return np.asarray(
        friction * pipes.length_m / pipes.inner_m * 0.5 * water.density * velocity * np.abs(velocity)
    )


def pipe_flows(network: HeatNetwork, drawn_kg_s: Floats) -> Floats:
    """Flow in each supply pipe (n_pipes,), positive from tail to head, for what substations draw [kg/s]."""
    tree = network.tree
    flow = np.asarray(tree.way[network.substation].T @ drawn_kg_s)
    if not len(tree.loops) or not drawn_kg_s.any():
        return flow
    around = np.zeros(len(tree.loops))
    for _ in range(MOST_ROUNDS):
        now = flow + tree.loops.T @ around
        open_pa = tree.loops @ pressure_drop(network, now)
        if np.abs(open_pa).max() < CLOSED_PA:
            return np.asarray(now)
        steeper = pressure_drop(network, now + STEP_KG_S) - pressure_drop(network, now - STEP_KG_S)
        slope = np.maximum(steeper / (2.0 * STEP_KG_S), 1e-9)
        around -= np.linalg.solve((tree.loops * slope) @ tree.loops.T, open_pa)
    raise WorkError(
        f"heat: loops do not balance within {MOST_ROUNDS} rounds ({np.abs(open_pa).max():.3g} Pa)"
    )


def node_drop(network: HeatNetwork, flow_kg_s: Floats) -> Floats:
    """Pressure lost on the supply side from the source to each node (n_nodes,) [Pa]."""
    return np.asarray(network.tree.way @ pressure_drop(network, flow_kg_s))


def pump_w(network: HeatNetwork, flow_kg_s: Floats, drawn_kg_s: Floats, station_pa: float) -> float:
    """Hydraulic power of the source's pump: all that is drawn, lifted for the worst substation [W].

    The worst is that with the most pressure lost there and back, and `station_pa` in it.
    """
    draws = drawn_kg_s > 0.0
    if not draws.any():
        return 0.0
    worst_pa = 2.0 * float(node_drop(network, flow_kg_s)[network.substation[draws]].max()) + station_pa
    return worst_pa * float(drawn_kg_s.sum()) / network.water.density
