"""Bars as inline SVG: modes, winners and losers, delays by group, and the small bar of a change."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from twin.report.charts import WIDTH
from twin.report.drawn import Bar, GroupChange, GroupDelay
from twin.report.scales import PART_COLOURS, SCENARIO_COLOURS, VERDICT_COLOURS, round_up
from twin.report.svg import group, picture, tag
from twin.report.view import PAIRED, IndicatorRow
from twin.report.words import number, percent

CHANGE_REACH = 0.5
"""Greatest relative change that the small interval bars show."""


def stacked_bars(bars: Sequence[Bar], parts: Sequence[str], title: str) -> Markup:
    """One bar of shares per scenario, each part named where it is wide enough."""
    drawn: list[Markup] = []
    row_px, left, width = 54.0, 0.0, WIDTH
    for row, bar in enumerate(bars):
        total = sum(bar.parts.values()) or 1.0
        y, x = row * row_px + 18.0, left
        drawn.append(tag("text", bar.label, x=left, y=y - 5, class_="label"))
        for index, part in enumerate(parts):
            share = bar.parts.get(part, 0.0) / total
            wide = share * width
            drawn.append(_part(part, share, (x, y, wide), PART_COLOURS[index % len(PART_COLOURS)]))
            x += wide
    height = row_px * len(bars) + 2
    return picture(drawn, title, _described(bars, parts), viewBox=f"0 0 {WIDTH:g} {height:g}", class_="chart")


def _part(name: str, share: float, place: tuple[float, float, float], colour: str) -> Markup:
    x, y, wide = place
    box = tag(
        "rect",
        x=x,
        y=y,
        width=max(wide - 1, 0),
        height=28,
        fill=colour,
        data_part=name,
        data_share=f"{share:.4f}",
    )
    if wide < 34:
        return box
    return group(
        [box, tag("text", percent(share), x=x + wide / 2, y=y + 18.5, class_=f"in-bar {_ink(colour)}")]
    )


def _described(bars: Sequence[Bar], parts: Sequence[str]) -> str:
    sentences = []
    for bar in bars:
        total = sum(bar.parts.values()) or 1.0
        shares = ", ".join(f"{part} {percent(bar.parts.get(part, 0.0) / total)}" for part in parts)
        sentences.append(f"{bar.label}: {shares}.")
    return " ".join(sentences)


def gains(changes: Sequence[GroupChange], title: str) -> Markup:
    """Per group: who gains to the left, who loses to the right of the middle line."""
    row_px, left, reach = 26.0, 150.0, 150.0
    most = max((max(each.gain, each.lose) for each in changes), default=0.1) or 0.1
    scale, middle = reach / most, left + reach
    drawn = []
    for row, each in enumerate(changes):
        y = row * row_px + 24.0
        gain, lose = each.gain * scale, each.lose * scale
        drawn += [
            tag("text", each.group, x=left - 12, y=y + 13, class_="label end"),
            tag(
                "rect",
                x=middle - gain,
                y=y,
                width=gain,
                height=17,
                fill=VERDICT_COLOURS["better"],
                data_gain=f"{each.gain:.4f}",
            ),
            tag(
                "rect",
                x=middle,
                y=y,
                width=lose,
                height=17,
                fill=VERDICT_COLOURS["worse"],
                data_lose=f"{each.lose:.4f}",
            ),
            tag("text", f"{percent(each.gain)} | {percent(each.lose)}", x=WIDTH, y=y + 13, class_="tick end"),
        ]
    height = row_px * len(changes) + 30
    head = [
        tag("text", "◀ gain", x=middle - 8, y=14, class_="label end"),
        tag("text", "lose ▶", x=middle + 8, y=14, class_="label"),
        tag("line", x1=middle, x2=middle, y1=20, y2=height - 6, class_="axis"),
    ]
    words = " ".join(
        f"{each.group}: {percent(each.gain)} gain, {percent(each.lose)} lose." for each in changes
    )
    return picture(drawn + head, title, words, viewBox=f"0 0 {WIDTH:g} {height:g}", class_="chart")


def spreads(delays: Sequence[GroupDelay], title: str) -> Markup:
    """Per group: delay of its car trips, from the least hurt tenth to the most hurt, with the median."""
    row_px, left = 26.0, 150.0
    top = round_up(max((each.p90_s for each in delays), default=60.0) / 60.0)
    scale = (WIDTH - left - 16) / top
    height = row_px * len(delays) + 34
    drawn = []
    for k in range(5):
        x = left + (WIDTH - left - 16) * k / 4
        drawn += [
            tag("line", x1=x, x2=x, y1=4, y2=height - 26, class_="grid"),
            tag("text", number(top * k / 4), x=x, y=height - 10, class_="tick middle"),
        ]
    for row, each in enumerate(delays):
        y = row * row_px + 16.0
        low, mid, high = (left + value / 60.0 * scale for value in (each.p10_s, each.median_s, each.p90_s))
        drawn += [
            tag("text", each.group, x=left - 12, y=y + 4, class_="label end"),
            tag("line", x1=low, x2=high, y1=y, y2=y, class_="spread", data_p90_s=f"{each.p90_s:.1f}"),
            tag("circle", cx=mid, cy=y, r=5, fill=SCENARIO_COLOURS[0], data_median_s=f"{each.median_s:.1f}"),
        ]
    words = " ".join(f"{each.group}: median {number(each.median_s / 60)} min." for each in delays)
    return picture(drawn, title, words, viewBox=f"0 0 {WIDTH:g} {height:g}", class_="chart")


def change_bar(row: IndicatorRow) -> Markup:
    """A small interval around the relative change; the middle line is no change."""
    relative = row.relative
    if relative is None or row.base is None or row.method not in ("", PAIRED):
        return Markup("")
    middle, reach = 60.0, 56.0
    base = abs(row.base)
    ends = [end / base for end in (row.low, row.high) if row.has_interval and end is not None]
    at = [middle + reach * max(-1.0, min(1.0, value / CHANGE_REACH)) for value in (relative, *ends)]
    colour = VERDICT_COLOURS.get(row.verdict.removeprefix("untested "), SCENARIO_COLOURS[0])
    parts = [tag("line", x1=middle, x2=middle, y1=0, y2=16, class_="axis")]
    if ends:
        parts.append(tag("line", x1=min(at[1:]), x2=max(at[1:]), y1=8, y2=8, stroke=colour, stroke_width=2))
    hollow = "#fff" if not ends else colour
    if abs(relative) > CHANGE_REACH:
        tip = 3.0 if relative > 0 else -3.0
        mark = tag(
            "path", d=f"M{at[0] - tip:g} 3.5l{2 * tip:g} 4.5{-2 * tip:+g} 4.5z", fill=hollow, stroke=colour
        )
    else:
        mark = tag("circle", cx=at[0], cy=8, r=3.6, fill=hollow, stroke=colour, stroke_width=1.6)
    return picture(
        [*parts, mark], "change", percent(relative, sign=True), viewBox="0 0 120 16", class_="change-bar"
    )


def _ink(colour: str) -> str:
    """Class of the text that can be read on a colour (relative luminance of WCAG 2.2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "on-dark" if luminance < 0.18 else "on-light"
