"""Advice en route: is the route a traveller follows still good enough, and if not, which is better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import BLOCKED, UNREACHED, Bounds, RoutePool, Topology, Weights
from twin.kernels.search import Query, SearchGround, search, write_path


class Counsel(NamedTuple):
    """How a provider advises: what links cost by its lights, and what makes a route worth proposing.

    Its weights are felt by all the same (no spread), so a search draws nothing.
    """

    plain: Weights
    honouring: Weights  # where the advice honours the manager's classification
    indifference: float  # band, share of the route's cost
    least_saving_ms: int


class Asking(NamedTuple):
    """Travellers who ask (n,): the route that each means to drive, from its present link on."""

    pool: np.ndarray  # int32 links of all these routes
    start: np.ndarray  # int64 (n,) place of the present link
    end: np.ndarray  # int64 (n,)
    person: np.ndarray  # uint64 (n,)
    honours: np.ndarray  # bool (n,) this advice honours the manager's classification


class Answer(NamedTuple):
    """What came of it, (n,) int64: costs kept and best, and the proposed route's place, -1 if none."""

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


@inline_kernel
def _most_ms(
    topology: Topology,
    bounds: Bounds,
    weight_ms: np.ndarray,
    ends: tuple[int, int],
    now_ms: int,
    indifference: float,
    least_saving_ms: int,
) -> int:
    """The most that a route between two links may cost to be proposed; -1 if none can cost so little."""
    present, destination = ends
    if present == destination:
        return np.int64(-1)
    a, b = np.int64(topology.head[present]), np.int64(topology.tail[destination])
    bound = np.int64(bounds.cost_ms[bounds.row_of_node[b], a])
    most_ms = now_ms - max(np.int64(np.ceil(now_ms * indifference)), least_saving_ms)
    if bound >= BLOCKED or weight_ms[destination] >= BLOCKED or bound + weight_ms[destination] > most_ms:
        return np.int64(-1)
    return np.int64(most_ms)


@kernel
def most_worth_ms(
    topology: Topology,
    bounds: Bounds,
    weight_ms: np.ndarray,
    routes: RoutePool,
    indifference: float,
    least_saving_ms: int,
    out: np.ndarray,
) -> None:
    """What a better route of those who ask may cost at most, out (n,) int64 [ms]; -1: nothing can be better.

    Routes begin at the present link. By the rule of `advise`, for a search that is done elsewhere.
    """
    pool = routes.link
    for k in range(out.shape[0]):
        now_ms = _remaining_ms(pool, routes.start[k], routes.end[k], weight_ms)
        ends = (np.int64(pool[routes.start[k]]), np.int64(pool[routes.end[k] - 1]))
        out[k] = _most_ms(topology, bounds, weight_ms, ends, now_ms, indifference, least_saving_ms)


@kernel
def advise(
    ground: SearchGround,
    counsel: Counsel,
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
    pool, at = asking.pool, np.int64(0)
    for k in range(first, asking.start.shape[0]):
        present = pool[asking.start[k]]
        destination = pool[asking.end[k] - 1]
        weights = counsel.honouring if asking.honours[k] else counsel.plain
        weight_ms = weights.cost_ms[0]
        now_ms = _remaining_ms(pool, asking.start[k], asking.end[k], weight_ms)
        answer.start[k] = -1
        answer.now_ms[k] = now_ms
        answer.best_ms[k] = now_ms
        ends = (np.int64(present), np.int64(destination))
        enough = _most_ms(
            topology, bounds, weight_ms, ends, now_ms, counsel.indifference, counsel.least_saving_ms
        )
        if enough < 0:
            continue
        cost = search(ground, weights, Query(present, destination, np.int64(0), asking.person[k]))
        if cost >= UNREACHED or cost + weight_ms[destination] > enough:
            continue
        if at + 2 > out.shape[0]:
            return k
        end = write_path(topology, workspace, present, out, at + 1)
        if end < 0 or end == out.shape[0]:
            return k
        out[at] = present
        out[end] = destination
        answer.best_ms[k] = cost + weight_ms[destination]
        answer.start[k] = at
        answer.end[k] = end + 1
        at = end + 1
    return asking.start.shape[0]
