"""What a provider makes its routes good at: objectives, each a function from its picture to link weights.

A kind is an `Objective` in the registry family ``calculator``; a package outside adds one by an entry point
in the group ``twin.calculator``. Weights are milliseconds, never below free flow, so that lower bounds
made of free flow hold for every objective. All that an objective sees is in its provider's `View`: what it
believes, the map that it holds, and where it has sent its own users.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from twin.kernels.paths import BLOCKED, whole_ms
from twin.registry import Registry
from twin.scenario.ledger import Parameters
from twin.units import M_PER_KM, MS_PER_H

G_PER_T = 1e6


class View(NamedTuple):
    """What a provider weighs links by; arrays (n_links,).

    time_ms, free_ms: travel times that it expects, and of free flow [ms]; length_m [m]; n_lanes; minor bool:
    local streets of its map, and what the road manager has classed as secondary; sent_veh: its own guided
    users on their way to the link. co2_curve (4,): a, b, c, d of a mean car's CO2 [g/km].
    """

    time_ms: np.ndarray
    free_ms: np.ndarray
    length_m: np.ndarray
    n_lanes: np.ndarray
    minor: np.ndarray
    sent_veh: np.ndarray
    co2_curve: np.ndarray


class Objective(NamedTuple):
    """A kind: how links weigh, and how the users of one moment are dealt with.

    in_turn: in batches, each after the last one's routes are counted; spread: over several good routes.
    """

    weigh: Callable[[View, Parameters], np.ndarray]
    in_turn: bool = False
    spread: bool = False


def link_weights_ms(
    objective: Objective, view: View, closed: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Weights of an objective (n_links,) int32 [ms]: whole, not below free flow, `BLOCKED` where closed."""
    weight_ms = np.maximum(objective.weigh(view, parameters), view.free_ms)
    return np.where(closed, BLOCKED, whole_ms(weight_ms))


def time(view: View, parameters: Parameters) -> np.ndarray:
    """The times expected: user optimum by the provider's lights (Wardrop 1952, first principle)."""
    return view.time_ms


def time_co2(view: View, parameters: Parameters) -> np.ndarray:
    """Generalised time: t + CO2 x value of carbon / value of time (ledger), CO2 by the speed expected."""
    eur = co2_g(view) / G_PER_T * float(parameters["calculators.co2_value_eur_per_t"])
    per_h = float(parameters["population.value_of_time_commute_eur_per_h"])
    return np.asarray(view.time_ms + eur / per_h * MS_PER_H)


def secondary_penalty(view: View, parameters: Parameters) -> np.ndarray:
    """Time, times a factor (ledger) on local streets and on links classed as secondary, whoever did it."""
    factor = float(parameters["calculators.secondary_penalty_factor"])
    return np.where(view.minor, view.time_ms * factor, view.time_ms)


def marginal_cost(view: View, parameters: Parameters) -> np.ndarray:
    """Time plus what one vehicle more costs the others: t + q dt/dq, from the excess over free flow.

    Where t = t0 (1 + a (q/c)^p), the law of the Bureau of Public Roads, q dt/dq = p (t - t0) whatever a, q
    and c are, so the provider needs no flow that it has not seen; p is a row of the ledger. Weights of
    the system optimum are these (Beckmann, McGuire & Winsten 1956; Sheffi 1985, section 3.4).
    """
    power = float(parameters["calculators.marginal_cost_power"])
    return np.asarray(view.time_ms + power * np.maximum(view.time_ms - view.free_ms, 0))


def forward(view: View, parameters: Parameters) -> np.ndarray:
    """Time x (1 + p n), n its own guided users under way to the link, by lane; p in the ledger.

    Forward-looking edge penalisation of METIS (Cornacchia, Nanni & Pappalardo 2023, arXiv 2306.13704);
    by lane is ours.
    """
    p = float(parameters["calculators.forward_penalty_per_veh"])
    return np.asarray(view.time_ms * (1.0 + p * view.sent_veh / np.maximum(view.n_lanes, 1)))


def co2_g(view: View) -> np.ndarray:
    """CO2 of a mean car over each link at the speed expected (n_links,) [g]: L (a/v + b + c v + d v^2)."""
    km = view.length_m / M_PER_KM
    kmh = km / (np.maximum(view.time_ms, 1) / MS_PER_H)
    a, b, c, d = view.co2_curve
    return np.asarray(km * np.maximum(a / kmh + b + kmh * (c + d * kmh), 0.0))


CALCULATORS = Registry("calculator")
CALCULATORS.add("time", Objective(time))
CALCULATORS.add("time_co2", Objective(time_co2))
CALCULATORS.add("secondary_penalty", Objective(secondary_penalty))
CALCULATORS.add("marginal_cost", Objective(marginal_cost))
CALCULATORS.add("forward", Objective(forward, in_turn=True))
CALCULATORS.add("diverse", Objective(time, spread=True))


def objective_of(name: str, where: str) -> Objective:
    """The objective of that name, or an `InputError` that lists the names."""
    kind: Objective = CALCULATORS.get(name, where)
    return kind
