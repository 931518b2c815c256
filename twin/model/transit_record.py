"""The public transport of a day, taken from the model when the day is over."""

from __future__ import annotations

import numpy as np

from twin.indicators.transit_record import TransitRecord
from twin.mobility.passages import Passages
from twin.mobility.riders import boardings
from twin.model.twin_model import TwinModel


def transit_record_of(model: TwinModel, passages: Passages) -> TransitRecord | None:
    """What ran and who rode; None without a timetable."""
    transit, state = model.transit, model.state
    if not transit.runs:
        return None
    timetable, buses = transit.timetable, transit.buses
    by_bus = (passages.trip >= model.n_trips) & (passages.trip < model.on_demand.fleet.first_row)
    comes_by_road = np.append(False, buses.on_road[:-1])
    return TransitRecord(
        timetable=timetable,
        arrived_ms=state.service.arrived_ms,
        left_ms=state.service.left_ms,
        passed=state.service.passed,
        on_road=buses.on_road | comes_by_road,
        call_link=transit.link_of_call,
        boarded=boardings(buses, state.riders),
        trip=transit.plans.trip,
        stranded=state.riders.stranded,
        ride_start=transit.plans.rides.start,
        refused=state.riders.refused,
        seats=transit.capacity.seats,
        places=transit.capacity.places,
        paid_cents=_paid_cents(model),
        parking_cents=_parking_cents(model),
        park_name=transit.park_and_ride.parks.name,
        park_spaces=transit.park_and_ride.parks.spaces,
        park_of_trip=_park_of_trip(model),
        rides_first=transit.rides_first,
        board_call=state.riders.boarded_call,
        alight_call=state.riders.alighted_call,
        leg_call=buses.leg_call,
        event_leg=(passages.trip[by_bus] - model.n_trips).astype(np.int32),
        event_link=passages.link[by_bus],
        event_enter_ms=passages.enter_ms[by_bus],
        event_exit_ms=passages.exit_ms[by_bus],
    )


def _paid_cents(model: TwinModel) -> np.ndarray:
    """What each rider paid for what was really boarded (n_riders,) int64 [cents]."""
    transit, riders = model.transit, model.state.riders
    rides = np.flatnonzero(riders.boarded_call >= 0)
    rider = np.searchsorted(transit.plans.rides.start, rides, side="right") - 1
    run = transit.plans.run_of_call[riders.boarded_call[rides]]
    line = transit.timetable.run_line[run]
    return transit.fares.paid_cents(rider, line, transit.plans.trip.shape[0])


def _park_of_trip(model: TwinModel) -> np.ndarray:
    """Car park at which each trip left its car and rode on (n_trips,), -1 none."""
    park_and_ride = model.transit.park_and_ride
    park = np.full(model.n_trips, -1, dtype=np.int64)
    came = model.state.loader.vehicles.arrived_ms[park_and_ride.out] >= 0
    park[park_and_ride.out[came]] = park_and_ride.park[came]
    return park


def _parking_cents(model: TwinModel) -> np.ndarray:
    """What each rider paid for a space (n_riders,) int64 [cents]: who left a car there."""
    price, park = (
        model.transit.park_and_ride.parks.price_cents,
        _park_of_trip(model)[model.transit.plans.trip],
    )
    paid = np.zeros(park.shape[0], dtype=np.int64)
    paid[park >= 0] = price[park[park >= 0]]
    return paid
