"""The section of utility networks: maps of the day, curves of who is served, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from twin.report.charts import stairs
from twin.report.drawn import DrawnNetwork
from twin.report.drawn_outages import Outage, OutageMap
from twin.report.geometry import TENTHS, MapFrame, bounds_of
from twin.report.scales import PART_COLOURS
from twin.report.svg import group, picture, tag
from twin.report.svgmap import WIDE_PX, over, under
from twin.report.view import ReportView

DOT_PX, DOT_CLOSE_PX = 3.2, 5.0
STATES = (
    ("#c3cdc6", "all there"),
    ("#e2b04a", "no power"),
    ("#2f7fae", "no water"),
    ("#7d5299", "no power, no water"),
    ("#4c7a3c", "no mobile"),
    ("#b23a2e", "no power, no mobile"),
    ("#11847c", "no water, no mobile"),
    ("#2b1020", "none of them"),
)
"""Colour and words of a digit: bits of power (1), water (2) and mobile (4) that are gone."""
LAST_SHOWN_H = 30


@dataclass(frozen=True)
class OutageDrawing:
    """A map of the day ready for the page; the script colours its sets of places quarter by quarter."""

    key: str
    drawn: OutageMap
    svg: Markup
    n_quarters: int
    at: str


def outage_context(view: ReportView) -> dict[str, Any]:
    """What the template of utilities reads."""
    drawings = outages_drawn(view)
    return {
        "outage_maps": {each.scenario: drawing for each, drawing in drawings},
        "outage_curves": {each.scenario: _curves(view, each) for each in view.outages},
        "outage_key": STATES,
        "utility_known": [each for each in view.provenance if each.what.startswith("elements of ")],
        "utilities_lead": "Networks that depend on each other: what failed, when, because of what, who "
        "mended it, and what people lost. One seed; intervals stand among the indicators.",
    }


def outages_drawn(view: ReportView) -> list[tuple[Outage, OutageDrawing]]:
    """Every map of the day of the view, with the day it belongs to."""
    return [
        (each, draw_outage(f"outage-{each.scenario + 1}", each.map, view.networks[each.map.network]))
        for each in view.outages
        if each.map is not None
    ]


def outage_colours() -> str:
    """Style of the digits."""
    return "\n".join(f".u{row}{{stroke:{colour}}}" for row, (colour, _) in enumerate(STATES))


def draw_outage(key: str, drawn: OutageMap, network: DrawnNetwork) -> OutageDrawing:
    """Places as dots, one path for each set of places that share their day, as at the worst quarter."""
    frame = MapFrame.around(drawn.bounds_m or bounds_of(network), WIDE_PX)
    dot = round((DOT_CLOSE_PX if drawn.bounds_m else DOT_PX) * TENTHS)
    worst = drawn.worst
    paths = []
    for row, (points, lost) in enumerate(zip(drawn.points_m, drawn.lost, strict=True)):
        at = np.unique(np.rint(frame.units(points)).astype(np.int64), axis=0)
        path = "".join(f"M{x} {y}h0" for x, y in at.tolist())
        paths.append(tag("path", class_=f"u{lost[worst]}", data_set=row, stroke_width=dot, d=path))
    size = "map-wide" if not drawn.bounds_m else "map-close"
    words = f"{drawn.title}. {len(paths)} sets of places; the page's data tell each quarter of an hour."
    below, above = under(network, drawn.network, frame, drawn.focus), over(network, frame)
    parts = [*below, group(paths, class_="outages"), *above]
    svg = picture(
        parts, drawn.title, words, viewBox=frame.view_box, class_=f"outage-map {size}", data_outage=key
    )
    return OutageDrawing(key, drawn, svg, len(drawn.lost[0]), _clock(worst))


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _curves(view: ReportView, day: Outage) -> tuple[Markup, list[tuple[str, str]]]:
    """The chart of one day, and its key."""
    lines = [
        (each.service, PART_COLOURS[row % len(PART_COLOURS)], list(zip(each.hours, each.served, strict=True)))
        for row, each in enumerate(day.curves)
    ]
    title = f"{view.label(day.scenario)}: share of inhabitants served"
    key = [(colour, service) for service, colour, _ in lines]
    return stairs(title, lines, LAST_SHOWN_H), key
