"""Maps of homes in rows, and their key: what the template of access to services reads."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from twin.report.scales import DELAY_COLOURS, MINUTES_BREAKS
from twin.report.svgmap import HomeDrawing, draw_homes
from twin.report.view import ReportView
from twin.report.words import number


def access_context(view: ReportView) -> dict[str, Any]:
    """Maps of homes in rows of two, and their key."""
    drawn = homes_drawn(view)
    rows: list[list[HomeDrawing]] = []
    for each in drawn:
        if rows and len(rows[-1]) == 1 and not rows[-1][0].drawn.wide and not each.drawn.wide:
            rows[-1].append(each)
        else:
            rows.append([each])
    limits = [number(limit) for limit in MINUTES_BREAKS]
    texts = [
        f"under {limits[0]} min",
        *(f"{a} to {b}" for a, b in pairwise(limits)),
        f"{limits[-1]} and more",
    ]
    return {
        "home_rows": rows,
        "minutes_key": list(zip(DELAY_COLOURS, texts, strict=True)),
        "access_lead": "How far residents have from home to food, school, doctor, pharmacy, counter (post or "
        "town hall), bank, café and sport. Only what the map shows inside the area counts.",
    }


def homes_drawn(view: ReportView) -> list[HomeDrawing]:
    """Every map of homes of the view."""
    return [
        draw_homes(f"homes-{row + 1}", each, view.networks[each.network])
        for row, each in enumerate(view.homes)
    ]
