"""Static assignment: flows at which no driver gains by another route, or at which all together lose least.

User equilibrium (Wardrop 1952) is the least of Beckmann's objective, the sum over links of the integral of
cost (Beckmann, McGuire & Winsten 1956); the system optimum is the equilibrium under marginal costs. Cost is
time + toll weight x toll + distance weight x length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError, WorkError
from twin.kernels.assignment import add_up, sweep
from twin.kernels.bushes import LinkLoads, set_costs, start_bushes
from twin.readers.given_routes import GivenRoutes
from twin.readers.tntp import RoadNetwork, TripTable
from twin.routing.assignment_ground import (
    AssignmentGround,
    Rule,
    check_reached,
    fixed_cost,
    gap_of,
    lay_ground,
    no_flows,
)

__all__ = ["Assignment", "DriverClass", "Rule", "assign", "prepare", "relative_gap"]

SHARE_TOLERANCE = 1e-9
MOST_ITERATIONS = 1_000
SWEEPS = 16
"""Times that bushes are levelled between two renewals; found by trying on Sioux Falls."""
RELAX = 1.4
"""Length of a shift in Newton steps, likewise; 1 from where the gap rises."""
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class DriverClass:
    """A share of every pair's trips: in equilibrium, or in the habit of free-flow or given routes."""

    name: str
    share: float
    routes: str | GivenRoutes = "equilibrium"  # or "free-flow"

    @property
    def moves(self) -> bool:
        """Whether it seeks the best route."""
        return self.routes == "equilibrium"


EVERYBODY = (DriverClass("all", 1.0),)


@dataclass(frozen=True)
class Assignment:
    """Flows, times and generalised costs of links (n_links,), class flows (n_classes, n_links), and sums."""

    flow: np.ndarray
    class_flow: np.ndarray
    time: np.ndarray
    cost: np.ndarray
    objective: float  # Beckmann's, at these flows
    total_travel_time: float
    total_cost: float
    class_cost: tuple[float, ...]  # mean cost of a trip of each class; NaN for a class of nobody
    relative_gap: float
    iterations: int
    seconds: float


def assign(
    network: RoadNetwork,
    trips: TripTable,
    rule: Rule | None = None,
    classes: Sequence[DriverClass] = EVERYBODY,
    gap: float = 1e-6,
    threads: int = 1,
    progress: Progress | None = None,
) -> Assignment:
    """Assign trips to a network until the relative gap of those who seek the best route is at most ``gap``.

    The gap is what they would save together on the best routes at present costs, as a share of their cost
    (marginal costs under "so"). The outcome is the same at every number of threads.
    """
    begun = time.perf_counter()
    rule = rule or Rule()
    _check_classes(classes)
    check_reached(network, trips)
    mobile = sum(each.share for each in classes if each.moves)
    ground = lay_ground(network, trips, rule, mobile, threads)
    traffic = no_flows(network)
    habits = [_habit(network, trips, rule, each) for each in classes]
    traffic.fixed[:] = sum(habits, np.zeros(network.n_links))
    own, reached, iterations = _settle(ground, traffic, gap, progress)
    flows = [
        habit if not each.moves else own * (each.share / mobile if mobile else 0.0)
        for each, habit in zip(classes, habits, strict=True)
    ]
    outcome = _outcome(network, trips, rule, classes, np.array(flows), traffic.flow)
    return Assignment(*outcome, reached, iterations, time.perf_counter() - begun)


