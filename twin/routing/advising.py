"""Better routes for many who ask at once: who gains, by a hierarchy; by which route, by the guided search.

A hierarchy costs what `twin.kernels.search` finds, to the millisecond, at a fraction of the time, but among
routes of equal cost it decides by another rule. So the search is asked for the paths of those who gain
only, and who is advised which route is the same with and without a hierarchy.
"""

from __future__ import annotations

import numpy as np

from twin.kernels import advice
from twin.kernels.advice import Answer, Asking, Counsel, most_worth_ms
from twin.kernels.hierarchy import FAR
from twin.kernels.paths import RoutePool, Topology
from twin.kernels.search import Ground
from twin.routing.hierarchy import Hierarchy, Metric, build_hierarchy, costs_between, customize, recustomize
from twin.routing.routes import Routes

LEAST_ASKING = 24
"""Who could gain under one set of weights, below which it does not pay to give a hierarchy new weights."""
METRICS_KEPT = 6
"""Sets of weights that are asked for in turn: providers, and what rules for vehicles make of theirs."""
LINKS_A_ROUTE = 64


class Advisor:
    """A network's hierarchy, built when it first pays, and its last few sets of weights.

    Parameters
    ----------
    topology, x_m, y_m
        The network, with nodes at those places (n_nodes,).
    """

    def __init__(self, topology: Topology, x_m: np.ndarray, y_m: np.ndarray) -> None:
        self.topology, self.x_m, self.y_m = topology, x_m, y_m
        self.hierarchy: Hierarchy | None = None
        self.metrics: list[Metric] = []

    def better_routes(self, ground: Ground, counsel: Counsel, asking: Asking) -> tuple[np.ndarray, Routes]:
        """Who of those who ask should take another route, (n,) int64 rows ascending, and these routes."""
        gains = np.zeros(asking.start.shape[0], dtype=np.bool_)
        for honours in (False, True):
            rows = np.flatnonzero(asking.honours == honours)
            if rows.size:
                gains[rows] = self._gains(ground, counsel, asking, rows)
        rows = np.flatnonzero(gains)
        asked = Asking(
            asking.pool, asking.start[rows], asking.end[rows], asking.person[rows], asking.honours[rows]
        )
        found, better = searched(ground, counsel, asked)
        return rows[better], found.taken(better)

    def _gains(self, ground: Ground, counsel: Counsel, asking: Asking, rows: np.ndarray) -> np.ndarray:
        """Who of some rows could gain (n,) bool; exactly who does where the hierarchy was asked."""
        weights = counsel.honouring if asking.honours[rows[0]] else counsel.plain
        weight_ms, most_ms = weights.cost_ms[0], np.empty(rows.shape[0], dtype=np.int64)
        routes = RoutePool(asking.pool, asking.start[rows], asking.end[rows])
        rule = (counsel.indifference, counsel.least_saving_ms)
        most_worth_ms(self.topology, ground.bounds, weight_ms, routes, *rule, most_ms)
        could = np.flatnonzero(most_ms >= 0)
        if could.shape[0] >= LEAST_ASKING:
            ends = asking.pool[routes.start[could]], asking.pool[routes.end[could] - 1]
            gains = costs_between(self.metric(weight_ms), *ends) <= most_ms[could]
            could = could[gains]
        is_one = np.zeros(rows.shape[0], dtype=np.bool_)
        is_one[could] = True
        return is_one

    def metric(self, weight_ms: np.ndarray) -> Metric:
        """The hierarchy under those weights, by what changed since the most similar ones that are kept."""
        if self.hierarchy is None:
            self.hierarchy = build_hierarchy(self.topology, self.x_m, self.y_m)
        felt_ms = np.minimum(weight_ms, FAR)
        n_other = [int((metric.ways.weight_ms != felt_ms).sum()) for metric in self.metrics]
        if 0 in n_other:
            metric = self.metrics.pop(n_other.index(0))
        elif n_other:
            metric = recustomize(self.metrics[int(np.argmin(n_other))], weight_ms)
        else:
            metric = customize(self.hierarchy, weight_ms)
        self.metrics = [metric, *self.metrics[: METRICS_KEPT - 1]]
        return metric


def searched(ground: Ground, counsel: Counsel, asking: Asking) -> tuple[Routes, np.ndarray]:
    """Answers of the guided search, by place in ``asking``, and the places that have one."""
    n = asking.start.shape[0]
    answer = Answer(*(np.full(n, -1, dtype=np.int64) for _ in range(4)))
    pools: list[np.ndarray] = [np.empty(0, dtype=np.int32)]
    done, shift = 0, 0
    while done < n:
        room = (n - done) * LINKS_A_ROUTE + ground.topology.first_out.shape[0] + 2
        out = np.empty(room, dtype=np.int32)
        upto = advice.advise(ground, counsel, asking, done, out, answer)
        piece = done + np.flatnonzero(answer.start[done:upto] >= 0)
        used = int(answer.end[piece].max()) if piece.size else 0
        answer.start[piece] += shift
        answer.end[piece] += shift
        shift += used
        pools.append(out[:used])
        done = upto
    return Routes(np.concatenate(pools), answer.start, answer.end), np.flatnonzero(answer.start >= 0)
