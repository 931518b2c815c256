"""What a study of coverage found: means over seeds with intervals, by focus, arm and coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from twin.study.statistics import paired_difference

ARMS = ("counters", "counters by value", "probes", "both")
"""Counters where a seed draws them, or greedily by value; a provider's phones; drawn counters and phones."""
RIVALS = ("persistence", "day_of_week", "readings_else_usual")
STATED = ("covered_50", "covered_80", "covered_90", "covered_95", "spread_ratio", "crps", "whiteness",
          "innovation_variance")  # fmt: skip
Rows = Iterable[Mapping[str, Any]]


class Mean(NamedTuple):
    """A mean over seeds and its 95 % interval; None without seeds enough."""

    value: float | None
    low: float | None
    high: float | None
    n_seeds: int


class CoveragePoint(NamedTuple):
    """One arm at one coverage."""

    coverage: float
    values: dict[str, Mean]


def focuses(rows: Rows) -> list[str]:
    """Names of the focuses, in the table's order."""
    return list(dict.fromkeys(str(row["focus"]) for row in rows))


def curve(rows: Rows, focus: str, arm: str) -> list[CoveragePoint]:
    """An arm's means by rising coverage; probes, which know no coverage, have one point at nought."""
    mine = [row for row in rows if row["focus"] == focus and row["arm"] == arm]
    names = ("rmse", *RIVALS, "rmse_unread", "usual_unread", "n_counters", "n_working", *STATED)
    return [
        CoveragePoint(share, {name: mean_of(_column(mine, share, name)) for name in names})
        for share in sorted({float(row["coverage"]) for row in mine})
    ]


def mean_of(values: list[float]) -> Mean:
    """Student's interval of a mean over seeds; what is NaN is left out.

    >>> mean_of([1.0, 1.0, 1.0, 1.0, 1.0])
    Mean(value=1.0, low=1.0, high=1.0, n_seeds=5)
    """
    found = paired_difference([0.0] * len(values), values)
    return Mean(found.difference, found.low, found.high, found.n_seeds)


def differences(rows: Rows, focus: str, one: tuple[str, str], other: tuple[str, str]) -> dict[float, Mean]:
    """Other less one, paired by seed, at each coverage that both have; each is (arm, column).

    Probes, which have one point, stand against every coverage.
    """
    rows = list(rows)
    mine, theirs = (
        [row for row in rows if row["focus"] == focus and row["arm"] == arm] for arm in (one[0], other[0])
    )
    found = {}
    for share in sorted({float(row["coverage"]) for row in (*mine, *theirs)}):
        base = _by_seed(mine, 0.0 if one[0] == "probes" else share, one[1])
        alternative = _by_seed(theirs, 0.0 if other[0] == "probes" else share, other[1])
        seeds = sorted(base.keys() & alternative.keys())
        if seeds:
            paired = paired_difference([base[k] for k in seeds], [alternative[k] for k in seeds])
            found[share] = Mean(paired.difference, paired.low, paired.high, paired.n_seeds)
    return found


def gains_by_coverage(rows: Rows, focus: str, arm: str) -> list[tuple[float, float, Mean]]:
    """By how much error falls from one coverage to the next, per percent of links: (from, until, gain).

    Returns diminish where each gain is below the one before.
    """
    mine = [row for row in rows if row["focus"] == focus and row["arm"] == arm]
    shares = sorted({float(row["coverage"]) for row in mine})
    found = []
    for low, high in pairwise(shares):
        before, after = _by_seed(mine, low, "rmse"), _by_seed(mine, high, "rmse")
        fall = [(before[k] - after[k]) / (100.0 * (high - low)) for k in sorted(before.keys() & after.keys())]
        found.append((low, high, mean_of(fall)))
    return found


def _by_seed(rows: Rows, share: float, name: str) -> dict[int, float]:
    return {int(row["seed"]): float(row[name]) for row in rows if float(row["coverage"]) == share}


def _column(rows: Rows, share: float, name: str) -> list[float]:
    return [value for _, value in sorted(_by_seed(rows, share, name).items())]


def told(rows: Rows) -> dict[str, Any]:
    """All of it for `--json`."""
    rows = list(rows)
    return {
        focus: {
            "curves": {
                arm: [
                    {"coverage": point.coverage} | {k: _plain(mean) for k, mean in point.values.items()}
                    for point in curve(rows, focus, arm)
                ]
                for arm in ARMS
            },
            "fall_per_percent": [
                {"from": low, "until": high, **_plain(gain)}
                for low, high, gain in gains_by_coverage(rows, focus, "counters")
            ],
            "both_less_counters": _by_share(differences(rows, focus, ("counters", "rmse"), ("both", "rmse"))),
            "both_less_probes": _by_share(differences(rows, focus, ("probes", "rmse"), ("both", "rmse"))),
            "estimate_less_rival": {
                rival: _by_share(differences(rows, focus, ("counters", rival), ("counters", "rmse")))
                for rival in RIVALS
            },
        }
        for focus in focuses(rows)
    }  # fmt: skip


def _plain(mean: Mean) -> dict[str, float | int | None]:
    return {"mean": mean.value, "low": mean.low, "high": mean.high, "n_seeds": mean.n_seeds}


def _by_share(found: Mapping[float, Mean]) -> dict[str, dict[str, float | int | None]]:
    return {f"{share:g}": _plain(mean) for share, mean in found.items()}


def falls(points: Sequence[CoveragePoint]) -> bool:
    """Whether the mean error falls from each coverage to the next."""
    error = [point.values["rmse"].value for point in points]
    return bool(np.all(np.diff(np.array(error, dtype=np.float64)) < 0.0))
