"""Water step by step: hydraulics of every zone at its kept head, and what tanks and pumps make of it.

What a zone draws from the zone above is drawn there at the junction where its pump or valve stands; both
are reckoned again until they agree. Where a head is not kept, nothing flows and the head is the ground's.
Every step adds up, or the run ends with an error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from twin.errors import WorkError
from twin.territory.tables import Flags, Floats
from twin.utilities.water.laid import LaidWater
from twin.utilities.water.steady import Moment, SteadyEngine
from twin.utilities.water.stores import Shared, share_stores

CLOSES = 1e-5
"""Share of a step's flow within which water adds up."""
STOPPED_LPS = 1e-4
"""What may be amiss beside that for each stopped pump or shut main: closed ends leak in the engine."""
ROUNDING_LPS = 1e-5
"""What may be amiss however little flows: the engine's own rounding."""
AGREES_LPS = 1e-7
MOST_PASSES = 30
LITTLE_LPS = 1e-4
"""Draws up to this are too small for the engine: nine litres a day."""


@dataclass(frozen=True)
class WaterStep:
    """One step: nodes (n_nodes,), zones (n_zones,), mains (n_mains,); see `WaterDay`. `got_lps` is what
    comes into each zone from above or from a source.

    `amiss_lps` is all that does not add up, `allowed_lps` what may.
    """

    asked_lps: Floats
    served_lps: Floats
    leaked_lps: Floats
    source_lps: float
    got_lps: Floats
    head_m: Floats
    kept: Floats
    stored_l: Floats
    flow_lps: Floats
    amiss_lps: float
    allowed_lps: float


@dataclass(frozen=True)
class SettledFlow:
    """Hydraulics of a moment at kept heads, by node (n_nodes,) [l/s], and what zones make of it.

    `total_lps` is what nodes ask for and what zones below draw there.
    """

    asked_lps: Floats
    total_lps: Floats
    served_lps: Floats
    leaked_lps: Floats
    moment: Moment
    shared: Shared
    amiss_lps: float


