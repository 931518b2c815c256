"""Slow, plain-Python twin of the assignment kernels: all routes written out, flow moved by bisection.

Written apart from the kernels, with other means: routes instead of bushes, Bellman-Ford instead of Dijkstra.
"""

from __future__ import annotations

import math

from twin.readers.tntp import RoadNetwork, TripTable
from twin.routing.assignment import Rule

Flow = list[float]


def slow_cost(network: RoadNetwork, rule: Rule, link: int, flow: float) -> float:
    """Generalised cost of a link at a flow, marginal under "so"."""
    power = float(network.power[link])
    factor = power + 1.0 if rule.principle == "so" else 1.0
    ratio = flow / float(network.capacity[link]) if network.capacity[link] > 0 else 0.0
    time = float(network.free_flow_time[link]) * (1.0 + factor * float(network.b[link]) * ratio**power)
    extra = rule.toll_weight * network.toll[link] + rule.distance_weight * network.length[link]
    return time + float(extra)


def slow_objective(network: RoadNetwork, rule: Rule, flow: Flow, steps: int = 2_000) -> float:
    """Sum over links of the integral of cost, by the midpoint rule."""
    total = 0.0
    for link, carried in enumerate(flow):
        width = carried / steps
        total += width * sum(slow_cost(network, rule, link, (k + 0.5) * width) for k in range(steps))
    return total


def slow_gap(network: RoadNetwork, trips: TripTable, rule: Rule, flow: Flow) -> float:
    """What all would save on the best routes at the costs of these flows, as a share of what they pay."""
    cost = [slow_cost(network, rule, link, flow[link]) for link in range(network.n_links)]
    paid = math.fsum(carried * each for carried, each in zip(flow, cost, strict=True))
    best = {origin: least_from(network, cost, origin) for origin in set(trips.origin.tolist())}
    pairs = zip(trips.origin.tolist(), trips.destination.tolist(), trips.trips.tolist(), strict=True)
    least = math.fsum(n * best[begin][end] for begin, end, n in pairs if begin != end)
    return (paid - least) / paid if paid else 0.0


def least_from(network: RoadNetwork, cost: list[float], origin: int) -> list[float]:
    """Least costs from a node (Bellman 1958, Ford 1956), through no barred node."""
    best = [math.inf] * network.n_nodes
    best[origin] = 0.0
    for _ in range(network.n_nodes):
        for link, (tail, head) in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True)):
            if tail == origin or tail >= network.first_through:
                best[head] = min(best[head], best[tail] + cost[link])
    return best


def simple_routes(network: RoadNetwork, origin: int, destination: int) -> list[tuple[int, ...]]:
    """All routes between two nodes that pass no node twice and no barred one."""
    found: list[tuple[int, ...]] = []
    begun: list[tuple[int, tuple[int, ...], frozenset[int]]] = [(origin, (), frozenset({origin}))]
    while begun:
        node, route, seen = begun.pop()
        if node == destination:
            found.append(route)
            continue
        if node != origin and node < network.first_through:
            continue
        for link in range(network.n_links):
            head = int(network.head[link])
            if network.tail[link] == node and head not in seen:
                begun.append((head, (*route, link), seen | {head}))
    return found


def slow_flows(network: RoadNetwork, trips: TripTable, rule: Rule, gap: float) -> Flow:
    """Link flows in equilibrium: of each pair's routes, the dearer give to the cheapest, again and again."""
    flow = [0.0] * network.n_links
    carried: dict[tuple[int, tuple[int, ...]], float] = {}
    routes = {}
    for pair, (begin, end) in enumerate(zip(trips.origin.tolist(), trips.destination.tolist(), strict=True)):
        routes[pair] = simple_routes(network, begin, end) if begin != end else []
        if routes[pair]:
            carried[pair, routes[pair][0]] = float(trips.trips[pair])
            for link in routes[pair][0]:
                flow[link] += float(trips.trips[pair])
    for _ in range(5_000):
        if slow_gap(network, trips, rule, flow) <= gap:
            return flow
        for pair, ways in routes.items():
            for way in ways:
                costs = {each: route_cost(network, rule, flow, each) for each in ways}
                best = min(costs, key=lambda each: costs[each])
                if carried.get((pair, way), 0.0) > 0.0 and costs[way] > costs[best]:
                    moved = _shift(network, rule, flow, (way, best), carried[pair, way])
                    carried[pair, way] -= moved
                    carried[pair, best] = carried.get((pair, best), 0.0) + moved
    raise AssertionError("the slow twin found no equilibrium")


def route_cost(network: RoadNetwork, rule: Rule, flow: Flow, route: tuple[int, ...]) -> float:
    return sum(slow_cost(network, rule, link, flow[link]) for link in route)


def _shift(
    network: RoadNetwork, rule: Rule, flow: Flow, ways: tuple[tuple[int, ...], tuple[int, ...]], most: float
) -> float:
    """Move flow from the first route to the second until both cost the same or the first is empty."""
    leaves, enters = (
        [link for link in ways[0] if link not in ways[1]],
        [x for x in ways[1] if x not in ways[0]],
    )

    def difference(moved: float) -> float:
        dear = sum(slow_cost(network, rule, link, max(flow[link] - moved, 0.0)) for link in leaves)
        return dear - sum(slow_cost(network, rule, link, flow[link] + moved) for link in enters)

    low, high = 0.0, most
    if difference(most) >= 0.0:
        low = most
    else:
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if difference(middle) > 0.0 else (low, middle)
    for link in leaves:
        flow[link] = max(flow[link] - low, 0.0)
    for link in enters:
        flow[link] += low
    return low
