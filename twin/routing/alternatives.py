"""Good alternatives to the shortest route, over the places where the ways up from both ends meet.

An alternative is admissible if it is not much longer, shares not too much with what is proposed already, and
is the shortest route itself around the place it goes over (Abraham, Delling, Goldberg & Werneck 2013).
Only places that the hierarchy meets at are looked at, so a fine alternative may be overlooked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels import hierarchy_query as queries
from twin.kernels.hierarchy import FAR
from twin.routing.hierarchy import Metric, costs_between, desk_for, goals_of, paths


@dataclass(frozen=True)
class Admissible:
    """What makes an alternative good (the article's own values).

    Parameters
    ----------
    stretch
        Most it may cost, over the least cost.
    shared
        Most of the least cost that it may share with all that is proposed already.
    local
        It must be a shortest route within this much of the least cost before and after its place.
    """

    stretch: float = 1.25
    shared: float = 0.8
    local: float = 0.25


def alternatives(
    metric: Metric, origin: int, destination: int, k: int = 3, rule: Admissible | None = None
) -> list[tuple[int, np.ndarray]]:
    """Up to k routes with their costs [ms], the shortest first; none without a path."""
    rule = rule or Admissible()
    cost_ms, routes = paths(metric, np.array([origin]), np.array([destination]))
    if routes.start[0] < 0:
        return []
    found = [(int(cost_ms[0]), routes.of(0))]
    if origin == destination:
        return found
    weight_ms = metric.ways.weight_ms.astype(np.int64)
    used = np.zeros(weight_ms.shape[0], dtype=np.bool_)
    used[routes.of(0)[1:]] = True
    for cost, before, route in _candidates(metric, origin, destination, int(rule.stretch * cost_ms[0])):
        if len(found) >= k:
            break
        shared_ms = int(weight_ms[route[1:]][used[route[1:]]].sum())
        if (
            shared_ms <= rule.shared * cost_ms[0]
            and _is_simple(metric, route)
            and _is_local_best(metric, route, before, rule.local * float(cost_ms[0]))
        ):
            found.append((cost, route))
            used[route[1:]] = True
    return found


def _candidates(
    metric: Metric, origin: int, destination: int, most_ms: int
) -> list[tuple[int, int, np.ndarray]]:
    """Routes up to a cost by cost: their cost, the links before their place, and themselves."""
    ways, desk = metric.ways, desk_for(metric)
    begin = int(ways.place[ways.topology.lands_in[origin]])
    last_ms, found = int(ways.weight_ms[destination]), []
    room = np.empty(4 * ways.place.shape[0], dtype=np.int32)
    for goal in goals_of(metric, destination):
        lowest = queries.meet_everywhere(ways, begin, goal, desk)
        there, back = desk.up_ms.astype(np.int64), desk.down_ms.astype(np.int64)
        levels = np.arange(lowest, there.shape[0])
        levels = levels[(there[levels] < FAR) & (back[levels] < FAR)]
        for level in levels[there[levels] + back[levels] + last_ms <= most_ms].tolist():
            n = queries.path_over(ways, begin, goal, level, desk, room)
            if n >= 0:
                route = np.concatenate([[origin], room[:n], [destination]]).astype(np.int32)
                before = int(np.searchsorted(np.cumsum(ways.weight_ms[room[:n]]), there[level], "right"))
                found.append((int(there[level] + back[level]) + last_ms, before, route))
    return sorted(found, key=lambda each: (each[0], each[2].tolist()))


def _is_simple(metric: Metric, route: np.ndarray) -> bool:
    """Whether it comes to no node twice."""
    heads = metric.ways.topology.head[route]
    return bool(np.unique(heads).shape[0] == heads.shape[0])


def _is_local_best(metric: Metric, route: np.ndarray, before: int, within_ms: float) -> bool:
    """Whether the stretch around its place is a shortest route: between the links that lie so far away."""
    upto = np.cumsum(metric.ways.weight_ms[route].astype(np.int64))  # at the end of each link
    here = upto[before]
    a = max(int(np.searchsorted(upto, here - within_ms, "right")) - 1, 0)
    b = min(int(np.searchsorted(upto, here + within_ms)), route.shape[0] - 1)
    least_ms = costs_between(metric, route[[a]], route[[b]])[0]
    return bool(least_ms == upto[b] - upto[a])
