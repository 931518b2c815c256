"""Junction control of the grid: what a peer is given, and what our engine makes of the same rules.

Fixed-time signals where two arterials cross (90 s, two phases, 3 s of yellow each, all at once); elsewhere
a street that meets an arterial gives way, and of two streets that cross the one from north and south goes
first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.world import World
from twin.mobility.links import RightOfWay

CYCLE_MS, GREEN_MS, YELLOW_MS = 90_000, 42_000, 3_000
GAP_MS, FOLLOW_UP_MS = 6_500, 4_000
"""Critical gap and follow-up time of a give-way, as the ledger's ``junctions.critical_gap_s`` has them."""


def east_west(world: World) -> NDArray[np.bool_]:
    """Links that run more east and west than north and south (n_links,)."""
    x, y = world.x_m[world.head] - world.x_m[world.tail], world.y_m[world.head] - world.y_m[world.tail]
    return np.asarray(np.abs(x) > np.abs(y))


def with_signals(world: World) -> NDArray[np.bool_]:
    """Nodes where two arterials cross (n_nodes,)."""
    meets = np.zeros((2, world.x_m.shape[0]), dtype=np.int64)
    for way in (0, 1):
        np.add.at(meets[way], world.head[(world.lanes > 1) & (east_west(world) == bool(way))], 1)
    return np.asarray((meets > 0).all(axis=0))


def signals_of(world: World) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Cycle, offset and green of each link [ms] (n_links,)."""
    here = with_signals(world)[world.head]
    offset = np.where(east_west(world), 0, GREEN_MS + YELLOW_MS)
    times = (np.where(here, each, 0).astype(np.int32) for each in (CYCLE_MS, offset, GREEN_MS))
    return next(times), next(times), next(times)


def control_of(world: World) -> RightOfWay:
    """Who gives way to whom where there is no signal: a link yields to the greater ones that end there."""
    rank = world.lanes * 2 + ~east_west(world)
    n_links = rank.shape[0]
    lists: list[list[int]] = [[] for _ in range(n_links)]
    signals = with_signals(world)
    for node in np.unique(world.head[~signals[world.head]]).tolist():
        links = np.flatnonzero(world.head == node)
        for link in links.tolist():
            lists[link] = links[rank[links] > rank[link]].tolist()
    start = np.concatenate([[0], np.cumsum([len(each) for each in lists])])
    gap = np.array([GAP_MS if each else 0 for each in lists], dtype=np.int32)
    majors = np.array([link for each in lists for link in each], dtype=np.int32)
    return RightOfWay(gap, start.astype(np.int64), majors)
