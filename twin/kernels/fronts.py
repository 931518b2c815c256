"""Temperature fronts in pipes: water moves in order (plug flow) and cools on its way.

What a pipe holds is a row of parcels, the oldest at its outlet. A parcel that entered at a steady rate has
cooled more the longer ago its water entered, so its temperature over the ground's is an exponential of the
mass behind it, and stays one while the whole parcel cools: moving, cooling and splitting are exact.
All temperatures here are over that of the ground, all heat in kg K.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel


class Fronts(NamedTuple):
    """Parcels of pipes (n_pipes, n_parcels) as rings of `count` rows from `first`, the oldest.

    `mass_kg`; `back_k` the temperature at the back of a parcel (last entered); `slope` the logarithm's
    change for each kg from the back towards the front. `held_kg`, `cooling_per_s` (n_pipes,) are what a
    pipe holds, and at what rate its water cools.
    """

    mass_kg: np.ndarray
    back_k: np.ndarray
    slope: np.ndarray
    first: np.ndarray
    count: np.ndarray
    held_kg: np.ndarray
    cooling_per_s: np.ndarray


@inline_kernel
def mean_factor(z: float) -> float:
    """Mean of exp over [0, z], 1 at 0."""
    return math.expm1(z) / z if abs(z) > 1e-9 else 1.0 + 0.5 * z


@inline_kernel
def merge_least(fronts: Fronts, pipe: int) -> None:
    """Make one of the two neighbours that are smallest together: room for one more, no heat lost."""
    rows = fronts.mass_kg.shape[1]
    first, count = fronts.first[pipe], fronts.count[pipe]
    best, least = 0, np.inf
    for k in range(count - 1):
        a, b = (first + k) % rows, (first + k + 1) % rows
        together = fronts.mass_kg[pipe, a] + fronts.mass_kg[pipe, b]
        if together < least:
            best, least = k, together
    a, b = (first + best) % rows, (first + best + 1) % rows
    heat = 0.0
    for at in (a, b):
        mass = fronts.mass_kg[pipe, at]
        heat += mass * fronts.back_k[pipe, at] * mean_factor(fronts.slope[pipe, at] * mass)
    fronts.mass_kg[pipe, a], fronts.slope[pipe, a] = least, 0.0
    fronts.back_k[pipe, a] = heat / least if least > 0.0 else 0.0
    for k in range(best + 1, count - 1):
        to, of = (first + k) % rows, (first + k + 1) % rows
        fronts.mass_kg[pipe, to] = fronts.mass_kg[pipe, of]
        fronts.back_k[pipe, to] = fronts.back_k[pipe, of]
        fronts.slope[pipe, to] = fronts.slope[pipe, of]
    fronts.count[pipe] = count - 1


@inline_kernel
def enter_pipe(fronts: Fronts, pipe: int, mass_kg: float, back_k: float, slope: float) -> None:
    """Add a parcel behind all others."""
    rows = fronts.mass_kg.shape[1]
    if fronts.count[pipe] == rows:
        merge_least(fronts, pipe)
    at = (fronts.first[pipe] + fronts.count[pipe]) % rows
    fronts.mass_kg[pipe, at], fronts.back_k[pipe, at], fronts.slope[pipe, at] = mass_kg, back_k, slope
    fronts.count[pipe] += 1


@inline_kernel
def cool(fronts: Fronts, pipe: int, step_s: float) -> float:
    """Let what stays in a pipe cool for a step; heat lost."""
    rows = fronts.mass_kg.shape[1]
    left = math.exp(-fronts.cooling_per_s[pipe] * step_s)
    lost = 0.0
    for k in range(fronts.count[pipe]):
        at = (fronts.first[pipe] + k) % rows
        mass, back = fronts.mass_kg[pipe, at], fronts.back_k[pipe, at]
        lost += mass * back * mean_factor(fronts.slope[pipe, at] * mass) * (1.0 - left)
        fronts.back_k[pipe, at] = back * left
    return lost


@inline_kernel
def push_water(
    fronts: Fronts, pipe: int, entering_kg: float, entering_k: float, step_s: float
) -> tuple[float, float]:
    """Move a pipe's water on by a step at a steady rate: heat that leaves, and heat lost meanwhile."""
    rows = fronts.mass_kg.shape[1]
    per_kg = fronts.cooling_per_s[pipe] * step_s / entering_kg  # cooling while a kg passes
    left_kg, gone_kg, heat, lost = entering_kg, 0.0, 0.0, 0.0
    while left_kg > 0.0 and fronts.count[pipe] > 0:
        at = fronts.first[pipe]
        mass, slope = fronts.mass_kg[pipe, at], fronts.slope[pipe, at]
        front_k = fronts.back_k[pipe, at] * math.exp(slope * mass)
        taken = min(left_kg, mass)
        before = front_k * taken * mean_factor(-slope * taken)
        out = front_k * math.exp(-per_kg * gone_kg) * taken * mean_factor(-(slope + per_kg) * taken)
        heat += out
        lost += before - out
        left_kg -= taken
        gone_kg += taken
        if taken == mass:
            fronts.first[pipe] = (at + 1) % rows
            fronts.count[pipe] -= 1
        else:
            fronts.mass_kg[pipe, at] = mass - taken
    lost += cool(fronts, pipe, step_s)
    stays_kg = entering_kg - left_kg
    if left_kg > 0.0:  # what enters and leaves within the step
        through = left_kg * entering_k * math.exp(-per_kg * fronts.held_kg[pipe])
        heat += through
        lost += left_kg * entering_k - through
    if stays_kg > 0.0:
        lost += stays_kg * entering_k * (1.0 - mean_factor(-per_kg * stays_kg))
        enter_pipe(fronts, pipe, stays_kg, entering_k, -per_kg)
    return heat, lost


