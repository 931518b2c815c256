"""Telecom: exchange, street cabinets and distribution points of fibre; mobile sites that cover the places."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from twin.territory.tables import ASSUMED, INFERRED, Floats
from twin.territory.utilities.draft import Edge
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.tables import TELECOM
from twin.territory.utilities.trees import (
    Near,
    Tree,
    central_points,
    cut_areas,
    grow_tree,
    middle_of,
    needed_runs,
    points_by_area,
    rerooted,
    within_area,
)


@dataclass
class TelecomSupply:
    """What of telecom others need: distribution node by point, sites with place and reach, exchanges."""

    node_of_point: dict[int, str] = field(default_factory=dict)
    sites: list[tuple[str, float, float, float]] = field(default_factory=list)  # id, x, y, reach in m
    exchanges: list[tuple[str, int]] = field(default_factory=list)
    gateways: list[tuple[str, float, float]] = field(default_factory=list)  # id, x, y
    data_center: str = ""


def lay_telecom(plan: LayingPlan) -> TelecomSupply:
    """Lay fibre to every place, and mobile sites until nearly every place is covered."""
    reach = TelecomSupply()
    lines = plan.at_points(plan.asked.lines)
    exchanges = _exchanges(plan, lines)
    reach.exchanges = [(name, point) for point, name in sorted(exchanges.items())]
    tree = grow_tree(plan.skeleton, exchanges)
    cabinets = _lay_distribution(plan, tree, lines, reach)
    _lay_feeders(plan, tree, exchanges, cabinets)
    _lay_sites(plan, reach)
    return reach


def _exchanges(plan: LayingPlan, lines: Floats) -> dict[int, str]:
    """Exchanges by point: mapped ones, and an assumed one in the middle of parts without."""
    found: dict[int, str] = {}
    for each, point, _ in plan.snapped(plan.observed.of(TELECOM, "exchange")):
        found.setdefault(point, each.id)
    served = set(plan.part[list(found)].tolist())
    for point in central_points(plan.skeleton, lines, plan.part):
        if int(plan.part[point]) not in served:
            name = f"telecom:exchange:{plan.skeleton.id[point]}"
            found[point] = plan.draft.node(plan.node_at(point, name, TELECOM, "exchange", ASSUMED))
    return found


def _lay_distribution(
    plan: LayingPlan, tree: Tree, lines: Floats, reach: TelecomSupply
) -> dict[int, list[tuple[str, float]]]:
    """Cabinets amid their lines, or where one is mapped, and fibre to distribution points."""
    most = np.full(plan.skeleton.n_points, plan.parameters["utilities.cabinet_lines"])
    area = cut_areas(tree, lines, most, plan.by_density("utilities.cabinet_reach_m"))
    mapped: dict[int, list[tuple[float, str, int]]] = defaultdict(list)
    for each, point, away_m in plan.snapped(plan.observed.of(TELECOM, "cabinet")):
        if area[point] >= 0:
            mapped[int(area[point])].append((away_m, each.id, point))
    served = lines.tolist()
    cabinets: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for top, points in points_by_area(area).items():
        near = within_area(points, tree)
        middle = middle_of(near)
        if mapped.get(top):
            away_m, name, middle = min(mapped[top])
        else:
            node = plan.node_at(
                middle, f"telecom:cabinet:{plan.skeleton.id[middle]}", TELECOM, "cabinet", INFERRED
            )
            away_m, name = 0.0, plan.draft.node(node)
        plan.draft.nodes[name].numbers["n_lines"] = float(lines[points].sum())
        plan.draft.nodes[name].area = name
        _distribute(plan, near, (middle, name, away_m), served, reach)
        cabinets[middle].append((name, away_m))
    return cabinets


def _distribute(
    plan: LayingPlan, near: Near, cabinet: tuple[int, str, float], lines: list[float], reach: TelecomSupply
) -> None:
    """Fibre from a cabinet to the distribution points of its area."""
    middle, name, away_m = cabinet
    parent, mm, order = rerooted(near, middle)
    runs, kept = needed_runs(parent, mm, order, [*(each for each in near if lines[each] > 0.0), middle])
    each_serves = plan.parameters["utilities.distribution_lines"]
    for point in kept:
        node = plan.node_at(point, f"telecom:fibre:{plan.skeleton.id[point]}", TELECOM, "joint", INFERRED)
        node.area = name
        if lines[point] > 0.0:
            node.kind, node.n_units = "distribution_point", math.ceil(lines[point] / each_serves)
            node.numbers["n_lines"] = float(each_serves)
        reach.node_of_point[point] = plan.draft.node(node)
    ends = (name, reach.node_of_point[middle])
    plan.draft.edge(Edge(TELECOM, "fibre_distribution", *ends, away_m, INFERRED))
    for tail, head, length_m in runs:
        ends = reach.node_of_point[tail], reach.node_of_point[head]
        plan.draft.edge(Edge(TELECOM, "fibre_distribution", *ends, length_m, INFERRED))


def _lay_feeders(
    plan: LayingPlan, tree: Tree, exchanges: dict[int, str], cabinets: dict[int, list[tuple[str, float]]]
) -> None:
    """Fibre from exchanges to cabinets along the shortest ways, which share their trenches."""
    runs, kept = needed_runs(tree.parents, tree.lengths_mm, tree.outwards, [*cabinets, *exchanges])
    chamber = {}
    for point in kept:
        name = f"telecom:chamber:{plan.skeleton.id[point]}"
        chamber[point] = plan.draft.node(plan.node_at(point, name, TELECOM, "chamber", INFERRED))
    links = [((name, chamber[point]), 0.0) for point, name in sorted(exchanges.items())]
    links += [((chamber[tail], chamber[head]), length_m) for tail, head, length_m in runs]
    links += [
        ((chamber[point], name), away_m) for point, here in sorted(cabinets.items()) for name, away_m in here
    ]
    for ends, length_m in links:
        plan.draft.edge(Edge(TELECOM, "fibre_feeder", *ends, length_m, INFERRED))


def _lay_sites(plan: LayingPlan, reach: TelecomSupply) -> None:
    """Mapped antennas, then sites one by one where they cover most places, until enough are covered."""
    net = plan.skeleton
    radius_m = plan.by_density("utilities.site_reach_m")
    place = np.bincount(net.place_point, minlength=net.n_points)
    points = np.flatnonzero(place)
    if not len(points):
        return
    left = place[points].astype(np.int64)
    xy = np.column_stack([net.x_m, net.y_m])[points]
    for each, point, away_m in plan.snapped(plan.observed.of(TELECOM, "site")):
        x, y = net.plane.x_m(np.array([each.lon]))[0], net.plane.y_m(np.array([each.lat]))[0]
        _site(plan, reach, each.id, (float(x), float(y), float(radius_m[point])), away_m)
        left[np.hypot(xy[:, 0] - x, xy[:, 1] - y) <= radius_m[point]] = 0
    allowed = (1.0 - plan.parameters["utilities.site_coverage"]) * float(place.sum())
    for row in greedy_cover(xy, left, radius_m[points], allowed):
        point = int(points[row])
        node = plan.node_at(point, f"telecom:site:{net.id[point]}", TELECOM, "site", ASSUMED)
        plan.draft.node(node)
        _site(plan, reach, node.id, (float(xy[row, 0]), float(xy[row, 1]), float(radius_m[point])), 0.0)


def greedy_cover(xy: Floats, weight: np.ndarray, radius_m: Floats, left_out: float) -> list[int]:
    """Rows at which to stand, so that no more than so much weight stays uncovered; the greatest gain first.

    The greedy rule comes within 1 - 1/e of the most that as many could cover (Nemhauser et al. 1978,
    Mathematical Programming 14, 265).
    """
    rest, left = weight.copy(), int(weight.sum())
    gains = _weight_around(xy, rest, xy, radius_m)
    heap = [(-gain, row) for row, gain in enumerate(gains.tolist())]
    heapq.heapify(heap)
    chosen, now = [], gains.tolist()
    while heap and left > left_out:
        _, row = heapq.heappop(heap)
        gain = now[row]
        if heap and gain < -heap[0][0]:
            heapq.heappush(heap, (-gain, row))
            continue
        if gain == 0:
            break
        chosen.append(row)
        left -= gain
        away2 = ((xy - xy[row]) ** 2).sum(axis=1)
        near = away2 <= radius_m[row] ** 2
        rivals = np.flatnonzero(away2 <= (radius_m + radius_m[row] + 1.0) ** 2)
        gains[rivals] -= _weight_around(xy[near], rest[near], xy[rivals], radius_m[rivals])
        rest[near], now = 0, gains.tolist()
    return chosen


def _weight_around(points: Floats, weight: np.ndarray, xy: Floats, radius_m: Floats) -> np.ndarray:
    """Weight of the points within a radius of each spot: a point stands there as often as it weighs."""
    tree = cKDTree(np.repeat(points, weight, axis=0), leafsize=64)  # large leaves: many points a radius
    return np.asarray(tree.query_ball_point(xy, radius_m, return_length=True))


def _site(
    plan: LayingPlan, reach: TelecomSupply, name: str, at: tuple[float, float, float], away_m: float
) -> None:
    """A site's reach, and the fibre behind it from the distribution node nearest to it."""
    node = plan.draft.nodes[name]
    node.numbers["reach_m"] = at[2]
    node.area = name
    reach.sites.append((name, *at))
    backhaul(plan, reach, name, at[:2], away_m)


def backhaul(
    plan: LayingPlan, reach: TelecomSupply, name: str, at: tuple[float, float], away_m: float
) -> None:
    """Fibre to a node that stands so far from its street, from the distribution node nearest to it."""
    node = plan.draft.nodes[name]
    point = plan.skeleton.nearest(node.lon, node.lat)[0]
    if point not in reach.node_of_point:
        known = sorted(reach.node_of_point)
        xy = np.column_stack([plan.skeleton.x_m[known], plan.skeleton.y_m[known]])
        away = np.hypot(xy[:, 0] - at[0], xy[:, 1] - at[1]).round(3)
        point, away_m = known[int(away.argmin())], float(away.min())
    plan.draft.edge(Edge(TELECOM, "backhaul", reach.node_of_point[point], name, away_m, INFERRED))
