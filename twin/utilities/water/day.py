"""Water over a row of steps: what is delivered, lost and stored, and the heads, also without any pump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Flags, Floats, Texts
from twin.utilities.spans import RUNNING
from twin.utilities.water.flow import WaterFlow
from twin.utilities.water.laid import LaidWater

NOT_VERIFIABLE = "not verifiable"
"""What stands beside a pressure at a junction whose height is assumed."""
BAR_PER_M = 0.0980665
"""Bar in a metre of water (9.80665 m/s2, 1,000 kg/m3)."""


@dataclass(frozen=True)
class WaterDay:
    """Water by step: (n_steps, n_nodes) of the utility nodes, (n_steps, n_zones) of the pressure zones.

    `asked`, `served`, `leaked` and `source` are in l/s (`source` (n_steps,): what comes in from outside),
    `stored_l` is at the end of each step, `start_l` (n_zones,) at the beginning; `kept` is the share of
    a step in which a zone has its head, `flow_lps` (n_steps, n_mains) what passes through mains. Heads
    and pressures in m, NaN where there is no junction; `verifiable` (n_nodes,) says at which junctions
    they rest on a height that is observed or given. `amiss_lps` and `allowed_lps` (n_steps,) are what
    does not add up and what may at most.
    """

    asked_lps: Floats
    served_lps: Floats
    leaked_lps: Floats
    source_lps: Floats
    head_m: Floats
    pressure_m: Floats
    verifiable: Flags
    kept: Floats
    flow_lps: Floats
    amiss_lps: Floats
    allowed_lps: Floats
    start_l: Floats
    stored_l: Floats
    step_s: float

    def imbalance(self) -> float:
        """Largest part of a step's flow by which inflow, stores, delivery and leaks do not add up."""
        before = np.vstack([self.start_l, self.stored_l[:-1]])
        gained = (self.stored_l - before).sum(axis=1) / self.step_s
        out = (self.served_lps + self.leaked_lps).sum(axis=1)
        through = np.maximum(np.maximum(self.source_lps, out), 1e-9)
        return float((np.abs(self.source_lps - out - gained) / through).max(initial=0.0))

    def pressure_deficit(self, people: Floats, full_m: float) -> float:
        """Mean over people (n_nodes,) and steps of how far pressure lies under the full one [m]."""
        rows = np.flatnonzero(people > 0.0)
        short = np.maximum(full_m - self.pressure_m[:, rows], 0.0)
        return float((short * people[rows]).sum() / max(people.sum() * len(short), 1e-9))

    def network_yield(self) -> float:
        """Water delivered over water that entered the mains; NaN where none did."""
        served, leaked = float(self.served_lps.sum()), float(self.leaked_lps.sum())
        return served / (served + leaked) if served + leaked > 0.0 else float("nan")

    def pressures_told(self, step: int) -> Texts:
        """Pressure at each node in words (n_nodes,): bar, marked where it is not verifiable; "" none."""
        told = []
        for metres, sure in zip(self.pressure_m[step].tolist(), self.verifiable.tolist(), strict=True):
            mark = "" if sure else f" ({NOT_VERIFIABLE})"
            told.append("" if np.isnan(metres) else f"{metres * BAR_PER_M:.1f} bar{mark}")
        return np.array(told, dtype=np.str_)

    def verifiable_share(self, people: Floats) -> float:
        """Share of people (n_nodes,) at junctions whose pressures are verifiable; NaN without people."""
        return float(people[self.verifiable].sum() / people.sum()) if people.sum() > 0.0 else float("nan")


def water_day(
    laid: LaidWater,
    place_lps: Floats,
    step_s: float,
    level: Floats | None = None,
    filled: float = 1.0,
    edge_level: Floats | None = None,
) -> WaterDay:
    """Steps of what places draw (n_steps, n_places) [l/s]; `level` (n_steps, n_nodes) says which pumps run.

    `edge_level` (n_steps, n_edges) says for which share of a step edges stand: a main that stands for less
    than half of it is shut. `filled` is the share of their volume that tanks hold at the beginning. A step
    that does not add up ends in a `WorkError`.
    """
    flow = WaterFlow(laid, step_s, filled)
    start_l = flow.stored_l
    steps = []
    for row, drawn in enumerate(place_lps):
        nodes = None if level is None else level[row]
        edges = None if edge_level is None else edge_level[row]
        shut = None if edges is None else edges[laid.mains] < RUNNING
        steps.append(flow.step(laid.asked(drawn), laid.running(nodes, edges), shut))
    head = np.array([each.head_m for each in steps])
    return WaterDay(
        asked_lps=np.array([each.asked_lps for each in steps]),
        served_lps=np.array([each.served_lps for each in steps]),
        leaked_lps=np.array([each.leaked_lps for each in steps]),
        source_lps=np.array([each.source_lps for each in steps]),
        head_m=head,
        pressure_m=head - laid.height_m,
        verifiable=laid.known,
        kept=np.array([each.kept for each in steps]),
        flow_lps=np.array([each.flow_lps for each in steps]),
        amiss_lps=np.array([each.amiss_lps for each in steps]),
        allowed_lps=np.array([each.allowed_lps for each in steps]),
        start_l=start_l,
        stored_l=np.array([each.stored_l for each in steps]),
        step_s=step_s,
    )
