"""Maps for notebooks: the streets of a result or a comparison, by matplotlib, in the report's colours."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twin.report.drawn import Bounds, Floats, Network
from twin.report.geometry import beside, bounds_of
from twin.report.scales import Scale
from twin.report.words import number, signed

WIDTH_IN = 10.0
_PAPER, _ZONE, _AXES, _UNKNOWN, _INK = "#f8f8f5", "#9aa5a8", "#c4c8c6", "#d3d5d2", "#33464f"


class Map(Figure):
    """A figure that a notebook shows by itself."""

    def _repr_png_(self) -> bytes:
        sink = io.BytesIO()
        self.savefig(sink, format="png", dpi=110, bbox_inches="tight")
        return sink.getvalue()


def draw_values(
    network: Network,
    values: Floats,
    flow_veh: Floats,
    scale: Scale,
    title: str,
    bounds_m: Bounds | None = None,
) -> Map:
    """A map of one value by link: coloured by its class, as wide as the flow.

    Parameters
    ----------
    values
        Read, (n_links,) what makes the colour; NaN is drawn grey.
    flow_veh
        Read, (n_links,) vehicles that make the width.
    bounds_m
        Frame; the whole territory without one.
    """
    west, south, east, north = bounds_m or bounds_of(network)
    ratio = min(max((north - south) / max(east - west, 1.0), 0.4), 1.2)
    figure = Map(figsize=(WIDTH_IN, WIDTH_IN * ratio + 0.9), layout="constrained", facecolor="white")
    axes = figure.add_subplot(facecolor=_PAPER)
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", xticks=[], yticks=[])
    axes.set_title(title, loc="left", fontsize=12, color=_INK)
    for side in axes.spines.values():
        side.set_color("#d5dcdf")
    _ground(axes, network)
    classes = scale.classes(values)
    widths = scale.drawn_px(flow_veh, classes) * 0.72
    m_per_point = (east - west) / (WIDTH_IN * 72.0)
    order = np.argsort(widths, kind="stable")
    lines = [_aside(network, link, float(widths[link]) / 2 * m_per_point) for link in order.tolist()]
    colours = [_UNKNOWN if classes[link] < 0 else scale.colours[classes[link]] for link in order.tolist()]
    axes.add_collection(
        LineCollection(lines, colors=colours, linewidths=widths[order].tolist(), capstyle="butt")
    )
    _legend(axes, scale)
    axes.text(
        0.995,
        0.008,
        network.attribution,
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        fontsize=7,
        color=_INK,
    )
    return figure


def _ground(axes: Axes, network: Network) -> None:
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


def _aside(network: Network, link: int, distance_m: float) -> Floats:
    """A link's line on its own side of a two-way street."""
    line = network.lines_m[link]
    return beside(line * (1, -1), distance_m) * (1, -1) if network.two_way[link] else line


def _legend(axes: Axes, scale: Scale) -> None:
    """Classes of the scale below the map."""
    limits = scale.breaks(hourly=False)
    write = number if scale.measure == "flow" else signed
    texts = [f"under {write(limits[0])}"]
    texts += [f"{write(low)} to {write(high)}" for low, high in pairwise(limits)]
    texts += [f"over {write(limits[-1])}"]
    handles = [
        Line2D([], [], color=colour, linewidth=4, label=text)
        for colour, text in zip(scale.colours, texts, strict=True)
    ]
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=len(texts),
        frameon=False,
        fontsize=8,
    )
