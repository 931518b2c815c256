"""Calibration: what a population was fitted to, how each fit ended, and why it is not calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.population.days.activities import day_fit, group_of
from twin.population.file import DENSITY_CLASSES
from twin.population.marginals import STATISTICS_OF, Marginals, MarginalsArea
from twin.population.published.figures import RELATIVE
from twin.population.residents.fit_report import FitReport
from twin.population.tables import Persons
from twin.scenario.ledger import Parameters

FLAGGED_FROM = 0.01
"""A fit that misses by more than 1 point of a share, or 1 % of its aim, is flagged whatever its stop rule."""
NO_COUNTS = "no count of traffic is given"


def day_fits(has_young: np.ndarray, persons: Persons, parameters: Parameters) -> tuple[FitReport, ...]:
    """How the fit of days ended in each density class of residents (n,), who may have young children (n,)."""
    group, density = group_of(persons.occupation, has_young), persons.density
    return tuple(
        day_fit(group[density == each], DENSITY_CLASSES[each], parameters) for each in np.unique(density)
    )


def calibration_of(
    marginals: Marginals,
    households: Sequence[Mapping[str, Any]],
    fits: Sequence[FitReport],
    counts: Mapping[str, Any] | None,
    trips_per_person: tuple[float, float | None],
) -> dict[str, Any]:
    """All fits of a population, and the reasons for which it is not calibrated."""
    streets = marginals.calibration
    table = [_household_fit(area, fit) for area, fit in zip(marginals.areas, households, strict=True)]
    table += [*fits, *_trips_made(*trips_per_person)]
    reasons = [NO_COUNTS] if counts is None and streets is None else []
    reasons += [] if counts is None else _missed_counts(counts["rows"])
    if streets is not None and not streets.met:
        reasons.append(f"counts of streets: one is missed by {streets.worst_error:.0%} ({streets.source})")
    foreign = _foreign(marginals.areas)
    reasons += foreign
    reasons += [
        f"{fit.what}: {fit.worst_aim} {fit.reached:.3g} where {fit.asked:.3g} is asked"
        for fit in table
        if fit.worst_miss > max(FLAGGED_FROM, fit.tolerance)
    ]
    return {
        "calibrated": not reasons,
        "reasons": reasons,
        "foreign": foreign,
        "fits": [fit.as_dict() for fit in table],
        "counts": counts,
        "streets": None if streets is None else streets.model_dump(),
    }


def _household_fit(area: MarginalsArea, fit: Mapping[str, Any]) -> FitReport:
    """Whole households: how far the worst age band is from its number of persons."""
    miss = float(fit["worst_age_band_error"])
    return FitReport(
        f"households and ages, {area.name}", 1, 1, miss, 1.0, "persons", "the worst age band", 0.0, miss
    )


def _trips_made(asked: float, made: float | None) -> list[FitReport]:
    """Trips per person once stops that need none are left out, against what days were fitted to."""
    if made is None:
        return []
    aims = {"made": (asked, made)}
    return [FitReport.of("trips per person", aims, (1, 1), RELATIVE * asked, "trips/person/day")]


def _foreign(areas: Sequence[MarginalsArea]) -> list[str]:
    """Areas whose people are given the statistics of a state that is not theirs, or may not be."""
    said = []
    for regime in sorted({area.legal_regime for area in areas} - {STATISTICS_OF}):
        names = ", ".join(area.name for area in areas if area.legal_regime == regime)
        said.append(f"people of {names} (legal regime {regime}) are given statistics of {STATISTICS_OF}")
    return said


def _missed_counts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"count at {row['gate']}, {row['from_hour']} to {row['until_hour']} h: "
        f"{row['simulated']:,} vehicles, {row['counted']:,.0f} were counted"
        for row in rows
        if not row["met"]
    ]
