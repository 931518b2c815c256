"""Income, work, bicycles, health, language, connection, consents: consistent, and as the ledger has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.population.world import with_places_in_order
from twin.errors import InputError
from twin.population.population import Persons, Population
from twin.population.residents.archetypes import HOUSEHOLD_TYPES
from twin.population.synthesis import synthesise
from twin.population.tables import (
    CONNECTIONS,
    CONSENT_PURPOSES,
    PERSON_DTYPES,
    PLAIN_ATTRIBUTES,
    SKILLS,
    SOCIO_OCCUPATIONAL,
    WORKER,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
FIBRE = CONNECTIONS.index("fibre_or_cable")


@pytest.fixture(scope="module")
def residents(population: Population) -> Persons:
    return population.persons.take(np.flatnonzero(population.persons.kind == 0))


def near(found: np.ndarray, share: float) -> bool:
    """Whether a share of draws lies within four standard errors of what it is drawn with."""
    return abs(float(found.mean()) - share) <= 4.0 * np.sqrt(share * (1.0 - share) / len(found)) + 1e-9


def test_a_person_is_at_most_120_bytes() -> None:
    assert sum(np.dtype(dtype).itemsize for dtype in PERSON_DTYPES.values()) <= 120


def test_domains_of_skill_go_with_its_class(population: Population) -> None:
    persons = population.persons
    none, weak = SKILLS.index("none"), SKILLS.index("weak")
    assert ((persons.skill_domains == 0) == (persons.skill == none)).all()
    assert np.isin(persons.skill_domains[persons.skill == weak], (1, 2, 3, 4)).all()
    assert (persons.skill_domains[persons.skill > weak] == 5).all()
    mean = [persons.confidence[persons.skill == each].mean() for each in range(len(SKILLS))]
    assert mean == sorted(mean)
    assert persons.confidence.min() >= 0.0
    assert persons.confidence.max() <= 1.0


def test_helpers_are_others_of_the_household(residents: Persons) -> None:
    able: dict[int, list[int]] = {}
    for row, (household, skill, age) in enumerate(
        zip(residents.household.tolist(), residents.skill.tolist(), residents.age.tolist(), strict=True)
    ):
        if skill >= SKILLS.index("basic") and age >= 15:
            able.setdefault(household, []).append(row)
    expected = [
        any(each != row for each in able.get(household, ()))
        for row, household in enumerate(residents.household.tolist())
    ]
    assert residents.helper_at_home.tolist() == expected


def test_work_decides_the_group_and_the_group_who_can_telework(population: Population) -> None:
    persons = population.persons
    works = persons.occupation == WORKER
    assert ((persons.socio_occupational >= 0) == works).all()
    assert not persons.telework_eligible[~works].any()
    for row, share in enumerate(LEDGER["population.telework_eligible_share"]):
        mine = persons.socio_occupational == row
        assert near(persons.telework_eligible[mine], share), SOCIO_OCCUPATIONAL[row]
    executive = persons.socio_occupational[works] == SOCIO_OCCUPATIONAL.index("executive")
    dense, village = (persons.zone[works] == zone for zone in (0, 1))
    assert executive[dense].mean() > executive[village].mean()


def test_income_follows_work_and_the_kind_of_household(residents: Persons) -> None:
    income, kind = residents.income_quintile, residents.household_type
    assert set(income.tolist()) == {0, 1, 2, 3, 4}
    by_group = [income[residents.socio_occupational == row].mean() for row in range(len(SOCIO_OCCUPATIONAL))]
    executive, manual = (SOCIO_OCCUPATIONAL.index(each) for each in ("executive", "manual_worker"))
    assert by_group[executive] > by_group[manual] + 0.7
    couple, lone = (HOUSEHOLD_TYPES.index(each) for each in ("couple_with_children", "lone_parent"))
    assert income[kind == couple].mean() > income[kind == lone].mean() + 0.5
    shares = np.bincount(income, minlength=5) / len(income)
    assert np.abs(shares - 0.2).max() < 0.07


def test_bicycles_are_their_members(residents: Persons) -> None:
    assert (residents.household_pedelecs <= residents.household_bicycles).all()
    assert (residents.household_bicycles <= residents.household_size).all()
    first = np.unique(residents.household, return_index=True)[1]
    each = residents.household_bicycles[first] / residents.household_size[first]
    dense, village = (residents.zone[first] == zone for zone in (0, 1))
    assert each[dense].mean() < each[village].mean()


def test_trouble_walking_comes_with_age(residents: Persons) -> None:
    old, grown = residents.age >= 75, (residents.age >= 15) & (residents.age < 40)
    shares = LEDGER["population.mobility_impaired_share"]
    assert near(residents.mobility_impaired[old], shares[4])
    assert near(residents.mobility_impaired[grown], shares[1])


def test_homes_are_connected_where_their_place_can_be(population: Population, residents: Persons) -> None:
    assert ((residents.connection == CONNECTIONS.index("none")) == ~residents.home_internet).all()
    assert ((residents.operator >= 0) == residents.home_internet).all()
    first = np.unique(residents.household, return_index=True)[1]
    homes = residents.take(first[residents.home_internet[first]])
    for zone, density in ((0, 0), (1, 2)):
        here = homes.zone == zone
        share, covered = (
            LEDGER["population.fibre_share"][density],
            LEDGER["population.fibre_coverage"][density],
        )
        fibre = homes.connection[here] == FIBRE
        n_places = len(np.unique(homes.home[here]))
        # whole buildings are without: their share spreads the homes' by that of so few draws
        spread = np.sqrt(covered * (1.0 - covered) / n_places) + np.sqrt(share * (1.0 - share) / here.sum())
        assert abs(fibre.mean() - share) <= 3.0 * spread
        assert near(homes.connection[here] == CONNECTIONS.index("mobile_only"), 0.09)
    houses, at = np.unique(homes.home, return_inverse=True)
    n_homes = np.bincount(at)
    n_fibre = np.bincount(at, weights=homes.connection == FIBRE)
    large = n_homes >= 10
    assert (n_fibre[large] == 0).any(), "a building of many homes that fibre has not come to"
    assert len(houses) > 50
    outside = population.persons.take(np.flatnonzero(population.persons.kind > 0))
    assert (outside.connection == -1).all()
    assert (outside.household_type == -1).all()
    assert (outside.income_quintile == -1).all()


def test_a_household_has_one_main_language(residents: Persons) -> None:
    french = residents.language == 0
    _, row = np.unique(residents.household, return_inverse=True)
    n_french, n = np.bincount(row, weights=french), np.bincount(row)
    assert np.isin(n_french, (0,)).sum() + (n_french == n).sum() == len(n)
    assert near(residents.language[~french] == 2, LEDGER["population.not_fluent_share"])


def test_consent_is_given_by_purpose(population: Population, town: Territory, population_file: Path) -> None:
    persons = population.persons
    assert (persons.consents_to("navigation") == persons.consent).all()
    for purpose in CONSENT_PURPOSES[1:]:
        assert near(persons.consents_to(purpose), LEDGER[f"population.consent_share_{purpose}"]), purpose
    assert not (persons.consents_to("advertising") & ~persons.consent).any()
    none = LEDGER.replaced({"population.consent_share_energy": 0.2})
    fewer = synthesise(town, population_file, none, seed=1).persons
    assert not (fewer.consents_to("energy") & ~persons.consents_to("energy")).any()
    assert fewer.consents_to("energy").sum() < persons.consents_to("energy").sum()
    assert (fewer.consents_to("planning") == persons.consents_to("planning")).all()


def test_rows_of_places_decide_no_attribute(
    town: Territory, population: Population, population_file: Path
) -> None:
    order = np.argsort(np.arange(town.places.n_places) * 101 % town.places.n_places, kind="stable")
    other = synthesise(with_places_in_order(town, order), population_file, LEDGER, seed=1)
    for name in PLAIN_ATTRIBUTES:
        ours, theirs = getattr(population.persons, name), getattr(other.persons, name)
        assert np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"), name


def test_who_is_added_has_what_is_said_and_nothing_else(population: Population) -> None:
    more = population.with_person({"person_id": 999_999, "language": 2, "other_consents": 4}, [])
    assert more.persons.language[-1] == 2
    assert more.persons.consents_to("energy")[-1]
    assert not more.persons.consents_to("advertising")[-1]
    assert more.persons.income_quintile[-1] == -1
    with pytest.raises(InputError, match="unknown column"):
        population.with_person({"person_id": 999_999, "wealth": 2}, [])
