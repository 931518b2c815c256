"""What static assignment works on: roads with the costs that steer, bushes, and the gap of their flows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.kernels.bushes import Bushes, CostedLinks, Labels, LinkLoads, least_costs, set_costs
from twin.readers.tntp import RoadNetwork, TripTable
from twin.routing.topology import star


@dataclass(frozen=True)
class Rule:
    """What drivers in equilibrium minimise: their own cost ("ue") or that of all ("so")."""

    principle: str = "ue"
    toll_weight: float = 0.0
    distance_weight: float = 0.0


@dataclass(frozen=True)
class AssignmentGround:
    """What the kernels work on."""

    roads: CostedLinks
    bushes: Bushes
    labels: list[Labels]  # one a thread
    paid: np.ndarray  # least cost of each origin's trips


def lay_ground(
    network: RoadNetwork, trips: TripTable, rule: Rule, share: float, threads: int
) -> AssignmentGround:
    """Roads with the costs that steer, empty bushes of a share of the trips, memory."""
    n_nodes, n_links = network.n_nodes, network.n_links
    marginal = network.power + 1.0 if rule.principle == "so" else np.ones(n_links)
    first_out, out_links = star(network.tail, n_nodes)
    first_in, in_links = star(network.head, n_nodes)
    roads = CostedLinks(
        first_out,
        out_links,
        first_in,
        in_links,
        network.tail,
        network.head,
        network.free_flow_time + fixed_cost(network, rule),
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
    return AssignmentGround(
        roads, bushes, [_labels(network) for _ in range(threads)], np.zeros(origin.shape[0])
    )


def _labels(network: RoadNetwork) -> Labels:
    reals, whole = np.zeros((3, network.n_nodes)), np.zeros((4, network.n_nodes), dtype=np.int32)
    heap = network.n_links + 1
    return Labels(
        reals[0], whole[0], reals[1], whole[1], whole[2], reals[2], whole[3],
        np.zeros(heap), np.zeros(heap, dtype=np.int32),
    )  # fmt: skip


def no_flows(network: RoadNetwork) -> LinkLoads:
    """Links that carry nothing yet."""
    return LinkLoads(*np.zeros((4, network.n_links)))


def fixed_cost(network: RoadNetwork, rule: Rule) -> np.ndarray:
    """The part of a link's cost that is no time."""
    return rule.toll_weight * network.toll + rule.distance_weight * network.length


def _check_finite(network: RoadNetwork, roads: CostedLinks, total: float) -> None:
    """No cost may overflow, were all trips on one link."""
    with np.errstate(over="ignore", invalid="ignore"):
        worst = roads.flat + roads.rise * (total * roads.per_capacity) ** np.maximum(roads.power, 1.0) * total
    if not np.isfinite(worst).all():
        link = int(np.flatnonzero(~np.isfinite(worst))[0])
        what = f"link {link + 1} ({network.tail[link] + 1} to {network.head[link] + 1}) has no finite cost"
        right = f"capacity, b and power that can bear {total:g} trips"
        raise InputError(network.file, what, right)


def check_reached(network: RoadNetwork, trips: TripTable) -> None:
    """Every pair with trips is joined by a path."""
    ground, traffic = lay_ground(network, trips, Rule(), 1.0, 1), no_flows(network)
    set_costs(ground.roads, traffic)
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


def gap_of(ground: AssignmentGround, cost: np.ndarray, own: np.ndarray, pool: ThreadPoolExecutor) -> float:
    """Relative gap of flows that could take any path; sums in one order at every number of threads."""
    spent = float(own @ cost)
    if spent <= 0.0:
        return 0.0
    bounds = np.linspace(0, ground.bushes.origin.shape[0], len(ground.labels) + 1).astype(int).tolist()

    def pay(first: int, last: int, labels: Labels) -> None:
        least_costs(ground.roads, cost, ground.bushes, first, last, labels, ground.paid)

    list(pool.map(pay, bounds[:-1], bounds[1:], ground.labels))
    return max(spent - float(ground.paid.sum()), 0.0) / spent
