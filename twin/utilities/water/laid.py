"""The laid water network as zones, each fed at a kept head: by a tank, a booster or a valve.

Every pressure zone is a network of its own that hangs on one head, so its flow does not depend on the
others'; what it takes from the zone above is drawn there. Tanks are emptied and filled by the twin, step
by step, not by the engine: that ends in no nonsense when pumps stand still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.territory.utilities.tables import WATER, Utilities

L_PER_M3 = 1000.0
S_PER_DAY = 86_400.0
ACCURACY = 1e-7
ON_A_LINE = 20
"""Pattern values on a line: EPANET reads at most 1,023 characters."""


@dataclass(frozen=True)
class Zones:
    """Pressure zones (n_zones,), those above before those below them.

    `entry` is the node whose head is kept, `pump` the node that must run for water to come in (-1: none),
    `above` the zone it comes from (-1: a source), `volume_l` what its tank holds (0: no tank).
    """

    name: tuple[str, ...]
    entry: Ints
    head_m: Floats
    pump: Ints
    above: Ints
    volume_l: Floats


@dataclass(frozen=True)
class LaidWater:
    """Zones, and of the water nodes (by utility node row) their zone and height; leaks' coefficients.

    `zone` (n_nodes,) is -1 for what is no junction of the network. `known` says whether heights are known:
    without, pressures are not verifiable. `mains` are edge rows within zones.
    """

    zones: Zones
    zone: Ints
    height_m: Floats
    leak: Floats
    mains: Ints
    node_of_place: Ints
    known: Flags
    layers: Utilities
    parameters: Parameters

    def inp(self, asked_lps: Floats, step_s: float) -> str:
        """INP text for what junctions ask for (n_steps, n_nodes) [l/s]."""
        edges, p = self.layers.edges, self.parameters
        n_steps = len(asked_lps)
        junctions = np.flatnonzero(self.zone >= 0).astype(np.int32)
        drawing = junctions[(asked_lps[:, junctions] > 0.0).any(axis=0)]
        has = set(drawing.tolist())
        parts = ["[JUNCTIONS]"]
        parts += [
            f"n{row} {self.height_m[row]:.9g} " + (f"1 p{row}" if row in has else "0") for row in junctions
        ]
        parts += ["[RESERVOIRS]"]
        pairs = zip(self.zones.entry, self.zones.head_m, strict=True)
        parts += [f"n{entry} {head:.9g}" for entry, head in pairs]
        parts += ["[PIPES]"]
        rough = f"{p['utilities.hazen_williams']:g} 0 Open"
        ends = zip(self.mains, edges.tail[self.mains], edges.head[self.mains], strict=True)
        parts += [
            f"e{row} n{a} n{b} {edges.length_m[row]:.9g} {edges.diameter_mm[row]:.9g} {rough}"
            for row, a, b in ends
        ]
        parts += [
            "[EMITTERS]",
            *(f"n{row} {self.leak[row]:.9g}" for row in junctions if self.leak[row] > 0.0),
        ]
        return "\n".join([*parts, *_patterns(asked_lps, drawing), *self._options(n_steps, step_s)])

    def _options(self, n_steps: int, step_s: float) -> list[str]:
        """Times and options: pressure-dependent demand, leaks, and an accuracy at which water adds up."""
        p = self.parameters
        clock, last = _clock(step_s), _clock((n_steps - 1) * step_s)
        return [
            "[TIMES]", f"Duration {last}",
            *(f"{kind} Timestep {clock}" for kind in ("Hydraulic", "Pattern", "Report")),
            "[OPTIONS]", "Units LPS", "Headloss H-W", f"Accuracy {ACCURACY:g}", "Trials 500",
            "Demand Model PDA", "Minimum Pressure 0", "Pressure Exponent 0.5", "Backflow Allowed NO",
            f"Required Pressure {p['utilities.full_pressure_m']:g}",
            f"Emitter Exponent {p['utilities.leak_exponent']:g}", "[END]", "",
        ]  # fmt: skip


def _patterns(asked_lps: Floats, drawing: Ints) -> list[str]:
    """What each node that draws asks for, step by step."""
    lines = ["[PATTERNS]"]
    for row in drawing.tolist():
        values = [f"{each:.9g}" for each in asked_lps[:, row].tolist()]
        starts = range(0, len(values), ON_A_LINE)
        lines += [f"p{row} {' '.join(values[at : at + ON_A_LINE])}" for at in starts]
    return lines


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def laid_water(layers: Utilities, place_id: Texts, mean_lps: Floats, parameters: Parameters) -> LaidWater:
    """The water network of a territory; leaks follow from what places draw on the mean (n_places,) [l/s]."""
    nodes, edges = layers.nodes, layers.edges
    if not layers.laid:
        raise InputError("utilities", "the territory has no utility layers", "a territory built again")
    mains: Ints = np.flatnonzero((edges.utility == WATER) & (edges.kind == "main")).astype(np.int32)
    zones = _zones(layers, mains)
    at = {name: row for row, name in enumerate(zones.name)}
    junction = (nodes.utility == WATER) & (nodes.kind == "junction")
    zone = np.full(nodes.n_nodes, -1, dtype=np.int32)
    for row in np.flatnonzero(junction).tolist():
        if str(nodes.area[row]) not in at:
            raise InputError(str(nodes.node_id[row]), "a pressure zone that nothing feeds", "a tank or pump")
        zone[row] = at[str(nodes.area[row])]
    of = zone.copy()
    of[zones.entry] = np.arange(len(zones.name))
    inside = (of[edges.tail[mains]] == of[edges.head[mains]]) & (of[edges.tail[mains]] >= 0)
    mains = mains[inside]
    vague = np.zeros(len(zones.name), dtype=bool)  # one height that nobody knows, and the zone was laid flat
    vague[zone[(zone >= 0) & np.isnan(nodes.elevation_m)]] = True
    known = (zone >= 0) & ~vague[zone]
    height = np.where(known, nodes.elevation_m, 0.0)
    node = layers.rows_for("place", place_id, WATER)
    drawn = float(mean_lps[node >= 0].sum())
    leak = _leaks(layers, (zone, height, mains), zones.head_m, drawn, parameters)
    return LaidWater(zones, zone, height, leak, mains, node, known, layers, parameters)


def _leaks(
    layers: Utilities,
    laid: tuple[Ints, Floats, Ints],
    head_m: Floats,
    drawn_lps: float,
    parameters: Parameters,
) -> Floats:
    """Coefficients (n_nodes,): without flow, metres of main leak alike, and the yield is the ledger's."""
    zone, height, mains = laid
    edges = layers.edges
    metres = np.zeros(len(zone))
    for end in (edges.tail[mains], edges.head[mains]):
        np.add.at(metres, end, edges.length_m[mains] / 2.0)
    metres[zone < 0] = 0.0
    lost_lps = drawn_lps * (1.0 / float(parameters["utilities.network_yield"]) - 1.0)
    still = np.maximum(np.where(zone >= 0, head_m[zone] - height, 1.0), 1.0)
    return np.asarray(
        metres / max(metres.sum(), 1.0) * lost_lps / still ** float(parameters["utilities.leak_exponent"])
    )


