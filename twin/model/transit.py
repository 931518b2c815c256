"""Phases of public transport: buses set off, go round closures, and passengers ride what really comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import WAITING
from twin.clock import HORIZON_MS, MS
from twin.mobility.crowding import dwells_ms
from twin.model.detours import go_round
from twin.model.phases import Phase
from twin.model.state import Access
from twin.population.tables import ON_DEMAND

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def dispatch(model: TwinModel, state: Access, moment_s: int) -> None:
    """Buses whose runs begin in this step set off; those before a signed closure go round it.

    Passengers who left in this step walk to their stops, and buses will stand there as long as it takes.
    """
    loader, transit = state.loader, model.transit
    _begin(model, state)
    _stand(model, state, (moment_s + model.step_s) * MS)
    due = transit.buses.due(moment_s * MS, (moment_s + model.step_s) * MS)
    rows = due + loader.n_trips
    loader.release(rows, loader.vehicles.not_before_ms[due])
    if state.orders.signed.any():
        go_round(model, state)


def _begin(model: TwinModel, state: Access) -> None:
    """Riders who have left, or parked their cars, walk to their first stops."""
    transit, trip = model.transit, model.transit.plans.trip
    parked_ms = state.loader.vehicles.arrived_ms[trip]
    begun_ms = np.where(transit.drives_first, parked_ms, state.itineraries.departed_ms[trip])
    begun_ms[state.shared.mode[trip] == ON_DEMAND] = -1  # rides a shared vehicle, unless it is refused
    transit.plans.begin(state.riders, state.queues, begun_ms)


def _stand(model: TwinModel, state: Access, until_ms: int) -> None:
    """Reckon the stay of buses at the stops that they may leave in this step.

    A bus is expected as late as it was at its last stop; where it has left none yet, on time.
    """
    buses, plans, service = model.transit.buses, model.transit.plans, state.service
    if not plans.trip.shape[0]:
        return
    late_ms = np.zeros(plans.places.shape[0], dtype=np.int64)
    left = np.flatnonzero(service.left_ms >= 0)
    late_ms[plans.run_of_call[left]] = service.left_ms[left] - buses.departure_ms[left]
    expected_ms = buses.departure_ms + np.maximum(late_ms, 0)[plans.run_of_call]
    coming = (service.left_ms < 0) & ~service.passed & (expected_ms < until_ms)
    ahead = np.flatnonzero(coming)
    passengers = plans.passengers_at(state.riders, state.queues, service, ahead, expected_ms[ahead])
    first = state.loader.n_trips
    of_legs = slice(first, first + buses.legs.n_legs)
    waits = np.flatnonzero(state.loader.vehicles.release_ms[of_legs] < 0)
    is_open = np.zeros(buses.n_calls, dtype=np.bool_)
    is_open[buses.leg_call[waits]] = True  # a leg that has been released stands no longer
    is_open |= buses.in_place & (service.arrived_ms < 0)
    stays_ms = dwells_ms(passengers, model.parameters)
    service.dwell_ms[ahead] = np.where(is_open[ahead], stays_ms, service.dwell_ms[ahead])
    state.loader.let_stand(first + waits, buses.dwells_ms(service.dwell_ms)[waits])


def ride(model: TwinModel, state: Access, moment_s: int) -> None:
    """Passengers board and alight as buses really left and arrived; whoever is done has arrived.

    Who missed the last run takes as long from there as transit was planned to take without the timetable.
    Whose car waits in a car park drives on from there, as soon as the next step begins.
    """
    transit, days, riders = model.transit, state.itineraries, state.riders
    plans, until_ms = transit.plans, (moment_s + model.step_s) * MS
    state.service.note(transit.buses, state.loader.vehicles, model.n_trips, until_ms)
    _begin(model, state)
    done = plans.ride(riders, state.queues, state.service)
    trips = plans.trip[done]
    otherwise_ms = np.rint(transit.otherwise_s[trips] * MS).astype(np.int64)
    ends_ms = riders.ready_ms[done] + np.where(riders.stranded[done], otherwise_ms, 0)
    ended = ends_ms <= HORIZON_MS
    drives = ended & transit.rides_first[trips]
    days.state[trips[drives]] = WAITING
    state.loader.release(trips[drives], np.maximum(ends_ms[drives], until_ms))
    ended &= ~drives
    person = model.population.trips.person
    days.arrive(trips[ended], ends_ms[ended], person, model.plan_ms, model.stay_ms)


DISPATCH = Phase(
    "dispatch",
    dispatch,
    frozenset({"orders", "itineraries", "shared"}),
    frozenset({"loader", "service", "riders", "queues"}),
)
RIDE = Phase(
    "ride",
    ride,
    frozenset({"loader", "shared"}),
    frozenset({"service", "riders", "queues", "itineraries"}),
)


def with_transit(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The order of a step where there is a timetable: buses leave with everybody else, riders follow them."""
    ordered: list[Phase] = []
    for phase in phases:
        ordered.append(phase)
        if phase.name == "depart":
            ordered.append(DISPATCH)
        if phase.name == "load":
            ordered.append(RIDE)
    return tuple(ordered)
