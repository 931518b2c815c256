"""Two point queues fed by drivers who choose by a picture that is old: a fluid, or vehicle by vehicle.

A point queue takes no room; it grows by what comes and falls by its capacity (Vickrey 1969, Am. Econ.
Rev. 59(2)). The picture is instantaneous: the wait that a queue would mean if it were served from now on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.keys import stream_of
from twin.kernels.random import uniform

_APP = stream_of("point_queues.app")
_ROUTE = stream_of("point_queues.route")


class RouteChoice(NamedTuple):
    """Who chooses, and how: share with the app, its logit scale, and the habit of the others."""

    app_share: float
    logit_per_step: float  # scale of the logit, per step of travel time
    ahead_steps: float  # free-flow time of the second route less that of the first
    habit_share: float  # share of the others who take the first route


class Timing(NamedTuple):
    """When a choice takes effect, in whole steps: all that makes information old."""

    age: int  # of the picture when it is published
    refresh: int  # between two pictures
    to_queue: int  # from the choice to the queue


@inline_kernel
def _first_share(queue_veh: np.ndarray, served: np.ndarray, choice: RouteChoice) -> float:
    """Logit share of the first route among those with the app, by the waits of a picture."""
    wait = queue_veh[0] / served[0] - queue_veh[1] / served[1]
    return 1.0 / (1.0 + np.exp(choice.logit_per_step * (wait - choice.ahead_steps)))


@inline_kernel
def _seen_step(step: int, timing: Timing) -> int:
    """Step whose queues those have seen who join a queue in this step; 0 stands for all before."""
    chosen = step - timing.to_queue
    return max((chosen // timing.refresh) * timing.refresh - timing.age, 0)


@inline_kernel
def _serve(queue_veh: np.ndarray, step: int, served: np.ndarray, first: float, second: float) -> None:
    """Queues after a step in which so many have joined each."""
    queue_veh[step + 1, 0] = max(queue_veh[step, 0] + first - served[0], 0.0)
    queue_veh[step + 1, 1] = max(queue_veh[step, 1] + second - served[1], 0.0)


@kernel
def flow_by_share(
    queue_veh: np.ndarray, served: np.ndarray, inflow: float, choice: RouteChoice, timing: Timing
) -> None:
    """A fluid: queues (n_steps + 1, 2) [veh], the first row given, the others written.

    served (2,) and inflow [veh a step]. Inflows are constant between pictures, so there is no error of
    integration but in the step in which a queue empties.
    """
    for step in range(queue_veh.shape[0] - 1):
        share = _first_share(queue_veh[_seen_step(step, timing)], served, choice)
        share = choice.app_share * share + (1.0 - choice.app_share) * choice.habit_share
        _serve(queue_veh, step, served, inflow * share, inflow * (1.0 - share))


@kernel
def flow_by_vehicle(
    queue_veh: np.ndarray, served: np.ndarray, inflow: float, choice: RouteChoice, timing: Timing, seed: int
) -> None:
    """The same with whole vehicles at even gaps, each of which draws its class and its route.

    A vehicle's key is its number in the order of arrival.
    """
    come = 0
    for step in range(queue_veh.shape[0] - 1):
        share = _first_share(queue_veh[_seen_step(step, timing)], served, choice)
        until = np.int64(np.floor((step + 1) * inflow + 1e-9))
        first = 0
        for vehicle in range(come, until):
            key = np.uint64(vehicle)
            follows = uniform(seed, _APP, key, 0) < choice.app_share
            if uniform(seed, _ROUTE, key, 0) < (share if follows else choice.habit_share):
                first += 1
        _serve(queue_veh, step, served, float(first), float(until - come - first))
        come = until
