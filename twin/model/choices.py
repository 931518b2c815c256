"""Modes of residents' tours on a day whose offer differs from the one they were used to.

Every mode that got better or worse is worth so many minutes more or less to whom it concerns; who is
concerned chooses again with the errors that were always theirs (`twin.behaviour.choice`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.choice import Choice
from twin.population.population import Population
from twin.population.tables import MODES
from twin.population.tours import TourModes, tour_modes, trips_by

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

MODE_ERRORS = "mode of a tour"


@dataclass(frozen=True, eq=False)
class Felt:
    """What residents know of driving from days before: saved_min (n_tours,), generalised minutes that each of
    their tours takes less by car than they were used to; the tours are those of `tour_modes`.
    """

    saved_min: np.ndarray


@dataclass(frozen=True, eq=False)
class DayModes:
    """How residents make their tours on a day.

    Parameters
    ----------
    planned
        The population as it is used to.
    usual
        Its tours, with their legs and the modes that they are used to.
    choice
        The modes of the day, and what they are worth.
    """

    model: TwinModel
    planned: Population
    usual: TourModes
    choice: Choice

    @staticmethod
    def of(model: TwinModel, planned: Population) -> DayModes:
        """Everybody as they are used to."""
        usual = tour_modes(planned, model.ground, model.parameters)
        of_tour = usual.tours.key, usual.tours.moment
        return DayModes(model, planned, usual, Choice.made(MODE_ERRORS, *of_tour, usual.utility, usual.mode))

    def with_saved(self, mode: int, saved_min: np.ndarray) -> DayModes:
        """Where a mode takes each tour (n_tours,) so many generalised minutes less; more where negative."""
        gain = np.zeros((saved_min.shape[0], len(MODES)))
        gain[:, mode] = float(self.model.parameters["population.scale_per_min"]) * saved_min
        return replace(self, choice=self.choice.with_gains(gain, self.model.seed_))

    @property
    def mode(self) -> np.ndarray:
        """Mode of each tour (n_tours,)."""
        return self.choice.chosen

    def population(self) -> Population:
        """The population with its trips as they are made; the planned one where nobody changed."""
        model = self.model
        trips = trips_by(self.mode, self.usual, self.planned, model.ground, model.parameters, model.seed_)
        if trips is self.planned.trips:
            return self.planned
        return Population.of(self.planned.persons, trips, self.planned.report)
