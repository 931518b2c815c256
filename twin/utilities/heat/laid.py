"""The laid heat network as pipes to reckon with: diameters, heat loss, substations with their places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Ints, Texts
from twin.territory.utilities.tables import HEAT, Utilities
from twin.units import MM_PER_M
from twin.utilities.heat.flow import HeatControl
from twin.utilities.heat.network import HeatNetwork, HeatPipes, Water


@dataclass(frozen=True)
class LaidHeat:
    """A heat network with what ties it to the layers.

    `node_row` (n,) is the utility node of each node of the network, `station_of_place` (n_places,) the
    substation from which a place is heated, -1 where it is not.
    """

    network: HeatNetwork
    node_row: Ints
    station_of_place: Ints

    @property
    def n_stations(self) -> int:
        """Number of substations."""
        return len(self.network.substation)

    def at_stations(self, of_places: Floats) -> Floats:
        """Sum by substation (n_stations,) of what belongs to places (n_places,)."""
        joined = self.station_of_place >= 0
        at = self.station_of_place[joined]
        return np.bincount(at, weights=of_places[joined], minlength=self.n_stations).astype(np.float64)

    def shared(self, of_stations: Floats, asked: Floats) -> Floats:
        """What substations get (n_stations,), by place (n_places,) in proportion to what each asked for."""
        total = self.at_stations(asked)
        share = np.divide(of_stations, total, out=np.zeros_like(total), where=total > 0.0)
        joined = self.station_of_place >= 0
        return np.where(joined, asked * share[self.station_of_place], 0.0)


def laid_heat(layers: Utilities, place_id: Texts, parameters: Parameters) -> LaidHeat | None:
    """The heat network of a territory, None where none is laid."""
    nodes, edges = layers.nodes, layers.edges
    rows = np.flatnonzero((nodes.utility == HEAT) & np.isin(nodes.kind, ("heat_source", "heat_node")))
    pipes = np.flatnonzero((edges.utility == HEAT) & (edges.kind == "heat_pipe"))
    sources = rows[np.isin(rows, edges.tail[pipes]) & (nodes.kind[rows] == "heat_source")]
    station = layers.rows_for("place", place_id, HEAT)
    if not len(pipes) or not (station >= 0).any():
        return None
    if len(sources) != 1:
        right = "one: networks that several plants feed are not reckoned"
        raise InputError("district heating", f"{len(sources)} heat sources", right)
    here = np.full(nodes.n_nodes, -1, dtype=np.int32)
    here[rows] = np.arange(len(rows), dtype=np.int32)
    stations, station_of_place = np.unique(station[station >= 0], return_inverse=True)
    of_place = np.full(len(place_id), -1, dtype=np.int32)
    of_place[station >= 0] = station_of_place
    network = HeatNetwork(
        nodes.node_id[rows],
        _pipes(layers, pipes.astype(np.int32), here, parameters),
        int(here[sources[0]]),
        here[stations],
        float(parameters["utilities.heat_roughness_mm"]) / MM_PER_M,
        Water(),
    )
    return LaidHeat(network, rows.astype(np.int32), of_place)


def _pipes(layers: Utilities, rows: Ints, here: Ints, parameters: Parameters) -> HeatPipes:
    """Pipes of the ledger's kinds; what a metre loses is that of a cylinder of insulation."""
    edges = layers.edges
    known = np.array(parameters["utilities.heat_pipe_dn_mm"])
    size = np.abs(edges.diameter_mm[rows][:, None] - known).argmin(axis=1)
    strange = np.flatnonzero(~(np.abs(edges.diameter_mm[rows] - known[size]) < 1e-6))
    if len(strange):
        where, mm = str(edges.edge_id[rows[strange[0]]]), edges.diameter_mm[rows[strange[0]]]
        raise InputError(where, f"a heat pipe of {mm:g} mm", "a nominal diameter of the ledger")
    inner, outer, casing = (
        np.array(parameters[f"utilities.heat_{name}_mm"], dtype=float)[size]
        for name in ("pipe_inner", "pipe_outer", "casing")
    )
    loss = 2.0 * np.pi * float(parameters["utilities.heat_insulation_w_per_m_k"]) / np.log(casing / outer)
    return HeatPipes(
        edges.edge_id[rows], here[edges.tail[rows]], here[edges.head[rows]], edges.length_m[rows],
        inner / MM_PER_M, loss,
    )  # fmt: skip


def heat_control_of(
    laid: LaidHeat, heating_w: Floats, water_w: Floats, parameters: Parameters
) -> HeatControl:
    """What the operator sets, for the design load of places (n_places,): heating and hot water [W].

    A valve lets through the heating at the temperatures of the coldest day and the hot water at those of a
    mild one.
    """
    hot_c, mild_c = parameters["utilities.heat_supply_c"]
    back_c = float(parameters["utilities.heat_return_c"])
    heating, water = laid.at_stations(heating_w), laid.at_stations(water_w)
    kg_s = heating / (hot_c - back_c) + water / (mild_c - back_c)
    return HeatControl(
        return_c=back_c,
        source_w=float(parameters["utilities.heat_source_margin"]) * float(heating.sum() + water.sum()),
        ground_c=float(parameters["utilities.heat_ground_c"]),
        station_pa=float(parameters["utilities.heat_station_kpa"]) * 1000.0,
        pump_efficiency=float(parameters["utilities.heat_pump_efficiency"]),
        most_kg_s=kg_s / laid.network.water.heat_capacity,
    )
