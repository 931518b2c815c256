"""Maps for notebooks: the streets of a result or a comparison, by matplotlib, in the report's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twin.errors import InputError
from twin.report.drawn import WHOLE, Bounds, DrawnNetwork, Floats
from twin.report.geometry import MapFrame, beside
from twin.report.grounds import drawn_networks_of, territory_of
from twin.report.scales import Scale, column_scale
from twin.report.svgmap import frame_bounds
from twin.report.words import number, signed
from twin.study.comparison import Comparison
from twin.study.results import Result

HOURLY = re.compile(r"_h\d\d$")
POINTS_PER_PX = 0.72
"""Lines of a figure are drawn a little thinner than on the page."""
POINTS_PER_IN = 72.0
WIDTH_IN = 10.0
_PAPER, _ZONE, _AXES, _UNKNOWN, _INK = "#f8f8f5", "#9aa5a8", "#c4c8c6", "#d3d5d2", "#33464f"


class Map(Figure):
    """A figure that a notebook shows by itself."""

    def _repr_png_(self) -> bytes:
        sink = io.BytesIO()
        self.savefig(sink, format="png", dpi=110, bbox_inches="tight")
        return sink.getvalue()


@dataclass(frozen=True)
class Panel:
    """One map of a figure: values by link, their scale, the frame."""

    title: str
    network: DrawnNetwork
    values: Floats
    flow_veh: Floats
    scale: Scale
    bounds_m: Bounds


def draw_links(subject: Result | Comparison, column: str, hour: int | None = None) -> Map:
    """A map of a column of the links, each as wide as its flow.

    Of a run: the column, in the scenario's focus. Of a comparison on one territory and focus: the
    difference of each alternative from the base. Of two focuses or territories: side by side, on one
    scale.

    Parameters
    ----------
    column
        A numeric column of ``links``, for example ``flow_veh``, ``delay_s``, ``co2_kg``.
    hour
        An hour 0..29 for columns kept by hour (``flow_veh``, ``delay_s``); the day without one.
    """
    return _figure(_panels(subject, column, hour))


def _panels(subject: Result | Comparison, column: str, hour: int | None) -> list[Panel]:
    """The maps of a figure, all on one scale."""
    samples: tuple[Result, ...] = (subject,) if isinstance(subject, Result) else subject.samples
    tables = (subject.links,) if isinstance(subject, Result) else subject.links
    scenarios = (subject.scenario,) if isinstance(subject, Result) else subject.scenarios
    suffix = "" if hour is None else f"_h{hour:02d}"
    values = [numbers_of(table, column + suffix) for table in tables]
    flows = [numbers_of(table, "flow_veh" + suffix) for table in tables]
    title = column if hour is None else f"{column}, {hour:02d}:00 to {hour + 1:02d}:00"
    drawn, rows = drawn_networks_of([territory_of(sample) for sample in samples])
    networks = [drawn[row] for row in rows]
    names = [f"{title}: {each.title}" for each in scenarios]
    differs = isinstance(subject, Comparison) and _comparable(subject)
    if differs:
        values = [other - values[0] for other in values[1:]]
        flows = [np.maximum(other, flows[0]) for other in flows[1:]]
        names = [f"{name}, less the base" for name in names[1:]]
        networks, scenarios = networks[1:], scenarios[1:]
    scale = column_scale(np.concatenate(values), np.concatenate(flows), differs)
    return [
        Panel(name, network, own, flow, scale, frame_bounds(network, each.focus_zones or (WHOLE,)))
        for name, network, own, flow, each in zip(names, networks, values, flows, scenarios, strict=True)
    ]


def _comparable(comparison: Comparison) -> bool:
    """Whether links can be held against each other: one territory, one focus."""
    one_focus = len({each.focus_zones for each in comparison.scenarios}) == 1
    return one_focus and all(comparison.same_area(row) for row in range(1, len(comparison.links)))


def numbers_of(table: pd.DataFrame, column: str) -> Floats:
    """A numeric column, or an `InputError` that names those there are."""
    if column not in table or not pd.api.types.is_numeric_dtype(table[column]):
        known = [name for name in table.select_dtypes("number").columns if not HOURLY.search(name)]
        raise InputError("map", f"links have no numeric column {column!r}", "one of " + ", ".join(known))
    return table[column].to_numpy(dtype=np.float64)


def _figure(panels: Sequence[Panel]) -> Map:
    """Maps side by side with one legend below."""
    width_in = WIDTH_IN / len(panels)
    frames = [MapFrame.around(panel.bounds_m, width_in * POINTS_PER_IN) for panel in panels]
    height_in = max(frame.height_px for frame in frames) / POINTS_PER_IN + 0.9
    figure = Map(figsize=(WIDTH_IN, height_in), layout="constrained", facecolor="white")
    for place, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(1, len(panels), place, facecolor=_PAPER), panel, frames[place - 1])
    figure.legend(
        handles=_handles(panels[0].scale), loc="outside lower center", ncols=len(panels[0].scale.colours),
        frameon=False, fontsize=8,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, panel: Panel, frame: MapFrame) -> None:
    """One map: ground, links by class and width, attribution."""
    network, scale = panel.network, panel.scale
    east_m = frame.west_m + frame.width_px * frame.m_per_px
    south_m = frame.north_m - frame.height_px * frame.m_per_px
    axes.set(xlim=(frame.west_m, east_m), ylim=(south_m, frame.north_m), aspect="equal", xticks=[], yticks=[])
    axes.set_title(panel.title, loc="left", fontsize=11, color=_INK, wrap=True)
    for side in axes.spines.values():
        side.set_color("#d5dcdf")
    _ground(axes, network)
    classes = scale.classes(panel.values)
    widths = scale.drawn_px(panel.flow_veh, classes) * POINTS_PER_PX
    order = np.argsort(widths, kind="stable").tolist()
    lines = [_aside(network, link, float(widths[link]) / 2 * frame.m_per_px) for link in order]
    colours = [_UNKNOWN if classes[link] < 0 else scale.colours[classes[link]] for link in order]
    axes.add_collection(
        LineCollection(lines, colors=colours, linewidths=widths[order].tolist(), capstyle="butt")
    )
    small: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 7, "color": _INK}
    axes.text(0.995, 0.008, network.attribution, transform=axes.transAxes, **small)


def _ground(axes: Axes, network: DrawnNetwork) -> None:
    """Buildings, zones and the axes of all streets, below what is measured."""
    if len(network.built_m):
        axes.scatter(network.built_m[:, 0], network.built_m[:, 1], s=0.3, c="#dedacc", linewidths=0)
    for outline in network.outlines:
        for ring in outline.rings_m:
            axes.plot(ring[:, 0], ring[:, 1], color=_ZONE, linewidth=0.8, linestyle=(0, (5, 3)))
        axes.annotate(
            outline.label, outline.label_m, ha="center", fontsize=9, style="italic", color=_INK, zorder=5
        )
    axes.add_collection(LineCollection(list(network.lines_m), colors=_AXES, linewidths=0.4))


def _aside(network: DrawnNetwork, link: int, distance_m: float) -> Floats:
    """A link's line on its own side of a two-way street."""
    line = network.lines_m[link]
    return beside(line * (1, -1), distance_m) * (1, -1) if network.two_way[link] else line


def _handles(scale: Scale) -> list[Line2D]:
    """Samples of the classes of a scale."""
    limits = scale.breaks(hourly=False)
    write = number if scale.measure == "flow" else signed
    texts = [f"under {write(limits[0])}"]
    texts += [f"{write(low)} to {write(high)}" for low, high in pairwise(limits)]
    texts += [f"over {write(limits[-1])}"]
    return [
        Line2D([], [], color=colour, linewidth=4, label=text)
        for colour, text in zip(scale.colours, texts, strict=True)
    ]
