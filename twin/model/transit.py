"""Phases of public transport: buses set off, go round closures, and passengers ride what really comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.clock import HORIZON_S, MS
from twin.model.detours import go_round
from twin.model.phases import Phase
from twin.model.state import Access
from twin.population.tables import TRANSIT

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def dispatch(model: TwinModel, state: Access, moment_s: int) -> None:
    """Buses whose runs begin in this step set off; those before a signed closure go round it."""
    loader = state.loader
    due = model.transit.buses.due(moment_s * MS, (moment_s + model.step_s) * MS)
    rows = due + loader.n_trips
    loader.release(rows, loader.vehicles.not_before_ms[rows])
    if state.orders.signed.any():
        go_round(model, state)


def ride(model: TwinModel, state: Access, moment_s: int) -> None:
    """Passengers board and alight as buses really left and arrived; whoever is done has arrived.

    Who missed the last run takes as long from there as transit was planned to take without the timetable.
    """
    transit, days, riders = model.transit, state.itineraries, state.riders
    plans, until_ms = transit.plans, (moment_s + model.step_s) * MS
    state.service.note(transit.buses, state.loader.vehicles, model.n_trips, until_ms)
    by_line = state.shared.mode[plans.trip] == TRANSIT
    plans.begin(riders, np.where(by_line, days.departed_ms[plans.trip], -1))
    done = plans.ride(riders, state.service)
    trips = plans.trip[done]
    otherwise_ms = np.rint(transit.otherwise_s[trips] * MS).astype(np.int64)
    ends_ms = riders.ready_ms[done] + np.where(riders.stranded[done], otherwise_ms, 0)
    ended = ends_ms <= HORIZON_S * MS
    person = model.population.trips.person
    days.arrive(trips[ended], ends_ms[ended], person, model.plan_ms, model.stay_ms)


DISPATCH = Phase("dispatch", dispatch, frozenset({"orders"}), frozenset({"loader", "service"}))
RIDE = Phase("ride", ride, frozenset({"loader", "shared"}), frozenset({"service", "riders", "itineraries"}))


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
