"""Tanks of pressure zones over one step: what each zone wants from above, gets, and keeps.

From the lowest zone up: what a zone needs from above, its tank's filling included. Then from above down:
what it gets. Who has no tank shares what its zone above has; tanks fill at their pump's rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Floats
from twin.utilities.water.laid import PressureZones

FULL = 1.0 - 1e-9


@dataclass(frozen=True)
class Shared:
    """Of each zone (n_zones,): what it wants from above and gets [l/s], share of the step that its head is
    kept, and what its tank holds at the end [l].
    """

    wish_lps: Floats
    got_lps: Floats
    kept: Floats
    stored_l: Floats


def share_stores(
    zones: PressureZones, drawn_lps: Floats, stored_l: Floats, running: Floats, passed: Floats, step_s: float
) -> Shared:
    """One step of the stores.

    Parameters
    ----------
    zones
        Pressure zones, those above before those below them.
    drawn_lps
        What each zone's own junctions draw and leak while its head is kept (n_zones,).
    stored_l
        What tanks hold before.
    running
        Share of the step that the pump of each zone runs; 1 where there is none.
    passed
        Share of its wish that the mains of the zone above let pass.
    step_s
        Length of the step.
    """
    above, volume, pump = zones.above.tolist(), zones.volume_l.tolist(), zones.pump_lps.tolist()
    need, held = (drawn_lps * step_s).tolist(), stored_l.tolist()
    runs, lets = running.tolist(), passed.tolist()
    n = len(above)
    wish, got, kept = [0.0] * n, [0.0] * n, [1.0] * n
    for zone in range(n - 1, -1, -1):
        most = (
            min(pump[zone] * step_s, volume[zone] - held[zone] + need[zone]) if volume[zone] else need[zone]
        )
        wish[zone] = most * runs[zone]
        if above[zone] >= 0:
            need[above[zone]] += wish[zone] * lets[zone]
    for zone in range(n):
        over = kept[above[zone]] if above[zone] >= 0 else 1.0
        got[zone] = wish[zone] * lets[zone] * over
        there = held[zone] + got[zone]
        share = min(1.0, there / need[zone]) if need[zone] > 0.0 else 1.0
        kept[zone] = 1.0 if share > FULL else share
        held[zone] = max(there - kept[zone] * need[zone], 0.0)
    return Shared(np.array(wish) / step_s, np.array(got) / step_s, np.array(kept), np.array(held))
