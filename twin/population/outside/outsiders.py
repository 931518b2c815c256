"""Who comes from outside: commuters and through traffic, fitted to counts if there are any; deliveries."""

from __future__ import annotations

import numpy as np

from twin.population.draws import Draws
from twin.population.marginals import Marginals
from twin.population.outside.counts import CountFit, fit_counts, scaled_to_counts
from twin.population.outside.freight import build_freight
from twin.population.outside.gates import Gates
from twin.population.outside.travellers import build_travellers
from twin.population.tables import Persons
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

Part = tuple[Persons, dict[str, np.ndarray]]
"""Persons and their trips, whose person rows are counted from 0."""


def from_outside(
    territory: Territory,
    marginals: Marginals,
    gates: Gates,
    trips: dict[str, np.ndarray],
    parameters: Parameters,
    draws: Draws,
    first_fit: CountFit | None,
) -> tuple[list[Part], CountFit | None]:
    """Parts of each table and of deliveries, and how the counts were met, given the residents' trips.

    ``first_fit`` is that of the first day, on which it was settled who comes.
    """
    rounds = build_freight(territory, gates, parameters, draws)
    fit = first_fit
    if marginals.counts:
        fit = fit or fit_counts(marginals, gates, [trips, *(columns for _, columns in rounds)])
        marginals = scaled_to_counts(marginals, fit.factors)
    return build_travellers(territory, marginals, gates, parameters, draws) + rounds, fit
