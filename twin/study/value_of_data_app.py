"""What the city learns of needs and opinions from an app, beside the truth, with more and less help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.clock import DAY_S
from twin.knowledge.app_reports import (
    NEED_AGE_GROUPS,
    App,
    NeedsPicture,
    in_need,
    opinions,
    picture_of,
    reports_dataset,
    reports_of,
    would_report,
)
from twin.knowledge.platform import DataPlatform
from twin.study.statistics import Difference, paired_difference
from twin.study.value_of_data_siting import CounterSiting

NAME, OWNER = "counters", "city"
HELP = ((0.0, 0.0), (0.3, 0.0), (0.6, 0.0), (0.0, 0.5))
"""Shares of mediation and of equipment that are tried beside those of the ledger."""


def app_reports(siting: CounterSiting, seeds: Sequence[int]) -> dict[str, Any]:
    """Bias of the picture by help, and the picture by age with the ledger's help; for JSON."""
    usual = float(siting.parameters["data_platform.mediation_share"])
    rows = [_row(siting, App(*each), seeds) for each in ((usual, 0.0), *HELP)]
    seen, _ = needs_picture(siting, App(usual), seeds[0])
    return {
        "by_age": [
            {"age": age, "true_share": a, "reported_share": b, "weighed_share": c}
            for age, a, b, c in zip(
                NEED_AGE_GROUPS, seen.true_shares.tolist(), seen.reported_shares.tolist(),
                seen.weighed_shares.tolist(), strict=True,
            )
        ],
        "by_help": rows,
    }  # fmt: skip


def needs_picture(siting: CounterSiting, app: App, seed: int) -> tuple[NeedsPicture, float]:
    """The picture of the focus for a seed, and reported less true mean opinion of those in need."""
    persons, p = siting.persons, siting.parameters
    minutes = siting.now_min[siting.town.cell]
    opinion = opinions(minutes, float(p["indicators.access_limit_min"]), persons, p, seed)
    platform = DataPlatform()
    platform.add(reports_dataset(NAME, OWNER))
    platform.append(f"{NAME}.reports", reports_of(persons, opinion, app, p, seed))
    seen = platform.visible(OWNER, f"{NAME}.reports", DAY_S)
    users = would_report(persons, app, p, seed)
    true = float(opinion[in_need(persons, p, seed)].mean())
    told = float(seen.result.mean()) if seen.n_rows else float("nan")
    return picture_of(seen, users, persons, p, seed), told - true


def _row(siting: CounterSiting, app: App, seeds: Sequence[int]) -> dict[str, Any]:
    found = [needs_picture(siting, app, seed) for seed in seeds]
    columns = {
        "bias": [each.bias for each, _ in found],
        "weighed_bias": [each.weighed_bias for each, _ in found],
        "distance": [each.distance(each.reported_shares) for each, _ in found],
        "weighed_distance": [each.distance(each.weighed_shares) for each, _ in found],
        "opinion_bias": [off for _, off in found],
        "reported_share": [float(each.reported.sum() / each.needing.sum()) for each, _ in found],
    }
    told = {name: _told(paired_difference([0.0] * len(found), each)) for name, each in columns.items()}
    return {"mediation": app.mediation, "equipment": app.equipment, **told}


def _told(found: Difference) -> dict[str, float | None]:
    return {"value": found.difference, "low": found.low, "high": found.high}
