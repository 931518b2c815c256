"""What fitting promises: margins to 1e-9 persons, the prior's odds ratios, whole numbers within one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tests.population.oracles import slow_rake
from twin.population.marginals import MarginalsArea
from twin.population.residents.archetypes import (
    AGE_LABELS,
    HOUSEHOLD_SIZES,
    HOUSEHOLD_TYPES,
    archetypes,
    composition_table,
)
from twin.population.residents.census import CensusMargins
from twin.population.residents.compositions import count_compositions, margins_of
from twin.population.residents.fit import WITHIN, rake, rake_closely
from twin.population.residents.rounding import mended_numbers, nearest_numbers, reachable_targets
from twin.scenario.ledger import Parameters

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

LEDGER = Parameters.defaults()
KINDS = archetypes()
MEMBERS = composition_table(KINDS)
TYPE = np.array([kind.type for kind in KINDS])
SIZE = MEMBERS.sum(axis=0)
cell = st.floats(0.2, 5.0)


def area_of(census: CensusMargins | None, people: int, **changed: object) -> MarginalsArea:
    """A town with the margins of a census, or with the ledger's."""
    n = None if census is None else census.n_households
    types = None if census is None else census.household_type
    area = MarginalsArea(
        name="here",
        zone=0,
        commune=-1,
        inhabitants=people,
        density=1,
        legal_regime="France",
        household_size=people / n if n else LEDGER["population.household_size"][1],
        household_types=tuple(each / n for each in types)
        if types and n
        else LEDGER["population.household_types_town"],
        age_shares=LEDGER["population.age_shares_town"]
        if census is None
        else tuple(each / people for each in census.age),
        outside_shares=(0.0,) * 8,
        gates=None,
        basis="census",
        census=census,
    )
    return replace(area, **changed)  # type: ignore[arg-type]


@st.composite
def households(draw: st.DrawFn) -> np.ndarray:
    """Some of each of a few compositions: margins that can be met because they have been."""
    few = draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=1, max_size=25, unique=True))
    numbers = np.zeros(len(KINDS), dtype=np.int64)
    largest = draw(st.sampled_from([1, 5, 60, 4_000]))
    numbers[few] = draw(st.lists(st.integers(1, largest), min_size=len(few), max_size=len(few)))
    return numbers


def census_of(numbers: np.ndarray, with_types: bool, with_sizes: bool) -> CensusMargins:
    sizes = np.bincount(np.minimum(SIZE, len(HOUSEHOLD_SIZES)), weights=numbers, minlength=7)[1:]
    types = np.bincount(TYPE, weights=numbers, minlength=len(HOUSEHOLD_TYPES))
    return CensusMargins(
        line=2,
        age=tuple((MEMBERS @ numbers).tolist()),
        household_type=tuple(types.astype(int).tolist()) if with_types else None,
        household_size=tuple(sizes.astype(int).tolist()) if with_sizes else None,
    )


@given(households(), st.sampled_from([(True, True), (True, False), (False, True)]))
@settings(max_examples=14, deadline=None)
def test_random_marginals_are_met(numbers: np.ndarray, which: tuple[bool, bool]) -> None:
    """Household types x sizes x ages: 1e-8 as fitted, within one in every cell as whole numbers.

    Absolute, in persons and households, which for a cell of more than one is the stricter reading of 1e-8.
    """
    census = census_of(numbers, *which)
    area = area_of(census, census.inhabitants)
    made, fit = count_compositions(area)
    margins, _ = margins_of(area, KINDS)
    assert fit["fitted_error"] <= 1e-8
    assert fit["contradictions"] == {}
    assert fit["missed"] == {}
    assert made.min() >= 0
    assert np.abs(margins.counts @ made - margins.targets).max() <= 1
    assert set(margins.variable) == {"age"} | {
        name for name, on in zip(("household_type", "household_size"), which, strict=True) if on
    }


