"""Fixed-time signal plans of the junctions that the map says have signals.

A link with a signal may be left at moment t [ms] iff ``(t - offset_ms) mod cycle_ms < green_ms``; where
``cycle_ms`` is 0 there is none (``green_ms`` equals it). Approaches whose lines are less than the
ledger's angle apart share a phase, opposing ones always; phases follow each other, each with its lost
time. Cycle by Webster (1958, Road Research Technical Paper 39): C = (1.5 L + 5) / (1 - Y), within the
ledger's bounds, green shared in proportion to the phases' critical flow ratios y = q / s. Where nobody
counts, q stands in as a share of the approach's flow capacity. Signalled nodes joined by short links
are one junction, with one cycle; who is on such a link is let out of it. Offsets are drawn by the
junction's outside node id: no coordination is assumed.

Flow capacity by class contains a green share (900 veh/h a lane is half of 1800), so under a signal the
headway of whoever leaves is that of the saturation flow (`saturation_vps`); elsewhere it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.clock import MS
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import SIGNAL, Streets
from twin.units import M_PER_DEGREE

OFFSET_STREAM = stream_of("signals.offset")
LOOK_BACK_M = 15.0  # an approach's line is that of its last metres


@dataclass(frozen=True)
class SignalPlans:
    """Plans by link: cycle, offset, effective green [ms] (n_links,) int32, 0 without a signal.

    `junction` and `phase` (n_links,) int32 number the junction and the phase in it, -1 without a signal.
    """

    cycle_ms: np.ndarray
    offset_ms: np.ndarray
    green_ms: np.ndarray
    junction: np.ndarray
    phase: np.ndarray


@dataclass(frozen=True)
class _Rules:
    saturation_vps: float
    lost_ms: int
    least_cycle_ms: int
    most_cycle_ms: int
    least_green_ms: int
    most_flow_ratio: float
    phase_angle_deg: float
    walk_ms: int

    @classmethod
    def of(cls, parameters: Parameters) -> _Rules:
        def ms(name: str) -> int:
            return round(float(parameters[f"junctions.{name}_s"]) * MS)

        return cls(
            parameters["junctions.saturation_flow_vph"] / 3600.0,
            ms("lost_time"),
            ms("least_cycle"),
            ms("most_cycle"),
            ms("least_green"),
            parameters["junctions.most_flow_ratio"],
            parameters["junctions.phase_angle_deg"],
            ms("walk"),
        )


def plan_signals(
    streets: Streets, parameters: Parameters, seed: int, flow_vps: np.ndarray | None = None
) -> SignalPlans:
    """Plans of all signals; `flow_vps` (n_links,) is the demand of each approach where it is counted."""
    rules = _Rules.of(parameters)
    cycle, offset, green = np.zeros((3, streets.n_links), dtype=np.int32)
    phase = np.full(streets.n_links, -1, dtype=np.int32)
    junction = junctions_of(streets, parameters["junctions.signal_spacing_m"])
    design_vps = parameters["junctions.design_load"] * streets.flow_capacity_vps
    ratio = (design_vps if flow_vps is None else flow_vps) / (streets.lanes * rules.saturation_vps)
    names = _names(streets, junction)
    draws = uniforms(seed, OFFSET_STREAM, keys_of(names))
    for number, draw in enumerate(draws.tolist()):
        links = np.flatnonzero(junction == number)
        links = links[np.argsort(streets.link_key[links], kind="stable")]
        groups = _phases(streets, links, rules.phase_angle_deg)
        cycle_ms, greens = split_green([float(ratio[links[group]].max()) for group in groups], rules)
        start = int(draw * cycle_ms)
        for row, (group, green_ms) in enumerate(zip(groups, greens, strict=True)):
            rows = links[group]
            cycle[rows], green[rows], phase[rows] = cycle_ms, green_ms, row
            offset[rows] = start % cycle_ms
            start += green_ms + rules.lost_ms
    return SignalPlans(cycle, offset, green, junction, phase)


def saturation_vps(streets: Streets, parameters: Parameters) -> np.ndarray:
    """Flow of a link's lanes while it is green (n_links,), by the ledger's saturation flow a lane."""
    return np.asarray(streets.lanes * parameters["junctions.saturation_flow_vph"] / 3600.0)


def split_green(ratios: Sequence[float], rules: _Rules) -> tuple[int, list[int]]:
    """Cycle and effective green of each phase [ms] by Webster (1958), from critical flow ratios.

    With one phase of vehicles the time for people on foot counts as lost, as does a second change.
    """
    n_phases = len(ratios)
    alone = n_phases == 1
    lost_ms = 2 * rules.lost_ms + rules.walk_ms if alone else n_phases * rules.lost_ms
    total = min(sum(ratios), rules.most_flow_ratio)
    wanted = (1.5 * lost_ms + 5 * MS) / (1.0 - total)
    cycle_ms = round(min(max(wanted, rules.least_cycle_ms), rules.most_cycle_ms))
    left_ms = cycle_ms - lost_ms
    weights = np.array(ratios) if sum(ratios) > 0.0 else np.ones(n_phases)
    short = np.zeros(n_phases, dtype=bool)
    green = left_ms * weights / weights.sum()
    while (green[~short] < rules.least_green_ms).any():  # as many phases as can be short, else all alike
        short |= green < rules.least_green_ms
        rest = left_ms - rules.least_green_ms * int(short.sum())
        if short.all() or rest <= 0:
            green = np.full(n_phases, left_ms / n_phases)
            break
        green = np.where(short, rules.least_green_ms, rest * weights / weights[~short].sum())
    ends = np.rint(np.cumsum(green)).astype(int)
    return cycle_ms, np.diff(ends, prepend=0).tolist()


def junctions_of(streets: Streets, spacing_m: float) -> np.ndarray:
    """Junction of each link with a signal (n_links,) int32, by lowest outside node id; -1 without.

    Short links between two nodes of one junction have no signal of their own.
    """
    signalled = streets.control == SIGNAL
    node = np.zeros(streets.n_nodes, dtype=bool)
    node[streets.head[signalled]] = True
    tail, head = streets.tail, streets.head
    inner = (streets.length_m <= spacing_m) & node[tail] & node[head]
    shape = (streets.n_nodes, streets.n_nodes)
    graph = coo_array((np.ones(int(inner.sum())), (tail[inner], head[inner])), shape)
    _, part = connected_components(graph, directed=False)
    outer = signalled & ~inner
    junction = np.full(streets.n_links, -1, dtype=np.int32)
    if outer.any():
        least = np.full(int(part.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(least, part[node], streets.node_id[node])
        _, number = np.unique(least[part[head[outer]]], return_inverse=True)
        junction[outer] = number.astype(np.int32)
    return junction


def _names(streets: Streets, junction: np.ndarray) -> np.ndarray:
    """Outside id of each junction: the lowest of its approaches' nodes."""
    n_junctions = int(junction.max(initial=-1)) + 1
    least = np.full(n_junctions, np.iinfo(np.int64).max)
    rows = junction >= 0
    np.minimum.at(least, junction[rows], streets.node_id[streets.head[rows]])
    return least.astype(np.str_)


