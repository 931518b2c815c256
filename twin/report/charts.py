"""Charts as inline SVG: stacked bars, lines through the day, histograms, scatter, winners and losers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from twin.report.drawn import Bar, GroupChange, GroupDelay, Histogram, Line, Picture, Profile
from twin.report.scales import PART_COLOURS, SCENARIO_COLOURS, VERDICT_COLOURS, nice
from twin.report.svg import group, picture, tag
from twin.report.view import IndicatorRow
from twin.report.words import number, percent

WIDTH = 520.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 16.0, 34.0
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
    box = tag("rect", x=x, y=y, width=max(wide - 1, 0), height=28, fill=colour, data_part=name, data_share=f"{share:.4f}")
    if wide < 34:
        return box
    return group([box, tag("text", percent(share), x=x + wide / 2, y=y + 18.5, class_=f"in-bar {_ink(colour)}")])


def _described(bars: Sequence[Bar], parts: Sequence[str]) -> str:
    sentences = []
    for bar in bars:
        total = sum(bar.parts.values()) or 1.0
        shares = ", ".join(f"{part} {percent(bar.parts.get(part, 0.0) / total)}" for part in parts)
        sentences.append(f"{bar.label}: {shares}.")
    return " ".join(sentences)


def lines(profile: Profile, height: float = 230.0) -> Markup:
    """Values by hour of the day, one line per scenario; the base is drawn dashed under the others."""
    known = [value for line in profile.lines for value in line.values if value is not None]
    top = ceiling(max(known, default=1.0))
    n_steps = max((len(line.values) for line in profile.lines), default=24)
    plot = _Plot((0.0, float(max(n_steps - 1, 1))), (0.0, top), height)
    hours = [(float(hour), f"{hour} h") for hour in range(0, n_steps, 3)]
    drawn = [plot.grid(hours)]
    for line in profile.lines:
        points = [(float(hour), value) for hour, value in enumerate(line.values)]
        drawn.append(_polyline(plot, points, line))
    words = " ".join(_peak(line, profile.unit) for line in profile.lines)
    return picture(drawn, f"{profile.title} [{profile.unit}]", words, viewBox=plot.view_box, class_="chart")


def histogram(given: Histogram, height: float = 230.0) -> Markup:
    """Shares of trips by class of a quantity, as steps: one outline per scenario."""
    top = ceiling(max((value for line in given.lines for value in line.values if value is not None), default=1.0))
    plot = _Plot((given.edges[0], given.edges[-1]), (0.0, top), height)
    span = given.edges[-1] - given.edges[0]
    step = nice(span / 8)
    first = math.ceil(given.edges[0] / step) * step
    ticks = [(first + k * step, number(first + k * step)) for k in range(int((given.edges[-1] - first) / step) + 1)]
    drawn = [plot.grid(ticks)]
    for line in given.lines:
        points: list[tuple[float, float | None]] = []
        for low, high, value in zip(given.edges[:-1], given.edges[1:], line.values, strict=True):
            points += [(low, value), (high, value)]
        drawn.append(_polyline(plot, points, line))
    words = " ".join(_peak(line, given.unit, at="class") for line in given.lines)
    return picture(drawn, f"{given.title} [{given.unit}]", words, viewBox=plot.view_box, class_="chart")


def scatter(given: Picture, height: float = 290.0, width: float = 330.0) -> Markup:
    """Belief against truth; what lies on the diagonal is believed rightly."""
    top = ceiling(max((max(pair) for pair in given.pairs), default=1.0))
    plot = _Plot((0.0, top), (0.0, top), height, width)
    ticks = [(top * k / 4, number(top * k / 4)) for k in range(5)]
    (x0, y0), (x1, y1) = plot.at(0.0, 0.0), plot.at(top, top)
    colour = SCENARIO_COLOURS[given.scenario % len(SCENARIO_COLOURS)]
    dots = []
    for truth, belief in given.pairs:
        x, y = plot.at(truth, belief)
        dots.append(tag("circle", cx=x, cy=y, r=2.4, data_truth=f"{truth:g}", data_belief=f"{belief:g}"))
    drawn = [
        plot.grid(ticks),
        tag("line", x1=x0, y1=y0, x2=x1, y2=y1, class_="diagonal"),
        group(dots, fill=colour, class_="dots"),
        tag("text", "truth", x=width - RIGHT, y=height - BOTTOM - 6, class_="tick end"),
        tag("text", "belief", x=LEFT + 6, y=TOP + 8, class_="tick"),
    ]
    words = f"{given.n_pairs} pairs of link and hour; bias {percent(given.bias)}, median error {percent(given.median_error)}."
    return picture(drawn, f"{given.owner}: {given.what}, belief and truth", words, viewBox=plot.view_box, class_="chart")


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
            tag("rect", x=middle - gain, y=y, width=gain, height=17, fill=VERDICT_COLOURS["better"], data_gain=f"{each.gain:.4f}"),
            tag("rect", x=middle, y=y, width=lose, height=17, fill=VERDICT_COLOURS["worse"], data_lose=f"{each.lose:.4f}"),
            tag("text", f"{percent(each.gain)} | {percent(each.lose)}", x=WIDTH, y=y + 13, class_="tick end"),
        ]
    height = row_px * len(changes) + 30
    head = [
        tag("text", "◀ gain", x=middle - 8, y=14, class_="label end"),
        tag("text", "lose ▶", x=middle + 8, y=14, class_="label"),
        tag("line", x1=middle, x2=middle, y1=20, y2=height - 6, class_="axis"),
    ]
    words = " ".join(f"{each.group}: {percent(each.gain)} gain, {percent(each.lose)} lose." for each in changes)
    return picture(drawn + head, title, words, viewBox=f"0 0 {WIDTH:g} {height:g}", class_="chart")


def spreads(delays: Sequence[GroupDelay], title: str) -> Markup:
    """Per group: delay of its car trips, from the least hurt tenth to the most hurt, with the median."""
    row_px, left = 26.0, 150.0
    top = ceiling(max((each.p90_s for each in delays), default=60.0) / 60.0)
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
    if relative is None:
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
        mark = tag("path", d=f"M{at[0] - tip:g} 3.5l{2 * tip:g} 4.5{-2 * tip:+g} 4.5z", fill=hollow, stroke=colour)
    else:
        mark = tag("circle", cx=at[0], cy=8, r=3.6, fill=hollow, stroke=colour, stroke_width=1.6)
    return picture([*parts, mark], "change", percent(relative, sign=True), viewBox="0 0 120 16", class_="change-bar")


class _Plot:
    """Axes of a chart: from values to pixels."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], height: float, width: float = WIDTH) -> None:
        (self.x_low, self.x_high), (self.y_low, self.y_high) = x, y
        self.height, self.width = height, width
        self.view_box = f"0 0 {width:g} {height:g}"

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a value."""
        across = (x - self.x_low) / ((self.x_high - self.x_low) or 1.0)
        up = (y - self.y_low) / ((self.y_high - self.y_low) or 1.0)
        return LEFT + across * (self.width - LEFT - RIGHT), self.height - BOTTOM - up * (self.height - TOP - BOTTOM)

    def grid(self, ticks: Sequence[tuple[float, str]]) -> Markup:
        """Four horizontal lines with their values, and the given ticks below."""
        drawn = []
        for k in range(5):
            value = self.y_low + (self.y_high - self.y_low) * k / 4
            y = self.at(self.x_low, value)[1]
            drawn.append(tag("line", x1=LEFT, x2=self.width - RIGHT, y1=y, y2=y, class_="grid" if k else "axis"))
            drawn.append(tag("text", number(value), x=LEFT - 8, y=y + 4, class_="tick end"))
        for value, text in ticks:
            x = self.at(value, self.y_low)[0]
            drawn.append(tag("text", text, x=x, y=self.height - BOTTOM + 18, class_="tick middle"))
        return group(drawn)


def _polyline(plot: _Plot, points: Sequence[tuple[float, float | None]], line: Line) -> Markup:
    """A line broken where the value is unknown."""
    path, pen = "", "M"
    for x, value in points:
        if value is None:
            pen = "M"
            continue
        px, py = plot.at(x, value)
        path += f"{pen}{px:.1f} {py:.1f}"
        pen = "L"
    colour = SCENARIO_COLOURS[line.scenario % len(SCENARIO_COLOURS)]
    class_ = "line line-base" if line.scenario == 0 else "line"
    return tag("path", d=path or "M0 0", stroke=colour, class_=class_, data_label=line.label)


def _peak(line: Line, unit: str, at: str = "hour") -> str:
    known = [(value, step) for step, value in enumerate(line.values) if value is not None]
    if not known:
        return f"{line.label}: no data."
    value, step = max(known)
    return f"{line.label}: greatest value {number(value)} {unit}, {at} {step}."


def ceiling(value: float) -> float:
    """A round top for an axis: the next 1, 2, 4, 6 or 8 times a power of ten.

    >>> ceiling(3_200), ceiling(57), ceiling(1)
    (4000.0, 60.0, 1.0)
    """
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next((step * power for step in (1, 2, 4, 6, 8) if step * power >= value * (1 - 1e-9)), 10 * power)


def _ink(colour: str) -> str:
    """Class of the text that can be read on a colour (relative luminance of WCAG 2.2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "on-dark" if luminance < 0.18 else "on-light"
