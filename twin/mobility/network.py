"""The drivable network as the loading sees it: free times, headways, storage, holes; and edits of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.paths import Topology
from twin.kernels.traffic import Network, Supply
from twin.mobility.links import build_network, headway_ms, link_ms, places_and_holes, supply_of
from twin.routing.topology import build_topology
from twin.scenario.ledger import Parameters
from twin.territory.tables import TurnBans
from twin.territory.territory import Streets


@dataclass(frozen=True)
class Roads:
    """A territory's streets, ready to be driven on.

    Parameters
    ----------
    topology, network
        What never changes.
    free_ms, headway_ms
        Supply without any modification, (n_links,) int64.
    """

    topology: Topology
    network: Network
    free_ms: np.ndarray
    headway_ms: np.ndarray

    def supply(self) -> Supply:
        """A fresh, writable supply with nothing modified and nothing closed."""
        return supply_of(self.free_ms.copy(), self.headway_ms.copy())


def roads_of(streets: Streets, parameters: Parameters, turns: TurnBans | None = None) -> Roads:
    """Roads of a territory; a hole travels back at the ledger's backward wave speed (Newell 1993)."""
    bans = None if turns is None else (turns.from_link, turns.to_link)
    topology = build_topology(streets.tail, streets.head, streets.link_key, streets.n_nodes, bans)
    wave_mps = float(parameters["mobility.backward_wave_speed_mps"])
    storage, hole_ms = places_and_holes(
        streets.free_flow_time_s, streets.length_m / wave_mps, streets.storage_veh.astype(np.float64)
    )
    network = build_network(topology, storage, hole_ms, streets.flow_capacity_vps)
    return Roads(topology, network, link_ms(streets.free_flow_time_s), headway_ms(streets.flow_capacity_vps))
