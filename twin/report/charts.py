"""Plots as inline SVG: lines through the day, histograms, belief against truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from twin.report.drawn import DrawnPicture, Histogram, Profile, ProfileLine
from twin.report.scales import SCENARIO_COLOURS, nice, round_up
from twin.report.svg import group, picture, tag
from twin.report.words import number, percent

WIDTH = 520.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 16.0, 34.0


def lines(profile: Profile, height: float = 230.0) -> Markup:
    """Values by hour of the day, one line per scenario; the base is drawn dashed under the others."""
    known = [value for line in profile.lines for value in line.values if value is not None]
    top = round_up(max(known, default=1.0))
    n_steps = max((len(line.values) for line in profile.lines), default=24)
    plot = _Plot((0.0, float(max(n_steps - 1, 1))), (0.0, top), height)
    hours = [(float(hour), f"{hour} h") for hour in range(0, n_steps, 3)]
    drawn = [plot.grid(hours)]
    for line in profile.lines:
        points = [(float(hour), value) for hour, value in enumerate(line.values)]
        drawn.append(_polyline(plot, points, line, len(profile.lines) > 1))
    words = " ".join(_peak(line, profile.unit) for line in profile.lines)
    return picture(drawn, f"{profile.title} [{profile.unit}]", words, viewBox=plot.view_box, class_="chart")


def histogram(given: Histogram, height: float = 230.0) -> Markup:
    """Shares of trips by class of a quantity, as steps: one outline per scenario."""
    top = round_up(
        max((value for line in given.lines for value in line.values if value is not None), default=1.0)
    )
    plot = _Plot((given.edges[0], given.edges[-1]), (0.0, top), height)
    span = given.edges[-1] - given.edges[0]
    step = nice(span / 8)
    first = math.ceil(given.edges[0] / step) * step
    ticks = [
        (first + k * step, number(first + k * step)) for k in range(int((given.edges[-1] - first) / step) + 1)
    ]
    drawn = [plot.grid(ticks)]
    for line in given.lines:
        points: list[tuple[float, float | None]] = []
        for low, high, value in zip(given.edges[:-1], given.edges[1:], line.values, strict=True):
            points += [(low, value), (high, value)]
        drawn.append(_polyline(plot, points, line, len(given.lines) > 1))
    words = " ".join(_peak(line, given.unit, at="class") for line in given.lines)
    return picture(drawn, f"{given.title} [{given.unit}]", words, viewBox=plot.view_box, class_="chart")


def stairs(
    title: str, curves: Sequence[tuple[str, str, Sequence[tuple[float, float]]]], last_h: float
) -> Markup:
    """Shares through the day as steps, one line a curve: label, colour, and (hour, share from then on)."""
    plot = _Plot((0.0, last_h), (0.0, 1.0), 230.0)
    drawn = [plot.grid([(float(hour), f"{hour} h") for hour in range(0, int(last_h) + 1, 6)])]
    words = []
    for label, colour, points in curves:
        ends = [hour for hour, _ in points[1:]] + [last_h]
        corners = [
            plot.at(hour, share)
            for (begin, share), end in zip(points, ends, strict=True)
            for hour in (begin, end)
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
        drawn.append(tag("path", d=f"M{path}", stroke=colour, class_="line", data_label=label))
        least, when = min((share, hour) for hour, share in points)
        words.append(f"{label}: least {percent(least)}, hour {number(when)}.")
    return picture(drawn, title, " ".join(words), viewBox=plot.view_box, class_="chart")


class Band(NamedTuple):
    """A line with intervals: label, colour, and (x, value, low, high)."""

    label: str
    colour: str
    points: Sequence[tuple[float, float, float, float]]


def bands(title: str, unit: str, drawn: Sequence[Band], height: float = 290.0) -> Markup:
    """Means over a quantity in percent, each line with its interval as a shade."""
    top = round_up(max((high for band in drawn for _, _, _, high in band.points), default=1.0))
    last = max((band.points[-1][0] for band in drawn if band.points), default=100.0)
    plot = _Plot((0.0, last), (0.0, top), height)
    step = nice(last / 6)
    ticks = [(k * step, f"{number(k * step)} %") for k in range(int(last / step + 1e-9) + 1)]
    parts, words = [plot.grid(ticks)], []
    for band in drawn:
        above = [plot.at(x, high) for x, _, _, high in band.points]
        below = [plot.at(x, low) for x, _, low, _ in reversed(band.points)]
        shade = "L".join(f"{x:.1f} {y:.1f}" for x, y in above + below)
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in (plot.at(x, value) for x, value, _, _ in band.points))
        parts.append(tag("path", d=f"M{shade}Z", fill=band.colour, fill_opacity="0.18"))
        parts.append(tag("path", d=f"M{line}", stroke=band.colour, class_="line", data_label=band.label))
        ends = [f"{number(value)} at {number(x)} %" for x, value, _, _ in (band.points[0], band.points[-1])]
        words.append(f"{band.label}: {' and '.join(dict.fromkeys(ends))}.")
    return picture(parts, f"{title} [{unit}]", " ".join(words), viewBox=plot.view_box, class_="chart")


def scatter(given: DrawnPicture, height: float = 290.0, width: float = 330.0) -> Markup:
    """Belief against truth; what lies on the diagonal is believed rightly."""
    top = round_up(max((max(pair) for pair in given.pairs), default=1.0))
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
    errors = f"bias {percent(given.bias, sign=True)}, median error {percent(given.median_error)}"
    words = f"{given.n_pairs} pairs of link and quarter of an hour; {errors}."
    return picture(
        drawn, f"{given.owner}: {given.what}, belief and truth", words, viewBox=plot.view_box, class_="chart"
    )


class _Plot:
    """Axes of a chart: from values to pixels."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], height: float, width: float = WIDTH
    ) -> None:
        (self.x_low, self.x_high), (self.y_low, self.y_high) = x, y
        self.height, self.width = height, width
        self.view_box = f"0 0 {width:g} {height:g}"

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a value."""
        across = (x - self.x_low) / ((self.x_high - self.x_low) or 1.0)
        up = (y - self.y_low) / ((self.y_high - self.y_low) or 1.0)
        return LEFT + across * (self.width - LEFT - RIGHT), self.height - BOTTOM - up * (
            self.height - TOP - BOTTOM
        )

    def grid(self, ticks: Sequence[tuple[float, str]]) -> Markup:
        """Four horizontal lines with their values, and the given ticks below."""
        drawn = []
        for k in range(5):
            value = self.y_low + (self.y_high - self.y_low) * k / 4
            y = self.at(self.x_low, value)[1]
            drawn.append(
                tag("line", x1=LEFT, x2=self.width - RIGHT, y1=y, y2=y, class_="grid" if k else "axis")
            )
            drawn.append(tag("text", number(value), x=LEFT - 8, y=y + 4, class_="tick end"))
        for value, text in ticks:
            x = self.at(value, self.y_low)[0]
            drawn.append(tag("text", text, x=x, y=self.height - BOTTOM + 18, class_="tick middle"))
        return group(drawn)


def _polyline(
    plot: _Plot, points: Sequence[tuple[float, float | None]], line: ProfileLine, several: bool
) -> Markup:
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
    class_ = "line line-base" if several and line.scenario == 0 else "line"
    return tag("path", d=path or "M0 0", stroke=colour, class_=class_, data_label=line.label)


def _peak(line: ProfileLine, unit: str, at: str = "hour") -> str:
    known = [(value, step) for step, value in enumerate(line.values) if value is not None]
    if not known:
        return f"{line.label}: no data."
    value, step = max(known)
    return f"{line.label}: greatest value {number(value)} {unit}, {at} {step}."
