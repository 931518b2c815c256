"""The page of a study of coverage: error curves with intervals, rivals, crossing, and how sure it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from twin.report.charts import Band, bands
from twin.report.page import page_of
from twin.report.words import number
from twin.study import store
from twin.study.coverage_summary import (
    ARMS,
    RIVALS,
    STATED,
    CoveragePoint,
    Mean,
    curve,
    differences,
    falls,
    focuses,
    gains_by_coverage,
)

TEMPLATE = "coverage.html.j2"
COLOURS = ("#17658f", "#4c7a3c", "#e2b04a", "#b4441a")
ARM_WORDS = {
    "counters": "counters, drawn by seed",
    "counters by value": "counters, placed by value",
    "probes": "a provider's phones alone",
    "both": "drawn counters and phones",
}
RIVAL_WORDS = {
    "persistence": "persistence: as last read, as usual where never",
    "day_of_week": "mean of the kind of day",
    "readings_else_usual": "readings as they are, as usual elsewhere",
}
STATED_WORDS = {
    "covered_50": "in the 50 % interval",
    "covered_80": "80 %",
    "covered_90": "90 %",
    "covered_95": "95 %",
    "spread_ratio": "error over stated deviation",
    "crps": "CRPS [veh/h]",
    "whiteness": "innovations' correlation",
    "innovation_variance": "innovations' variance",
}


def write_coverage(rows: Sequence[Mapping[str, Any]], title: str, note: str, out: Path) -> Path:
    """Write the page of a study's rows; nothing in it asks any server."""
    store.write_bytes(out, render_coverage(rows, title, note).encode())
    return out


def render_coverage(rows: Sequence[Mapping[str, Any]], title: str, note: str) -> str:
    """The page as HTML text; the same rows give the same text."""
    seeds = sorted({int(row["seed"]) for row in rows})
    return page_of(
        TEMPLATE,
        title=title,
        note=note,
        n_seeds=len(seeds),
        stated=list(STATED_WORDS.values()),
        sections=[_section(rows, focus) for focus in focuses(rows)],
    )


def _section(rows: Sequence[Mapping[str, Any]], focus: str) -> dict[str, Any]:
    curves = {arm: curve(rows, focus, arm) for arm in ARMS}
    main = curves["counters"]
    return {
        "focus": focus,
        "lead": _lead(curves),
        "chart": _error_chart(focus, curves),
        "rivals": _rival_chart(focus, main),
        "rows": [
            [ARM_WORDS[arm], _percent(point.coverage), *_cells(point)]
            for arm in ARMS
            for point in curves[arm]
        ],
        "heads": ["estimate", "persistence", "kind of day", "readings, else usual"],
        "unread": [
            [ARM_WORDS[arm], _percent(point.coverage)]
            + [_told(point.values[name], 2) for name in ("rmse_unread", "usual_unread")]
            for arm in ARMS
            for point in curves[arm]
        ],
        "falls": [
            [f"{_percent(low)} to {_percent(high)}", _told(drawn, 3), _told(placed, 3)]
            for (low, high, drawn), (_, _, placed) in zip(
                gains_by_coverage(rows, focus, "counters"),
                gains_by_coverage(rows, focus, "counters by value"),
                strict=True,
            )
        ],
        "crossing": [
            [_percent(share), *(_told(each.get(share), 2) for each in _crossed(rows, focus))]
            for share in sorted(_crossed(rows, focus)[0])
        ],
        "stated": [
            [ARM_WORDS[arm], _percent(point.coverage), *(_told(point.values[name], 2) for name in STATED)]
            for arm in ARMS
            for point in curves[arm]
        ],
    }  # fmt: skip


def _crossed(rows: Sequence[Mapping[str, Any]], focus: str) -> list[dict[float, Mean]]:
    both = ("both", "rmse")
    return [differences(rows, focus, (arm, "rmse"), both) for arm in ("counters", "probes")]


def _lead(curves: Mapping[str, list[CoveragePoint]]) -> str:
    """What is found, in sentences: of counters placed by value, then of those that a seed draws."""
    return " ".join(_sentences(ARM_WORDS[arm], curves[arm]) for arm in ("counters by value", "counters"))


def _sentences(words: str, points: Sequence[CoveragePoint]) -> str:
    first, last = points[0], points[-1]
    way = (
        "falls with every step of coverage" if falls(points) else "does not fall with every step of coverage"
    )
    worst = [
        f"{RIVAL_WORDS[rival].partition(':')[0]} at {_percent(point.coverage)}"
        for point in points
        for rival in RIVALS
        if (point.values["rmse"].value or 0.0) >= (point.values[rival].value or 0.0)
    ]
    beaten = "beats every rival at every coverage" if not worst else "does not beat " + "; ".join(worst)
    ends = f"{_told(first.values['rmse'], 2)} veh/h without a counter, {_told(last.values['rmse'], 2)} with"
    return (
        f"{words.capitalize()}: the mean error {way}, {ends} {_percent(last.coverage)} of links; it {beaten}."
    )


class Drawn(NamedTuple):
    """A chart and its key: (colour, words)."""

    svg: Markup
    key: list[tuple[str, str]]


def _drawn(title: str, lines: Sequence[Band]) -> Drawn:
    return Drawn(bands(title, "veh/h", lines), [(band.colour, band.label) for band in lines])


def _error_chart(focus: str, curves: Mapping[str, list[CoveragePoint]]) -> Drawn:
    drawn = [
        Band(ARM_WORDS[arm], COLOURS[row], [_band(point, "rmse") for point in points])
        for row, (arm, points) in enumerate(curves.items())
        if arm != "probes"
    ]
    last = max(point.coverage for point in curves["counters"])
    for point in curves["probes"]:
        _, value, low, high = _band(point, "rmse")
        flat = [(0.0, value, low, high), (100.0 * last, value, low, high)]
        drawn.append(Band(ARM_WORDS["probes"], COLOURS[ARMS.index("probes")], flat))
    return _drawn(f"{focus}: error of the estimate by share of links counted", drawn)


def _rival_chart(focus: str, points: Sequence[CoveragePoint]) -> Drawn:
    named = {"rmse": "the estimate", **RIVAL_WORDS}
    drawn = [
        Band(words, COLOURS[row], [_band(point, name) for point in points])
        for row, (name, words) in enumerate(named.items())
    ]
    return _drawn(f"{focus}: the estimate beside its rivals, counters drawn by seed", drawn)


def _band(point: CoveragePoint, name: str) -> tuple[float, float, float, float]:
    mean = point.values[name]
    value = mean.value or 0.0
    low, high = (value if end is None else end for end in (mean.low, mean.high))
    return 100.0 * point.coverage, value, low, high


def _cells(point: CoveragePoint) -> list[str]:
    return [_told(point.values[name], 2) for name in ("rmse", *RIVALS)]


def _told(mean: Mean | None, digits: int) -> str:
    """A mean and its interval in words."""
    if mean is None or mean.value is None:
        return "–"
    value = f"{mean.value:.{digits}f}"
    if mean.low is None or mean.high is None:
        return value
    return f"{value} ({mean.low:.{digits}f} to {mean.high:.{digits}f})"


def _percent(share: float) -> str:
    return f"{number(100.0 * share)} %"
