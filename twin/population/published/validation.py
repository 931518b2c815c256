"""A population held against published figures: what is fitted, what is held out, and how far off each is.

Only people of the figures' legal regime are compared, unless everyone is asked for: others are given the same
statistics for want of their own, and what they add up to proves nothing about the place they live in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from twin.population.population import Population
from twin.population.published.estimates import Estimate, estimate
from twin.population.published.figures import POINTS, RELATIVE, STANDARD_ERRORS, Figure, Figures
from twin.population.published.measures import MEASURES, of_ages
from twin.population.published.survey import Survey, survey_of
from twin.scenario.ledger import Parameters

TWO_ERRORS = "two standard errors"
POINTS_OF_SEEDS = 0.01
"""The mean over several seeds of a figure under the rule of two standard errors holds within so much, or
within two standard errors of that mean where the place is too small for it."""


@dataclass(frozen=True)
class ValidationRow:
    """A figure and what a population makes of it; errors are simulated minus target, of shares in shares.

    ``expected`` is the target at the place's own mix of density classes, where the ledger says how they
    differ; ``standard_error`` that of a survey of as many people; ``spread`` the standard deviation between
    seeds.
    """

    figure: Figure
    unit: str
    expected: float | None
    simulated: float
    error: float
    relative_error: float
    standard_error: float
    spread: float
    n: int
    holds: bool | None
    """Whether a fitted figure is met; None for what is held out, and where nobody is counted."""

    def as_dict(self) -> dict[str, object]:
        """Plain values by name."""
        names = ("measure", "of", "list", "low", "high", "kind", "known", "rule", "source", "note")
        figure = {name: getattr(self.figure, name) for name in names}
        return {
            **figure,
            "group": "+".join(self.figure.group) or "all",
            "unit": self.unit,
            "target": self.figure.value,
            "expected": self.expected,
            "simulated": self.simulated,
            "error": self.error,
            "relative_error": self.relative_error,
            "standard_error": self.standard_error,
            "spread_between_seeds": self.spread,
            "n": self.n,
            "holds": self.holds,
        }


def compared_areas(population: Population, legal_regime: str, everyone: bool = False) -> np.ndarray:
    """Areas (n_areas,) whose people the figures are of."""
    return np.array(
        [everyone or each["legal_regime"] == legal_regime for each in population.report["areas"]], dtype=bool
    )


def hold_against(
    populations: Iterable[Population], figures: Figures, parameters: Parameters, everyone: bool = False
) -> tuple[ValidationRow, ...]:
    """One row for each figure: means over the populations, which are of one place with several seeds."""
    found: list[list[tuple[Estimate, float | None]]] = []
    for population in populations:
        here = compared_areas(population, figures.legal_regime, everyone)
        found.append(_measured(population, here, figures.rows, parameters))
    return tuple(
        _row(figure, [of_seed[number] for of_seed in found]) for number, figure in enumerate(figures.rows)
    )


def _measured(
    population: Population, here: np.ndarray, rows: Sequence[Figure], parameters: Parameters
) -> list[tuple[Estimate, float | None]]:
    """Of each figure the estimate, and what is expected of the place; a survey for each group."""
    density = np.array([each["density_class"] for each in population.report["areas"]], dtype=str)
    surveys: dict[tuple[str, ...], Survey] = {}
    found = []
    for figure in rows:
        if figure.group not in surveys:
            asked = here & (np.isin(density, figure.group) if figure.group else True)
            surveys[figure.group] = survey_of(population, asked, parameters)
        survey = surveys[figure.group]
        sample = MEASURES[figure.measure].sample(survey, figure.of)
        found.append((estimate(sample, figure.value), _expected(figure, survey, parameters)))
    return found


def _expected(figure: Figure, survey: Survey, parameters: Parameters) -> float | None:
    """The country's share without digital skill at the place's own mix of density classes."""
    if figure.rule != TWO_ERRORS or figure.value is None or figure.measure != "illectronism_share":
        return None
    who = of_ages(survey, figure.of)
    ratio = np.array(parameters["population.illectronism_ratio"])[survey.density[who]]
    return figure.value * float(ratio.mean()) if len(ratio) else None


def _row(figure: Figure, found: Sequence[tuple[Estimate, float | None]]) -> ValidationRow:
    values = np.array([each.value for each, _ in found])
    simulated = float(values.mean())
    expected = [each for _, each in found if each is not None]
    aim = float(np.mean(expected)) if expected else figure.value
    error = float("nan") if aim is None else simulated - aim
    standard_error = float(np.mean([each.standard_error for each, _ in found]))
    return ValidationRow(
        figure=figure,
        unit=MEASURES[figure.measure].unit,
        expected=aim if expected else None,
        simulated=simulated,
        error=error,
        relative_error=error / aim if aim else float("nan"),
        standard_error=standard_error,
        spread=float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        n=round(float(np.mean([each.n for each, _ in found]))),
        holds=_holds(figure, simulated, aim, standard_error, len(found)),
    )


def _holds(
    figure: Figure, simulated: float, aim: float | None, standard_error: float, n_seeds: int
) -> bool | None:
    """Whether a fitted figure is met by its rule; within the published range it always is."""
    if figure.list != "fitted" or aim is None or not np.isfinite(simulated):
        return None
    error = abs(simulated - aim)
    if figure.rule == TWO_ERRORS:
        chance = STANDARD_ERRORS * standard_error / np.sqrt(n_seeds)
        return bool(error <= (chance if n_seeds == 1 else max(POINTS_OF_SEEDS, chance)))
    if figure.low is not None and figure.high is not None and figure.low <= simulated <= figure.high:
        return True
    points = MEASURES[figure.measure].unit == "share" and error <= POINTS
    return points or error <= RELATIVE * abs(aim)
