"""Who can book a shared vehicle, and who changes to it: a pivot on public transport as people use it now."""

from __future__ import annotations

import numpy as np

from twin.behaviour.modes import change_probability
from twin.kernels.random import stream_of, uniforms
from twin.population.tables import Persons
from twin.scenario.ledger import Parameters

ON_DEMAND_CHANGE = stream_of("behaviour.change to on-demand transport")
PHONE_BOOKING = stream_of("behaviour.books by telephone")


def by_app(persons: Persons) -> np.ndarray:
    """Who can book by an app (n_persons,) bool: with a smartphone and some digital skill."""
    return np.asarray(persons.smartphone & (persons.skill > 0))


def books(persons: Persons, by_phone_too: bool, parameters: Parameters, seed: int) -> np.ndarray:
    """Who can book at all (n_persons,) bool: by an app, or of the others a share by telephone.

    The draw does not depend on who has an app: closing one channel moves nobody in the other.
    """
    app = by_app(persons)
    if not by_phone_too:
        return app
    share = float(parameters["on_demand.phone_booking_share"])
    return np.asarray(app | (uniforms(seed, PHONE_BOOKING, persons.person_key) < share))


def share_riders(
    key: np.ndarray, number: np.ndarray, share: np.ndarray, gain: np.ndarray, seed: int
) -> np.ndarray:
    """Whose numbered tour (n,) changes when the utility of public transport rises by ``gain``.

    The draw is of the person's own key and does not depend on the offer, as in `twin.behaviour.modes`.
    """
    draws = uniforms(seed, ON_DEMAND_CHANGE, key, number)
    return np.asarray(draws < change_probability(share, gain))