@pytest.mark.parametrize("density", [0, 1, 2])
@pytest.mark.parametrize("people", [40, 411, 3_180, 36_371, 1_000_000])
def test_the_ledgers_own_marginals_are_met(density: int, people: int) -> None:
    label = ("dense", "town", "village")[density]
    size = LEDGER["population.household_size"][density]
    types = LEDGER[f"population.household_types_{label}"]
    ages = LEDGER[f"population.age_shares_{label}"]
    area = area_of(None, people, household_size=size, household_types=types, age_shares=ages)
    numbers, fit = count_compositions(area)
    assert fit["fitted_error"] <= 1e-8
    assert fit["missed"] == {}
    assert fit["inhabitants"] == people
    assert not numbers[[kind.large for kind in KINDS]].any(), "large households are for a census to ask for"


@given(st.lists(cell, min_size=24, max_size=24), st.lists(cell, min_size=9, max_size=9), st.floats(1.0, 1e6))
@settings(max_examples=40, deadline=None)
def test_odds_ratios_are_kept_in_every_two_by_two_table(
    cells: list[float], marginal: list[float], people: float
) -> None:
    """A 2 x 3 x 4 table raked to its three one-way margins: all that is not in a margin stays the prior's."""
    prior, shape = np.array(cells), (2, 3, 4)
    index = np.indices(shape).reshape(3, -1)
    parts = np.split(np.array(marginal), [2, 5])
    margins = np.vstack([index[axis] == np.arange(n)[:, None] for axis, n in enumerate(shape)])
    targets = np.concatenate([people * part / part.sum() for part in parts])
    fitted, miss = rake_closely(prior, margins, targets)
    assert miss <= WITHIN
    before, after = np.log(prior).reshape(shape), np.log(fitted).reshape(shape)
    for axis_a, axis_b in ((0, 1), (0, 2), (1, 2)):
        for table in (before, after):
            table.setflags(write=False)
        ratio = [np.diff(np.diff(table, axis=axis_a), axis=axis_b) for table in (before, after)]
        np.testing.assert_allclose(ratio[1], ratio[0], atol=1e-9)


@given(households())
@settings(max_examples=8, deadline=None)
def test_fitted_households_differ_from_the_prior_by_their_members_only(numbers: np.ndarray) -> None:
    """The general form of kept odds ratios: log(fitted / prior) is a sum of margins times counts."""
    numbers = numbers + 1  # no cell of a margin is empty, so that no weight goes to 0
    census = census_of(numbers, with_types=True, with_sizes=True)
    margins, prior = margins_of(area_of(census, census.inhabitants), KINDS)
    fitted, miss = rake_closely(prior, margins.counts, margins.targets)
    assert miss <= WITHIN
    tilt = np.log(fitted / prior)
    exponents = np.linalg.lstsq(margins.counts.T.astype(float), tilt, rcond=None)[0]
    np.testing.assert_allclose(margins.counts.T @ exponents, tilt, atol=1e-8)


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5).filter(any), min_size=1, max_size=3),
    st.lists(cell, min_size=5, max_size=5),
    st.lists(st.floats(0.5, 9.0), min_size=3, max_size=3),
    st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_the_kernel_rakes_as_its_slow_twin(
    counts: list[list[int]], prior: list[float], aims: list[float], rounds: int
) -> None:
    """Round by round, also where the margins contradict each other."""
    table = [[float(count) for count in row] for row in counts]
    targets = aims[: len(table)]
    fitted = rake(np.array(prior), np.array(table), np.array(targets), rounds=rounds, tolerance=0.0)
    np.testing.assert_allclose(fitted, slow_rake(prior, table, targets, rounds), rtol=1e-9)


