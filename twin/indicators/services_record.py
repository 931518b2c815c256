"""What vehicles did that no traveller drives: buses, and those of on-demand transport."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.mobility.emissions import PassageColumns
from twin.population.residents.fleet import TripVehicles


class ServiceRecord(NamedTuple):
    """Links left by vehicles of services; a passage's ``trip`` is the row of a leg in ``vehicles``."""

    passages: PassageColumns
    vehicles: TripVehicles

    @staticmethod
    def none() -> ServiceRecord:
        """No such vehicle."""
        no, unknown = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int8)
        return ServiceRecord(PassageColumns(no, no, no, no), TripVehicles(no, unknown, unknown, unknown))
