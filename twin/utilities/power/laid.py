"""The laid power network as a grid to solve: medium and low voltage of every station, loads by place.

A substation's tap changer holds its medium-voltage busbar, so what comes in is reckoned there and its own
losses are not. A station is two buses, one each side of its transformer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.territory.utilities.half_rings import TIE
from twin.territory.utilities.tables import POWER, Utilities
from twin.units import M_PER_KM
from twin.utilities.power.grid import Buses, PowerGrid, PowerLines, Sources, Transformers

V_PER_KV, VA_PER_KVA = 1000.0, 1000.0
CABLES = ("mv_trunk", "mv_cable", "mv_tie", "lv_cable")
MEDIUM = ("hv_mv_substation", "station", "mv_node")


@dataclass(frozen=True)
class LaidPower:
    """A grid with what ties it to the layers.

    `high`, `low` (n_nodes,) are the bus of each utility node at medium and at low voltage, -1 where it has
    none; `load_of_place` (n_places,) is the load that a place adds to, -1 where it has no power, and
    `line_of_edge` (n_edges,) the line of each utility edge, -1 where it is none.
    """

    grid: PowerGrid
    high: Ints
    low: Ints
    load_of_place: Ints
    line_of_edge: Ints
    power_factor: float

    def loads(self, place_kw: Floats) -> tuple[Floats, Floats]:
        """Active and reactive power (n_steps, n_loads) of what places draw (n_steps, n_places) [W, var]."""
        place_kw = np.atleast_2d(place_kw)
        active = np.zeros((len(place_kw), len(self.grid.load_bus)))
        fed = self.load_of_place >= 0
        np.add.at(active.T, self.load_of_place[fed], 1000.0 * place_kw[:, fed].T)
        return active, active * float(np.tan(np.arccos(self.power_factor)))

    def broken_buses(self, nodes: Flags) -> Flags:
        """Buses (..., n_buses) of the utility nodes (..., n_nodes) that are broken."""
        buses = np.zeros((*nodes.shape[:-1], self.grid.n_buses), dtype=bool)
        for bus_of in (self.high, self.low):
            known = np.flatnonzero(bus_of >= 0)
            buses[..., bus_of[known]] |= nodes[..., known]
        return buses

    def cut_lines(self, edges: Flags) -> Flags:
        """Lines (..., n_lines) of the utility edges (..., n_edges) that are broken."""
        lines = np.zeros((*edges.shape[:-1], len(self.grid.lines.name)), dtype=bool)
        known = np.flatnonzero(self.line_of_edge >= 0)
        lines[..., self.line_of_edge[known]] = edges[..., known]
        return lines

    def node_voltage(self, u_pu: Floats) -> Floats:
        """Voltage (n_steps, n_nodes) at utility nodes, low before medium; NaN where there is none."""
        bus = np.where(self.low >= 0, self.low, self.high)
        return np.where(bus >= 0, u_pu[:, bus], np.nan)


def laid_power(layers: Utilities, place_id: Texts, parameters: Parameters) -> LaidPower:
    """The grid of a territory's power layer, and where each place's load hangs."""
    nodes = layers.nodes
    if not layers.laid:
        raise InputError("utilities", "the territory has no utility layers", "a territory built again")
    of_power = nodes.utility == POWER
    medium = of_power & np.isin(nodes.kind, MEDIUM)
    low = of_power & np.isin(nodes.kind, ("station", "lv_node"))
    high_bus = np.where(medium, np.cumsum(medium) - 1, -1).astype(np.int32)
    low_bus = np.where(low, medium.sum() + np.cumsum(low) - 1, -1).astype(np.int32)
    names = np.concatenate([nodes.node_id[medium], nodes.node_id[low]])
    volts = np.array([parameters["utilities.mv_kv"], parameters["utilities.lv_kv"]]) * V_PER_KV
    buses = Buses(names, np.repeat(volts, [medium.sum(), low.sum()]))
    load_bus, load_of_place = _loads(layers, place_id, np.where(low, low_bus, high_bus))
    grid = PowerGrid(
        buses,
        _lines(layers, (high_bus, low_bus), parameters),
        _transformers(layers, (high_bus, low_bus), parameters),
        _sources(layers, high_bus, parameters),
        load_bus,
    )
    cable = _is_cable(layers)
    line_of_edge = np.where(cable, np.cumsum(cable) - 1, -1).astype(np.int32)
    factor = float(parameters["utilities.power_factor"])
    return LaidPower(grid, high_bus, low_bus, load_of_place, line_of_edge, factor)


def _is_cable(layers: Utilities) -> Flags:
    """Edges that are lines of the grid (n_edges,)."""
    return np.asarray((layers.edges.utility == POWER) & np.isin(layers.edges.kind, CABLES))


def _loads(layers: Utilities, place_id: Texts, bus: Ints) -> tuple[Ints, Ints]:
    """One load for each bus that feeds places, and the load of each place."""
    node = layers.rows_for("place", place_id, POWER)
    at = np.where(node >= 0, bus[node], -1)
    load_bus, inverse = np.unique(at, return_inverse=True)
    missing = int((load_bus == -1).any())
    return load_bus[missing:].astype(np.int32), (inverse - missing).astype(np.int32)


def _lines(layers: Utilities, buses: tuple[Ints, Ints], parameters: Parameters) -> PowerLines:
    edges = layers.edges
    rows = np.flatnonzero(_is_cable(layers))
    low = edges.kind[rows] == "lv_cable"
    ends = [np.where(low, buses[1][end], buses[0][end]) for end in (edges.tail[rows], edges.head[rows])]
    for end in ends:
        astray = np.flatnonzero(end < 0)
        if len(astray):
            where = str(edges.edge_id[rows[astray[0]]])
            raise InputError(where, "a cable to a node of another voltage", "a node of its own")
    size = _row_of(edges.section_mm2[rows], parameters["utilities.cable_mm2"], edges.edge_id[rows], "mm2")
    km, parallel = edges.length_m[rows] / M_PER_KM, edges.n_parallel[rows]
    x, farad = (_by_voltage(parameters, name, low) for name in ("x_ohm_per_km", "nf_per_km"))
    ohm = np.array(parameters["utilities.cable_ohm_per_km"])[size]
    return PowerLines(
        name=edges.edge_id[rows],
        tail=ends[0],
        head=ends[1],
        r_ohm=ohm * km / parallel,
        x_ohm=x * km / parallel,
        c_farad=1e-9 * farad * km * parallel,
        most_a=np.array(parameters["utilities.cable_a"])[size] * parallel,
        normally_open=edges.kind[rows] == TIE,
    )


def _by_voltage(parameters: Parameters, name: str, low: Flags) -> Floats:
    at_medium, at_low = parameters[f"utilities.cable_{name}"]
    return np.asarray(np.where(low, at_low, at_medium), dtype=np.float64)


def _row_of(values: Floats, known: tuple[float, ...], names: Texts, unit: str) -> Ints:
    """Row of each value among the ledger's."""
    table = np.array(known)
    away = np.abs(values[:, None] - table[None, :])
    row: Ints = away.argmin(axis=1).astype(np.int32)
    strange = np.flatnonzero(~(away.min(axis=1, initial=np.inf) < 1e-6))
    if len(strange):
        where, what = str(names[strange[0]]), f"{values[strange[0]]:g} {unit} is not in the ledger"
        raise InputError(where, what, ", ".join(f"{each:g}" for each in known))
    return row