class WaterFlow:
    """The laid network from step to step; what tanks hold (`stored_l`, (n_zones,)) is carried on.

    All that is asked for is delivered from a pressure of `full_m` on, the ledger's unless it is given.
    """

    def __init__(
        self, laid: LaidWater, step_s: float, filled: float = 1.0, full_m: float | None = None
    ) -> None:
        self.laid, self.step_s = laid, step_s
        full = laid.parameters["utilities.full_pressure_m"] if full_m is None else full_m
        self._full_m = float(full)
        self.stored_l: Floats = laid.zones.volume_l * filled
        self._engine = SteadyEngine(laid.inp(self._full_m), "laid water network")
        self._node = np.array([int(name[1:]) for name in self._engine.node.tolist()], dtype=np.int64)
        row = {name: at for at, name in enumerate(self._engine.link.tolist())}
        self._main = np.array([row[f"e{edge}"] for edge in laid.mains.tolist()], dtype=np.int64)
        self._junction = laid.zone >= 0
        self._fed = np.flatnonzero(laid.zones.feed >= 0)
        self._is_shut = np.zeros(len(self._main), dtype=bool)
        self._reached = self._junction.copy()

    def step(self, asked_lps: Floats, running: Floats | None = None, shut: Flags | None = None) -> WaterStep:
        """What becomes of what nodes ask for (n_nodes,) [l/s], with pumps running for a share (n_zones,).

        Mains that are `shut` (n_mains,) carry nothing, and nobody is served behind them.

        Raises
        ------
        WorkError
            Water does not add up.
        """
        runs = np.ones(len(self.laid.zones.name)) if running is None else running
        self._shut(np.zeros(len(self._main), dtype=bool) if shut is None else shut)
        return self._closed(self._taken(self.settle(asked_lps, runs)), runs)

    def _shut(self, shut: Flags) -> None:
        """Shut mains, and see which junctions are left on their zone's entry."""
        if np.array_equal(shut, self._is_shut):
            return
        laid, edges = self.laid, self.laid.layers.edges
        links = np.zeros(len(self._engine.link), dtype=bool)
        links[self._main] = shut
        self._engine.shut(links)
        self._is_shut = shut.copy()
        n, stands = len(laid.zone), laid.mains[~shut]
        start = np.concatenate([edges.tail[stands], np.full(len(laid.zones.entry), n)])
        to = np.concatenate([edges.head[stands], laid.zones.entry])
        ways = csr_array((np.ones(len(start)), (start, to)), (n + 1, n + 1))
        reached = breadth_first_order(ways, n, directed=False, return_predecessors=False)
        self._reached = self._junction & np.isin(np.arange(n), reached)

    def settle(self, asked_lps: Floats, runs: Floats) -> SettledFlow:
        """Flows in mains and between zones, reckoned again until they agree; nothing is carried on."""
        zones = self.laid.zones
        asked = np.where(self._junction, asked_lps, 0.0)
        first = self._by_zone(asked / float(self.laid.parameters["utilities.network_yield"]))
        wish = self._shared(first, runs, np.ones(len(runs))).wish_lps
        over = np.zeros(len(asked))
        for number in range(MOST_PASSES):
            through = wish
            total = asked.copy()
            np.add.at(total, zones.feed[self._fed], through[self._fed])
            given = np.where((total > LITTLE_LPS) & self._reached, total - over, 0.0)
            moment = self.solve(given, again=number > 0)
            over = np.maximum(moment.delivered - given, 0.0)
            part = np.where(self._reached, self._part(total, moment), 0.0)
            leaked = np.where(self._reached, np.maximum(moment.leaked, 0.0), 0.0)
            passed = np.where(zones.feed >= 0, part[zones.feed], 1.0)
            shared = self._shared(self._by_zone(asked * part + leaked), runs, passed)
            wish = shared.wish_lps
            if number and np.abs(wish - through).sum() <= AGREES_LPS:
                break
        counted = np.where(total > LITTLE_LPS, total * part, 0.0) + leaked
        amiss = float(np.abs(wish - through).sum()) + self._engine_amiss(moment, counted)
        return SettledFlow(asked, total, asked * part, leaked, moment, shared, amiss)

    def _taken(self, settled: SettledFlow) -> WaterStep:
        """The step as it was: what the engine gives is had while the zone's head is kept."""
        laid, moment, shared = self.laid, settled.moment, settled.shared
        share = np.where(self._junction, shared.kept[laid.zone], 0.0)
        head = np.where((share > 0.0) & self._reached, moment.head, laid.height_m)
        return WaterStep(
            asked_lps=settled.asked_lps,
            served_lps=settled.served_lps * share,
            leaked_lps=settled.leaked_lps * share,
            source_lps=float(shared.got_lps[laid.zones.above < 0].sum()),
            got_lps=shared.got_lps,
            head_m=np.where(self._junction, head, np.nan),
            kept=shared.kept,
            stored_l=shared.stored_l,
            flow_lps=moment.flow[self._main] * shared.kept[laid.main_zone],
            amiss_lps=settled.amiss_lps,
            allowed_lps=0.0,
        )

    def _closed(self, step: WaterStep, runs: Floats) -> WaterStep:
        """The step, once it is seen to add up in every zone; stores are carried on."""
        zones = self.laid.zones
        below = np.zeros(len(zones.name))
        np.add.at(below, zones.above[self._fed], step.got_lps[self._fed])
        gained = (step.stored_l - self.stored_l) / self.step_s
        out = self._by_zone(step.served_lps + step.leaked_lps)
        amiss = step.amiss_lps + float(np.abs(step.got_lps - below - gained - out).sum())
        stopped = int(((zones.pump >= 0) & (runs < 1.0)).sum()) + int(self._is_shut.sum())
        through = max(step.source_lps, float(out.sum()))
        allowed = CLOSES * through + STOPPED_LPS * stopped + ROUNDING_LPS
        if not amiss <= allowed:
            raise WorkError(f"water: {amiss:.3g} l/s of {through:.3g} do not add up, {allowed:.3g} may")
        self.stored_l = step.stored_l
        return replace(step, amiss_lps=amiss, allowed_lps=allowed)

    def solve(self, total_lps: Floats, again: bool) -> Moment:
        """The engine's solution, by node row; links stay in the engine's order."""
        found = self._engine.solve(total_lps[self._node], again)
        by_row = np.zeros((4, len(total_lps)))
        by_row[:, self._node] = found.head, found.drawn, found.delivered, found.leaked
        head, drawn, delivered, leaked = by_row
        return Moment(head, drawn, delivered, leaked, found.flow)

    def _part(self, total_lps: Floats, moment: Moment) -> Floats:
        """Share that is delivered of what is drawn at each node; of next to nothing by the pressure there.

        Above the full pressure EPANET lets a demand grow by 1e-8 cubic feet a second for each foot of head:
        that is asked for the less, and what is not more than it is not asked of the engine at all.
        """
        by_pressure = np.sqrt(np.clip((moment.head - self.laid.height_m) / self._full_m, 0.0, 1.0))
        much = total_lps > LITTLE_LPS
        return np.divide(moment.delivered, total_lps, where=much, out=by_pressure).clip(0.0, 1.0)

    def _engine_amiss(self, moment: Moment, counted_lps: Floats) -> float:
        """How far what is drawn at entries, given at junctions, and counted here differ [l/s]."""
        out = np.where(self._junction, moment.delivered + moment.leaked, 0.0)
        drawn = -moment.drawn[self.laid.zones.entry] - self._by_zone(out)
        counted = np.where(self._junction, counted_lps, 0.0)
        return float(np.abs(drawn).sum() + np.abs(out - counted).sum())

    def _shared(self, drawn_lps: Floats, runs: Floats, passed: Floats) -> Shared:
        return share_stores(self.laid.zones, drawn_lps, self.stored_l, runs, passed, self.step_s)

    def _by_zone(self, of_nodes: Floats) -> Floats:
        zone = self.laid.zone[self._junction]
        return np.bincount(zone, of_nodes[self._junction], len(self.laid.zones.name)).astype(np.float64)
