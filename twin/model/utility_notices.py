"""How an operator of networks comes to know of a fault: by telemetry, by telephone, or because somebody passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.model.crew_roads import CrewRoads
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.utilities.tables import POWER, TELECOM, Utilities
from twin.utilities.failures.laid import RUNNING, S_PER_MIN

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel
    from twin.model.utility_orders import Orders

MEDIUM = ("hv_mv_substation", "mv_trunk", "mv_cable", "mv_tie", "mv_node")


class Notices:
    """Which damages are known, from when they are.

    What is watched from afar is known at once while telecom reaches it; of the rest somebody telephones
    who is near a mobile site that works; else somebody is sent who tells it, where people are prepared for
    that, or a patrol passes. A dispatcher knows nothing else of what is broken.
    """

    def __init__(self, model: TwinModel, orders: Orders, roads: CrewRoads) -> None:
        parameters, damages = model.parameters, orders.damages
        layers = model.territory.utilities
        self.row = orders.rows(damages.element_id)
        self.at_s, self.known = damages.at_s, np.zeros(len(self.row), dtype=np.bool_)
        self._link = roads.link_of_element[self.row] if len(self.row) else np.zeros(0, dtype=np.int32)
        self._telemetry = _telemetry(layers, self.row)
        self._own_telecom = _is_telecom(layers)[self.row] if len(self.row) else np.zeros(0, dtype=np.bool_)
        self.call_s, messenger_s, patrol_s = (
            float(parameters[f"utilities.{name}_min"]) * S_PER_MIN for name in ("call", "messenger", "patrol")
        )
        self.found_s = min(messenger_s, patrol_s) if "dispatch" in orders.by_hand else patrol_s

    def reported(self, moment_s: float, level: Floats, silent: Flags) -> Flags:
        """Damages (n_damages,) that are known at a moment, by levels and silent links of just before."""
        since_s = moment_s - self.at_s
        open_ = (since_s >= 0.0) & ~self.known
        if open_.any():
            watched = self._own_telecom | (
                (self._telemetry >= 0) & (level[np.maximum(self._telemetry, 0)] >= RUNNING)
            )
            called = (since_s >= self.call_s) & ~silent[self._link]
            self.known |= open_ & (watched | called | (since_s >= self.found_s))
        return self.known


def _is_telecom(layers: Utilities) -> Flags:
    """Elements whose own operator sees at once that they do not answer."""
    return np.concatenate([layers.nodes.utility == TELECOM, layers.edges.utility == TELECOM])


def _telemetry(layers: Utilities, rows: Ints) -> Ints:
    """The telecom node over which each element (n,) is watched, -1: none.

    Faults at medium voltage trip a breaker of the substation, and are seen there.
    """
    nodes, edges, table = layers.nodes, layers.edges, layers.dependencies
    of = np.full(nodes.n_nodes + edges.n_edges, -1, dtype=np.int32)
    kind = np.concatenate([nodes.kind, edges.kind])
    utility = np.concatenate([nodes.utility, edges.utility])
    pairs = np.flatnonzero((table.utility == TELECOM) & ~np.isin(table.consumer_kind, ("place", "link")))
    for pair in pairs.tolist():
        element = layers.row_of.get(str(table.consumer_id[pair]))
        if element is not None:
            of[element] = table.node[pair]
    substations = np.flatnonzero((nodes.kind == "hv_mv_substation") & (of[: nodes.n_nodes] >= 0))
    if len(substations):
        medium = np.isin(kind, MEDIUM) & (utility == POWER) & (of < 0)
        of[medium] = of[substations[0]]
    return of[rows]
