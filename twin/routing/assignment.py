"""Static assignment: flows at which no driver gains by another route, or at which all together lose least.

User equilibrium (Wardrop 1952) is the least of Beckmann's objective, the sum over links of the integral of
cost (Beckmann, McGuire & Winsten 1956); the system optimum is the equilibrium under marginal costs. Cost is
time + toll weight x toll + distance weight x length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from twin.errors import InputError, WorkError
from twin.kernels.assignment import add_up, sweep
from twin.kernels.bushes import Bushes, Labels, Roads, Traffic, least_costs, set_costs, start_bushes
from twin.readers.given_routes import GivenRoutes
from twin.readers.tntp import RoadNetwork, TripTable
from twin.routing.topology import star

PRINCIPLES = ("ue", "so")
SHARE_TOLERANCE = 1e-9
MOST_ITERATIONS = 1_000
SWEEPS = 16
"""Times that bushes are levelled between two renewals; found by trying on Sioux Falls."""
RELAX = 1.4
"""Length of a shift in Newton steps, likewise; 1 from where the gap rises."""
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Rule:
    """What drivers in equilibrium minimise: their own cost ("ue") or that of all ("so")."""

    principle: str = "ue"
    toll_weight: float = 0.0
    distance_weight: float = 0.0


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


@dataclass(frozen=True)
class _Ground:
    """What the kernels work on."""

    roads: Roads
    bushes: Bushes
    labels: list[Labels]  # one a thread
    paid: np.ndarray = field(default_factory=lambda: np.zeros(0))  # least cost of each origin's trips


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
    mobile = sum(each.share for each in classes if each.moves)
    ground = _ground(network, trips, rule, mobile, threads)
    traffic = _empty(network)
    set_costs(ground.roads, traffic)
    _check_reached(network, trips, ground, traffic)
    habits = [_habit(network, trips, rule, each) for each in classes]
    traffic.fixed[:] = sum(habits, np.zeros(network.n_links))
    traffic.flow[:] = traffic.fixed
    set_costs(ground.roads, traffic)
    start_bushes(ground.roads, ground.bushes, traffic, ground.labels[0], True)
    own = np.zeros(network.n_links)
    width = np.zeros(ground.bushes.origin.shape[0])
    best, relax = np.inf, RELAX
    with ThreadPoolExecutor(threads) as pool:
        for iteration in range(MOST_ITERATIONS + 1):
            add_up(ground.roads, ground.bushes, traffic, own)
            reached = _gap(ground, traffic.cost, own, pool)
            if progress is not None:
                share = np.log(max(reached, 1e-300)) / np.log(gap)
                progress(float(np.clip(share, 0.0, 1.0)), f"relative gap {reached:.1e}")
            if reached <= gap:
                break
            if reached > 2.0 * best:
                relax = 1.0
            best = min(best, reached)
            if iteration == MOST_ITERATIONS:
                raise WorkError(f"relative gap {reached:.1e} after {iteration} iterations, not {gap:g}")
            sweep(ground.roads, ground.bushes, traffic, ground.labels[0], SWEEPS, relax, width)
    flows = [
        habit if not each.moves else own * (each.share / mobile if mobile else 0.0)
        for each, habit in zip(classes, habits, strict=True)
    ]
    outcome = _outcome(network, trips, rule, classes, np.array(flows), traffic.flow)
    return Assignment(*outcome, reached, iteration, time.perf_counter() - begun)


def relative_gap(network: RoadNetwork, trips: TripTable, rule: Rule, flow: np.ndarray) -> float:
    """Relative gap of link flows (n_links,), whoever made them, if all drivers seek the best route."""
    ground = _ground(network, trips, rule, 1.0, 1)
    traffic = _empty(network)
    traffic.flow[:] = flow
    set_costs(ground.roads, traffic)
    with ThreadPoolExecutor(1) as pool:
        return _gap(ground, traffic.cost, traffic.flow, pool)


def prepare() -> None:
    """Compile the kernels, or load them compiled, so that the time of an assignment is its own."""
    one, ends = np.ones(1), np.zeros(1, dtype=np.int32)
    network = RoadNetwork("", 2, 2, 0, ends, ends + np.int32(1), one, one, one, one, one, one)
    trips = TripTable("", 2, ends, ends + np.int32(1), one)
    assign(network, trips)
    ground = _ground(network, trips, Rule(), 1.0, 1)
    sweep(ground.roads, ground.bushes, _empty(network), ground.labels[0], 0, 1.0, one.copy())


def _check_classes(classes: Sequence[DriverClass]) -> None:
    names = [each.name for each in classes]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"class {name}", "is named twice", "each class once")
    total = sum(each.share for each in classes)
    if abs(total - 1.0) > SHARE_TOLERANCE or any(not 0.0 <= each.share <= 1.0 for each in classes):
        shares = " + ".join(f"{each.share:g}" for each in classes)
        raise InputError("classes", f"their shares are {shares}", "shares from 0 to 1 that sum to 1")


def _ground(network: RoadNetwork, trips: TripTable, rule: Rule, share: float, threads: int) -> _Ground:
    """Roads with the costs that steer, empty bushes of a share of the trips, memory."""
    n_nodes, n_links = network.n_nodes, network.n_links
    marginal = network.power + 1.0 if rule.principle == "so" else np.ones(n_links)
    first_out, out_links = star(network.tail, n_nodes)
    first_in, in_links = star(network.head, n_nodes)
    roads = Roads(
        first_out,
        out_links,
        first_in,
        in_links,
        network.tail,
        network.head,
        network.free_flow_time + _fixed_cost(network, rule),
        network.free_flow_time * network.b * marginal,
        1.0 / np.where(network.capacity > 0.0, network.capacity, 1.0),
        network.power,
        network.first_through,
    )
    _check_finite(network, roads, float(trips.trips.sum()))
    leaving = trips.origin != trips.destination
    origin, row = np.unique(trips.origin[leaving], return_inverse=True)
    demand = np.zeros((origin.shape[0], n_nodes))
    demand[row, trips.destination[leaving]] = share * trips.trips[leaving]
    shape = (origin.shape[0], n_links)
    bushes = Bushes(
        origin,
        demand,
        np.zeros(shape),
        np.zeros(shape, dtype=np.bool_),
        np.zeros(demand.shape, dtype=np.int32),
        np.zeros(origin.shape[0], dtype=np.int32),
    )
    return _Ground(roads, bushes, [_labels(network) for _ in range(threads)], np.zeros(origin.shape[0]))


def _labels(network: RoadNetwork) -> Labels:
    reals, whole = np.zeros((3, network.n_nodes)), np.zeros((4, network.n_nodes), dtype=np.int32)
    heap = network.n_links + 1
    return Labels(
        reals[0], whole[0], reals[1], whole[1], whole[2], reals[2], whole[3],
        np.zeros(heap), np.zeros(heap, dtype=np.int32),
    )  # fmt: skip


def _empty(network: RoadNetwork) -> Traffic:
    return Traffic(*np.zeros((4, network.n_links)))


def _fixed_cost(network: RoadNetwork, rule: Rule) -> np.ndarray:
    return rule.toll_weight * network.toll + rule.distance_weight * network.length


def _check_finite(network: RoadNetwork, roads: Roads, total: float) -> None:
    """No cost may overflow, were all trips on one link."""
    with np.errstate(over="ignore", invalid="ignore"):
        worst = roads.flat + roads.rise * (total * roads.per_capacity) ** np.maximum(roads.power, 1.0) * total
    if not np.isfinite(worst).all():
        link = int(np.flatnonzero(~np.isfinite(worst))[0])
        what = f"link {link + 1} ({network.tail[link] + 1} to {network.head[link] + 1}) has no finite cost"
        right = f"capacity, b and power that can bear {total:g} trips"
        raise InputError(network.file, what, right)


def _check_reached(network: RoadNetwork, trips: TripTable, ground: _Ground, traffic: Traffic) -> None:
    """Every pair with trips is joined by a path."""
    n_origins = ground.bushes.origin.shape[0]
    least_costs(ground.roads, traffic.cost, ground.bushes, 0, n_origins, ground.labels[0], ground.paid)
    cut = np.flatnonzero(~np.isfinite(ground.paid))
    if cut.size == 0:
        return
    row = int(cut[0])
    least_costs(ground.roads, traffic.cost, ground.bushes, row, row + 1, ground.labels[0], ground.paid)
    lost = (ground.bushes.trips[row] > 0.0) & np.isinf(ground.labels[0].least)
    what = f"trips from {ground.bushes.origin[row] + 1} to {int(np.flatnonzero(lost)[0]) + 1} find no path"
    raise InputError(trips.file, what, f"trips between zones that {network.file} joins")


def _habit(network: RoadNetwork, trips: TripTable, rule: Rule, group: DriverClass) -> np.ndarray:
    """Link flows of a class in its habit; none for one that seeks the best route."""
    if isinstance(group.routes, GivenRoutes):
        return group.share * group.routes.link_flow(trips, network.n_links)
    traffic = _empty(network)
    if group.routes == "free-flow":
        ground = _ground(network, trips, Rule("ue", rule.toll_weight, rule.distance_weight), group.share, 1)
        set_costs(ground.roads, traffic)
        start_bushes(ground.roads, ground.bushes, traffic, ground.labels[0], False)
    return traffic.flow


def _gap(ground: _Ground, cost: np.ndarray, own: np.ndarray, pool: ThreadPoolExecutor) -> float:
    """Relative gap of flows that could take any path; sums in one order at every number of threads."""
    spent = float(own @ cost)
    if spent <= 0.0:
        return 0.0
    bounds = np.linspace(0, ground.bushes.origin.shape[0], len(ground.labels) + 1).astype(int).tolist()
    parts = [(*between, labels) for between, labels in zip(pairwise(bounds), ground.labels, strict=True)]
    if len(parts) == 1:
        least_costs(ground.roads, cost, ground.bushes, *parts[0], ground.paid)
    else:
        list(pool.map(lambda part: least_costs(ground.roads, cost, ground.bushes, *part, ground.paid), parts))
    return max(spent - float(ground.paid.sum()), 0.0) / spent


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
    cost = duration + _fixed_cost(network, rule)
    integral = flow * (cost - delay + delay / (network.power + 1.0))
    n_trips = float(trips.trips[trips.origin != trips.destination].sum())
    means = tuple(
        float(own @ cost) / (each.share * n_trips) if each.share * n_trips > 0.0 else float("nan")
        for each, own in zip(classes, class_flow, strict=True)
    )
    sums = float(integral.sum()), float(flow @ duration), float(flow @ cost)
    return flow, class_flow, duration, cost, *sums, means
