"""The shape of a customizable contraction hierarchy: what is joined to what, whatever the weights.

States are eliminated in a nested-dissection order; eliminating one joins its later neighbours pairwise
(chordal completion; George 1973). What a state is joined to above lies on its way to the root of the
elimination tree, so a label needs one place per level (Dibbelt, Strasser & Wagner 2016, ACM JEA 21).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel

FAR = np.int32(2**30 - 1)
"""Cost in the hierarchy that stands for no path; two of them still fit into an int32."""


class Shape(NamedTuple):
    """Arcs by lower state, numbered in the order of elimination: a state's arcs upwards lie together.

    `parent` (n,) int32 is n at a root; `level` (n,) is that of the parent less one, the same at all roots.
    Arc a leads from `arc_low[a]` up to `up_head[a]` at `up_level[a]`; the arcs of state v are `up_first[v]`
    to `up_first[v + 1]`, heads ascending. Before `run_end[a]` they climb by one level each, so that loops
    over them take several at once. `down_arc[down_first[v]:down_first[v + 1]]` are the arcs with head v.
    """

    parent: np.ndarray
    level: np.ndarray
    up_first: np.ndarray
    up_head: np.ndarray
    up_level: np.ndarray
    run_end: np.ndarray
    arc_low: np.ndarray
    down_first: np.ndarray
    down_arc: np.ndarray


@inline_kernel
def _collect(
    heads: np.ndarray, begin: int, end: int, v: int, seen: np.ndarray, out: np.ndarray, at: int
) -> int:
    """Add those heads that v has not got yet; one past the last, or -1 if they do not fit."""
    for k in range(begin, end):
        head = np.int64(heads[k])
        if seen[head] != v:
            if at == out.shape[0]:
                return -1
            seen[head] = v
            out[at] = head
            at += 1
    return at


@kernel
def eliminate(
    first: np.ndarray,
    upper: np.ndarray,
    parent: np.ndarray,
    family: np.ndarray,
    up_first: np.ndarray,
    up_head: np.ndarray,
) -> bool:
    """Heads of all arcs upwards, those of a state in no order; false if they do not fit.

    `first`, `upper` are the later neighbours in the graph; `family` (3, n) is memory: seen by whom, first
    child, next sibling. A child hands on to its parent all it is joined to.
    """
    n = parent.shape[0]
    seen, child, sibling = family[0], family[1], family[2]
    seen[:] = -1
    child[:] = -1
    at = np.int64(0)
    for v in range(n):
        up_first[v] = at
        seen[v] = v
        at = _collect(upper, first[v], first[v + 1], v, seen, up_head, at)
        c = np.int64(child[v])
        while c >= 0 and at >= 0:
            at = _collect(up_head, up_first[c], up_first[c + 1], v, seen, up_head, at)
            c = np.int64(sibling[c])
        if at < 0:
            return False
        above = np.int64(n)
        for k in range(up_first[v], at):
            above = min(above, np.int64(up_head[k]))
        parent[v] = above
        up_first[v + 1] = at
        if above < n:
            sibling[v] = child[above]
            child[above] = v
    return True


@kernel
def postorder(parent: np.ndarray, family: np.ndarray, place: np.ndarray) -> None:
    """Place of every state (n,) such that a subtree lies together, children before parents."""
    n = parent.shape[0]
    stack, child, sibling = family[0], family[1], family[2]
    child[:] = -1
    root = np.int64(-1)
    for k in range(n):
        v = n - 1 - k
        above = np.int64(parent[v])
        sibling[v] = root if above == n else child[above]
        if above == n:
            root = v
        else:
            child[above] = v
    done = np.int64(0)
    while root >= 0:
        stack[0], size = root, 1
        while size > 0:
            v = np.int64(stack[size - 1])
            if child[v] >= 0:
                stack[size] = child[v]
                child[v] = sibling[child[v]]
                size += 1
            else:
                place[v] = done
                done += 1
                size -= 1
        root = np.int64(sibling[root])


@inline_kernel
def _find_levels(shape: Shape) -> None:
    """Levels of all states; the lowest is 0."""
    n = shape.parent.shape[0]
    deepest = np.int32(0)
    for k in range(n):
        v = n - 1 - k
        shape.level[v] = 0 if shape.parent[v] == n else shape.level[shape.parent[v]] + 1
        deepest = max(deepest, shape.level[v])
    for v in range(n):
        shape.level[v] = deepest - shape.level[v]


@kernel
def sort_arcs(raw_head: np.ndarray, shape: Shape) -> None:
    """Fill in the shape from the unsorted heads: turned over twice, lists come out in order."""
    n = shape.parent.shape[0]
    up_first, down_first = shape.up_first, shape.down_first
    down_first[:] = 0
    for k in range(up_first[n]):
        down_first[raw_head[k] + 1] += 1
    for v in range(n):
        down_first[v + 1] += down_first[v]
    for v in range(n):  # down_arc holds the lower states for now
        for k in range(up_first[v], up_first[v + 1]):
            head = raw_head[k]
            shape.down_arc[down_first[head]] = v
            down_first[head] += 1
    for k in range(n):
        down_first[n - k] = down_first[n - k - 1]
    down_first[0] = 0
    _find_levels(shape)
    for head in range(n):
        for k in range(down_first[head], down_first[head + 1]):
            low = np.int64(shape.down_arc[k])
            arc = up_first[low]
            shape.up_head[arc] = head
            shape.up_level[arc] = shape.level[head]
            shape.arc_low[arc] = low
            shape.down_arc[k] = arc
            up_first[low] = arc + 1
    for k in range(n):
        up_first[n - k] = up_first[n - k - 1]
    up_first[0] = 0
    for v in range(n):
        stop = up_first[v + 1]
        for k in range(up_first[v + 1] - up_first[v]):
            arc = up_first[v + 1] - 1 - k
            if k > 0 and shape.up_level[arc] + 1 != shape.up_level[arc + 1]:
                stop = arc + 1
            shape.run_end[arc] = stop


@inline_kernel
def arc_between(shape: Shape, low: int, high: int) -> int:
    """The arc from a state up to another; -1 if they are not joined."""
    begin, end = shape.up_first[low], shape.up_first[low + 1]
    while begin < end:
        middle = (begin + end) >> 1
        if shape.up_head[middle] < high:
            begin = middle + 1
        else:
            end = middle
    return begin if begin < shape.up_first[low + 1] and shape.up_head[begin] == high else -1


@kernel
def locate_arcs(shape: Shape, low: np.ndarray, high: np.ndarray, out: np.ndarray) -> None:
    """The arcs between pairs of states, out (n_pairs,) written."""
    for k in range(low.shape[0]):
        out[k] = arc_between(shape, np.int64(low[k]), np.int64(high[k]))
