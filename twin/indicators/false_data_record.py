"""What a day with false data leaves for the record: alarms of holders of data, and what they were over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class FalseDataRecord(NamedTuple):
    """Alarms, one row a holder and link: (n_alarms,); and faults and attacks of the day: (n_orders,).

    holder: who raised it; link row; at_s: first moment at which it had what shows it [s]; right: whether
    data of that link were false by then. hours_to_detect: from the begin of each fault or attack to its
    first alarm, NaN: none came.
    """

    holder: NDArray[np.str_]
    link: NDArray[np.int32]
    at_s: NDArray[np.float64]
    right: NDArray[np.bool_]
    hours_to_detect: NDArray[np.float64]
