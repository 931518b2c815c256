"""When places have power, from the record of the utility networks."""

from __future__ import annotations

import numpy as np

from twin.clock import HORIZON_MS, MS
from twin.indicators.utilities_record import NEVER, UtilitiesRecord
from twin.mobility.charging import Powered

HALF = 50
"""Per cent of power from which a charger charges."""


def powered_of(utilities: UtilitiesRecord | None) -> Powered:
    """Times with power [ms] of every place that is ever without, by place row."""
    if utilities is None:
        return {}
    share = utilities.share["power"]
    off = (share < HALF) & (share != NEVER)
    edges = np.rint(utilities.edges_s * MS).astype(np.int64)
    edges[-1] = max(int(edges[-1]), HORIZON_MS)
    found: Powered = {}
    for place in np.flatnonzero(off.any(axis=0)).tolist():
        on = np.flatnonzero(~off[:, place]).tolist()
        found[place] = [(int(edges[span]), int(edges[span + 1])) for span in on]
    return found
