"""What everybody knows of rules before the day begins, as plans of drivers: school streets, zones, tolls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.behaviour.closed_hours import ClosedHours, planned_round
from twin.behaviour.habits import Habits
from twin.behaviour.tolls import planned_by_toll
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.scenario.modifications import SchoolStreet
from twin.scenario.scenario import Scenario
from twin.territory.select import select_links
from twin.territory.territory import Territory


def barred_slices(scenario: Scenario, territory: Territory) -> np.ndarray:
    """Links of school streets in the slices in which they are closed, (N_SLICES, n_links) bool."""
    barred = np.zeros((N_SLICES, territory.streets.n_links), dtype=np.bool_)
    for order in scenario.orders(SchoolStreet):
        links = select_links(order.links, territory.streets, territory.zones, places=territory.places)
        for begin_s, end_s in order.spans_s:
            first, last = begin_s * MS // SLICE_MS, -(-end_s * MS // SLICE_MS)
            barred[first:last, links] = True
    return barred


def leads_home(population: Population) -> np.ndarray:
    """Trips that end at the traveller's home (n_trips,) bool."""
    trips = population.trips
    home = population.persons.home[trips.person]
    return np.asarray((home >= 0) & (trips.destination_place == home))


def informed(model: TwinModel, habits: Habits) -> Habits:
    """Habits of drivers who know the rules of the model's scenario; the same where it has none.

    They plan round school streets; round low-emission zones if these bar their vehicle and they comply;
    and round tolls where that is worth it to them.
    """
    barred = barred_slices(model.spec, model.territory)
    drivers, person = model.drivers(), model.population.trips.person
    home = leads_home(model.population)
    if barred.any():
        habits = planned_round(drivers, habits, ClosedHours(barred, home, person))
    rules = model.rules
    for number, zone in enumerate(rules.zones):
        shut_out = replace(drivers, rows=np.flatnonzero(rules.shut_out[number] & model.by_car))
        closed = zone.order.slices()[:, None] & zone.links
        if shut_out.rows.size and closed.any():
            habits = planned_round(shut_out, habits, ClosedHours(closed, home, person))
    band = float(model.parameters["behaviour.switching_band"])
    for group in np.unique(rules.group[rules.group > 0]).tolist():
        members = np.flatnonzero((rules.group == group) & model.by_car)
        if rules.eur[:, members].any():
            charged = replace(drivers, rows=members)
            habits = planned_by_toll(charged, habits, rules.charge_of(int(members[0])), band)
    return habits
