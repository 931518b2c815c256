"""Trust in a provider from day to day, and who takes one up or leaves it.

What a user thinks of a provider follows from promises: the arrival told at departure against the arrival
made. Who consults none hears of the others' gain from those who live around. All shares and weights
are rows of the ledger, most of them assumptions (docs/calculators.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from twin.calculators.market import NO_PROVIDER
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters

_REVIEW = stream_of("calculators.adoption review")
_RELUCTANCE = stream_of("calculators.reluctance")


@dataclass(frozen=True)
class Subscriptions:
    """Who consults whom, and what they think of it; by person (n_persons,), read-only.

    provider int8, row of a provider or NO_PROVIDER; trust float64 in [0, 1], of others what they hear;
    heard float64: gain in time of users over others among those around, relative, smoothed over days.
    """

    provider: np.ndarray
    trust: np.ndarray
    heard: np.ndarray

    @classmethod
    def first(cls, provider: np.ndarray, parameters: Parameters) -> Subscriptions:
        """Before anybody has experienced anything."""
        n = provider.shape[0]
        return cls(
            provider, np.full(n, float(parameters["calculators.first_trust"])), np.zeros(n, dtype=np.float64)
        )

    @property
    def user_share(self) -> float:
        """Share of persons who consult a provider."""
        return float(np.mean(self.provider != NO_PROVIDER)) if self.provider.size else 0.0


class Experience(NamedTuple):
    """One day as travellers had it, by trip (n_trips,); those of whom nothing can be said are left out.

    person: row; promised_s: from departure to the arrival told, NaN if none was; lived_s: to the arrival
    made; free_s: in free flow.
    """

    person: np.ndarray
    promised_s: np.ndarray
    lived_s: np.ndarray
    free_s: np.ndarray


def kept_promise(promised_s: np.ndarray, lived_s: np.ndarray, worthless: float) -> np.ndarray:
    """How far a promise was kept, 1 (not late) to 0 (late by ``worthless`` of the time promised, or more).

    >>> kept_promise(np.array([600.0, 600.0, 600.0]), np.array([500.0, 750.0, 900.0]), 0.5).tolist()
    [1.0, 0.5, 0.0]
    """
    late = np.maximum(lived_s - promised_s, 0.0) / np.maximum(promised_s, 1.0)
    return np.asarray(np.clip(1.0 - late / worthless, 0.0, 1.0))


def trust_after(before: Subscriptions, day: Experience, parameters: Parameters) -> np.ndarray:
    """Trust after a day (n_persons,): (1 - w) trust + w x mean of how far the day's promises were kept.

    Exponential smoothing, as expected times are smoothed (Horowitz 1984). Who consults nobody drifts in
    the same way to the mean trust of those who do: hearsay.
    """
    n = before.trust.shape[0]
    weight = float(parameters["calculators.trust_weight"])
    told = np.isfinite(day.promised_s) & (before.provider[day.person] != NO_PROVIDER)
    kept = kept_promise(
        day.promised_s[told], day.lived_s[told], float(parameters["calculators.worthless_lateness"])
    )
    count = np.bincount(day.person[told], minlength=n)
    mean = np.bincount(day.person[told], weights=kept, minlength=n) / np.maximum(count, 1)
    trust = np.where(count > 0, (1.0 - weight) * before.trust + weight * mean, before.trust)
    users = before.provider != NO_PROVIDER
    if users.any():
        hearsay = (1.0 - weight) * before.trust + weight * float(trust[users].mean())
        trust = np.where(users, trust, hearsay)
    return np.asarray(trust)


def heard_after(
    before: Subscriptions, day: Experience, around: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Gain of users over others, as those around tell it (n_persons,), after a day.

    By group of persons ``around`` (n_persons,) int, 0 and up: 1 - (time over free flow of users) / (that of
    the others), smoothed like trust; a group of only users or only others has nothing new to tell.
    """
    weight = float(parameters["calculators.trust_weight"])
    sane = np.isfinite(day.free_s) & (day.free_s > 0.0)
    uses = before.provider[day.person] != NO_PROVIDER
    n_groups = int(around.max(initial=0)) + 1
    means = []
    for side in (uses, ~uses):
        group = around[day.person[sane & side]]
        lived, free = (
            np.bincount(group, column[sane & side], n_groups) for column in (day.lived_s, day.free_s)
        )
        means.append(np.where(free > 0.0, lived / np.where(free > 0.0, free, 1.0), np.nan))
    gain = (1.0 - means[0] / np.maximum(means[1], 1e-9))[around]
    return np.where(np.isfinite(gain), (1.0 - weight) * before.heard + weight * gain, before.heard)


def subscriptions_after(
    before: Subscriptions,
    day: Experience,
    who: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    draws: tuple[int, int],
    parameters: Parameters,
) -> Subscriptions:
    """Who consults whom tomorrow.

    Parameters
    ----------
    who
        Of persons (n_persons,): random key, group of those around, whether they own a smartphone, and the
        provider that they would take up.
    draws
        Seed and number of the day.

    Notes
    -----
    A part of the persons reviews (a draw of person and day). A user whose trust has fallen below a threshold
    goes to the rival that its own users trust most, if they trust it more than that, and leaves else. Another
    takes a provider up if the gain heard of is above the person's own reluctance (a draw of the person,
    even up to a bound) and what is heard of promises is above the threshold of leaving by a margin.
    """
    key, around, owns, choice = who
    trust, heard = trust_after(before, day, parameters), heard_after(before, day, around, parameters)
    reviews = uniforms(draws[0], _REVIEW, key, draws[1]) < float(
        parameters["calculators.adoption_review_share"]
    )
    least = float(parameters["calculators.leaving_trust"])
    provider = before.provider.copy()
    uses = provider != NO_PROVIDER
    leaves = uses & reviews & (trust < least)
    rival, rival_trust = _most_trusted_rival(provider, trust)
    changes = leaves & (rival_trust > np.maximum(trust, least))
    reluctance = uniforms(draws[0], _RELUCTANCE, key) * float(parameters["calculators.most_reluctance"])
    margin = float(parameters["calculators.return_margin"])
    joins = ~uses & reviews & owns & (choice != NO_PROVIDER) & (heard > reluctance) & (trust > least + margin)
    provider[leaves] = NO_PROVIDER
    provider[changes] = rival[changes]
    provider[joins] = choice[joins]
    first = float(parameters["calculators.first_trust"])
    trust = np.where(changes, rival_trust, np.where(joins, np.maximum(trust, first), trust))
    return replace(before, provider=provider, trust=trust, heard=heard)


def _most_trusted_rival(provider: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The other provider whose users trust it most, and how much (n_persons,); none: -1, -1."""
    n = int(provider.max(initial=-1)) + 1
    mean = np.array([trust[provider == row].mean() if (provider == row).any() else -1.0 for row in range(n)])
    rival, its_trust = np.full(provider.shape[0], -1, dtype=np.int8), np.full(provider.shape[0], -1.0)
    for row in range(n):
        others = np.where(np.arange(n) == row, -1.0, mean)
        if n > 1 and others.max() >= 0.0:
            mine = provider == row
            rival[mine], its_trust[mine] = np.int8(others.argmax()), others.max()
    return rival, its_trust


def obedience_of(trust: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Probability of following advice (n_persons,): the ledger's, as much up or down as trust is."""
    ratio = trust / float(parameters["calculators.first_trust"])
    return np.asarray(np.minimum(float(parameters["calculators.obedience"]) * ratio, 1.0))