def _transformers(layers: Utilities, buses: tuple[Ints, Ints], parameters: Parameters) -> Transformers:
    """One for each station; equal units in parallel are one of their rating together."""
    nodes = layers.nodes
    rows = np.flatnonzero((nodes.utility == POWER) & (nodes.kind == "station"))
    names, units = nodes.node_id[rows], nodes.n_units[rows]
    size = _row_of(nodes.rating_kva[rows], parameters["utilities.transformer_kva"], names, "kVA")

    def of(name: str) -> Floats:
        return np.asarray(np.array(parameters[f"utilities.transformer_{name}"])[size], dtype=np.float64)

    tap = parameters["utilities.transformer_tap"]
    return Transformers(
        name=names,
        tail=buses[0][rows],
        head=buses[1][rows],
        tail_v=np.full(len(rows), parameters["utilities.mv_kv"] * V_PER_KV),
        head_v=np.full(len(rows), parameters["utilities.lv_kv"] * V_PER_KV * tap),
        rated_va=nodes.rating_kva[rows] * units * VA_PER_KVA,
        short_circuit=of("short_circuit"),
        copper_w=of("load_loss_w") * units,
        iron_w=of("no_load_loss_w") * units,
        no_load=np.full(len(rows), parameters["utilities.transformer_no_load_current"]),
    )


def _sources(layers: Utilities, high_bus: Ints, parameters: Parameters) -> Sources:
    nodes = layers.nodes
    rows = np.flatnonzero((nodes.utility == POWER) & (nodes.kind == "hv_mv_substation"))
    return Sources(
        bus=high_bus[rows],
        u_pu=np.full(len(rows), parameters["utilities.busbar_pu"]),
        rated_va=nodes.rating_kva[rows] * nodes.n_units[rows] * VA_PER_KVA,
    )
