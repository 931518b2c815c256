"""Services that third parties build on open data: more come, the more is open, fresh and described.

Arrivals are Poisson; the rate and how age and missing descriptions lower it are assumptions of the ledger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.datasets import Dataset
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import ANYBODY, Right
from twin.scenario.ledger import Parameters

_ARRIVAL = stream_of("open_data.arrival")


def arrival_rate(platform: DataPlatform, parameters: Parameters) -> float:
    """Services a month that what is open on a platform brings."""
    rights = {name: right for reader, name, right in platform.rights.table() if reader == ANYBODY}
    return float(sum(_rate(each, rights[each.name], parameters)
                     for each in platform.datasets() if each.name in rights))  # fmt: skip


def arrivals(rate: float, months: int, seed: int) -> NDArray[np.int64]:
    """Services that arrive in each month (months,): waits between them are exponential.

    >>> arrivals(0.0, 3, seed=1).tolist()
    [0, 0, 0]
    """
    found = np.zeros(months, dtype=np.int64)
    at, number = 0.0, 0
    while rate > 0.0:
        u = uniforms(seed, _ARRIVAL, keys_of(np.array(["open data"])), number)[0]
        at, number = at - float(np.log1p(-u)) / rate, number + 1
        if at >= months:
            break
        found[int(at)] += 1
    return found


def _rate(dataset: Dataset, right: Right, parameters: Parameters) -> float:
    """Of one open dataset: halved by each half-age that its data are old when anybody sees them."""
    age_s = right.lag_s + max(right.span_s, dataset.cadence_s)
    fresh = float(np.exp2(-age_s / float(parameters["data_platform.freshness_half_s"])))
    described = 1.0 if dataset.documented else float(parameters["data_platform.undocumented_share"])
    return float(parameters["data_platform.arrivals_per_dataset_month"]) * fresh * described
