"""What a dispatcher goes by: who waits behind each damage, what comes first, which crews can be called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.territory.utilities.tables import LAID, TELECOM, Utilities
from twin.units import KMH_PER_MPS, S_PER_MIN
from twin.utilities.failures.damages import Damages
from twin.utilities.failures.inventory import Inventory, Rows, inventory_of
from twin.utilities.failures.laid import POWERED, paths_of
from twin.utilities.failures.sorts import plane_xy
from twin.utilities.spans import RUNNING

DEPOT = -1
"""Row of the crews' depot where rows of nodes are asked for."""


@dataclass(frozen=True)
class RepairRules:
    """How a study wants things repaired.

    Parameters
    ----------
    policy
        Order in which the dispatcher serves what is reported, one of the `POLICIES` of a scenario.
    critical
        Ids of places that come first under the policy ``critical``, such as hospitals; what feeds mobile
        sites, pumps and the like is critical without being named.
    manual_fallback
        Nobody depends on telecom to mend and to switch: crews have a radio of their own, and somebody
        stands by to isolate faults by hand as fast as from afar.
    """

    policy: str = "requests"
    critical: tuple[str, ...] = ()
    manual_fallback: bool = False


BY_REPORT = RepairRules()
"""Whoever was reported first, called by telephone."""


@dataclass(frozen=True)
class Served:
    """Who hangs on which node, one row a pair: consumers (n_pairs,) of each utility, and their names."""

    element: Rows
    utility: Rows
    consumer_id: Texts
    place: Flags


class Downstream:
    """What lies beyond each element on the usual ways: intervals of a walk along each tree.

    `first`, `last` (n_utilities, n): an element lies beyond another if its `first` lies between.
    """

    def __init__(self, layers: Utilities) -> None:
        known = inventory_of(layers)
        self.first = np.full((len(LAID), known.n_elements), -1, dtype=np.int64)
        self.last = self.first - 1
        for utility in LAID:
            paths = paths_of(layers, utility)
            self._walk(utility, paths.upstream, paths.sources)
        table = layers.dependencies
        rows = np.flatnonzero(table.utility < len(LAID))
        self._table = layers
        self.served = Served(
            table.node[rows],
            table.utility[rows],
            table.consumer_id[rows],
            table.consumer_kind[rows] == "place",
        )
        self._critical = np.isin(table.consumer_kind[rows], POWERED)

    def pairs(self, utility: int, element: int) -> Rows:
        """Rows of `served` that hang on what lies beyond an element (and on itself)."""
        first, last = self.first[utility, element], self.last[utility, element]
        at = self.first[utility, self.served.element]
        return np.flatnonzero((self.served.utility == utility) & (at >= first) & (at <= last) & (first >= 0))

    def places(self, utility: int, element: int) -> int:
        """Number of places beyond an element."""
        return int(self.served.place[self.pairs(utility, element)].sum())

    def critical(self, utility: int, element: int, named: frozenset[str]) -> bool:
        """Whether a named place, or equipment of another network, hangs on what lies beyond."""
        rows = self.pairs(utility, element)
        named_here = np.isin(self.served.consumer_id[rows], sorted(named)) & self.served.place[rows]
        return bool(self._critical[rows].any() or named_here.any())

    def _walk(self, utility: int, upstream: Ints, sources: Ints) -> None:
        beyond: dict[int, list[int]] = {}
        for row in np.flatnonzero(upstream >= 0).tolist():
            beyond.setdefault(int(upstream[row]), []).append(row)
        first, last = self.first[utility], self.last[utility]
        clock = 0
        stack = [(int(each), False) for each in sources]
        while stack:
            row, left = stack.pop()
            if left:
                last[row] = clock - 1
                continue
            first[row], clock = clock, clock + 1
            stack.append((row, True))
            stack.extend((each, False) for each in beyond.get(row, ()))


def priorities(layers: Utilities, damages: Damages, policy: str, critical: tuple[str, ...] = ()) -> Floats:
    """Number by which a policy sorts damages (n,), the least first; equals go by the order of reports."""
    least = np.zeros(damages.n_damages)
    if policy in ("requests", "nearest"):
        return least
    known, beyond, named = inventory_of(layers), Downstream(layers), frozenset(critical)
    for row, element in enumerate(known.rows(damages.element_id, "damages").tolist()):
        utility = int(known.utility[element])
        if utility >= len(LAID):
            continue
        least[row] = -beyond.places(utility, element)
        urgent = known.kind[element] in POWERED or beyond.critical(utility, element, named)
        if policy == "critical" and urgent:
            least[row] -= 1e9
    return least


class Calling:
    """Whether a crew can be called: by the mobile site nearest to it, or at its depot by an exchange."""

    def __init__(
        self, layers: Utilities, known: Inventory, parameters: Parameters, reachable: bool = False
    ) -> None:
        self._late_s = 0.0 if reachable else float(parameters["utilities.late_dispatch_min"]) * S_PER_MIN
        kind = layers.nodes.kind
        self._sites, self._exchanges = np.flatnonzero(kind == "site"), np.flatnonzero(kind == "exchange")
        self._exchanges = self._exchanges[layers.nodes.utility[self._exchanges] == TELECOM]
        self._known = known

    @cached_property
    def _tree(self) -> tuple[cKDTree, Floats]:
        xy = plane_xy(self._known)
        return cKDTree(xy[self._sites]), xy

    def late_s(self, at: int, level: Floats) -> float:
        """How much later a crew at a node (or at its depot) hears of a job."""
        rows = self._exchanges
        if at != DEPOT and len(self._sites):
            tree, xy = self._tree
            rows = self._sites[np.atleast_1d(tree.query(xy[at])[1])]
        reached = not len(rows) or bool((level[rows] >= RUNNING).any())
        return 0.0 if reached else self._late_s


def straight_travel(layers: Utilities, parameters: Parameters) -> _Straight:
    """Travel times where no traffic is simulated; the depot stands at the first substation, or amid all."""
    return _Straight(layers, parameters)


class _Straight:
    def __init__(self, layers: Utilities, parameters: Parameters) -> None:
        known = inventory_of(layers)
        self._xy = plane_xy(known)
        here = np.flatnonzero(known.kind == "hv_mv_substation")
        self._depot = self._xy[here[0]] if len(here) else np.zeros(2)
        self._detour = float(parameters["population.detour_factor_car"])
        self._mps = float(parameters["utilities.crew_speed_kmh"]) / KMH_PER_MPS

    def __call__(self, from_row: int, element: int, moment_s: float) -> float:
        """Seconds from a node's row, or the depot, to an element."""
        start = self._depot if from_row == DEPOT else self._xy[from_row]
        return float(self._detour * np.hypot(*(self._xy[element] - start)) / self._mps)
