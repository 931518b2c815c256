"""The public transport of a day, taken from the model when the day is over."""

from __future__ import annotations

import numpy as np

from twin.indicators.transit_record import TransitRecord
from twin.mobility.loading import Passages
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
        board_call=state.riders.boarded_call,
        alight_call=state.riders.alighted_call,
        leg_call=buses.leg_call,
        event_leg=(passages.trip[by_bus] - model.n_trips).astype(np.int32),
        event_link=passages.link[by_bus],
        event_enter_ms=passages.enter_ms[by_bus],
        event_exit_ms=passages.exit_ms[by_bus],
    )
