"""The drivable network as the loading sees it: times, headways, storage, holes, signals, who gives way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from twin.kernels.paths import Topology
from twin.kernels.traffic import Network, Supply
from twin.mobility.gaps import gaps_of
from twin.mobility.links import RightOfWay, build_network, headway_ms, link_ms, places_and_holes, supply_of
from twin.mobility.signal_plans import Ordered, SignalTimes, with_plans
from twin.mobility.signals import plan_signals, saturation_vps
from twin.routing.topology import build_topology
from twin.routing.u_turns import without_u_turns
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
    signals
        Fixed-time signals at the ends of links.
    capacity_vps, green_vps
        Flow capacity, and what passes while it is green: more, under a signal (n_links,).
    follow_up_ms
        Least headway where a link yields, 0 elsewhere (n_links,).
    """

    topology: Topology
    network: Network
    free_ms: np.ndarray
    headway_ms: np.ndarray
    signals: SignalTimes
    capacity_vps: np.ndarray
    green_vps: np.ndarray
    follow_up_ms: np.ndarray

    def headways_ms(self, capacity_vps: np.ndarray) -> np.ndarray:
        """Headways (n_links,) int64 at other flow capacities: what passes in green narrows alike."""
        return _headways_ms(self.green_vps * (capacity_vps / self.capacity_vps), self.follow_up_ms)

    def supply(self) -> Supply:
        """A fresh, writable supply with nothing modified and nothing closed."""
        signals = (column.copy() for column in self.signals)
        return supply_of(self.free_ms.copy(), self.headway_ms.copy(), *signals)


def roads_of(
    streets: Streets,
    parameters: Parameters,
    turns: TurnBans | None = None,
    seed: int = 0,
    plans: Iterable[Ordered] = (),
) -> Roads:
    """Roads of a territory; a hole travels back at the ledger's backward wave speed (Newell 1993).

    Under a signal vehicles follow each other by the saturation flow; where a link yields, by the follow-up
    time, if that is longer than what the link's flow capacity gives. ``plans`` take the place of the
    signals that are there; ``seed`` draws offsets.
    """
    topology = topology_of(streets, parameters, turns)
    wave_mps = float(parameters["mobility.backward_wave_speed_mps"])
    storage, hole_ms = places_and_holes(
        streets.free_flow_time_s, streets.length_m / wave_mps, streets.storage_veh.astype(np.float64)
    )
    planned = plan_signals(streets, parameters, seed)
    signals = with_plans(SignalTimes(planned.cycle_ms, planned.offset_ms, planned.green_ms), plans)
    gaps = gaps_of(streets, parameters)
    capacity_vps = streets.flow_capacity_vps
    green_vps = np.where(signals.cycle_ms > 0, saturation_vps(streets, parameters), capacity_vps)
    control = RightOfWay(gaps.critical_gap_ms, gaps.major_start, gaps.major_links)
    network = build_network(topology, storage, hole_ms, capacity_vps, control)
    free_ms, apart_ms = link_ms(streets.free_flow_time_s), _headways_ms(green_vps, gaps.follow_up_ms)
    return Roads(topology, network, free_ms, apart_ms, signals, capacity_vps, green_vps, gaps.follow_up_ms)


def topology_of(streets: Streets, parameters: Parameters, turns: TurnBans | None = None) -> Topology:
    """What leads where on a territory's streets, with the turns that are banned there."""
    return build_topology(
        streets.tail, streets.head, streets.link_key, streets.n_nodes, _bans(streets, parameters, turns)
    )


def _headways_ms(green_vps: np.ndarray, follow_up_ms: np.ndarray) -> np.ndarray:
    """Least time between vehicles (n_links,) int64, where those who yield follow one another more slowly."""
    apart_ms: np.ndarray = np.maximum(headway_ms(green_vps), follow_up_ms)
    return apart_ms


def _bans(
    streets: Streets, parameters: Parameters, turns: TurnBans | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Banned turns: those of the map, and by the ledger's choice all immediate U-turns."""
    if parameters["mobility.u_turns"] == 0.0:
        turns = without_u_turns(streets, TurnBans.none() if turns is None else turns)
    return None if turns is None else (turns.from_link, turns.to_link)
