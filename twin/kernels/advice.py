"""Advice en route: is the route a traveller follows still good enough, and if not, which is better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import BLOCKED, UNREACHED, Bounds, Topology, Weights, Workspace, search, write_path

KEEPS, DECLINES, FOLLOWS = 0, 1, 2
NO_STREAM = np.uint64(0)


class Asking(NamedTuple):
    """Travellers who ask (n,): their routes' places in the pool, and who they are."""

    trip: np.ndarray  # int64 row
    route_at: np.ndarray  # int64 (n_trips,) place of the present link
    route_end: np.ndarray  # int64 (n_trips,)
    person: np.ndarray  # uint64 (n,)
    honours: np.ndarray  # bool (n,) this advice honours the manager's classification
    obeys: np.ndarray  # bool (n,) would follow an advice now


class Answer(NamedTuple):
    """What came of it: decision int8 (n,), now_ms and best_ms int64 (n,), new routes by trip row."""

    decision: np.ndarray
    now_ms: np.ndarray
    best_ms: np.ndarray
    start: np.ndarray
    end: np.ndarray


@inline_kernel
def _remaining_ms(pool: np.ndarray, at: int, end: int, weight_ms: np.ndarray) -> int:
    """Cost of the route after its present link; UNREACHED if a link on it is blocked."""
    total = np.int64(0)
    for k in range(at + 1, end):
        weight = weight_ms[pool[k]]
        if weight >= BLOCKED:
            return UNREACHED
        total += weight
    return total


@kernel
def advise(
    topology: Topology,
    plain: Weights,
    honouring: Weights,
    bounds: Bounds,
    workspace: Workspace,
    pool: np.ndarray,
    asking: Asking,
    first: int,
    indifference: float,
    least_saving_ms: int,
    out: np.ndarray,
    answer: Answer,
) -> int:
    """Advise travellers asking[first:]; a route is proposed if it saves the band and the least time.

    The route kept costs what the provider believes; a traveller whose route cannot be beaten even
    in free flow is not searched for. Returns the position from which nothing is done, the out pool
    being full.
    """
    at = np.int64(0)
    for k in range(first, asking.trip.shape[0]):
        trip = asking.trip[k]
        present = pool[asking.route_at[trip]]
        destination = pool[asking.route_end[trip] - 1]
        weights = honouring if asking.honours[k] else plain
        weight_ms = weights.cost_ms[0]
        now_ms = _remaining_ms(pool, asking.route_at[trip], asking.route_end[trip], weight_ms)
        answer.decision[k] = KEEPS
        answer.now_ms[k] = now_ms
        answer.best_ms[k] = now_ms
        if present == destination:
            continue
        a, b = topology.head[present], topology.tail[destination]
        bound = bounds.cost_ms[bounds.row_of_node[b], a]
        enough = now_ms - max(np.int64(np.ceil(now_ms * indifference)), least_saving_ms)
        if bound >= BLOCKED or weight_ms[destination] >= BLOCKED or bound + weight_ms[destination] > enough:
            continue
        cost = search(topology, weights, bounds, workspace, a, b, 0, asking.person[k], 0, NO_STREAM)
        if cost >= UNREACHED or cost + weight_ms[destination] > enough:
            continue
        answer.best_ms[k] = cost + weight_ms[destination]
        if not asking.obeys[k]:
            answer.decision[k] = DECLINES
            continue
        if at + 2 > out.shape[0]:
            return k
        end = write_path(topology, workspace, a, b, out, at + 1)
        if end < 0 or end == out.shape[0]:
            return k
        out[at] = present
        out[end] = destination
        answer.decision[k] = FOLLOWS
        answer.start[trip] = at
        answer.end[trip] = end + 1
        at = end + 1
    return asking.trip.shape[0]