def _settle(
    ground: AssignmentGround, traffic: LinkLoads, gap: float, progress: Progress | None
) -> tuple[np.ndarray, float, int]:
    """Flow of those who seek the best route (n_links,), the relative gap reached, iterations."""
    traffic.flow[:] = traffic.fixed
    set_costs(ground.roads, traffic)
    start_bushes(ground.roads, ground.bushes, traffic, ground.labels[0], True)
    own = np.zeros(traffic.flow.shape[0])
    width = np.zeros(ground.bushes.origin.shape[0])
    best, relax = np.inf, RELAX
    with ThreadPoolExecutor(len(ground.labels)) as pool:
        for iteration in range(MOST_ITERATIONS + 1):
            add_up(ground.roads, ground.bushes, traffic, own)
            reached = gap_of(ground, traffic.cost, own, pool)
            if progress is not None:
                share = np.log(max(reached, 1e-300)) / np.log(gap)
                progress(float(np.clip(share, 0.0, 1.0)), f"relative gap {reached:.1e}")
            if reached <= gap:
                return own, reached, iteration
            if reached > 2.0 * best:
                relax = 1.0
            best = min(best, reached)
            if iteration < MOST_ITERATIONS:
                sweep(ground.roads, ground.bushes, traffic, ground.labels[0], SWEEPS, relax, width)
    raise WorkError(f"relative gap {reached:.1e} after {MOST_ITERATIONS} iterations, not {gap:g}")


def relative_gap(network: RoadNetwork, trips: TripTable, rule: Rule, flow: np.ndarray) -> float:
    """Relative gap of link flows (n_links,), whoever made them, if all drivers seek the best route."""
    ground = lay_ground(network, trips, rule, 1.0, 1)
    traffic = no_flows(network)
    traffic.flow[:] = flow
    set_costs(ground.roads, traffic)
    with ThreadPoolExecutor(1) as pool:
        return gap_of(ground, traffic.cost, traffic.flow, pool)


def prepare() -> None:
    """Compile the kernels, or load them compiled, so that the time of an assignment is its own."""
    one, ends = np.ones(1), np.zeros(1, dtype=np.int32)
    network = RoadNetwork("", 2, 2, 0, ends, ends + np.int32(1), one, one, one, one, one, one)
    trips = TripTable("", 2, ends, ends + np.int32(1), one)
    assign(network, trips)
    ground = lay_ground(network, trips, Rule(), 1.0, 1)
    sweep(ground.roads, ground.bushes, no_flows(network), ground.labels[0], 0, 1.0, one.copy())


def _check_classes(classes: Sequence[DriverClass]) -> None:
    names = [each.name for each in classes]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"class {name}", "is named twice", "each class once")
    total = sum(each.share for each in classes)
    if abs(total - 1.0) > SHARE_TOLERANCE or any(not 0.0 <= each.share <= 1.0 for each in classes):
        shares = " + ".join(f"{each.share:g}" for each in classes)
        raise InputError("classes", f"their shares are {shares}", "shares from 0 to 1 that sum to 1")


def _habit(network: RoadNetwork, trips: TripTable, rule: Rule, group: DriverClass) -> np.ndarray:
    """Link flows of a class in its habit; none for one that seeks the best route."""
    if isinstance(group.routes, GivenRoutes):
        return group.share * group.routes.link_flow(trips, network.n_links)
    traffic = no_flows(network)
    if group.routes == "free-flow":
        ground = lay_ground(
            network, trips, Rule("ue", rule.toll_weight, rule.distance_weight), group.share, 1
        )
        set_costs(ground.roads, traffic)
        start_bushes(ground.roads, ground.bushes, traffic, ground.labels[0], False)
    return traffic.flow


def _outcome(
    network: RoadNetwork,
    trips: TripTable,
    rule: Rule,
    classes: Sequence[DriverClass],
    class_flow: np.ndarray,
    flow: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float, float, float, tuple[float, ...]]:
    """Times, costs and sums at link flows."""
    capacity = np.where(network.capacity > 0.0, network.capacity, 1.0)
    delay = network.free_flow_time * network.b * (flow / capacity) ** network.power
    duration = network.free_flow_time + delay
    cost = duration + fixed_cost(network, rule)
    integral = flow * (cost - delay + delay / (network.power + 1.0))
    n_trips = float(trips.trips[trips.origin != trips.destination].sum())
    means = tuple(
        float(own @ cost) / (each.share * n_trips) if each.share * n_trips > 0.0 else float("nan")
        for each, own in zip(classes, class_flow, strict=True)
    )
    sums = float(integral.sum()), float(flow @ duration), float(flow @ cost)
    return flow, class_flow, duration, cost, *sums, means
