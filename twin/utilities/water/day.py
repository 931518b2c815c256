"""Water over a row of steps: what is delivered, lost and stored, and the heads, also without any pump.

The engine says what each zone draws while its head is kept; tanks and pumps then decide how much of a
step the head can be kept. Where it is not, nothing flows and the head is the ground's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Floats
from twin.utilities.water.engine import run_inp
from twin.utilities.water.laid import LaidWater, Zones

FULL = 1.0 - 1e-9


@dataclass(frozen=True)
class WaterDay:
    """Water by step: (n_steps, n_nodes) of the utility nodes, (n_steps, n_zones) of the pressure zones.

    `asked`, `served`, `leaked` and `source` are in l/s (`source` (n_steps,): what comes in from outside),
    `stored_l` is at the end of each step, `start_l` (n_zones,) at the beginning; `kept` is the share of
    a step in which a zone has its head, `engine_imbalance` what is amiss in the engine's own flows. Heads
    and pressures in m, NaN where there is no junction.
    """

    asked_lps: Floats
    served_lps: Floats
    leaked_lps: Floats
    source_lps: Floats
    head_m: Floats
    pressure_m: Floats
    kept: Floats
    engine_imbalance: float
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


def water_day(
    laid: LaidWater, place_lps: Floats, step_s: float, level: Floats | None = None, filled: float = 1.0
) -> WaterDay:
    """Steps of what places draw (n_steps, n_places) [l/s]; `level` (n_steps, n_nodes) says which pumps run.

    `filled` is the share of their volume that tanks hold at the beginning.
    """
    n_steps, n_nodes = len(place_lps), len(laid.zone)
    asked = np.zeros((n_steps, n_nodes))
    fed = laid.node_of_place >= 0
    np.add.at(asked.T, laid.node_of_place[fed], place_lps[:, fed].T)
    run = run_inp(laid.inp(asked, step_s), "laid water network")
    row = np.array([int(name[1:]) for name in run.node.tolist()])
    full = np.zeros((3, n_steps, n_nodes))
    full[:, :, row] = run.delivered, run.leaked, run.head
    junction = laid.zone >= 0
    full[:2, :, ~junction] = 0.0
    full[0] = np.clip(full[0], 0.0, asked)  # the engine is exact to about 1e-6 l/s
    full[1] = np.maximum(full[1], 0.0)
    zones, n_zones = laid.zones, len(laid.zones.name)
    drawn = np.zeros((n_steps, n_zones))
    np.add.at(drawn.T, laid.zone[junction], (full[0] + full[1])[:, junction].T)
    running = np.ones((n_steps, n_zones))
    if level is not None:
        pumped = zones.pump >= 0
        running[:, pumped] = level[:, zones.pump[pumped]]
    peak = float(laid.parameters["utilities.pump_peak_factor"])
    kept, stored, source = _stores(zones, drawn, running, (step_s, filled, peak))
    share = np.where(junction, kept[:, laid.zone], 0.0)
    head = np.where(share > 0.0, full[2], laid.height_m)
    head = np.where(junction, head, np.nan)
    return WaterDay(
        asked_lps=asked,
        served_lps=full[0] * share,
        leaked_lps=full[1] * share,
        source_lps=source,
        head_m=head,
        pressure_m=head - laid.height_m,
        kept=kept,
        engine_imbalance=run.imbalance(),
        start_l=zones.volume_l * filled,
        stored_l=stored,
        step_s=step_s,
    )


def _stores(
    zones: Zones, drawn: Floats, running: Floats, how: tuple[float, float, float]
) -> tuple[Floats, Floats, Floats]:
    """Share of each step that heads are kept, what is stored then, and what comes in from outside [l/s].

    From the lowest zone up: what a zone needs from above, its tank's filling included. Then from above
    down: what it gets. Who has no tank shares what its zone above has; tanks fill at their pump's rate.
    """
    step_s, filled, peak = how
    n_steps, n_zones = drawn.shape
    below = _with_below(zones, drawn.mean(axis=0))
    stored = zones.volume_l * filled
    kept, history, source = np.zeros((n_steps, n_zones)), np.zeros((n_steps, n_zones)), np.zeros(n_steps)
    tank = zones.volume_l > 0.0
    for step in range(n_steps):
        need, wish = drawn[step] * step_s, np.zeros(n_zones)
        for zone in range(n_zones - 1, -1, -1):
            wish[zone] = need[zone]
            if tank[zone]:
                room = zones.volume_l[zone] - stored[zone] + need[zone]
                wish[zone] = min(peak * below[zone] * step_s, room)
            wish[zone] *= running[step, zone]
            if zones.above[zone] >= 0:
                need[zones.above[zone]] += wish[zone]
        for zone in range(n_zones):
            above = zones.above[zone]
            got = wish[zone] * (kept[step, above] if above >= 0 else 1.0)
            source[step] += got / step_s if above < 0 else 0.0
            there = stored[zone] + got
            share = 1.0 if need[zone] <= 0.0 else min(1.0, there / need[zone])
            kept[step, zone] = 1.0 if share > FULL else share
            stored[zone] = max(there - kept[step, zone] * need[zone], 0.0)
        history[step] = stored
    return kept, history, source


def _with_below(zones: Zones, mean_lps: Floats) -> Floats:
    """Mean draw of each zone with all zones that hang on it."""
    total = mean_lps.copy()
    for zone in range(len(total) - 1, -1, -1):
        if zones.above[zone] >= 0:
            total[zones.above[zone]] += total[zone]
    return total
