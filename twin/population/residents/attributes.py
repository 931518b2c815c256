"""More of what persons and households have and can do: income, work, bicycles, health, language, connection.

Each is drawn from a stream of its own by the person's key, what a household shares by the household's, and
whether fibre can be had by the place's. Days ask for `telework_eligible` alone so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.random import keys_of
from twin.population.draws import Draws
from twin.population.file import DENSITY_CLASSES
from twin.population.residents.archetypes import HOUSEHOLD_TYPES, archetypes
from twin.population.residents.equipment import by_age
from twin.population.residents.households import HouseholdMembers, Households
from twin.population.tables import (
    CONNECTIONS,
    CONSENT_PURPOSES,
    LANGUAGES,
    RETIRED,
    SKILLS,
    SOCIO_OCCUPATIONAL,
    UNKNOWN,
    WORKER,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

IMPAIRMENT_AGES = (0, 15, 40, 60, 75)
BICYCLE_AGES = (6, 18, 40, 60, 75)
N_DOMAINS = 5
"""Domains of Eurostat's digital skills indicator."""
INCOME_GROUPS = (
    "executive",
    "intermediate",
    "self_employed",
    "employee",
    "manual_worker",
    "retired",
    "without_work",
)
"""What a household lives on: the first of these that holds for a member."""
N_QUINTILES = 5
_NONE, _MOBILE_ONLY, _DSL, _FIBRE = range(len(CONNECTIONS))
_WEAK, _BASIC = SKILLS.index("weak"), SKILLS.index("basic")


@dataclass(frozen=True)
class Traits:
    """What other attributes of persons (n,) depend on."""

    key: np.ndarray
    age: np.ndarray
    density: np.ndarray
    occupation: np.ndarray
    skill: np.ndarray
    consent: np.ndarray


def personal_attributes(traits: Traits, parameters: Parameters, draws: Draws) -> dict[str, np.ndarray]:
    """Columns of persons (n,) that need no household."""
    work = draw_socio_occupational(traits, parameters, draws)
    eligible = np.append(parameters["population.telework_eligible_share"], 0.0)[work]
    confidence = np.array(parameters["population.confidence_by_skill"])[traits.skill]
    spread = parameters["population.confidence_spread"] * draws.bell("confidence", traits.key)
    impaired = by_age(traits.age, IMPAIRMENT_AGES, parameters["population.mobility_impaired_share"], 0.0)
    return {
        "socio_occupational": work,
        "telework_eligible": draws.uniform("telework", traits.key) < eligible,
        "skill_domains": draw_skill_domains(traits.skill, traits.key, parameters, draws),
        "confidence": np.clip(confidence + spread, 0.0, 1.0),
        "mobility_impaired": draws.uniform("mobility_impaired", traits.key) < impaired,
        "other_consents": draw_other_consents(traits.consent, traits.key, parameters, draws),
    }


