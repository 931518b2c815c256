"""What everybody knows of school streets before the day begins, as plans of drivers."""

from __future__ import annotations

import numpy as np

from twin.behaviour.closed_hours import ClosedHours, planned_round
from twin.behaviour.habits import N_SLICES, SLICE_MS, Habits
from twin.clock import MS
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.scenario.modifications import SchoolStreet
from twin.scenario.scenario import Scenario
from twin.territory.select import select_links
from twin.territory.territory import Territory


def barred_slices(scenario: Scenario, territory: Territory) -> np.ndarray:
    """Links of school streets in the slices in which they are closed, (N_SLICES, n_links) bool."""
    barred = np.zeros((N_SLICES, territory.streets.n_links), dtype=np.bool_)
    for order in scenario.modifications:
        if isinstance(order, SchoolStreet) and order.in_force(scenario.month):
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
    """Habits of drivers who know the school streets of the model's scenario; the same where it has none."""
    barred = barred_slices(model.spec, model.territory)
    if not barred.any():
        return habits
    closed = ClosedHours(barred, leads_home(model.population), model.population.trips.person)
    return planned_round(model.drivers(), habits, closed)
