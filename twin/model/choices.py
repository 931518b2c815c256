"""Modes of residents' tours on a day whose offer differs from the one they were used to.

Every mode that got better or worse is worth so many minutes more or less to whom it concerns; who is
concerned chooses again with the errors that were always theirs (`twin.behaviour.choice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.choice import Choice
from twin.population.days.tours import TourModes, tour_modes, trips_by
from twin.population.population import Population
from twin.population.tables import CAR, LATEST_DEPARTURE_S, MODES, PASSENGER

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

MODE_ERRORS = "mode of a tour"
IN_A_CAR = (CAR, PASSENGER)


@dataclass(frozen=True, eq=False)
class Felt:
    """What residents know of driving from days before; their tours are those of `tour_modes`.

    saved_min: minutes that each tour takes less in a car, at the wheel or not, than they were used to
    (n_tours,); shift_min: by how much later it sets out where it is made by car (n_tours,).
    """

    saved_min: np.ndarray
    shift_min: np.ndarray


@dataclass(frozen=True, eq=False)
class DayModes:
    """How residents make their tours on a day.

    Parameters
    ----------
    accustomed
        The population as it is used to.
    usual
        Its tours, with their legs and the modes that they are used to.
    choice
        The modes of the day, and what they are worth.
    """

    model: TwinModel
    accustomed: Population
    usual: TourModes
    choice: Choice

    @staticmethod
    def of(model: TwinModel, accustomed: Population) -> DayModes:
        """Everybody as they are used to."""
        usual = tour_modes(accustomed, model.ground, model.parameters)
        of_tour = usual.tours.key, usual.tours.moment
        choice = Choice.made(MODE_ERRORS, *of_tour, usual.utility, usual.mode)
        return DayModes(model, accustomed, usual, choice)

    def with_saved(self, modes: Sequence[int], saved_min: np.ndarray) -> DayModes:
        """Where modes take each tour (n_tours,) so many generalised minutes less; more where negative."""
        gain = np.zeros((saved_min.shape[0], len(MODES)))
        gain[:, modes] = float(self.model.parameters["population.scale_per_min"]) * saved_min[:, None]
        return replace(self, choice=self.choice.with_gains(gain, self.model.seed_))

    @property
    def mode(self) -> np.ndarray:
        """Mode of each tour (n_tours,)."""
        return self.choice.chosen

    def population(self) -> Population:
        """The population with its trips as they are made; that of `accustomed` where nobody changed."""
        model, usual = self.model, self.accustomed
        trips = trips_by(self.mode, self.usual, usual, model.ground, model.parameters, model.seed_)
        if trips is usual.trips:
            return usual
        return Population.of(usual.persons, trips, usual.report)

    def setting_out(self, population: Population, shift_min: np.ndarray) -> Population:
        """The population whose tours by car set out so much later (n_tours,); itself where none does."""
        legs, trips = self.usual.legs, population.trips
        first = np.searchsorted(legs.tour, np.arange(self.mode.shape[0]))
        shifted = np.flatnonzero((shift_min != 0) & (self.mode == CAR))
        if not shifted.size:
            return population
        row, depart_s = self.usual.row[first[shifted]], trips.depart_s.copy()
        latest_s = LATEST_DEPARTURE_S - 1.0
        depart_s[row] = np.clip(depart_s[row] + 60.0 * shift_min[shifted], 0.0, latest_s)
        return Population.of(population.persons, trips.with_columns(depart_s=depart_s), population.report)
