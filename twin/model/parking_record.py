"""The parking of a day, taken from the model when the day is over."""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.indicators.parking_record import ParkingRecord
from twin.mobility.passages import Passages
from twin.model.twin_model import TwinModel

NEVER = np.iinfo(np.int64).max


def parking_record_of(model: TwinModel, of_trips: Passages) -> ParkingRecord | None:
    """Who searched how long, and which spaces were taken; None where parking is not limited."""
    plan, standing = model.parking, model.state.parking
    if plan is None:
        return None
    zone, n_zones = model.territory.streets.zone, len(model.territory.zones.name)
    here = zone >= 0
    spaces = np.bincount(zone[here], weights=plan.supply.spaces[here], minlength=n_zones)
    return ParkingRecord(
        found=standing.found,
        parked=standing.link >= 0,
        searched=standing.searched,
        search_s=_search_s(model, of_trips),
        walk_s=standing.walk_ms / MS,
        fee_eur=standing.fee_eur,
        taken=standing.taken,
        spaces=spaces.astype(np.int64),
    )


def _search_s(model: TwinModel, of_trips: Passages) -> np.ndarray:
    """Time from the end of the destination link to the end of the link parked on (n_trips,) [s]."""
    searched, vehicles = model.state.parking.searched, model.state.loader.vehicles
    passed_ms = np.full(model.n_trips, NEVER, dtype=np.int64)
    at = searched[of_trips.trip] & (of_trips.link == model.car_trips.destination[of_trips.trip])
    np.minimum.at(passed_ms, of_trips.trip[at], of_trips.exit_ms[at])
    arrived_ms = vehicles.arrived_ms[: model.n_trips]
    known = searched & (arrived_ms >= 0) & (passed_ms < NEVER)
    return np.where(known, arrived_ms - np.where(known, passed_ms, 0), 0) / MS