@kernel
def flip(fronts: Fronts, pipe: int) -> None:
    """Turn a pipe round: its outlet becomes its inlet."""
    rows = fronts.mass_kg.shape[1]
    first, count = fronts.first[pipe], fronts.count[pipe]
    for k in range(count):
        at = (first + k) % rows
        mass, slope = fronts.mass_kg[pipe, at], fronts.slope[pipe, at]
        fronts.back_k[pipe, at] *= math.exp(slope * mass)
        fronts.slope[pipe, at] = -slope
    for k in range(count // 2):
        a, b = (first + k) % rows, (first + count - 1 - k) % rows
        for column in (fronts.mass_kg, fronts.back_k, fronts.slope):
            column[pipe, a], column[pipe, b] = column[pipe, b], column[pipe, a]


@kernel
def carry(
    fronts: Fronts, order: np.ndarray, inlet: np.ndarray, outlet: np.ndarray, entering_kg: np.ndarray,
    step_s: float, node_kg: np.ndarray, node_heat: np.ndarray,
) -> float:  # fmt: skip
    """Move the water of all pipes on by a step; heat lost [kg K].

    `order` lists pipes with the flow, so that what enters a node is known before it leaves;
    `entering_kg` (n_pipes,) enters from the node `inlet`. `node_kg`, `node_heat` (n_nodes,) hold what
    enters nodes from outside, and then all that entered them.
    """
    lost = 0.0
    for k in range(len(order)):
        pipe = order[k]
        if entering_kg[pipe] <= 0.0 or node_kg[inlet[pipe]] <= 0.0:
            lost += cool(fronts, pipe, step_s)
            continue
        entering_k = node_heat[inlet[pipe]] / node_kg[inlet[pipe]]
        heat, gone = push_water(fronts, pipe, entering_kg[pipe], entering_k, step_s)
        node_kg[outlet[pipe]] += entering_kg[pipe]
        node_heat[outlet[pipe]] += heat
        lost += gone
    return lost


@kernel
def stored(fronts: Fronts) -> float:
    """Heat that all pipes hold [kg K]."""
    rows = fronts.mass_kg.shape[1]
    total = 0.0
    for pipe in range(len(fronts.held_kg)):
        for k in range(fronts.count[pipe]):
            at = (fronts.first[pipe] + k) % rows
            mass = fronts.mass_kg[pipe, at]
            total += mass * fronts.back_k[pipe, at] * mean_factor(fronts.slope[pipe, at] * mass)
    return total
