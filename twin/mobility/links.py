"""Links as the loading sees them: whole milliseconds, whole places, and the loading's own order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import WorkError
from twin.kernels.paths import Topology
from twin.kernels.traffic import STEP_MS, Network, Supply
from twin.units import S_PER_H

MOST_STORAGE = 2**16 - 1


@dataclass(frozen=True)
class RightOfWay:
    """Who gives way to whom at the ends of links, by row of outside.

    Parameters
    ----------
    gap_ms
        Critical gap where a link yields, 0 where it does not, (n_links,) int32.
    major_start, major_links
        Links that end at the same node and that each link k yields to:
        major_links[major_start[k] : major_start[k + 1]].
    """

    gap_ms: np.ndarray
    major_start: np.ndarray
    major_links: np.ndarray

    @staticmethod
    def none(n_links: int) -> RightOfWay:
        """Nobody yields."""
        no = np.zeros(n_links + 1, dtype=np.int64)
        return RightOfWay(no[:-1].astype(np.int32), no, np.empty(0, dtype=np.int32))


def link_ms(duration_s: np.ndarray) -> np.ndarray:
    """Durations in whole milliseconds, at least one step of the loading.

    >>> link_ms(np.array([0.2, 12.3456])).tolist()
    [1000, 12346]
    """
    return np.maximum(np.rint(duration_s * 1_000.0), STEP_MS).astype(np.int64)


def headway_ms(flow_capacity_vps: np.ndarray) -> np.ndarray:
    """Least time between vehicles at that flow capacity, in whole milliseconds.

    >>> headway_ms(np.array([0.5])).tolist()
    [2000]
    """
    return np.maximum(np.rint(1_000.0 / flow_capacity_vps), 1).astype(np.int64)


def places_and_holes(
    free_s: np.ndarray, wave_s: np.ndarray, storage: np.ndarray, least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Whole places (n_links,) and hole times [ms] that keep the diagram's top, storage / (free + wave).

    ``storage`` is jam density times length, before rounding. Traverse times of a step at least and whole
    places would lower the flow that a short link can carry (or raise it); the hole's time makes up for both.
    Where even a hole of one step does not, a place is added.

    >>> places, hole_ms = places_and_holes(np.array([0.8]), np.array([2.88]), np.array([2.4]))
    >>> places.tolist(), hole_ms.tolist()  # 2.4 places in 3.68 s are 2 in 3.066 s
    ([2], [2066])
    """
    top_vps = storage / (free_s + wave_s)
    free_ms = link_ms(free_s)
    places = np.maximum(np.rint(storage), least).astype(np.int64)
    need = np.ceil((free_ms + STEP_MS) * top_vps / 1_000.0 - 1e-9).astype(np.int64)
    places = np.maximum(places, need)
    hole_ms = np.maximum(np.floor(1_000.0 * places / top_vps + 1e-6).astype(np.int64) - free_ms, STEP_MS)
    return places, hole_ms


def supply_of(free_ms: np.ndarray, headway_ms: np.ndarray, *signals: np.ndarray) -> Supply:
    """Supply with nothing closed; signals are cycle, offset and green [ms], none if not given."""
    n_links = free_ms.shape[0]
    times = signals or tuple(np.zeros((3, n_links), dtype=np.int32))
    closed = np.zeros(n_links, dtype=np.bool_)
    return Supply(free_ms.astype(np.int64), headway_ms.astype(np.int64), closed, *times)


def build_network(
    topology: Topology,
    storage_veh: np.ndarray,
    hole_ms: np.ndarray,
    flow_capacity_vps: np.ndarray,
    control: RightOfWay | None = None,
) -> Network:
    """The loading's fixed arrays; merges share in proportion to flow capacity (Daganzo 1995).

    Links are numbered by the node at which they end, so that those that meet lie together.
    """
    n_links = topology.tail.shape[0]
    if n_links and int(storage_veh.max()) > MOST_STORAGE:
        raise WorkError(f"link row {int(np.argmax(storage_veh))} stores more than {MOST_STORAGE} vehicles")
    control = RightOfWay.none(n_links) if control is None else control
    row = np.asarray(topology.in_links, dtype=np.uint32)
    place = np.empty(n_links, dtype=np.uint32)
    place[row] = np.arange(n_links)
    n_out = np.diff(topology.first_out)
    ordinal = np.empty(n_links, dtype=np.int32)
    ordinal[topology.out_links] = np.arange(n_links) - np.repeat(topology.first_out[:-1], n_out)
    if n_links and int(n_out.max()) > 254 - 2:
        raise WorkError(f"node row {int(np.argmax(n_out))} has more than 252 links that leave it")
    n_majors = np.diff(control.major_start)[row]
    major_start = np.concatenate([[0], np.cumsum(n_majors)])
    shift = np.repeat(control.major_start[:-1][row] - major_start[:-1], n_majors)
    listed = shift + np.arange(major_start[-1])
    return Network(
        tail=topology.tail[row].astype(np.uint32),
        head=topology.head[row].astype(np.uint32),
        in_start=topology.first_in.astype(np.uint32),
        out_start=topology.first_out.astype(np.uint32),
        out_links=place[topology.out_links],
        ordinal=ordinal[row],
        row=row,
        place=place,
        storage_veh=storage_veh[row].astype(np.int32),
        hole_ms=hole_ms[row].astype(np.int32),
        weight=np.maximum(np.rint(flow_capacity_vps[row] * S_PER_H), 1).astype(np.int32),
        link_key=topology.link_key[row],
        gap_ms=control.gap_ms[row].astype(np.int32),
        major_start=major_start.astype(np.uint32),
        major_links=place[control.major_links[listed]].astype(np.uint32),
        turn_bits=4 if n_links == 0 or int(n_out.max()) <= 14 else 8,
    )
