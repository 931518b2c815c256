"""What streets can carry now: orders, rain and incidents that hold, and signals without power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.calculators.levers import limited_speed, narrowed_capacity
from twin.conditions.weather import rain_factors
from twin.mobility.dark_signals import AllWayStop, darken
from twin.mobility.links import link_ms
from twin.model.levers import holding
from twin.model.state import Access
from twin.scenario.modifications import Narrowed, SpeedLimit
from twin.scenario.weather import Rain

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def carry_out(model: TwinModel, state: Access, moment_s: int) -> None:
    """Give streets the speed, capacity and signals of the moment, and bar what is closed."""
    supply, standing, dark = state.supply, state.standing, state.utilities.dark
    in_force = holding(model.levers, moment_s)
    if np.array_equal(in_force, standing.in_force) and np.array_equal(dark, standing.dark):
        return
    standing.in_force[:] = in_force
    standing.dark = dark.copy()
    streets, roads, parameters = model.territory.streets, model.roads, model.parameters
    speed, capacity = streets.free_speed_mps, streets.flow_capacity_vps
    for lever in (each for each, holds in zip(model.levers, in_force, strict=True) if holds):
        order = lever.order
        if isinstance(order, SpeedLimit):
            speed = limited_speed(speed, lever.links, order.speed_kmh)
        elif isinstance(order, Narrowed):
            capacity = narrowed_capacity(capacity, lever.links, order.capacity_vph, order.factor)
        elif isinstance(order, Rain):
            drier = rain_factors(order.mm_per_h, parameters)
            capacity, speed = capacity * drier[0], speed * drier[1]
    supply.free_ms[:] = link_ms(streets.length_m / speed)
    supply.headway_ms[:] = roads.headways_ms(capacity)
    darken(supply, roads, capacity, dark, AllWayStop.of(parameters))
    supply.closed[:] = state.orders.closed
