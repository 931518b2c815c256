"""Legends of the maps, and the tables that say the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from twin.report.drawn import WHOLE, DrawnNetwork, Floats, LinkFlows, LinkMap, Measure
from twin.report.scales import Scale, measured
from twin.report.svg import group, picture, tag
from twin.report.words import number, percent, signed

TOP_STREETS = 6
_TITLES: dict[Measure, str] = {
    "flow": "Colour: delay, as a share of free-flow time",
    "flow_difference": "Colour: change of flow, vehicles",
    "delay_difference": "Colour: change of delay, points of free-flow time",
    "residual": "Colour: counted flow beside the true one, of the day",
}
_WIDTHS: dict[Measure, str] = {
    "flow": "Width: vehicles",
    "flow_difference": "Width: size of the change, vehicles",
    "delay_difference": "Width: vehicles, the greater of both scenarios",
    "residual": "Width: vehicles",
}


@dataclass(frozen=True)
class TopLine:
    """One street of a table below a map."""

    name: str
    link: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class TopTable:
    """The streets that stand out on a map."""

    key: str
    caption: str
    heads: tuple[str, ...]
    lines: tuple[TopLine, ...]


def legend(measure: Measure, scale: Scale) -> Markup:
    """Both legends of a measure: for the day, and for one hour (shown by the page's script)."""
    both = []
    for hourly in (False,) if measure == "residual" else (False, True):
        per = "an hour" if hourly else "a day"
        parts = [
            tag(
                "p",
                f"{_TITLES[measure]}{f' {per}' if measure == 'flow_difference' else ''}",
                class_="legend-title",
            ),
            _swatches(measure, scale, hourly),
            tag("p", f"{_WIDTHS[measure]} {per}", class_="legend-title"),
            _widths(scale, hourly),
        ]
        hidden = {"hidden": "hidden"} if hourly else {}
        both.append(tag("div", *parts, class_="legend-hour" if hourly else "legend-day", **hidden))
    return tag("div", *both, class_=f"legend m-{measure}", data_measure=measure)


def _swatches(measure: Measure, scale: Scale, hourly: bool) -> Markup:
    breaks = scale.breaks(hourly)
    written = [_limit(measure, value) for value in breaks]
    texts = [f"under {written[0]}"]
    texts += [f"{low} to {high}" for low, high in pairwise(written)]
    texts += [f"over {written[-1]}"]
    items = []
    for row, text in enumerate(texts):
        line = tag("path", d="M0 4H28", class_=f"k{row}", stroke_width=6)
        items.append(
            tag("li", tag("svg", line, viewBox="0 0 28 8", class_="key-line", aria_hidden="true"), text)
        )
    if measure in ("flow", "delay_difference"):
        line = tag("path", d="M0 4H28", class_="kx", stroke_width=6)
        items.append(
            tag(
                "li",
                tag("svg", line, viewBox="0 0 28 8", class_="key-line", aria_hidden="true"),
                "too few cars",
            )
        )
    return tag("ul", *items, class_="key")


def _widths(scale: Scale, hourly: bool) -> Markup:
    """Four lines as wide as on the maps."""
    top = scale.top_veh(hourly)
    drawn, x = [], 0.0
    for share in (0.02, 0.1, 0.4, 1.0):
        width = float(scale.widths_px(np.array([top * share]), hourly)[0])
        drawn.append(tag("line", x1=x, x2=x + 34, y1=8, y2=8, stroke_width=f"{width:.2f}"))
        drawn.append(tag("text", number(top * share), x=x + 40, y=12.5))
        x += 104
    shown = group(drawn, class_="widths")
    return picture([shown], "Widths", "Sample widths of flows", viewBox=f"0 0 {x:g} 18", class_="width-key")


def _limit(measure: Measure, value: float) -> str:
    if measure == "flow_difference":
        return signed(value)
    return percent(value, sign=measure != "flow")


def top_table(key: str, drawn: LinkMap, network: DrawnNetwork, flows: tuple[LinkFlows, ...]) -> TopTable:
    """The busiest streets of a map, or those that change most; one line per street name."""
    flow, value = measured(drawn, flows, network.length_m / network.free_speed_mps)
    rank = flow if drawn.measure == "flow" else np.abs(np.nan_to_num(value))
    lines = []
    for link in _leaders(rank, network, drawn.focus if drawn.bounds_m else WHOLE):
        lines.append(
            TopLine(street_name(network, link), link, _values(drawn, flows, link, float(value[link])))
        )
    if drawn.measure == "flow":
        return TopTable(key, "Busiest streets", ("vehicles a day", "delay"), tuple(lines))
    what = "flow" if drawn.measure == "flow_difference" else "delay"
    unit = "vehicles a day" if what == "flow" else "s per vehicle"
    heads = (f"before, {unit}", "after", "change")
    return TopTable(key, f"Where {what} changes most", heads, tuple(lines))


def _values(drawn: LinkMap, flows: tuple[LinkFlows, ...], link: int, value: float) -> tuple[str, ...]:
    after = flows[drawn.scenario]
    if drawn.against is None:
        return number(float(after.day_flow_veh[link])), percent(value)
    before = flows[drawn.against]
    if drawn.measure == "flow_difference":
        pair = float(before.day_flow_veh[link]), float(after.day_flow_veh[link])
    else:
        pair = float(before.day_delay_s[link]), float(after.day_delay_s[link])
    return number(pair[0]), number(pair[1]), signed(pair[1] - pair[0])


def _leaders(rank: Floats, network: DrawnNetwork, focus: str) -> list[int]:
    """Links of the highest rank in a focus, the first of each street name and direction of change."""
    zones = network.zones_in(focus.split(","))
    chosen: list[int] = []
    seen: set[str] = set()
    for link in np.argsort(-rank, kind="stable").tolist():
        name = street_name(network, link)
        if rank[link] <= 0 or name in seen or (WHOLE not in zones and network.zone[link] not in zones):
            continue
        seen.add(name)
        chosen.append(link)
        if len(chosen) == TOP_STREETS:
            break
    return chosen


def street_name(network: DrawnNetwork, link: int) -> str:
    """A link's street name, else its class."""
    return network.link_name[link] or f"unnamed {network.road_class[link].replace('_', ' ')}"


def map_colours(scales: Sequence[tuple[Measure, Scale]]) -> str:
    """Style rules that give the classes of each measure their colours."""
    rules = [
        f".m-{measure} .k{row}{{stroke:{colour}}}"
        for measure, scale in scales
        for row, colour in enumerate(scale.colours)
    ]
    return "\n".join(rules)
