"""Open half-rings: a normally open cable from each medium-voltage feeder's far end to another feeder.

After a fault, what lies beyond it is fed from there (ding0, Amme et al. 2018, lays such rings; Enedis calls
them coupures d'artere). The tie runs along the streets from the station that is farthest from the substation.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from twin.territory.tables import Ints
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.trees import Tree

TIE = "mv_tie"
"""Kind of a normally open cable."""
Tie = tuple[int, int, float]
"""From the far end of a feeder, to a point of another, length [m]."""


def ties_between(
    plan: LayingPlan, tree: Tree, feeder: Ints, stations: set[int], kept: Mapping[int, str]
) -> list[Tie]:
    """One tie a feeder, between points of the network (`kept`); none where no other feeder is near enough."""
    most_mm = 1000.0 * plan.parameters["utilities.tie_m"]
    label, far = feeder.tolist(), tree.far_mm.tolist()
    ends: dict[int, int] = {}
    for point in sorted(stations):
        top = label[point]
        if top not in ends or far[point] > far[ends[top]]:
            ends[top] = point
    ties: dict[tuple[int, int], Tie] = {}
    for _, start in sorted(ends.items()):
        found = _nearest_of_another(plan, start, label, kept)
        if found is not None and found[1] <= most_mm:
            end, length_m = found[0], found[1] / 1000.0
            ties.setdefault((min(start, end), max(start, end)), (start, end, length_m))
    return list(ties.values())


def _nearest_of_another(
    plan: LayingPlan, start: int, label: list[int], kept: Mapping[int, str]
) -> tuple[int, int] | None:
    """The point of another feeder that is nearest along the streets, and its distance [mm]."""
    heap, done = [(0, start, 0)], set()
    while heap:
        cost, point, mm = heapq.heappop(heap)
        if point in done:
            continue
        done.add(point)
        if point in kept and label[point] != label[start]:
            return point, mm
        for near, piece_mm, piece_cost in plan.skeleton.around[point]:
            if near not in done:
                heapq.heappush(heap, (cost + piece_cost, near, mm + piece_mm))
    return None
