"""Gateways by group: where residents leave for outside, and by where those from outside come, go and pass.

Only ways count that lead somewhere: a way in that reaches the core of the network, a way out that the core
reaches, and for those who pass, a way out that their way in reaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.population.draws import picks
from twin.territory.territory import Territory


@dataclass(frozen=True)
class Gates:
    """Gateways (n_gates,) in the order of their outside ids, so that renumbering them changes no draw.

    Ladders are running sums of capacities [veh/s] over the gates, for the groups (n_groups, n_gates): ways
    into the core, and ways out of it. passes (n_gates, n_gates): a path leads from the way in of the one to
    the way out of the other, and is more than one link.
    """

    groups: tuple[str, ...]
    group: np.ndarray
    in_ladder: np.ndarray
    out_ladder: np.ndarray
    in_link: np.ndarray
    out_link: np.ndarray
    in_capacity_vps: np.ndarray
    out_capacity_vps: np.ndarray
    passes: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray

    @property
    def open_both_ways(self) -> np.ndarray:
        """Groups that one can leave the core by and come back (n_groups,)."""
        if not len(self.groups):
            return np.zeros(0, dtype=bool)
        return np.asarray((self.in_ladder[:, -1] > 0.0) & (self.out_ladder[:, -1] > 0.0))

    def inwards(self, group: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Gate (row here) by which to enter, for groups (n,) and draws (n,)."""
        return picks(self.in_ladder, group, u)

    def outwards(self, group: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Gate (row here) by which to leave, for groups (n,) and draws (n,)."""
        return picks(self.out_ladder, group, u)

    def passing(
        self, enter: str, leave: str, u_in: np.ndarray, u_out: np.ndarray, where: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gates by which to enter and leave for those who pass from one group to another, for draws (n,)."""
        ways_out = np.where(self.group == leave, self.out_capacity_vps, 0.0)
        reached = self.passes * ways_out
        ways_in = np.where((self.group == enter) & (reached.sum(axis=1) > 0.0), self.in_capacity_vps, 0.0)
        if len(u_in) and not ways_in.sum() > 0.0:
            right = "two groups that streets lead between"
            raise InputError(where, f"no path leads from gateway group {enter!r} to {leave!r}", right)
        zeros = np.zeros(len(u_in), dtype=np.int64)
        first = picks(np.cumsum(ways_in)[None, :], zeros, u_in)
        return first, picks(np.cumsum(reached, axis=1), first, u_out)


def gates_of(territory: Territory) -> Gates:
    """Gateways of a territory by group."""
    gateways, streets = territory.gateways, territory.streets
    order = np.argsort(gateways.gate_id, kind="stable")
    group = gateways.group[order]
    groups = tuple(sorted({str(name) for name in group}))
    in_link, out_link = gateways.in_link[order], gateways.out_link[order]
    into_core, out_of_core, passes = _ways(territory, in_link, out_link)
    belongs = group[None, :] == np.array(groups, dtype=str)[:, None] if groups else np.zeros((0, 0))
    capacity = [
        np.where(links >= 0, streets.flow_capacity_vps[np.maximum(links, 0)], 0.0)
        for links in (in_link, out_link)
    ]
    node = gateways.node[order]
    return Gates(
        groups=groups,
        group=group,
        in_ladder=np.cumsum(belongs * (capacity[0] * into_core), axis=1),
        out_ladder=np.cumsum(belongs * (capacity[1] * out_of_core), axis=1),
        in_link=in_link,
        out_link=out_link,
        in_capacity_vps=capacity[0],
        out_capacity_vps=capacity[1],
        passes=passes,
        x_m=streets.node_x_m[node],
        y_m=streets.node_y_m[node],
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
        row = gates.groups.index(group)
        if weight > 0.0 and not gates.open_both_ways[row]:
            right = "a group by which one can leave the streets of the area and come back"
            raise InputError(where, f"gateway group {group!r} does not lead out of the area and back", right)
        weights[row] = weight
    return weights


def _ways(
    territory: Territory, in_link: np.ndarray, out_link: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gates that lead into the core (n_gates,), gates the core leads to (n_gates,), and who leads to whom."""
    streets = territory.streets
    tail, head = streets.tail.astype(np.int64), streets.head.astype(np.int64)
    core = np.zeros(streets.n_nodes, dtype=bool)
    core[tail[streets.core]] = True
    from_core = _reached(tail, head, core)
    into_core = np.zeros(len(in_link), dtype=bool)
    passes = np.zeros((len(in_link), len(out_link)), dtype=bool)
    for gate, link in enumerate(in_link):
        if link < 0:
            continue
        start = np.zeros(streets.n_nodes, dtype=bool)
        start[head[link]] = True
        nodes = _reached(tail, head, start)
        into_core[gate] = bool((nodes & core).any())
        passes[gate] = nodes[tail[out_link]] & (out_link != link)
    exists = out_link >= 0
    return into_core, exists & from_core[tail[out_link]], passes & exists


def _reached(tail: np.ndarray, head: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Nodes that can be reached from the nodes of a mask, themselves included (n_nodes,)."""
    reached = start.copy()
    while True:
        fresh = head[reached[tail] & ~reached[head]]
        if not len(fresh):
            return reached
        reached[fresh] = True
