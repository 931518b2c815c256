"""Which meters stand where, for indicators of what they read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Metering(NamedTuple):
    """A fleet of meters: whose, of which utility, where (place rows), and the datasets of its readings.

    `shared` is the dataset of aggregates, whose datastreams are rows of `shared_feature`.
    """

    owner: str
    utility: str
    place: NDArray[np.int32]
    shared: str
    shared_feature: str
