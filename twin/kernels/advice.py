"""Advice en route: is the route a traveller follows still good enough, and if not, which is better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import BLOCKED, UNREACHED, Weights
from twin.kernels.search import Ground, Query, search, write_path

KEEPS, DECLINES, FOLLOWS = 0, 1, 2


class Counsel(NamedTuple):
    """How a provider advises: what links cost by its lights, and what makes a route worth proposing.

    Its weights are felt by all the same (no spread), so a search draws nothing.
    """

    plain: Weights
    honouring: Weights  # where the advice honours the manager's classification
    indifference: float  # band, share of the route's cost
    least_saving_ms: int


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
    ground: Ground,
    counsel: Counsel,
    pool: np.ndarray,
    asking: Asking,
    first: int,
    out: np.ndarray,
    answer: Answer,
) -> int:
    """Advise travellers asking[first:]; a route is proposed if it saves the band and the least time.

    The route kept costs what the provider believes; a traveller whose route cannot be beaten even
    in free flow is not searched for. Returns the position from which nothing is done, the out pool
    being full.
    """
    topology, bounds, workspace = ground.topology, ground.bounds, ground.workspace
    at = np.int64(0)
    for k in range(first, asking.trip.shape[0]):
        trip = asking.trip[k]
        present = pool[asking.route_at[trip]]
        destination = pool[asking.route_end[trip] - 1]
        weights = counsel.honouring if asking.honours[k] else counsel.plain
        weight_ms = weights.cost_ms[0]
        now_ms = _remaining_ms(pool, asking.route_at[trip], asking.route_end[trip], weight_ms)
        answer.decision[k] = KEEPS
        answer.now_ms[k] = now_ms
        answer.best_ms[k] = now_ms
        if present == destination:
            continue
        a, b = np.int64(topology.head[present]), np.int64(topology.tail[destination])
        bound = bounds.cost_ms[bounds.row_of_node[b], a]
        enough = now_ms - max(np.int64(np.ceil(now_ms * counsel.indifference)), counsel.least_saving_ms)
        if bound >= BLOCKED or weight_ms[destination] >= BLOCKED or bound + weight_ms[destination] > enough:
            continue
        cost = search(ground, weights, Query(present, destination, np.int64(0), asking.person[k]))
        if cost >= UNREACHED or cost + weight_ms[destination] > enough:
            continue
        answer.best_ms[k] = cost + weight_ms[destination]
        if not asking.obeys[k]:
            answer.decision[k] = DECLINES
            continue
        if at + 2 > out.shape[0]:
            return k
        end = write_path(topology, workspace, present, out, at + 1)
        if end < 0 or end == out.shape[0]:
            return k
        out[at] = present
        out[end] = destination
        answer.decision[k] = FOLLOWS
        answer.start[trip] = at
        answer.end[trip] = end + 1
        at = end + 1
    return asking.trip.shape[0]