def test_fitted_households_are_those_of_least_divergence() -> None:
    """An independent oracle: SciPy minimises the Kullback-Leibler divergence by its dual."""
    rng = np.random.default_rng(5)
    census = census_of(rng.integers(1, 9, len(KINDS)), with_types=True, with_sizes=False)
    margins, prior = margins_of(area_of(census, census.inhabitants), KINDS)
    counts, targets = margins.counts.astype(float), margins.targets.astype(float)

    def dual(exponents: np.ndarray) -> tuple[float, np.ndarray]:
        weights = prior * np.exp(exponents @ counts)
        return float(weights.sum() - exponents @ targets), counts @ weights - targets

    def curvature(exponents: np.ndarray) -> np.ndarray:
        return (counts * (prior * np.exp(exponents @ counts))) @ counts.T

    start = np.zeros(len(targets))
    found = minimize(dual, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9})
    fitted, _ = rake_closely(prior, margins.counts, targets)
    np.testing.assert_allclose(fitted, prior * np.exp(found.x @ counts), rtol=1e-6)


@pytest.mark.parametrize(
    ("counts", "targets"),
    [
        ([[0, 3, 2, 4], [3, 1, 1, 4], [0, 4, 1, 1]], [14, 13, 10]),
        ([[3, 4, 2], [0, 1, 4]], [13, 8]),
        ([[0, 3, 2, 3], [2, 3, 0, 3], [3, 4, 2, 1]], [6, 6, 5]),
    ],
)
def test_where_single_moves_are_stuck_whole_numbers_are_sought(
    counts: list[list[int]], targets: list[int]
) -> None:
    table, aims = np.array(counts), np.array(targets)
    fitted, miss = rake_closely(np.ones(table.shape[1]), table, aims)
    assert miss <= WITHIN
    stuck = mended_numbers(fitted, np.zeros(table.shape[1]), table, aims)
    assert np.abs(table @ stuck - aims).max() > 1
    found = nearest_numbers(stuck, fitted, table, aims, np.ones(len(aims), dtype=bool))
    assert found.min() >= 0
    assert np.abs(table @ found - aims).max() <= 1


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.integers(0, 4), min_size=n, max_size=n).filter(any), min_size=1, max_size=4),
            st.lists(st.integers(0, 6), min_size=n, max_size=n).filter(any),
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_whole_numbers_that_there_are_are_found(made: tuple[list[list[int]], list[int]]) -> None:
    """Margins of whole numbers are within one of some whole numbers: their own, if no others."""
    table, own = np.array(made[0]), np.array(made[1])
    aims = table @ own
    fitted, miss = rake_closely(np.ones(len(own)), table, aims)
    assert miss <= WITHIN
    found = mended_numbers(fitted, np.zeros(len(own)), table, aims)
    if np.abs(table @ found - aims).max() > 1:
        found = nearest_numbers(found, fitted, table, aims, np.ones(len(aims), dtype=bool))
    assert found.min() >= 0
    assert np.abs(table @ found - aims).max() <= 1


def test_a_contradictory_census_is_told_with_its_numbers() -> None:
    """Eight couples with a child each, of 30 people one a child: seven families lack theirs."""
    age = [0] * len(AGE_LABELS)
    age[AGE_LABELS.index("6_10")], age[AGE_LABELS.index("60_74")] = 1, 29
    census = CensusMargins(2, tuple(age), household_type=(6, 4, 8, 0, 0))
    _, fit = count_compositions(area_of(census, 30))
    assert fit["fitted_error"] > 1.0
    assert fit["contradictions"]
    off = sum(abs(each) for cells in fit["missed"].values() for each in cells.values())
    assert off >= 7


def test_what_is_given_holds_rather_than_what_is_assumed() -> None:
    """Two hundred people of 75 and over: the ledger's families with children give way, the ages do not."""
    age = (0,) * (len(AGE_LABELS) - 1) + (200,)
    numbers, fit = count_compositions(area_of(CensusMargins(2, age), 200))
    assert (MEMBERS @ numbers).tolist() == list(age)
    assert "age" not in fit["missed"]
    assert fit["missed"]["household_type"]["couple_with_children"] < -20


def test_targets_within_reach_are_as_asked() -> None:
    counts = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
    targets = np.array([4.0, 3.0])
    found = reachable_targets(np.ones(3), counts, targets, np.array([True, True]))
    np.testing.assert_allclose(found, targets, atol=1e-9)
