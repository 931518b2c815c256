"""Gateways by group: where residents leave for outside, and by where those from outside come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.population.draws import picks
from twin.territory.territory import Territory


@dataclass(frozen=True)
class Gates:
    """Groups of gateways, each with ladders of its ways in and out, weighted by capacity.

    in_ladder, out_ladder (n_groups, n_gates) running sums of the capacities [veh/s]; gate rows are in the
    order of their outside ids, so that renumbering them changes no draw.
    """

    groups: tuple[str, ...]
    in_ladder: np.ndarray
    out_ladder: np.ndarray
    in_link: np.ndarray
    out_link: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray

    @property
    def open_both_ways(self) -> np.ndarray:
        """Groups that one can leave by and come back (n_groups,)."""
        if not len(self.groups):
            return np.zeros(0, dtype=bool)
        return np.asarray((self.in_ladder[:, -1] > 0.0) & (self.out_ladder[:, -1] > 0.0))

    def row(self, group: str) -> int:
        """Row of a group."""
        return self.groups.index(group)

    def inwards(self, group: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Gate (index) by which to enter, for groups (n,) and draws (n,)."""
        return picks(self.in_ladder, group, u)

    def outwards(self, group: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Gate (index) by which to leave, for groups (n,) and draws (n,)."""
        return picks(self.out_ladder, group, u)


def gates_of(territory: Territory) -> Gates:
    """Gateways of a territory by group."""
    gateways, streets = territory.gateways, territory.streets
    order = np.argsort(gateways.gate_id, kind="stable")
    group_names = gateways.group[order]
    groups = tuple(sorted({str(name) for name in group_names}))
    belongs = group_names[None, :] == np.array(groups, dtype=str)[:, None] if groups else np.zeros((0, 0))
    ladders = []
    for links in (gateways.in_link[order], gateways.out_link[order]):
        capacity = np.where(links >= 0, streets.flow_capacity_vps[np.maximum(links, 0)], 0.0)
        ladders.append(np.cumsum(belongs * capacity, axis=1))
    node = gateways.node[order]
    return Gates(
        groups,
        ladders[0],
        ladders[1],
        gateways.in_link[order],
        gateways.out_link[order],
        streets.node_x_m[node],
        streets.node_y_m[node],
    )


def group_weights(gates: Gates, given: dict[str, float] | None, where: str) -> np.ndarray:
    """Weights of the groups (n_groups,): as given, else by the capacity of the ways out.

    Only groups count that one can leave by and come back.
    """
    if given is None:
        ways_out = gates.out_ladder[:, -1] if len(gates.groups) else np.zeros(0)
        return np.where(gates.open_both_ways, ways_out, 0.0)
    weights = np.zeros(len(gates.groups))
    for group, weight in given.items():
        row = gates.row(group)
        if weight > 0.0 and not gates.open_both_ways[row]:
            right = "a group with a way in and a way out"
            raise InputError(where, f"gateway group {group!r} is open one way only", right)
        weights[row] = weight
    return weights
