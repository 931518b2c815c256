"""The on-demand transport of a day, taken from the model when the day is over."""

from __future__ import annotations

import numpy as np

from twin.behaviour.on_demand import by_app
from twin.indicators.on_demand_record import OnDemandRecord
from twin.mobility.passages import Passages
from twin.model.twin_model import TwinModel
from twin.population.population import Population


def on_demand_record_of(model: TwinModel, passages: Passages) -> OnDemandRecord | None:
    """Who called and who rode, and where vehicles drove; None where there is no such service."""
    service, state = model.on_demand, model.state
    if service.order is None:
        return None
    fleet, n = service.fleet, 2 * service.fleet.n_requests
    of_fleet = (passages.trip >= fleet.first_row) & (passages.trip < fleet.first_row + fleet.n_stops)
    caller = service.usual.trips.person[service.trip]
    return OnDemandRecord(
        name=service.order.name,
        n_vehicles=fleet.n_vehicles,
        seats=service.order.seats,
        fare_eur=service.order.fare_eur,
        service_ms=fleet.until_ms - fleet.from_ms,
        trip=service.trip,
        asked_ms=state.bookings.asked_ms,
        picked_ms=state.shared.served_ms[0:n:2],
        set_down_ms=state.shared.served_ms[1:n:2],
        refused=state.dispatch.refused,
        vehicle=state.dispatch.vehicle,
        by_app=by_app(service.usual.persons)[caller],
        usual_mode=service.usual.trips.mode[service.trip],
        direct_ms=service.travel_ms[service.place[0:n:2], service.place[1:n:2]],
        stop=state.dispatch.stop,
        n=state.dispatch.n,
        reached_ms=state.shared.reached_ms,
        event_stop=(passages.trip[of_fleet] - fleet.first_row).astype(np.int32),
        event_link=passages.link[of_fleet],
        event_enter_ms=passages.enter_ms[of_fleet],
        event_exit_ms=passages.exit_ms[of_fleet],
    )


def trips_as_made(model: TwinModel) -> Population:
    """The population with every trip by the mode in which it was really made."""
    if not model.on_demand.runs:
        return model.population
    shared, planned = model.state.shared, model.population
    trips = planned.trips.with_columns(mode=shared.mode, duration_s=shared.duration_s)
    return Population.of(planned.persons, trips, planned.report)
