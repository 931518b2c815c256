"""What inhabitants report through an app, and of whom the picture is: self-selection and what mends it.

Who needs something reports it if equipped (a smartphone, or internet at home), able (by digital skill),
consenting and trusting; who is not equipped or not able may be helped by a mediator. All draws are a
person's own, so that those who report with less help are among those who report with more.
The city knows how many people there are of each age: it may weigh reports by that (post-stratification;
Holt & Smith 1979, J. Royal Statistical Society A 142(1)). What differs within an age stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Column, Dataset, Observations, observations
from twin.population.tables import CONSENT_PURPOSES, RESIDENT, Persons
from twin.scenario.ledger import Parameters

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_NEED, _REPORT, _TRUST, _HELP, _EQUIP, _OPINION = (
    stream_of(f"app.{name}") for name in ("need", "report", "trust", "help", "equip", "opinion")
)
AGES = (18, 40, 60, 75)
NEED_AGE_GROUPS = ("under 18", "18-39", "40-59", "60-74", "75 and over")
WEAK = 1
PLANNING_BIT = CONSENT_PURPOSES.index("planning") - 1


@dataclass(frozen=True)
class App:
    """Who is helped to report and who is given equipment, as shares of those who lack it.

    `mediation` is of those without equipment or without skill.
    """

    mediation: float
    equipment: float = 0.0

    def __post_init__(self) -> None:
        for name in ("mediation", "equipment"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InputError(f"app: {name}", f"{getattr(self, name)} is no share", "between 0 and 1")


class NeedsPicture(NamedTuple):
    """Needs by age group (n_groups,): true, as reported, and weighed by what the city knows.

    `people` by group; `needing` of them in truth; `reported` those who say so; `users` whom the app
    reaches: they would report if they needed it; `weighed` the city's estimate of those in need.
    """

    people: Floats
    needing: Floats
    reported: Floats
    users: Floats
    weighed: Floats

    @property
    def true_shares(self) -> Floats:
        """Of all in need, the share of each age group."""
        return np.asarray(self.needing / self.needing.sum())

    @property
    def reported_shares(self) -> Floats:
        """The same, as the reports have it."""
        return np.asarray(self.reported / max(self.reported.sum(), 1.0))

    @property
    def weighed_shares(self) -> Floats:
        """The same, weighed."""
        return np.asarray(self.weighed / max(self.weighed.sum(), 1e-9))

    @property
    def bias(self) -> float:
        """Share in need among those whom the app reaches, less that of all inhabitants."""
        return float(
            self.reported.sum() / max(self.users.sum(), 1.0) - self.needing.sum() / self.people.sum()
        )

    @property
    def weighed_bias(self) -> float:
        """Share in need as weighed, less that of all."""
        return float((self.weighed.sum() - self.needing.sum()) / self.people.sum())

    def distance(self, shares: Floats) -> float:
        """Half the sum of absolute differences to the true shares of age groups: 0 alike, 1 disjoint."""
        return float(0.5 * np.abs(shares - self.true_shares).sum())


def reports_dataset(app: str, owner: str) -> Dataset:
    """Reports of needs: one row a report, its datastream the person; personal."""
    column = Column("result", "-1 to 1", "opinion of the service, by a person who needs it")
    made = Dataset.of_features(f"{app}.reports", owner, column, "person", cadence_s=0.0, personal=True)
    return replace(made, purpose="planning of services", owner_kind="city")


def need_age_group(age: NDArray[np.int16]) -> NDArray[np.int64]:
    """Row of `NEED_AGE_GROUPS` of each person.

    >>> need_age_group(np.array([17, 18, 80])).tolist()
    [0, 1, 4]
    """
    return np.searchsorted(np.array(AGES), age, side="right")


def in_need(persons: Persons, parameters: Parameters, seed: int) -> Flags:
    """Who needs the service (n_persons,): by age and digital skill."""
    share = np.array(parameters["data_platform.need_share_by_age"])[need_age_group(persons.age)]
    ratio = np.array(parameters["data_platform.need_ratio_by_skill"])[persons.skill]
    needs = uniforms(seed, _NEED, persons.person_key) < np.minimum(share * ratio, 1.0)
    return np.asarray(needs & (persons.kind == RESIDENT))


def would_report(persons: Persons, app: App, parameters: Parameters, seed: int) -> Flags:
    """Who reports when in need (n_persons,): equipped, able, consenting and trusting, or helped."""
    key = persons.person_key
    equipped = persons.smartphone | persons.home_internet
    equipped |= uniforms(seed, _EQUIP, key) < app.equipment
    by_skill = np.array(parameters["data_platform.report_share_by_skill"])[persons.skill]
    willing = uniforms(seed, _TRUST, key) < parameters["data_platform.report_trust_share"]
    willing &= (persons.other_consents >> np.uint8(PLANNING_BIT) & 1).astype(bool)
    draw = uniforms(seed, _REPORT, key)
    alone = equipped & (draw < by_skill)
    helped = (~equipped | (persons.skill <= WEAK)) & (uniforms(seed, _HELP, key) < app.mediation)
    helped &= draw < parameters["data_platform.mediated_report_share"]
    willing &= persons.age >= parameters["data_platform.report_from_age"]
    return np.asarray((alone | helped) & willing & (persons.kind == RESIDENT))


def opinions(
    minutes: Floats, limit_min: float, persons: Persons, parameters: Parameters, seed: int
) -> Floats:
    """Opinion of a service from 1 (at the door) to -1 (at the limit or beyond), by one's own leaning."""
    spread = float(parameters["data_platform.opinion_spread"])
    leaning = spread * (uniforms(seed, _OPINION, persons.person_key) - 0.5)
    return np.asarray(np.clip(1.0 - 2.0 * np.minimum(minutes / limit_min, 1.0) + leaning, -1.0, 1.0))


def reports_of(
    persons: Persons, opinion: Floats, app: App, parameters: Parameters, seed: int
) -> Observations:
    """Reports of a day: one of each person who needs the service and reports it, opinion as result."""
    rows = np.flatnonzero(in_need(persons, parameters, seed) & would_report(persons, app, parameters, seed))
    at_s = DAY_S * uniforms(seed, _REPORT, persons.person_key[rows], 1)
    return observations(rows, at_s, at_s, opinion[rows])


def picture_of(
    reports: Observations, users: Flags, persons: Persons, parameters: Parameters, seed: int
) -> NeedsPicture:
    """Needs by age group as the app tells them, beside the truth.

    The city knows the age of who uses the app, `users` (n_persons,), and how many people there are of each;
    where nobody of an age uses it, what is said of it is the mean of all users.
    """
    group, n = need_age_group(persons.age), len(NEED_AGE_GROUPS)
    lives = persons.kind == RESIDENT
    people, needing = (
        np.bincount(group[who], minlength=n).astype(np.float64)
        for who in (lives, in_need(persons, parameters, seed))
    )
    reported = np.bincount(group[np.unique(reports.datastream)], minlength=n).astype(np.float64)
    reached = np.bincount(group[users & lives], minlength=n).astype(np.float64)
    mean = reported.sum() / max(reached.sum(), 1.0)
    rate = np.divide(reported, reached, out=np.full(n, mean), where=reached > 0.0)
    return NeedsPicture(people, needing, reported, reached, rate * people)
