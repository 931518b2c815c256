"""The laid water network as one EPANET network: tanks, pumps, valves, demand by pressure, leaks, controls.

Where the twin keeps a head (a tank's bottom, a booster's or a valve's outlet), the file has the thing that
keeps it. Pumps have a curve through one point, at which they lift what the twin lets them bring; a booster
is followed by a valve that holds its head, for its curve alone would not.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from twin.errors import InputError
from twin.territory.tables import Floats, Ints
from twin.territory.utilities.tables import WATER
from twin.utilities.water.inp import Inp, epanet_clock, shared_patterns
from twin.utilities.water.laid import LaidWater, options

LEAST_LPS = 0.05
WIDE_MM = 2000.0
Sections = dict[str, list[str]]


def write_inp(inp: Inp, path: Path) -> None:
    """Write an EPANET file, once it is seen to be whole."""
    inp.check(str(path))
    try:
        path.write_text(inp.text(), encoding="utf-8")
    except OSError as error:
        raise InputError(str(path), f"not written: {error.strerror}", "a file that can be written") from None


def laid_inp(laid: LaidWater, asked_lps: Floats, step_s: float, filled: float = 1.0) -> Inp:
    """An EPANET network of what nodes ask for (n_steps, n_nodes) [l/s]; `filled`: of tanks at the start.

    Nodes are n and their row, mains e and theirs; their own names stand among the tags.
    """
    nodes, edges = laid.layers.nodes, laid.layers.edges
    mains = np.flatnonzero((edges.utility == WATER) & (edges.kind == "main")).astype(np.int32)
    used = np.unique(np.concatenate([edges.tail[mains], edges.head[mains]]))
    height, mean = _heights_m(laid), asked_lps.mean(axis=0)
    sections: Sections = {}
    sections["PATTERNS"], pattern = shared_patterns(asked_lps, mean, "p")
    _stores(sections, laid, used, (height, filled))
    outlet = _lifts(sections, laid, used, height)
    _settings(sections, laid, used, (len(asked_lps), step_s))
    own = used[np.isin(nodes.kind[used], ("junction", "pump", "valve"))].tolist()
    more = [(name, row) for row, names in outlet.items() for name in names]
    rows = [*own, *(row for _, row in more)]
    n_more, n_mains = len(more), len(mains)
    found = Inp(
        junction=_texts([*(f"n{row}" for row in own), *(name for name, _ in more)]),
        elevation=height[rows],
        demand=np.concatenate([mean[own], np.zeros(n_more)]),
        pattern=_texts([*(pattern.get(row, "") for row in own), *[""] * n_more]),
        pipe=_texts([f"e{row}" for row in mains.tolist()]),
        tail=_texts([outlet.get(row, [f"n{row}"])[-1] for row in edges.tail[mains].tolist()]),
        head=_texts([f"n{row}" for row in edges.head[mains].tolist()]),
        length=edges.length_m[mains],
        diameter=edges.diameter_mm[mains],
        roughness=np.full(n_mains, float(laid.parameters["utilities.hazen_williams"])),
        minor_loss=np.zeros(n_mains),
        status=_texts(["Open"] * n_mains),
        sections={name: tuple(lines) for name, lines in sections.items()},
    )
    found.check("laid water network")
    return found


def _texts(values: list[str]) -> np.ndarray:
    return np.array(values, dtype=np.str_)


def _heights_m(laid: LaidWater) -> Floats:
    """Height of every node, 0 in zones that were laid flat because nobody knows it."""
    nodes = laid.layers.nodes
    flat = {laid.zones.name[zone] for zone in laid.zone[(laid.zone >= 0) & np.isnan(nodes.elevation_m)]}
    level = np.isnan(nodes.elevation_m) | np.array([each in flat for each in nodes.area.tolist()])
    return np.where(level, 0.0, nodes.elevation_m)


def _stores(sections: Sections, laid: LaidWater, used: Ints, how: tuple[Floats, float]) -> None:
    """Sources as reservoirs on their ground, and tanks whose bottom is the head that the twin keeps."""
    nodes, (height, filled) = laid.layers.nodes, how
    depth = float(laid.parameters["utilities.tank_depth_m"])
    for row in used[nodes.kind[used] == "source"].tolist():
        sections.setdefault("RESERVOIRS", []).append(f"n{row} {height[row]:.9g}")
    for row in used[nodes.kind[used] == "tank"].tolist():
        wide_m = math.sqrt(4.0 * float(nodes.volume_m3[row]) / depth / math.pi)
        levels = f"{depth * filled:.9g} 0 {depth:.9g} {wide_m:.9g} 0"
        sections.setdefault("TANKS", []).append(f"n{row} {float(nodes.head_m[row]):.9g} {levels}")


def _lifts(sections: Sections, laid: LaidWater, used: Ints, height: Floats) -> dict[int, list[str]]:
    """Pumps and valves between a node and the junctions that are added behind it; those, by node row."""
    nodes, zones = laid.layers.nodes, laid.zones
    zone_of = {name: row for row, name in enumerate(zones.name)}
    p = laid.parameters
    peak = float(p["utilities.water_peak_hour_factor"]) / float(p["utilities.pump_peak_factor"])
    peak *= float(p["utilities.inp_booster_flow_ratio"])
    depth, spare = float(p["utilities.tank_depth_m"]), float(p["utilities.inp_pump_spare_m"])
    start, stop = p["utilities.inp_tank_levels"]
    sections.update((name, []) for name in ("PUMPS", "CURVES", "VALVES", "CONTROLS"))
    added: dict[int, list[str]] = {}
    for row in used[np.isin(nodes.kind[used], ("pump", "valve"))].tolist():
        zone, node = zone_of[str(nodes.area[row])], f"n{row}"
        head, added[row] = float(zones.head_m[zone]), []
        tank = zones.volume_l[zone] > 0.0
        if nodes.kind[row] == "pump":
            above = zones.above[zone]
            from_m = float(zones.head_m[above]) if above >= 0 else float(height[row])
            lps = max(float(zones.pump_lps[zone]) * (1.0 if tank else peak), LEAST_LPS)
            spare_m = spare + (depth if tank else 0.0)
            sections["CURVES"].append(f"c{row} {lps:.9g} {max(head - from_m, 0.0) + spare_m:.9g}")
            sections["PUMPS"].append(f"pump{row} {node} {node}p HEAD c{row}")
            added[row].append(node := f"{node}p")
        if tank and nodes.kind[row] == "pump":
            at = f"NODE n{zones.entry[zone]}"
            sections["CONTROLS"] += [
                f"LINK pump{row} OPEN IF {at} BELOW {start * depth:.9g}",
                f"LINK pump{row} CLOSED IF {at} ABOVE {stop * depth:.9g}",
            ]
        else:
            held_m = head - float(height[row])
            sections["VALVES"].append(f"valve{row} {node} n{row}v {WIDE_MM:g} PRV {held_m:.9g} 0")
            added[row].append(f"n{row}v")
    return added


def _settings(sections: Sections, laid: LaidWater, used: Ints, when: tuple[int, float]) -> None:
    """Leaks, times, options, names and places of nodes."""
    nodes, (n_steps, step_s) = laid.layers.nodes, when
    leaking = np.flatnonzero((laid.zone >= 0) & (laid.leak > 0.0)).tolist()
    sections["EMITTERS"] = [f"n{row} {laid.leak[row]:.9g}" for row in leaking]
    sections["TIMES"] = [
        f"Duration {epanet_clock((n_steps - 1) * step_s)}",
        *(f"{kind} Timestep {epanet_clock(step_s)}" for kind in ("Hydraulic", "Pattern", "Report")),
    ]
    sections["OPTIONS"] = options(laid.parameters, float(laid.parameters["utilities.full_pressure_m"]))[1:]
    sections["TAGS"] = [f"NODE n{row} {nodes.node_id[row]}" for row in used.tolist()]
    sections["COORDINATES"] = [f"n{row} {nodes.lon[row]:.7f} {nodes.lat[row]:.7f}" for row in used.tolist()]
