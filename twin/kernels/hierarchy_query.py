"""Queries on a customized hierarchy: up from both ends, along the way to the root of the elimination tree.

A label has one place per level. Paths are unpacked into links; what an arc is made up of is looked for
once per metric and kept (Dibbelt, Strasser & Wagner 2016; batches: Buchhold, Sanders & Wagner 2019).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.hierarchy import FAR, Shape
from twin.kernels.hierarchy_weights import UNKNOWN, Costs, via_link
from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import UNREACHED, RoutePool, Topology
from twin.kernels.search import is_banned


class Desk(NamedTuple):
    """Memory of one query; one per thread. Labels by level, (height,) int32."""

    up_ms: np.ndarray
    up_arc: np.ndarray
    down_ms: np.ndarray
    down_arc: np.ndarray
    stack: np.ndarray  # int64, arcs still to unpack: twice the arc, plus one if downwards
    found: np.ndarray  # int64 (2,): level at which the last query met, and the goal it had


class Ways(NamedTuple):
    """A customized hierarchy over the links of a topology."""

    topology: Topology
    shape: Shape
    costs: Costs
    weight_ms: np.ndarray  # int32 (n_links,), FAR where closed
    place: np.ndarray  # int32 (n_states,) of states in the order of elimination
    turns_first: np.ndarray  # int64 (n_nodes + 1,) turn states at a node
    turns: np.ndarray  # int32


class OdPairs(NamedTuple):
    """Origin and destination links (n,) int32."""

    origin: np.ndarray
    destination: np.ndarray


@inline_kernel
def _relax_run(
    label_ms: np.ndarray, label_arc: np.ndarray, arc_ms: np.ndarray, cost: np.int32, arc: np.int32
) -> None:
    """Hand it on along a run of arcs; several at once by the compiler, so without branches."""
    for k in range(label_ms.shape[0]):
        reached = np.int32(cost + arc_ms[k])
        is_less = reached < label_ms[k]
        label_arc[k] = np.int32(arc + k) if is_less else label_arc[k]
        label_ms[k] = reached if is_less else label_ms[k]


@inline_kernel
def _relax(shape: Shape, v: int, arc_ms: np.ndarray, label_ms: np.ndarray, label_arc: np.ndarray) -> None:
    """Hand on what it costs to be at v to all that v is joined to above."""
    cost = label_ms[shape.level[v]]
    arc, end = np.int64(shape.up_first[v]), shape.up_first[v + 1]
    while arc < end:
        stop, at = np.int64(shape.run_end[arc]), np.int64(shape.up_level[arc])
        n = stop - arc
        _relax_run(label_ms[at : at + n], label_arc[at : at + n], arc_ms[arc:stop], cost, np.int32(arc))
        arc = stop


@inline_kernel
def _open(shape: Shape, v: int, label_ms: np.ndarray) -> None:
    """A fresh label: nothing at v, no path to all above it."""
    at = np.int64(shape.level[v])
    label_ms[at:] = FAR
    label_ms[at] = 0


@kernel
def label_goal(ways: Ways, goal: int, desk: Desk) -> None:
    """The whole label of a goal, for all who go there."""
    shape, n = ways.shape, ways.shape.parent.shape[0]
    _open(shape, goal, desk.down_ms)
    v = np.int64(goal)
    while v < n:
        if desk.down_ms[shape.level[v]] < FAR:
            _relax(shape, v, ways.costs.down_ms, desk.down_ms, desk.down_arc)
        v = np.int64(shape.parent[v])


@inline_kernel
def _meet(ways: Ways, begin: int, goal: int, is_labelled: bool, desk: Desk) -> int:
    """Least cost from one state to another, FAR without a path; where they met is found[0].

    With the goal's label already complete, only the way up from the beginning is left.
    """
    shape, costs, n = ways.shape, ways.costs, ways.shape.parent.shape[0]
    up_ms, down_ms = desk.up_ms, desk.down_ms
    s, t = np.int64(begin), np.int64(goal)
    _open(shape, s, up_ms)
    if not is_labelled:
        _open(shape, t, down_ms)
    while s != t:
        if s < t:
            if up_ms[shape.level[s]] < FAR:
                _relax(shape, s, costs.up_ms, up_ms, desk.up_arc)
            s = np.int64(shape.parent[s])
        else:
            if not is_labelled and down_ms[shape.level[t]] < FAR:
                _relax(shape, t, costs.down_ms, down_ms, desk.down_arc)
            t = np.int64(shape.parent[t])
    best = FAR
    while s < n:
        at = np.int64(shape.level[s])
        there, back = up_ms[at], down_ms[at]
        if np.int32(there + back) < best:
            best = np.int32(there + back)
            desk.found[0] = at
        if there < best:
            _relax(shape, s, costs.up_ms, up_ms, desk.up_arc)
        if not is_labelled and back < best:
            _relax(shape, s, costs.down_ms, down_ms, desk.down_arc)
        s = np.int64(shape.parent[s])
    return best


@kernel
def meet_everywhere(ways: Ways, begin: int, goal: int, desk: Desk) -> int:
    """Both labels in full; the least level at which paths can meet, one past the last if at none."""
    shape, n = ways.shape, ways.shape.parent.shape[0]
    label_goal(ways, goal, desk)
    s, t = np.int64(begin), np.int64(goal)
    _open(shape, s, desk.up_ms)
    while s < n:
        if desk.up_ms[shape.level[s]] < FAR:
            _relax(shape, s, ways.costs.up_ms, desk.up_ms, desk.up_arc)
        s = np.int64(shape.parent[s])
    s = np.int64(begin)
    while s != t:
        if s < t:
            s = np.int64(shape.parent[s])
        else:
            t = np.int64(shape.parent[t])
    return np.int64(shape.level[s]) if s < n else np.int64(desk.up_ms.shape[0])


@kernel
def path_over(ways: Ways, begin: int, goal: int, level: int, desk: Desk, out: np.ndarray) -> int:
    """Links of the path that meets at that level after `meet_everywhere`; their number, -1 without room."""
    desk.found[0] = level
    return write_path(ways, begin, goal, desk, out, 0)


@inline_kernel
def _parts(ways: Ways, arc: int, is_down: int) -> int:
    """What one direction of an arc is made up of, looked for if nobody asked before."""
    shape, costs = ways.shape, ways.costs
    via = costs.down_via if is_down else costs.up_via
    if via[arc] != UNKNOWN:
        return via[arc]
    cost = costs.down_ms[arc] if is_down else costs.up_ms[arc]
    low, high = np.int64(shape.arc_low[arc]), shape.up_head[arc]
    from_low = costs.up_ms if is_down else costs.down_ms  # between the third state and the lower end
    to_high = costs.down_ms if is_down else costs.up_ms
    for k in range(shape.down_first[low], shape.down_first[low + 1]):
        first = np.int64(shape.down_arc[k])
        if from_low[first] > cost:
            continue
        for second in range(first + 1, shape.up_first[shape.arc_low[first] + 1]):
            if shape.up_head[second] >= high:
                if shape.up_head[second] == high and np.int32(from_low[first] + to_high[second]) == cost:
                    via[arc] = ((second << 32) + first) if is_down else ((first << 32) + second)
                    return via[arc]
                break
    return UNKNOWN


@inline_kernel
def _unpack(ways: Ways, desk: Desk, size: int, out: np.ndarray, at: int) -> int:
    """Write the links of the arcs on the stack, the last pushed first; one past the last, -1 without room.

    Both parts of an arc have their lower end at a third state: down to it by the first, up by the second.
    """
    stack = desk.stack
    while size > 0:
        size -= 1
        arc, is_down = stack[size] >> 1, stack[size] & 1
        parts = _parts(ways, arc, is_down)
        if parts < 0:
            if at == out.shape[0]:
                return -1
            out[at] = via_link(parts)  # the encoding is its own inverse
            at += 1
        else:
            stack[size] = (parts & 0xFFFFFFFF) << 1
            stack[size + 1] = ((parts >> 32) << 1) | 1
            size += 2
    return at


@inline_kernel
def write_path(ways: Ways, begin: int, goal: int, desk: Desk, out: np.ndarray, at: int) -> int:
    """Links of the path that met at found[0]; one past the last, -1 if it does not fit."""
    shape = ways.shape
    here, start = desk.found[0], np.int64(shape.level[begin])
    size = np.int64(0)
    while here != start:
        arc = np.int64(desk.up_arc[here])
        desk.stack[size] = arc << 1
        size += 1
        here = np.int64(shape.level[shape.arc_low[arc]])
    at = _unpack(ways, desk, size, out, at)
    here, end = desk.found[0], np.int64(shape.level[goal])
    while here != end and at >= 0:
        arc = np.int64(desk.down_arc[here])
        desk.stack[0] = (arc << 1) | 1
        at = _unpack(ways, desk, 1, out, at)
        here = np.int64(shape.level[shape.arc_low[arc]])
    return at


@inline_kernel
def _best_goal(ways: Ways, begin: int, destination: int, is_labelled: bool, desk: Desk) -> int:
    """Least cost to the begin of a link, over all states there that may take it; the goal is found[1]."""
    topology = ways.topology
    node, n_nodes = np.int64(topology.tail[destination]), topology.first_out.shape[0] - 1
    goal = np.int64(ways.place[node])
    desk.found[1] = goal
    best = _meet(ways, begin, goal, is_labelled, desk)
    is_last = True
    for k in range(ways.turns_first[node], ways.turns_first[node + 1]):
        state = np.int64(ways.turns[k])
        if is_banned(topology, state - n_nodes, destination):
            continue
        other = np.int64(ways.place[state])
        cost = _meet(ways, begin, other, False, desk)
        is_last = cost < best
        if is_last:
            best = cost
            desk.found[1] = other
    if not is_last:  # the labels of the best one were overwritten
        best = _meet(ways, begin, desk.found[1], False, desk)
    return best


@kernel
def ask(
    ways: Ways, asked: OdPairs, rows: np.ndarray, first: int, cost_ms: np.ndarray, out: RoutePool, desk: Desk
) -> int:
    """Cost and, if the pool has any room at all, route of pairs rows[first:], which best lie by destination.

    The cost is that of all links after the first. A route has both its ends; without a path its places are
    -1 and its cost UNREACHED. Returns the position in rows from which nothing is done, the pool being full.
    """
    topology, at = ways.topology, np.int64(0)
    pool, labelled = out.link, np.int64(-1)
    for k in range(first, rows.shape[0]):
        row = rows[k]
        origin, destination = np.int64(asked.origin[row]), np.int64(asked.destination[row])
        out.start[row] = -1
        out.end[row] = -1
        begin, node = np.int64(ways.place[topology.lands_in[origin]]), np.int64(topology.tail[destination])
        has_turns = ways.turns_first[node] < ways.turns_first[node + 1]
        shares = k + 1 < rows.shape[0] and topology.tail[asked.destination[rows[k + 1]]] == node
        if has_turns or (labelled != node and not shares):
            labelled = np.int64(-1)
        elif labelled != node:
            label_goal(ways, ways.place[node], desk)
            labelled = node
        cost = FAR
        if origin == destination:
            cost = np.int32(0)
        elif ways.weight_ms[destination] < FAR:
            cost = _best_goal(ways, begin, destination, labelled == node, desk)
        if cost >= FAR:
            cost_ms[row] = UNREACHED
            continue
        cost_ms[row] = cost if origin == destination else np.int64(cost) + ways.weight_ms[destination]
        if pool.shape[0] == 0:
            continue
        if at + 2 > pool.shape[0]:
            return k
        end = at + 1
        if origin != destination:
            end = write_path(ways, begin, desk.found[1], desk, pool, at + 1)
            if end < 0 or end == pool.shape[0]:
                return k
            pool[end] = destination
            end += 1
        pool[at] = origin
        out.start[row] = at
        out.end[row] = end
        at = end
    return rows.shape[0]
