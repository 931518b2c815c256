"""Who consults which provider on a day, who tells it what they pass, and on which trips it is obeyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from twin.calculators.adoption import Subscriptions, obedience_of
from twin.calculators.market import NO_PROVIDER, app_users, choose_provider, provider_of
from twin.calculators.provider import obeys
from twin.scenario.actors import Provider
from twin.scenario.vehicles import VAN

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


@dataclass(frozen=True)
class EarlierDays:
    """What earlier days left behind: subscriptions, and by provider its own picture of the day before.

    profile_s: (N_SLICES, n_links) [s] by name, NaN where the provider drew no picture.
    """

    subscriptions: Subscriptions
    profile_s: Mapping[str, np.ndarray] = field(default_factory=dict)


def choices_of(model: TwinModel, offers: Sequence[Provider]) -> np.ndarray:
    """The provider that each person would consult (n_persons,) int8, by market shares."""
    shares = tuple(offer.market_share for offer in offers)
    return choose_provider(model.population.persons.person_key, shares, model.seed_)


def consulted(model: TwinModel, offers: Sequence[Provider], share: float) -> np.ndarray:
    """The provider that each person consults at an app share (n_persons,) int8, NO_PROVIDER none."""
    persons = model.population.persons
    owner_share = float(model.parameters["calculators.smartphone_owner_share"])
    shares = app_shares(model, share)
    uses = app_users(persons.person_key, persons.smartphone, shares, owner_share, model.seed_)
    return provider_of(uses, choices_of(model, offers))


def app_shares(model: TwinModel, share: float) -> np.ndarray:
    """Share of their like who consult a calculator (n_persons,); who drives at work has another."""
    ratio = float(model.parameters["calculators.professional_app_ratio"])
    at_work = np.zeros(model.population.n_persons, dtype=np.bool_)
    at_work[model.population.trips.person[model.trip_vehicles.vehicle_class >= VAN]] = True
    return np.where(at_work, min(share * ratio, 1.0), share)


def users_of(
    model: TwinModel, offers: Sequence[Provider], share: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By trip (n_trips,): provider consulted and provider told, int8, -1 none; whether advice is followed.

    Where earlier days were lived, their subscriptions hold, and obedience follows trust.
    """
    trips = model.population.trips
    obedience: float | np.ndarray = float(model.parameters["calculators.obedience"])
    if model.earlier is None:
        provider = consulted(model, offers, share)
    else:
        subscriptions = model.earlier.subscriptions
        provider = subscriptions.provider
        obedience = obedience_of(subscriptions.trust, model.parameters)[trips.person]
    tells = np.where(model.population.persons.consent, provider, NO_PROVIDER)
    of_trips = [
        np.where(model.may_drive, of_persons[trips.person], NO_PROVIDER).astype(np.int8)
        for of_persons in (provider, tells)
    ]
    return of_trips[0], of_trips[1], obeys(trips.trip_key, obedience, model.seed_)
