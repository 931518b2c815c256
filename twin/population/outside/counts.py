"""Counts at the gateways: who comes from outside is scaled so that what comes in is what was counted.

Of all totals of commuters and of through traffic that meet the counts, those closest to the file's are taken
(least information added: Van Zuylen & Willumsen 1980, Transp. Res. B 14(3)), so a table that no count sees
stays as it is. Residents who come home and delivery rounds are counted, not scaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.kernels.synthesis import rake_weights
from twin.population.file import CountTable
from twin.population.marginals import Marginals
from twin.population.outside.gates import Gates, group_weights
from twin.population.tables import CAR, Trips
from twin.units import S_PER_H

ROUNDS, TOLERANCE = 1_000, 1e-6
MET_WITHIN = 0.05
"""Part of a count by which the drawn population may miss it and still be called calibrated."""

Columns = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class CountFit:
    """Factors of the tables of commuters, then of through traffic, and how the fit to the counts ended."""

    factors: tuple[float, ...]
    rounds: int
    before: tuple[float, ...]
    """Vehicles expected at each count with the file's own totals."""
    expected: tuple[float, ...]
    """Vehicles expected at each count with the scaled ones."""


def fit_counts(marginals: Marginals, gates: Gates, others: Sequence[Columns]) -> CountFit:
    """Factors that meet the counts as far as they can be met; ``others`` are trips that are not scaled."""
    totals, passing = _tables(marginals, gates)
    fixed = np.array([_seen(count, gates, others) for count in marginals.counts])
    counted = np.array([count.vehicles for count in marginals.counts])
    weights = totals.copy()
    aims = np.maximum(counted - fixed, 0.0)
    rounds = rake_weights(weights, passing, aims, ROUNDS, TOLERANCE)
    factors = np.divide(weights, totals, out=np.ones(len(totals)), where=totals > 0.0)
    before, expected = fixed + passing @ totals, fixed + passing @ weights
    return CountFit(tuple(factors.tolist()), rounds, tuple(before.tolist()), tuple(expected.tolist()))


def scaled_to_counts(marginals: Marginals, factors: Sequence[float]) -> Marginals:
    """The same marginals, the totals of commuters and of through traffic times their factors."""
    n = len(marginals.commuters)
    commuters = [
        table.model_copy(update={"trips_per_day": table.trips_per_day * factor})
        for table, factor in zip(marginals.commuters, factors[:n], strict=True)
    ]
    through = [
        table.model_copy(update={"vehicles_per_day": table.vehicles_per_day * factor})
        for table, factor in zip(marginals.through, factors[n:], strict=True)
    ]
    return replace(marginals, commuters=tuple(commuters), through=tuple(through))


def counts_met(fit: CountFit, marginals: Marginals, gates: Gates, trips: Trips) -> dict[str, Any]:
    """The table of counts: counted, simulated and error, with the error that chance has at such a number."""
    rows = []
    for count, before, expected in zip(marginals.counts, fit.before, fit.expected, strict=True):
        simulated = _seen(count, gates, [trips.columns()])
        error = simulated - count.vehicles
        chance = float(np.sqrt(expected))
        rows.append(
            {
                "gate": count.gate,
                "from_hour": count.from_hour,
                "until_hour": count.until_hour,
                "counted": count.vehicles,
                "before": before,
                "expected": expected,
                "simulated": simulated,
                "error": error,
                "standard_error": chance,
                "met": abs(error) <= max(MET_WITHIN * count.vehicles, 2.0 * chance),
                "kind": count.kind,
                "source": count.source,
            }
        )
    return {
        "method": "least information added to the file's totals (Van Zuylen & Willumsen 1980)",
        "factors": list(fit.factors),
        "rounds": fit.rounds,
        "rounds_limit": ROUNDS,
        "rows": rows,
    }


def count_fit_of(report: Mapping[str, Any]) -> CountFit:
    """The fit that a population's report tells of."""
    told = report["calibration"]["counts"]
    before, expected = (tuple(row[name] for row in told["rows"]) for name in ("before", "expected"))
    return CountFit(tuple(told["factors"]), told["rounds"], before, expected)


def _tables(marginals: Marginals, gates: Gates) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles a day of each table (n_tables,), and the part that each count sees (n_counts, n_tables)."""
    totals, passing = [], []
    for i, commuters in enumerate(marginals.commuters):
        weights = group_weights(gates, commuters.gates, f"{marginals.where}: commuters {i + 1}: gates")
        shares = dict(zip(gates.groups, weights / max(weights.sum(), 1e-300), strict=True))
        totals.append(commuters.trips_per_day / 2.0)
        passing.append([shares[c.gate] * _part(c, commuters.arrival_profile) for c in marginals.counts])
    for through in marginals.through:
        totals.append(through.vehicles_per_day)
        passing.append([(through.enter == c.gate) * _part(c, through.profile) for c in marginals.counts])
    return np.array(totals, dtype=float), np.array(passing, dtype=float).reshape(-1, len(marginals.counts)).T


def _part(count: CountTable, profile: Sequence[float]) -> float:
    """Part of a profile (24,) that lies within the hours of a count."""
    return float(sum(profile[count.from_hour : count.until_hour]) / sum(profile))


def _seen(count: CountTable, gates: Gates, parts: Sequence[Columns]) -> int:
    """Vehicles of these trips that come in by the count's gateway group within its hours."""
    ways_in = gates.in_link[gates.group == count.gate]
    total = 0
    for trips in parts:
        hour = np.asarray(trips["depart_s"]) // S_PER_H % 24
        comes = (np.asarray(trips["mode"]) == CAR) & (np.asarray(trips["origin_place"]) < 0)
        comes &= np.isin(trips["origin_link"], ways_in)
        total += int((comes & (hour >= count.from_hour) & (hour < count.until_hour)).sum())
    return total
