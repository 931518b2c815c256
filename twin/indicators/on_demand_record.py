"""What a day leaves of its on-demand transport: what became of calls, and where vehicles drove."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.clock import MS


@dataclass(frozen=True, eq=False)
class OnDemandRecord:
    """One day of an on-demand transport; moments in ms, -1 never.

    Parameters
    ----------
    name, n_vehicles, seats, fare_eur
        The service.
    service_ms
        Length of its hours.
    trip
        Trips that meant to ride (n_requests,) rows of the population's.
    asked_ms, picked_ms, set_down_ms
        The call; getting in; getting out (n_requests,).
    refused
        Calls answered by no (n_requests,) bool. Who was refused at home with a car or bicycle takes it and
        does not call again on that tour.
    vehicle
        Who served them (n_requests,), -1 nobody.
    by_app
        Called by an app, else by telephone (n_requests,) bool.
    usual_mode
        How the trip would have been made (n_requests,) row of the modes.
    direct_ms
        Drive without a detour, as the operator reckons (n_requests,).
    stop, n
        Stops of each vehicle in order (n_vehicles, room), the first n of a row: 2 r is where request r is
        picked up, 2 r + 1 where it is set down, 2 n_requests + v the depot.
    reached_ms
        Moment at which a vehicle came to each stop (n_stops,).
    event_stop, event_link, event_enter_ms, event_exit_ms
        Links left by vehicles: the stop to which they were driving, and the moments.
    """

    name: str
    n_vehicles: int
    seats: int
    fare_eur: float
    service_ms: int
    trip: NDArray[np.int64]
    asked_ms: NDArray[np.int64]
    picked_ms: NDArray[np.int64]
    set_down_ms: NDArray[np.int64]
    refused: NDArray[np.bool_]
    vehicle: NDArray[np.int32]
    by_app: NDArray[np.bool_]
    usual_mode: NDArray[np.int8]
    direct_ms: NDArray[np.int64]
    stop: NDArray[np.int32]
    n: NDArray[np.int32]
    reached_ms: NDArray[np.int64]
    event_stop: NDArray[np.int32]
    event_link: NDArray[np.int32]
    event_enter_ms: NDArray[np.integer]
    event_exit_ms: NDArray[np.integer]

    @property
    def n_requests(self) -> int:
        """Trips that meant to ride."""
        return int(self.trip.shape[0])

    @cached_property
    def asked(self) -> NDArray[np.bool_]:
        """(n_requests,) who called."""
        return np.asarray(self.asked_ms >= 0)

    @cached_property
    def rode(self) -> NDArray[np.bool_]:
        """(n_requests,) who was set down by the end of the day."""
        return np.asarray(self.set_down_ms >= 0)

    @cached_property
    def wait_s(self) -> NDArray[np.float64]:
        """(n_requests,) from the call to getting in [s], NaN for who never did."""
        return np.where(self.picked_ms >= 0, (self.picked_ms - self.asked_ms) / MS, np.nan)

    @cached_property
    def aboard(self) -> NDArray[np.int64]:
        """(n_stops,) riders aboard on the way to each stop, -1 where nobody drove."""
        out = np.full(self.reached_ms.shape[0], -1, dtype=np.int64)
        for v in range(self.n_vehicles):
            stops = self.stop[v, : self.n[v]]
            change = np.where(stops >= 2 * self.n_requests, 0, 1 - 2 * (stops % 2))
            out[stops] = np.cumsum(change) - change
        return out
