"""What a day leaves of a fleet of sensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sensing.devices import Tally
from twin.sensing.visits import Visits


@dataclass(frozen=True)
class FleetRecord:
    """A fleet that stands somewhere: whose, of which kind, where, and what came of its observations.

    Parameters
    ----------
    owner, kind, feature
        Names; a feature is "link", "place" or "node" of the utility layers.
    row, units
        (n_devices,): the feature that each observes, and how many devices that takes.
    n_intervals
        Observations that are due of each until 30:00.
    tally
        What came of them by device; None of kinds that keep none.
    visits
        Crews' visits of the day.
    gateways
        The owner's gateways that fall to this fleet.
    battery
        Whether it lives on batteries.
    street
        (n_features,) the link at hand of each feature; empty where nobody asks for it.
    among
        Rows of the features at which such devices may stand; empty: any.
    personal
        Whether its results tell when the people of a building are at home.
    """

    owner: str
    kind: str
    feature: str
    row: NDArray[np.int32]
    units: NDArray[np.float64]
    n_intervals: int
    tally: Tally | None
    visits: Visits
    gateways: float
    battery: bool
    street: NDArray[np.int32]
    among: NDArray[np.int32]
    personal: bool = False
