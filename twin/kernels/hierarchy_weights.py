"""Customization: what every arc of a hierarchy costs both ways under a set of link weights.

An arc costs the least of its links and of its detours over lower states (lower triangles), state by
state upwards; the costs of one state's arcs are gathered by level (Dibbelt, Strasser & Wagner 2016).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.hierarchy import FAR, Shape
from twin.kernels.jit import inline_kernel, kernel

UNKNOWN = np.int64(-1)
"""How an arc is made up has not been asked yet."""
_FIRST_LINK = -2


class Given(NamedTuple):
    """Links by the arc they belong to: those of state v's arcs are rows first[v] to first[v + 1].

    Rows are sorted by arc, then by the link's key, so that the lesser key wins among equals.
    """

    first: np.ndarray  # int64 (n_states + 1,)
    arc: np.ndarray  # int32
    upward: np.ndarray  # bool, from the lower state to the higher
    link: np.ndarray  # int32


class Costs(NamedTuple):
    """Costs of arcs (n_arcs,) and how each is made up.

    `up_via`, `down_via` int64: -1 not asked yet, -2 - link, or two arcs (first << 32) + second from a lower
    state. Whoever asks first writes it, one word and always the same, so threads may share it.
    """

    up_ms: np.ndarray  # int32
    down_ms: np.ndarray  # int32
    up_via: np.ndarray
    down_via: np.ndarray


@inline_kernel
def via_link(link: int) -> int:
    """That an arc is one link."""
    return _FIRST_LINK - np.int64(link)


@inline_kernel
def _begin(
    given: Given, shape: Shape, costs: Costs, weight_ms: np.ndarray, v: int, by_level: np.ndarray
) -> None:
    """Cost of the links alone, by level of the head; and which link it is."""
    up, down = by_level[0], by_level[1]
    for arc in range(shape.up_first[v], shape.up_first[v + 1]):
        up[shape.up_level[arc]] = FAR
        down[shape.up_level[arc]] = FAR
        costs.up_via[arc] = UNKNOWN
        costs.down_via[arc] = UNKNOWN
    for k in range(given.first[v], given.first[v + 1]):
        arc, link = np.int64(given.arc[k]), np.int64(given.link[k])
        at, weight = np.int64(shape.up_level[arc]), weight_ms[link]
        if given.upward[k]:
            if weight < up[at]:
                up[at] = weight
                costs.up_via[arc] = via_link(link)
        elif weight < down[at]:
            down[at] = weight
            costs.down_via[arc] = via_link(link)


@inline_kernel
def _write(via: np.ndarray, cost_ms: np.ndarray, arc: int, least: np.int32, weight_ms: np.ndarray) -> bool:
    """Keep what one direction of an arc costs; whether it cost something else before."""
    if via[arc] != UNKNOWN and least < weight_ms[_FIRST_LINK - via[arc]]:
        via[arc] = UNKNOWN
    if cost_ms[arc] == least:
        return False
    cost_ms[arc] = least
    return True


@inline_kernel
def _lower(least: np.ndarray, cost_ms: np.ndarray, more: np.int32) -> None:
    """The lesser of two runs of costs, one of them and some more; several at once by the compiler."""
    for k in range(least.shape[0]):
        least[k] = min(least[k], np.int32(cost_ms[k] + more))


@inline_kernel
def _customize_state(
    shape: Shape, given: Given, costs: Costs, weight_ms: np.ndarray, v: int, by_level: np.ndarray
) -> int:
    """Costs of the arcs up from v; the last of them that changed, -1 if none did."""
    up, down = by_level[0], by_level[1]
    _begin(given, shape, costs, weight_ms, v, by_level)
    for k in range(shape.down_first[v], shape.down_first[v + 1]):
        arc = np.int64(shape.down_arc[k])
        there, back = costs.down_ms[arc], costs.up_ms[arc]  # from v down to the lower state, and up to v
        if there == FAR and back == FAR:
            continue
        onward, end = arc + 1, shape.up_first[shape.arc_low[arc] + 1]
        while onward < end:
            stop, at = np.int64(shape.run_end[onward]), np.int64(shape.up_level[onward])
            _lower(up[at : at + stop - onward], costs.up_ms[onward:stop], there)
            _lower(down[at : at + stop - onward], costs.down_ms[onward:stop], back)
            onward = stop
    last = np.int64(-1)
    for arc in range(shape.up_first[v], shape.up_first[v + 1]):
        at = np.int64(shape.up_level[arc])
        upwards = _write(costs.up_via, costs.up_ms, arc, up[at], weight_ms)
        downwards = _write(costs.down_via, costs.down_ms, arc, down[at], weight_ms)
        if upwards or downwards:
            last = arc
    return last


@kernel
def customize_all(
    shape: Shape, given: Given, costs: Costs, weight_ms: np.ndarray, by_level: np.ndarray
) -> None:
    """Costs of all arcs under weights (n_links,) int32, FAR where closed; by_level (2, height) is memory."""
    for v in range(shape.parent.shape[0]):
        _customize_state(shape, given, costs, weight_ms, v, by_level)


@kernel
def customize_some(
    shape: Shape, given: Given, costs: Costs, weight_ms: np.ndarray, by_level: np.ndarray, touched: np.ndarray
) -> int:
    """The same where few weights changed: states `touched` (n_states,) bool, and those it spreads to.

    A change of the arc from v to z bears on arcs between z and what else v is joined to, so on the states
    that v is joined to up to the highest such z. Returns how many states were done again.
    """
    redone = np.int64(0)
    for v in range(shape.parent.shape[0]):
        if not touched[v]:
            continue
        redone += 1
        last = _customize_state(shape, given, costs, weight_ms, v, by_level)
        for arc in range(shape.up_first[v], last + 1):
            touched[shape.up_head[arc]] = True
    return redone