def _phases(streets: Streets, links: np.ndarray, angle_deg: float) -> list[np.ndarray]:
    """Places in `links` of each phase; the approach of largest flow capacity without a phase opens one."""
    line = np.array([_line_deg(streets, link) for link in links.tolist()])
    order = np.argsort(-np.round(streets.flow_capacity_vps[links], 6), kind="stable")
    phase = np.full(len(links), -1)
    references: list[float] = []
    for place in order.tolist():
        apart = [_between_lines_deg(line[place], each) for each in references]
        if not apart or min(apart) >= angle_deg:
            references.append(line[place])
            phase[place] = len(references) - 1
        else:
            phase[place] = int(np.argmin(apart))
    return [np.flatnonzero(phase == row) for row in range(len(references))]


def _between_lines_deg(a: float, b: float) -> float:
    """Angle between two lines, whichever way they run.

    >>> _between_lines_deg(10.0, 175.0), _between_lines_deg(0.0, 90.0)
    (15.0, 90.0)
    """
    apart = abs(a - b) % 180.0
    return min(apart, 180.0 - apart)


def _line_deg(streets: Streets, link: int) -> float:
    """Direction of a link's last metres, in whole hundredths of a degree from east."""
    rows = slice(int(streets.shape_start[link]), int(streets.shape_start[link + 1]))
    across = M_PER_DEGREE * np.cos(np.radians(streets.node_lat[streets.head[link]]))
    x, y = streets.shape_lon[rows] * across, streets.shape_lat[rows] * M_PER_DEGREE
    if len(x) < 2:
        ends = [streets.tail[link], streets.head[link]]
        x, y = streets.node_x_m[ends], streets.node_y_m[ends]
    away = np.hypot(x - x[-1], y - y[-1])
    far = np.flatnonzero(away >= LOOK_BACK_M)
    at = int(far[-1]) if len(far) else 0
    return round(float(np.degrees(np.arctan2(y[-1] - y[at], x[-1] - x[at]))), 2)
