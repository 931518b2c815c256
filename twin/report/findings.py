"""Headlines and warnings: which rows deserve a sentence on the first page, and what is said beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from twin.population.marginals import CENSUS, FILE
from twin.population.published.calibration import NO_COUNTS
from twin.population.summary import statistics_notes
from twin.report.carried import traffic_warning
from twin.report.drawn import WHOLE
from twin.report.view import LEAST_SEEDS, PAIRED, Demand, Finding, IndicatorRow, ScenarioCard, Verdict
from twin.report.words import count_word, sentence

N_HEADLINES = 5
HEADLINES = (
    "mean_delay",
    "through_vehicle_km_in_focus",
    "mean_car_time_over_free_flow",
    "vehicle_km",
    "co2_on_links",
    "completed_trips",
    "mode_share",
)
"""Indicators a planner asks for first, in this order; others follow by the size of their change."""
MINUTES_TO, NO_CAR = "minutes_to_", "car:none"
"""Indicators of access to services, and the group that depends on feet and buses."""
BOOKKEEPING = ("balance_error", "sum_of_accounts", "observations_made", "planned_trips", "rotations")
"""Indicators that are checks, not findings."""


def findings_of(
    rows: Sequence[IndicatorRow], scenarios: Sequence[ScenarioCard], zone_names: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Sentences for the first page: surest first, then what planners ask for, then by size."""
    focus = next((row.focus for row in rows if row.focus != WHOLE), WHOLE)
    found: list[Finding] = []
    numbers = dict.fromkeys(row.scenario for row in rows)
    for scenario in numbers:
        own = [row for row in rows if row.scenario == scenario and row.focus == focus and not row.group]
        chosen = sorted((row for row in own if row.indicator not in BOOKKEEPING), key=_rank)
        lead = f"{scenarios[scenario].role}: " if len(numbers) > 1 else ""
        changed = _access([row for row in rows if row.scenario == scenario and row.focus == focus])
        chosen = [*changed, *(row for row in chosen if row not in changed)]
        for row in chosen[: max(2, N_HEADLINES // len(numbers))]:
            found.append(Finding(lead + sentence(row, zone_names), row.verdict))
        total = _total(own)
        if total:
            found.append(Finding(lead + total.text, total.verdict))
    return tuple(found)


def warnings_of(
    rows: Sequence[IndicatorRow],
    demand: Sequence[Demand],
    roles: Sequence[str],
    n_seeds: int,
    population: Mapping[str, Any] | None,
) -> tuple[str, ...]:
    """What a reader must know before using a number."""
    said = calibration_words(population)
    if any(row.difference is not None for row in rows):
        if n_seeds < LEAST_SEEDS:
            said.append(
                f"{count_word(n_seeds, 'seed')}: no interval below {LEAST_SEEDS} seeds; "
                "differences only hint at a direction."
            )
        else:
            said.append("Intervals tell the luck of the draw, not the doubt about the assumptions.")
    else:
        said.append("One run of one seed: another seed gives somewhat other numbers.")
    said += _population_warnings(population)
    warnings = ((each, traffic_warning(each.traffic)) for each in demand)
    said += [f"{roles[each.scenario]}: {warning}" for each, warning in warnings if warning]
    return tuple(said)


def _access(rows: Sequence[IndicatorRow]) -> list[IndicatorRow]:
    """Where services have come nearer or gone: the one that changed most, for all and for who has no car."""
    moved = [
        row
        for row in rows
        if row.indicator.startswith(MINUTES_TO) and row.method == PAIRED and row.difference and not row.group
    ]
    if not moved:
        return []
    most = max(moved, key=lambda row: (abs(row.relative or 0.0), row.indicator))
    without = [row for row in rows if (row.indicator, row.group) == (most.indicator, NO_CAR)]
    return [most, *without]


def _rank(row: IndicatorRow) -> tuple[int, int, float, str]:
    """Sure changes first; then the planner's order; then size."""
    sure = {"better": 0, "worse": 0, "changed": 1}.get(row.verdict, 3 if row.difference == 0 else 2)
    wanted = HEADLINES.index(row.indicator) if row.indicator in HEADLINES else len(HEADLINES)
    return sure, wanted, -abs(row.relative or 0.0), row.indicator


def _total(rows: Sequence[IndicatorRow]) -> Finding | None:
    """How many indicators changed beyond chance."""
    rows = [row for row in rows if row.difference is not None]
    if not rows or rows[0].method != PAIRED:
        return None
    verdicts = Counter(row.verdict for row in rows)
    if not any(row.has_interval for row in rows):
        n_same = verdicts["same"]
        text = f"{n_same} exactly equal, {len(rows) - n_same} different, which is not tested"
        return Finding(f"Of {count_word(len(rows), 'indicator')}: {text}.", "untested")
    words: dict[Verdict, str] = {"better": "better", "worse": "worse", "changed": "otherwise changed"}
    parts = [f"{verdicts[verdict]} {word}" for verdict, word in words.items() if verdicts[verdict]]
    rest = verdicts["same"] + verdicts["unclear"]
    text = ", ".join([*parts, f"{rest} without a change beyond chance"])
    return Finding(f"Of {count_word(len(rows), 'indicator')}: {text}.", "changed" if parts else "unclear")


def calibration_words(population: Mapping[str, Any] | None) -> list[str]:
    """What the population was not calibrated to, and why; what it was fitted to at the gateways."""
    told = (population or {}).get("calibration") or {}
    counts, streets = told.get("counts"), told.get("streets")
    if streets:
        n = count_word(streets["counts"], "count")
        said = [f"Traffic from outside is fitted to {n} of streets: {streets['source']}."]
    elif not counts:
        said = ["Not calibrated: no count of real traffic has been held against these flows."]
    else:
        met = sum(bool(row["met"]) for row in counts["rows"])
        fitted = (
            f"Traffic from outside is fitted to counts at the gateways, {met} of {len(counts['rows'])} met"
        )
        said = [f"{fitted}; no count of the streets inside has been held against these flows."]
    elsewhere = {NO_COUNTS, *told.get("foreign", ())}  # told above, and with the areas
    return said + [
        f"Not calibrated: {reason}." for reason in told.get("reasons", ()) if reason not in elsewhere
    ]


def _population_warnings(population: Mapping[str, Any] | None) -> list[str]:
    """Zones whose number of inhabitants no file gives, and the synthesis's own notes."""
    if not population:
        return []
    by_basis: dict[str, list[str]] = {}
    for area in population.get("areas", ()):
        if area["basis"] not in (FILE, CENSUS):
            by_basis.setdefault(str(area["basis"]), []).append(str(area["name"]))
    said = [
        f"Default population: inhabitants of {', '.join(names)} are taken from the {basis}."
        for basis, names in by_basis.items()
    ]
    said += statistics_notes(population.get("areas", ()))
    return said + [str(note) for note in population.get("notes", ()) if not str(note).startswith("zone ")]
