"""Giving way: which links yield to which at their heads, by what gaps, and the capacity that this leaves.

A link that yields may be left when no vehicle of its major links passes the node within the critical
gap t_c; vehicles that use one gap follow each other by the follow-up time t_f. Major links of a link
are those that end at the same node and do not yield. Where all yield (a stop for all, a mini
roundabout, one merged into a node) nobody is major, and each link is held to one vehicle per t_f.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.scenario.ledger import Parameters
from twin.territory.tables import GIVE_WAY, OBSERVED, ROUNDABOUT, STOP, Streets

YIELDING = (STOP, GIVE_WAY, ROUNDABOUT)  # the order of the ledger's rows


@dataclass(frozen=True)
class Gaps:
    """Giving way by link: yields (n_links,) bool; critical gap and follow-up [ms] (n_links,) int32, else 0.

    Link row i yields to ``major_links[major_start[i]:major_start[i + 1]]`` (int32, ascending);
    major_start (n_links + 1,) int64.
    """

    yields: np.ndarray
    critical_gap_ms: np.ndarray
    follow_up_ms: np.ndarray
    major_start: np.ndarray
    major_links: np.ndarray


def gaps_of(streets: Streets, parameters: Parameters) -> Gaps:
    """Who yields to whom at all junctions, where the map says so or the ledger lets it be inferred."""
    yields = np.isin(streets.control, YIELDING)
    if not parameters["junctions.inferred_gaps"]:
        yields &= streets.control_provenance == OBSERVED
    times = []
    for row in ("critical_gap_s", "follow_up_s"):
        by_control = np.zeros(max(YIELDING) + 1, dtype=np.int32)
        by_control[list(YIELDING)] = np.rint(np.array(parameters[f"junctions.{row}"]) * MS)
        times.append(np.where(yields, by_control[streets.control * yields], 0).astype(np.int32))
    major = np.flatnonzero(~yields)
    major = major[np.argsort(streets.head[major], kind="stable")]
    first = np.searchsorted(streets.head[major], streets.head)
    last = np.searchsorted(streets.head[major], streets.head, side="right")
    count = np.where(yields, last - first, 0)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    place = np.arange(start[-1]) - np.repeat(start[:-1], count)
    links = major[np.repeat(first, count) + place].astype(np.int32)
    return Gaps(yields, times[0], times[1], start, links)


def harders_vps(major_vps: np.ndarray, critical_gap_s: float, follow_up_s: float) -> np.ndarray:
    """Capacity of a minor flow against a Poisson major flow (Harders 1968): q e^(-q t_c) / (1 - e^(-q t_f)).

    Each gap h of the major flow lets floor((h - t_c) / t_f) + 1 vehicles go; without one, 1 / t_f.

    >>> harders_vps(np.array([0.0, 0.2]), 6.5, 4.0).round(4).tolist()
    [0.25, 0.099]
    """
    flow = np.asarray(major_vps, dtype=float)
    some = np.where(flow > 0.0, flow, 1.0)
    capacity = some * np.exp(-some * critical_gap_s) / -np.expm1(-some * follow_up_s)
    return np.where(flow > 0.0, capacity, 1.0 / follow_up_s)


def siegloch_vps(major_vps: np.ndarray, critical_gap_s: float, follow_up_s: float) -> np.ndarray:
    """Capacity where gaps serve a linear number of vehicles (Siegloch 1973): e^(-q (t_c - t_f / 2)) / t_f.

    >>> siegloch_vps(np.array([0.0, 0.2]), 6.5, 4.0).round(4).tolist()
    [0.25, 0.1016]
    """
    flow = np.asarray(major_vps, dtype=float)
    return np.exp(-flow * (critical_gap_s - follow_up_s / 2.0)) / follow_up_s
