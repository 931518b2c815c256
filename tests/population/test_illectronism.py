"""Illectronism by age over twenty seeds: what density classes ask, and what the country comes to."""

from __future__ import annotations

import numpy as np
import pytest

from twin.population.draws import Draws, derive_keys
from twin.population.published.figures import STANDARD_ERRORS, french_figures
from twin.population.published.measures import ages
from twin.population.residents.equipment import draw_skill
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
SEEDS = range(1, 21)
PUBLISHED = {"15-24": 0.02, "25-39": 0.04, "60-74": 0.24, "75-": 0.62}
"""INSEE Premiere 1953 (2021)."""
COUNTRY_MIX = (0.40, 0.53, 0.07)
"""Inhabitants of areas of attraction over 700,000 with that of Paris, of smaller ones, and of none (INSEE,
2017, as quoted by observationsociete.fr): the territories that the ratios were taken from."""
POINT = 0.01
N_PERSONS = 12_000


def found_by_seed(mix: tuple[float, ...], parameters: Parameters) -> dict[str, np.ndarray]:
    """Shares without any digital skill by age, one for each seed, of people mixed so over density classes."""
    key = derive_keys("somebody", np.arange(N_PERSONS))
    density = np.searchsorted(np.cumsum(mix), (np.arange(N_PERSONS) + 0.5) / N_PERSONS)
    shares = {}
    for label in PUBLISHED:
        low, high = ages(label)
        age = low + np.arange(N_PERSONS) * 7 % (min(high, 99) - low + 1)
        shares[label] = np.array(
            [(draw_skill(age, density, key, parameters, Draws(seed)) == 0).mean() for seed in SEEDS]
        )
    return shares


def standard_error(share: float) -> float:
    return float(np.sqrt(share * (1.0 - share) / N_PERSONS))


def asked(mix: tuple[float, ...], parameters: Parameters) -> dict[str, float]:
    """The country's shares times the mean ratio of the classes."""
    ratio = float(np.dot(mix, parameters["population.illectronism_ratio"]))
    return {label: share * ratio for label, share in PUBLISHED.items()}


def test_the_published_shares_are_the_figures() -> None:
    figures = {row.of: row.value for row in french_figures().rows if row.measure == "illectronism_share"}
    assert {label: figures[label] for label in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("mix", [*np.eye(3).tolist(), (0.5, 0.3, 0.2), COUNTRY_MIX])
def test_a_place_has_what_its_classes_ask(mix: tuple[float, ...]) -> None:
    """Within two standard errors as often as chance has it, and their mean within one point."""
    found, expected = found_by_seed(tuple(mix), LEDGER), asked(tuple(mix), LEDGER)
    within = []
    for label, shares in found.items():
        assert abs(shares.mean() - expected[label]) <= POINT, (label, shares.mean(), expected[label])
        within += (
            abs(shares - expected[label]) <= STANDARD_ERRORS * standard_error(expected[label])
        ).tolist()
    assert np.mean(within) >= 0.9, "two standard errors hold 95 % of draws"


def test_the_country_comes_to_the_published_shares() -> None:
    """Dense areas stand 16 % below the country, so towns stand above it."""
    dense, town, village = LEDGER["population.illectronism_ratio"]
    assert town == pytest.approx(
        (1.0 - COUNTRY_MIX[0] * dense - COUNTRY_MIX[2] * village) / COUNTRY_MIX[1], abs=0.01
    )
    for label, shares in found_by_seed(COUNTRY_MIX, LEDGER).items():
        assert abs(shares.mean() - PUBLISHED[label]) <= POINT, label
        assert abs(shares.mean() - PUBLISHED[label]) <= STANDARD_ERRORS * standard_error(PUBLISHED[label]), (
            label
        )


def test_towns_at_the_country_leave_the_oldest_short() -> None:
    """Why towns stand above the country: at its own share the country would come to less than itself."""
    dense, _, village = LEDGER["population.illectronism_ratio"]
    short = LEDGER.replaced({"population.illectronism_ratio": [dense, 1.0, village]})
    assert found_by_seed(COUNTRY_MIX, short)["75-"].mean() < PUBLISHED["75-"] - POINT


def test_villages_have_more_people_without_skill_than_dense_areas_at_every_age() -> None:
    dense, town, village = (found_by_seed(tuple(mix), LEDGER) for mix in np.eye(3).tolist())
    ratio = LEDGER["population.illectronism_ratio"]
    for label in ("60-74", "75-"):
        assert dense[label].mean() < town[label].mean() < village[label].mean()
        assert village[label].mean() / dense[label].mean() == pytest.approx(ratio[2] / ratio[0], rel=0.03)