def _zones(layers: Utilities, mains: Ints) -> Zones:
    """Each zone's entry: its tank, else its booster or valve; and the zone above."""
    nodes, edges = layers.nodes, layers.edges
    of_kind: dict[str, dict[str, int]] = {"tank": {}, "pump": {}, "valve": {}}
    for row in np.flatnonzero((nodes.utility == WATER) & (nodes.area != "")).tolist():
        if str(nodes.kind[row]) in of_kind:
            of_kind[str(nodes.kind[row])].setdefault(str(nodes.area[row]), row)
    before = {int(head): int(tail) for tail, head in zip(edges.tail[mains], edges.head[mains], strict=True)}
    found: dict[str, tuple[int, int, str, float]] = {}
    for name in sorted({*of_kind["tank"], *of_kind["pump"], *of_kind["valve"]}):
        tank, pump, valve = (of_kind[kind].get(name, -1) for kind in ("tank", "pump", "valve"))
        entry = max(tank, -1) if tank >= 0 else (pump if pump >= 0 else valve)
        lift = pump if pump >= 0 else valve
        upstream = before.get(lift, -1)
        above = str(nodes.area[upstream]) if upstream >= 0 and nodes.kind[upstream] == "junction" else ""
        volume = float(nodes.volume_m3[tank]) * L_PER_M3 if tank >= 0 else 0.0
        found[name] = entry, pump, above, volume
    order = sorted(found, key=lambda name: (_depth(name, found), name))
    row_of = {name: row for row, name in enumerate(order)}
    return Zones(
        name=tuple(order),
        entry=np.array([found[name][0] for name in order], dtype=np.int32),
        head_m=nodes.head_m[[found[name][0] for name in order]],
        pump=np.array([found[name][1] for name in order], dtype=np.int32),
        above=np.array([row_of.get(found[name][2], -1) for name in order], dtype=np.int32),
        volume_l=np.array([found[name][3] for name in order]),
    )


def _depth(name: str, found: dict[str, tuple[int, int, str, float]]) -> int:
    depth, at = 0, name
    while found[at][2] in found and depth <= len(found):
        at, depth = found[at][2], depth + 1
    return depth
