"""Fire flow: at which junctions a hydrant would give what the fire brigade counts on."""

from __future__ import annotations

import numpy as np

from twin.territory.tables import Flags, Floats, Ints
from twin.units import L_PER_M3, S_PER_H
from twin.utilities.water.day import BAR_PER_M
from twin.utilities.water.flow import WaterFlow
from twin.utilities.water.laid import LaidWater

ENOUGH = 0.999
"""Share of the flow that counts as all of it: the engine comes near it by the root of the pressure."""


def fire_flow(laid: LaidWater, asked_lps: Floats, rows: Ints) -> Flags:
    """Whether each junction (n,) gives the hydrant's flow at its least pressure, beside what nodes ask for.

    One hydrant at a time. Of a zone without a tank the flow also passes where it is fed, up to the zone of a
    tank or a source; the network must give all of it there, too, and keep its heads.
    """
    p, zones = laid.parameters, laid.zones
    flow_lps = float(p["utilities.hydrant_m3_per_h"]) * L_PER_M3 / S_PER_H
    flow = WaterFlow(laid, S_PER_H, full_m=float(p["utilities.hydrant_bar"]) / BAR_PER_M)
    settled = flow.settle(asked_lps, np.ones(len(zones.name)))
    total = settled.total_lps
    enough = np.zeros(len(rows), dtype=bool)
    for at, row in enumerate(rows.tolist()):
        more, zone = [row], int(laid.zone[row])
        while zones.feed[zone] >= 0 and zones.volume_l[zone] == 0.0:
            more.append(int(zones.feed[zone]))
            zone = int(zones.above[zone])
        drawn = total.copy()
        np.add.at(drawn, more, flow_lps)
        delivered = flow.solve(drawn, again=True).delivered
        enough[at] = bool((delivered[more] >= ENOUGH * drawn[more]).all())
    return enough
