"""Who can book a shared vehicle."""

from __future__ import annotations

import numpy as np

from twin.kernels.random import stream_of, uniforms
from twin.population.tables import Persons
from twin.scenario.ledger import Parameters

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
