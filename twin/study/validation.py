"""A scenario's population held against published figures, over one seed or several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from twin.model.sources import load_territory, population_file
from twin.population.population import Population
from twin.population.published.figures import LISTS, Figures, french_figures
from twin.population.published.validation import ValidationRow, compared_areas, hold_against
from twin.population.synthesis import synthesise
from twin.scenario.scenario import Scenario
from twin.study.progress import Progress, silent


@dataclass(frozen=True)
class Validation:
    """Rows of figures in the file's order, the areas with their declarations, and how the fits ended."""

    title: str
    territory: str
    seeds: tuple[int, ...]
    legal_regime: str
    everyone: bool
    areas: tuple[dict[str, Any], ...]
    """As the population tells them; ``compared`` where their people are held against the figures."""
    calibration: dict[str, Any]
    """Of the first seed."""
    rows: tuple[ValidationRow, ...]

    def listed(self, name: str) -> tuple[ValidationRow, ...]:
        """Rows of the list ``fitted`` or ``held_out``."""
        return tuple(row for row in self.rows if row.figure.list == name)

    @property
    def missed(self) -> tuple[ValidationRow, ...]:
        """Fitted figures that are not met."""
        return tuple(row for row in self.rows if row.holds is False)

    def summary(self) -> dict[str, Any]:
        """What `twin population --json` prints."""
        judged = [row for row in self.rows if row.holds is not None]
        return {
            "title": self.title,
            "territory": self.territory,
            "seeds": list(self.seeds),
            "legal_regime": self.legal_regime,
            "everyone": self.everyone,
            "areas": list(self.areas),
            "calibration": self.calibration,
            "fitted_judged": len(judged),
            "fitted_met": len(judged) - len(self.missed),
            **{name: [row.as_dict() for row in self.listed(name)] for name in LISTS},
        }


def validate_population(
    scenario: Scenario,
    seeds: tuple[int, ...],
    figures: Figures | None = None,
    everyone: bool = False,
    progress: Progress = silent,
) -> Validation:
    """The population of a scenario's territory, whatever part of its demand the scenario asks for."""
    figures = figures or french_figures()
    territory, file, ledger = load_territory(scenario), population_file(scenario), scenario.ledger()
    first: dict[str, Any] = {}

    def drawn() -> Iterator[Population]:
        for number, seed in enumerate(seeds):
            progress(number / len(seeds), f"drawing the population of seed {seed}")
            population = synthesise(territory, file, ledger, seed)
            if not first:
                here = compared_areas(population, figures.legal_regime, everyone).tolist()
                areas = zip(population.report["areas"], here, strict=True)
                first["areas"] = tuple({**area, "compared": compared} for area, compared in areas)
                first["calibration"] = population.report["calibration"]
            yield population

    rows = hold_against(drawn(), figures, ledger, everyone)
    progress(1.0, "done")
    return Validation(
        title=scenario.title,
        territory=territory.name,
        seeds=seeds,
        legal_regime=figures.legal_regime,
        everyone=everyone,
        rows=rows,
        **first,
    )
