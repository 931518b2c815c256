"""The laid water network as zones, each fed at a kept head: by a tank, a booster or a valve.

Every pressure zone is a network of its own that hangs on one head, so its flow does not depend on the
others'; what it takes from the zone above is drawn there. Tanks are emptied and filled by the twin, step
by step, not by the engine: that ends in no nonsense when pumps stand still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import ASSUMED, Flags, Floats, Ints, Texts
from twin.territory.utilities.tables import POWER, WATER, Utilities
from twin.units import L_PER_M3


@dataclass(frozen=True)
class PressureZones:
    """Pressure zones (n_zones,), those above before those below them.

    `entry` is the node whose head is kept, `pump` the node that must run for water to come in (-1: none),
    `above` the zone it comes from (-1: a source) and `feed` the junction there at which it is drawn (-1),
    `volume_l` what its tank holds (0: no tank), `pump_lps` what fills it while its pump runs.
    """

    name: tuple[str, ...]
    entry: Ints
    head_m: Floats
    pump: Ints
    above: Ints
    feed: Ints
    volume_l: Floats
    pump_lps: Floats


@dataclass(frozen=True)
class LaidWater:
    """Zones, and of the water nodes (by utility node row) their zone and height; leaks' coefficients.

    `zone` (n_nodes,) is -1 for what is no junction of the network. `known` says whether heights are known,
    observed or given: without, pressures are not verifiable. `mains` are edge rows within zones,
    `main_zone` their zones; `inlets` are edge rows through which zones get their water from above or from
    a source, `inlet_zone` their zones.
    """

    zones: PressureZones
    zone: Ints
    height_m: Floats
    leak: Floats
    mains: Ints
    main_zone: Ints
    inlets: Ints
    inlet_zone: Ints
    node_of_place: Ints
    known: Flags
    layers: Utilities
    parameters: Parameters

    def asked(self, place_lps: Floats) -> Floats:
        """What nodes ask for (n_nodes,) when places draw so much (n_places,) [l/s]."""
        fed = self.node_of_place >= 0
        return np.bincount(self.node_of_place[fed], place_lps[fed], len(self.zone)).astype(np.float64)

    def running(self, level: Floats | None, edges: Floats | None = None) -> Floats:
        """Share for which water can come into each zone (n_zones,): its pump runs, its inlets stand.

        From shares of nodes (n_nodes,) and of edges (n_edges,); without them all run and stand.
        """
        running = np.ones(len(self.zones.name))
        if level is not None:
            pumped = self.zones.pump >= 0
            running[pumped] = level[self.zones.pump[pumped]]
        if edges is not None:
            np.minimum.at(running, self.inlet_zone, edges[self.inlets])
        return running

    def inp(self, full_m: float) -> str:
        """INP text of the zones, each hung on a reservoir at its entry; nothing is asked for yet.

        From a pressure of `full_m` on all is delivered.
        """
        edges, p = self.layers.edges, self.parameters
        junctions = np.flatnonzero(self.zone >= 0).tolist()
        heights, leaks = self.height_m.tolist(), self.leak.tolist()
        pairs = zip(self.zones.entry.tolist(), self.zones.head_m.tolist(), strict=True)
        columns = (
            self.mains, edges.tail[self.mains], edges.head[self.mains],
            edges.length_m[self.mains], edges.diameter_mm[self.mains],
        )  # fmt: skip
        pipes = zip(*(column.tolist() for column in columns), strict=True)
        rough = f"{p['utilities.hazen_williams']:g} 0 Open"
        parts = [
            "[JUNCTIONS]", *(f"n{row} {heights[row]:.9g} 0" for row in junctions),
            "[RESERVOIRS]", *(f"n{entry} {head:.9g}" for entry, head in pairs),
            "[PIPES]", *(f"e{row} n{a} n{b} {m:.9g} {mm:.9g} {rough}" for row, a, b, m, mm in pipes),
            "[EMITTERS]", *(f"n{row} {leaks[row]:.9g}" for row in junctions if leaks[row] > 0.0),
            *options(p, full_m), "[END]", "",
        ]  # fmt: skip
        return "\n".join(parts)


def options(p: Parameters, full_m: float) -> list[str]:
    """Section of options: litres a second, pressure-dependent demand (Wagner et al. 1988) and leaks."""
    return [
        "[OPTIONS]", "Units LPS", "Headloss H-W", "Accuracy 1e-5", "Trials 500",
        "Demand Model PDA", "Minimum Pressure 0", "Pressure Exponent 0.5", "Backflow Allowed NO",
        f"Required Pressure {full_m:.9g}",
        f"Emitter Exponent {p['utilities.leak_exponent']:g}",
    ]  # fmt: skip


def laid_water(layers: Utilities, place_id: Texts, mean_lps: Floats, parameters: Parameters) -> LaidWater:
    """The water network of a territory; leaks follow from what places draw on the mean (n_places,) [l/s]."""
    nodes, edges = layers.nodes, layers.edges
    if not layers.laid:
        raise InputError("utilities", "the territory has no utility layers", "a territory built again")
    _check_power(layers)
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
    inlets, inlet_zone = _inlets(layers, mains[~inside], at)
    mains = mains[inside]
    vague = np.zeros(len(zones.name), dtype=bool)  # one height that nobody knows, and the zone was laid flat
    vague[zone[(zone >= 0) & np.isnan(nodes.elevation_m)]] = True
    flat = (zone < 0) | vague[zone]
    height = np.where(flat, 0.0, nodes.elevation_m)
    node = layers.rows_for("place", place_id, WATER)
    fed = node >= 0
    drawn = np.bincount(zone[node[fed]], mean_lps[fed], len(zones.name)).astype(np.float64)
    zones = replace(zones, pump_lps=_pump_lps(zones, drawn, parameters))
    leak = _leaks(layers, (zone, height, mains), zones.head_m, float(drawn.sum()), parameters)
    known = ~flat & (nodes.elevation_provenance != ASSUMED)
    return LaidWater(
        zones, zone, height, leak, mains, of[edges.tail[mains]], inlets, inlet_zone, node, known, layers,
        parameters,
    )  # fmt: skip


def _inlets(layers: Utilities, outside: Ints, at: dict[str, int]) -> tuple[Ints, Ints]:
    """Mains beside a pump or a valve that lie in no zone, and the zone that it feeds."""
    nodes, edges = layers.nodes, layers.edges
    found = [
        (row, at[str(nodes.area[end])])
        for row in outside.tolist()
        for end in (edges.tail[row], edges.head[row])
        if nodes.kind[end] in ("pump", "valve")
    ]
    rows = np.array(found, dtype=np.int32).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _check_power(layers: Utilities) -> None:
    """Refuse pumps that no node of the power network supplies."""
    nodes = layers.nodes
    pumps = nodes.node_id[(nodes.utility == WATER) & (nodes.kind == "pump")]
    supplied = layers.nodes_of("pump", POWER)
    for name in pumps.tolist():
        if name not in supplied:
            raise InputError(
                f"pump {name}", "it has no power node", "a dependency on a node of the power network"
            )


def _pump_lps(zones: PressureZones, drawn_lps: Floats, parameters: Parameters) -> Floats:
    """What pumps bring: more than the mean of what their zones draw and leak, those that hang on them too."""
    total = drawn_lps / float(parameters["utilities.network_yield"])
    for zone in range(len(total) - 1, -1, -1):
        if zones.above[zone] >= 0:
            total[zones.above[zone]] += total[zone]
    return np.asarray(total * float(parameters["utilities.pump_peak_factor"]))


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


def _zones(layers: Utilities, mains: Ints) -> PressureZones:
    """Each zone's entry: its tank, else its booster or valve; and the zone above."""
    nodes, edges = layers.nodes, layers.edges
    of_kind: dict[str, dict[str, int]] = {"tank": {}, "pump": {}, "valve": {}}
    for row in np.flatnonzero((nodes.utility == WATER) & (nodes.area != "")).tolist():
        if str(nodes.kind[row]) in of_kind:
            of_kind[str(nodes.kind[row])].setdefault(str(nodes.area[row]), row)
    before = {int(head): int(tail) for tail, head in zip(edges.tail[mains], edges.head[mains], strict=True)}
    found: dict[str, tuple[int, int, str, float, int]] = {}
    for name in sorted({*of_kind["tank"], *of_kind["pump"], *of_kind["valve"]}):
        tank, pump, valve = (of_kind[kind].get(name, -1) for kind in ("tank", "pump", "valve"))
        entry = max(tank, -1) if tank >= 0 else (pump if pump >= 0 else valve)
        lift = pump if pump >= 0 else valve
        upstream = before.get(lift, -1)
        above = str(nodes.area[upstream]) if upstream >= 0 and nodes.kind[upstream] == "junction" else ""
        volume = float(nodes.volume_m3[tank]) * L_PER_M3 if tank >= 0 else 0.0
        found[name] = entry, pump, above, volume, upstream if above else -1
    order = sorted(found, key=lambda name: (_depth(name, found), name))
    row_of = {name: row for row, name in enumerate(order)}
    return PressureZones(
        name=tuple(order),
        entry=np.array([found[name][0] for name in order], dtype=np.int32),
        head_m=nodes.head_m[[found[name][0] for name in order]],
        pump=np.array([found[name][1] for name in order], dtype=np.int32),
        above=np.array([row_of.get(found[name][2], -1) for name in order], dtype=np.int32),
        feed=np.array([found[name][4] for name in order], dtype=np.int32),
        volume_l=np.array([found[name][3] for name in order]),
        pump_lps=np.zeros(len(order)),
    )


def _depth(name: str, found: dict[str, tuple[int, int, str, float, int]]) -> int:
    depth, at = 0, name
    while found[at][2] in found and depth <= len(found):
        at, depth = found[at][2], depth + 1
    return depth