def draw_socio_occupational(traits: Traits, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Index into `SOCIO_OCCUPATIONAL` of who works, by density class; -1 of all others."""
    shares = np.array([parameters[f"population.socio_occupational_{name}"] for name in DENSITY_CLASSES])
    drawn = draws.chosen("socio_occupational", shares, traits.density, traits.key)
    return np.where(traits.occupation == WORKER, drawn, UNKNOWN)


def draw_skill_domains(
    skill: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Domains (of five) with at least basic skill: 0 where there is none, 1-4 where it is weak, else all."""
    weights = np.array([parameters["population.weak_skill_domains"]])
    weak = 1 + draws.chosen("skill_domains", weights, np.zeros(len(key), dtype=np.int64), key)
    return np.select([skill < _WEAK, skill < _BASIC], [0, weak], default=N_DOMAINS)


def draw_other_consents(
    consent: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Bits of the purposes other than navigation; advertisers get only what navigation gets."""
    bits = np.zeros(len(key), dtype=np.uint8)
    for bit, purpose in enumerate(CONSENT_PURPOSES[1:]):
        share = parameters[f"population.consent_share_{purpose}"]
        if purpose == "advertising":
            share = np.where(consent, share / max(parameters["population.consent_share"], share, 1e-9), 0.0)
        bits |= (draws.uniform(f"consent_{purpose}", key) < share).astype(np.uint8) << np.uint8(bit)
    return bits


def household_attributes(
    members: HouseholdMembers,
    households: Households,
    columns: dict[str, np.ndarray],
    density: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> dict[str, np.ndarray]:
    """Columns of residents (n,) that they share with their household.

    ``columns`` holds their occupation, socio_occupational group and skill, ``density`` the class of each
    household's area.
    """
    kinds = archetypes()
    kind, row = households.kind, members.household
    type_of = np.array([each.type for each in kinds])[kind]
    size = np.array([len(each.members) for each in kinds])[kind]
    n = len(kind)
    quintile = draw_income(type_of, _income_group(row, n, columns), households.key, parameters, draws)
    ratio = np.array(parameters["population.bicycle_ratio"])[density[row]]
    cycles = by_age(members.age, BICYCLE_AGES, parameters["population.bicycle_share"], 0.0) * ratio
    has_bicycle = draws.uniform("bicycle", members.key) < cycles
    assisted = draws.uniform("pedelec_owned", members.key) < parameters["population.pedelec_ownership_share"]
    has_pedelec = has_bicycle & (members.age >= parameters["population.pedelec_from_age"]) & assisted
    able = (columns["skill"] >= _BASIC) & (members.age >= parameters["population.helper_from_age"])
    foreign = (
        draws.uniform("language", households.key)
        < np.array(parameters["population.other_language_share"])[density]
    )
    fluent = draws.uniform("fluency", members.key) >= parameters["population.not_fluent_share"]
    return {
        "household_type": type_of[row],
        "household_size": size[row],
        "income_quintile": quintile[row],
        "household_bicycles": np.bincount(row, weights=has_bicycle, minlength=n)[row],
        "household_pedelecs": np.bincount(row, weights=has_pedelec, minlength=n)[row],
        "helper_at_home": np.bincount(row, weights=able, minlength=n)[row] - able > 0.5,
        "language": np.where(foreign[row], np.where(fluent, 1, len(LANGUAGES) - 1), 0),
    }


def _income_group(row: np.ndarray, n: int, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Index into `INCOME_GROUPS` of each household (n,)."""
    names = ["self_employed" if name == "farmer" else name for name in SOCIO_OCCUPATIONAL]
    of_work = np.array([INCOME_GROUPS.index(name) for name in names] + [len(INCOME_GROUPS) - 1])
    group = of_work[columns["socio_occupational"]]
    group = np.where(columns["occupation"] == RETIRED, INCOME_GROUPS.index("retired"), group)
    best = np.full(n, len(INCOME_GROUPS) - 1)
    np.minimum.at(best, row, group)
    return best


def draw_income(
    type_of: np.ndarray, group: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Quintile 0-4 of the country's standard of living, of households (n,) by what they live on and type."""
    shares = np.array([parameters[f"population.income_shares_{name}"] for name in INCOME_GROUPS])
    step = np.array(parameters["population.income_step_by_household_type"])
    tilt = step[:, None] ** np.arange(N_QUINTILES)
    weights = (shares[:, None, :] * tilt).reshape(-1, N_QUINTILES)
    return draws.chosen("income", weights, group * len(HOUSEHOLD_TYPES) + type_of, key)


def connections(
    territory: Territory,
    home: np.ndarray,
    internet: np.ndarray,
    households: Households,
    density: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> tuple[np.ndarray, np.ndarray]:
    """Connection and operator of each household (n,): where its place has fibre or cable, it may take it.

    ``home`` is the row of its place, ``internet`` whether it has any at home.
    """
    coverage = np.array(parameters["population.fibre_coverage"])[density]
    share = np.minimum(np.array(parameters["population.fibre_share"])[density], coverage)
    place_key = keys_of(territory.places.place_id)[home]
    covered = draws.uniform("fibre_place", place_key) < coverage
    u, key = draws.uniform("connection", households.key), households.key
    fibre = covered & (u < share / coverage)
    without_line = parameters["population.mobile_only_share"] / np.maximum(1.0 - share, 1e-9)
    mobile = draws.uniform("mobile_only", key) < without_line
    kind = np.select([~internet, fibre, mobile], [_NONE, _FIBRE, _MOBILE_ONLY], default=_DSL)
    weights = np.array([parameters["population.operator_shares"]])
    operator = draws.chosen("operator", weights, np.zeros(len(key), dtype=np.int64), key)
    return kind, np.where(internet, operator, UNKNOWN)
