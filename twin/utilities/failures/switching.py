"""Protection and switching: a fault trips its feeder; what is sound is fed again once it is isolated.

A feeder is what hangs from one cable of a substation at medium voltage, or of a station at low voltage. Its
breaker (or fuse) opens for a fault anywhere on it. At medium voltage the fault is isolated from afar while
telecom reaches the substation, else by somebody on the spot; then the breaker closes again, and normally
open ties to other feeders feed what lies beyond the fault (open half-rings). A station's own fault blows its
fuse and trips nothing. Every fault trips, also one in a part that is dead then: so a fault less never
leaves anybody with less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.utilities.half_rings import TIE
from twin.territory.utilities.tables import POWER, TELECOM, Utilities
from twin.units import S_PER_MIN
from twin.utilities.failures.inventory import Inventory, Rows, inventory_of
from twin.utilities.spans import RUNNING

__all__ = ["FAULT", "FUSED", "PLANNED", "SHED", "TIE", "Feeders", "Switched", "Switching", "feeders_of"]

FAULT, PLANNED, SHED = 0, 1, 2
"""How an element went out of service: by itself, for works, or to cut its customers off."""
MEDIUM = ("mv_trunk", "mv_cable")
FUSED = ("station",)


@dataclass(frozen=True)
class Switched:
    """A breaker or a tie that was opened or closed in a step, because of a fault, from afar or not."""

    step: int
    element: int
    closed: bool
    fault: int
    remote: bool


@dataclass(frozen=True)
class Feeders:
    """Feeders of the elements (n,): the cable that each begins with, -1 for what is of none.

    `ties` (n_ties,) are elements, `joined` (n_ties, 2) the feeders of their ends; `control` (n,) is the
    telecom node through which a feeder is switched from afar, by its first cable, -1 where there is none.
    """

    head: Ints
    source: Ints
    ties: Ints
    joined: Ints
    control: Ints


def feeders_of(layers: Utilities, upstream: Ints) -> Feeders:
    """Feeders from the usual way to each element (n,)."""
    known, nodes, edges = inventory_of(layers), layers.nodes, layers.edges
    n, kind = known.n_elements, known.kind
    before = np.where(upstream >= 0, upstream, 0)
    medium, low = np.isin(kind, MEDIUM), kind == "lv_cable"
    first = medium & (kind[before] == "hv_mv_substation") | low & (kind[before] == "station")
    first &= upstream >= 0
    step = np.where(first | (upstream < 0), np.arange(n), upstream)
    while (step[step] != step).any():
        step = step[step]
    head = np.where(first[step], step, -1).astype(np.int32)
    source = np.where(head >= 0, before[head], -1).astype(np.int32)
    rows = np.flatnonzero((edges.utility == POWER) & (edges.kind == TIE))
    joined = np.column_stack([head[edges.tail[rows]], head[edges.head[rows]]])
    afar = np.full(n, -1, dtype=np.int32)
    table = layers.dependencies
    of = np.flatnonzero((table.utility == TELECOM) & (table.consumer_kind == "hv_mv_substation"))
    for row in of.tolist():
        afar[layers.row_of[str(table.consumer_id[row])]] = table.node[row]
    control = np.where(first & medium, afar[before], -1).astype(np.int32)
    return Feeders(head, source, (rows + nodes.n_nodes).astype(np.int32), joined, control)


class Switching:
    """What is open, step by step.

    Parameters
    ----------
    manual_s
        (n,) how long somebody needs who isolates a fault on the spot without being simulated; infinite
        where crews are, and call `on_spot`. The ledger's time without.
    """

    def __init__(
        self, known: Inventory, feeders: Feeders, parameters: Parameters, manual_s: Floats | None = None
    ) -> None:
        n = known.n_elements
        self.feeders = feeders
        self._remote_s = float(parameters["utilities.remote_switch_min"]) * S_PER_MIN
        ledger_s = float(parameters["utilities.manual_switch_min"]) * S_PER_MIN
        self._manual_s = np.full(n, ledger_s) if manual_s is None else manual_s
        self._fused = np.isin(known.kind, FUSED)
        self._since_s, self._control_s = np.zeros(n), np.zeros(n)
        self._isolated, self._on_spot = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self._own_control = np.full(n, -1, dtype=np.int32)  # a lost substation is seen over its own fibre
        rows = np.flatnonzero(feeders.control >= 0)
        self._own_control[feeders.source[rows]] = feeders.control[rows]
        self._remotely = np.zeros(n, dtype=bool)
        self.closed = np.ones(n)
        self.closed[feeders.ties] = 0.0
        self._rest, self._usual = self.closed.copy(), True
        self.opener = np.full(n, -1, dtype=np.int32)
        self.n_steps = 0
        self.log: list[Switched] = []

    def on_spot(self, rows: Rows) -> None:
        """Somebody isolates these faults by hand."""
        self._on_spot[rows] = True

    def step(self, health: Floats, step_s: float, level: Floats, how: Ints | None = None) -> Floats:
        """What is closed (n,) through a step, 0.0 or 1.0, from the levels of the step before."""
        broken = health < RUNNING
        if self._usual and not broken.any():
            self.n_steps += 1
            return self.closed
        kind = np.zeros(len(health), dtype=np.int32) if how is None else how
        self._clock(broken & (kind != SHED), kind == PLANNED, step_s, level)
        before, self.closed = self.closed, self._rest.copy()
        self.opener[:] = -1
        self._trip(broken, kind)
        self._tie(broken, kind)
        self.closed[broken & (kind != FAULT)] = 0.0
        moved = np.union1d(self.feeders.head[self.feeders.head >= 0], self.feeders.ties)
        for row in moved[self.closed[moved] != before[moved]].tolist():
            fault = int(self.opener[row] if self.closed[row] < before[row] else self._last_fault(row))
            remote = bool(self._remotely[fault]) if fault >= 0 else False
            self.log.append(Switched(self.n_steps, row, bool(self.closed[row]), fault, remote))
        self._usual = not broken.any()
        self.n_steps += 1
        return self.closed

    def _clock(self, faulty: Flags, planned: Flags, step_s: float, level: Floats) -> None:
        """Who is isolated at the beginning of this step, and the clocks after it."""
        for clock in (self._since_s, self._control_s):
            clock[~faulty] = 0.0
        self._on_spot &= faulty
        head = np.where(self.feeders.head >= 0, self.feeders.head, 0)
        control = np.where(self.feeders.head >= 0, self.feeders.control[head], -1)
        from_afar = self._control_s >= self._remote_s
        by_hand = self._on_spot | planned | (self._since_s >= self._manual_s)
        self._isolated = faulty & (from_afar | by_hand)
        self._remotely = faulty & (self._remotely | from_afar & ~by_hand)
        self._since_s[faulty] += step_s
        control = np.where(self._own_control >= 0, self._own_control, control)
        alive = (control >= 0) & (level[np.where(control >= 0, control, 0)] >= RUNNING)
        self._control_s[faulty & alive] += step_s

    def _trip(self, broken: Flags, kind: Ints) -> None:
        """Open the feeders on which something trips and is not isolated."""
        rows = np.flatnonzero(broken & (kind == FAULT) & ~self._isolated & ~self._fused)
        rows = rows[self.feeders.head[rows] >= 0]
        rows = rows[np.argsort(self._since_s[rows], kind="stable")]
        self.closed[self.feeders.head[rows]] = 0.0
        self.opener[self.feeders.head[rows]] = rows  # the oldest is written last

    def _tie(self, broken: Flags, kind: Ints) -> None:
        """Close the ties of feeders whose faults are all isolated, if there is one."""
        feeders, n = self.feeders, len(broken)
        faulty = broken & (kind != SHED)
        on = np.zeros((3, n + 1), dtype=bool)  # the last is of no feeder
        for row, flags in enumerate((faulty & self._isolated, faulty & ~self._isolated, broken & ~faulty)):
            on[row, feeders.head[flags]] = True
            lost = feeders.source[feeders.source >= 0]
            heads = feeders.head[feeders.source >= 0]
            on[row, heads[flags[lost]]] = True
        on[:, n] = False
        a, b = feeders.joined.T
        either = on[:, a] | on[:, b]
        self.closed[feeders.ties[either[0] & ~either[1] & ~either[2]]] = 1.0
        self._because(feeders.ties, (a, b), faulty & self._isolated)

    def _because(self, ties: Ints, joined: tuple[Ints, Ints], isolated: Flags) -> None:
        """Keep for each closed tie the fault for which it is."""
        for row in np.flatnonzero(self.closed[ties] > 0.0).tolist():
            heads = {int(end[row]) for end in joined} - {-1}
            mine = isolated & np.isin(self.feeders.head, list(heads))
            sources = [int(self.feeders.source[head]) for head in heads]
            found = np.concatenate([np.flatnonzero(mine), [each for each in sources if isolated[each]]])
            self.opener[ties[row]] = int(found[0]) if len(found) else -1

    def _last_fault(self, row: int) -> int:
        """The fault for which a breaker or a tie closes: an isolated one of its feeder."""
        if self.opener[row] >= 0:
            return int(self.opener[row])
        mine = np.flatnonzero(self._isolated & (self.feeders.head == row))
        return int(mine[self._since_s[mine].argmin()]) if len(mine) else -1
