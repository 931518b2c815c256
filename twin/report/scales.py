"""Colours and widths shared by all pictures: a few classes, the same limits wherever two maps are compared.

Lightness falls steadily along a sequential scale and away from the middle of a diverging one, so that
the scales hold in greyscale and for the three kinds of colour blindness (a test simulates them).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.report.drawn import Floats, LinkFlows, LinkMap, Measure

DELAY_COLOURS = ("#a9b8c2", "#e2b04a", "#d9772b", "#b23a2e", "#611533")
"""Free flow to standstill."""
DIVERGING_COLOURS = ("#11476b", "#2f7fae", "#8dbcd6", "#d0d3d2", "#e9b26b", "#cb6a1f", "#7a2f08")
"""Less (blue) to more (brown)."""
RESIDUAL_COLOURS = (*DIVERGING_COLOURS[:3], "#4e6b5e", *DIVERGING_COLOURS[4:])
"""As differences, but what is right is seen too."""
SCENARIO_COLOURS = ("#4b6171", "#c75b1e", "#11847c", "#7d5299", "#dcbc56")
"""The base, then the alternatives."""
PART_COLOURS = ("#33566b", "#7fa3b8", "#9cb87a", "#4c7a3c", "#e2b04a", "#d3a6a0", "#8a8f94")
"""Categories of a stacked bar, in order."""
VERDICT_COLOURS = {"better": "#17658f", "worse": "#b4441a"}

DELAY_BREAKS = (0.10, 0.25, 0.50, 1.00)
"""Delay as a share of free-flow time."""
RESIDUAL_BREAKS = (-0.30, -0.10, -0.02, 0.02, 0.10, 0.30)
"""Belief over truth, less one."""
DELAY_DIFFERENCE_BREAKS = (-0.50, -0.20, -0.05, 0.05, 0.20, 0.50)
"""Change of that share."""
MINUTES_BREAKS = (5.0, 10.0, 20.0, 30.0)
"""Minutes to services, coloured as delays are."""
LEAST_FLOW_VEH = 5.0
"""Fewest vehicles a day (or an hour) for which a mean delay is coloured."""
WIDEST_PX = 9.0
THINNEST_PX = 0.7
NEUTRAL_PX = 1.2
WIDTH_POWER = 0.65
"""Below 1, so that a village street shows beside a motorway."""


@dataclass(frozen=True)
class Scale:
    """Classes of a measure and widths of a flow, for the day and for one hour."""

    measure: Measure
    colours: tuple[str, ...]
    day_breaks: tuple[float, ...]
    hour_breaks: tuple[float, ...]
    day_top_veh: float
    """Flow drawn at the greatest width."""
    hour_top_veh: float

    def breaks(self, hourly: bool) -> tuple[float, ...]:
        """Limits between the classes."""
        return self.hour_breaks if hourly else self.day_breaks

    def top_veh(self, hourly: bool) -> float:
        """Flow at the greatest width."""
        return self.hour_top_veh if hourly else self.day_top_veh

    def classes(self, values: Floats, hourly: bool = False) -> NDArray[np.int64]:
        """Class of each value; -1 where it is unknown. A value on a limit belongs to the upper class."""
        found = np.searchsorted(np.asarray(self.breaks(hourly)), values, side="right")
        return np.where(np.isnan(values), -1, found).astype(np.int64)

    @property
    def neutral(self) -> int:
        """Class of no change, drawn thin so that it hides nothing; -1 where the scale has none."""
        return len(self.colours) // 2 if self.measure.endswith("difference") else -1

    def widths_px(self, flow_veh: Floats, hourly: bool = False) -> Floats:
        """Width of a line, growing with a power of its flow; nought where there is none."""
        share = np.clip(np.abs(flow_veh) / self.top_veh(hourly), 0.0, 1.0)
        return np.where(flow_veh == 0, 0.0, THINNEST_PX + (WIDEST_PX - THINNEST_PX) * share**WIDTH_POWER)

    def drawn_px(self, flow_veh: Floats, classes: NDArray[np.int64], hourly: bool = False) -> Floats:
        """Width of a line on the map: that of its flow, thin where nothing changed or nothing is known."""
        widths = self.widths_px(flow_veh, hourly)
        quiet = (classes < 0) | (classes == self.neutral)
        return np.where(quiet, np.minimum(widths, NEUTRAL_PX), widths)


def scale_of(measure: Measure, flows: tuple[LinkFlows, ...], maps: tuple[LinkMap, ...]) -> Scale:
    """The one scale of all maps of a measure: its limits span every scenario, day and hour."""
    busiest_day = round_up(max((float(flow.day_flow_veh.max(initial=1.0)) for flow in flows), default=1.0))
    busiest_hour = round_up(max((float(flow.flow_veh.max(initial=1.0)) for flow in flows), default=1.0))
    if measure == "flow":
        return Scale(measure, DELAY_COLOURS, DELAY_BREAKS, DELAY_BREAKS, busiest_day, busiest_hour)
    if measure in ("delay_difference", "residual"):
        signed = measure == "delay_difference"
        breaks = DELAY_DIFFERENCE_BREAKS if signed else RESIDUAL_BREAKS
        colours = DIVERGING_COLOURS if signed else RESIDUAL_COLOURS
        return Scale(measure, colours, breaks, breaks, busiest_day, busiest_hour)
    pairs = [
        (flows[drawn.scenario], flows[drawn.against])
        for drawn in maps
        if drawn.against is not None and drawn.measure == measure
    ]
    by_day = [each.day_flow_veh - base.day_flow_veh for each, base in pairs]
    by_hour = [each.flow_veh - base.flow_veh for each, base in pairs]
    day_breaks, day_top = _diverging(by_day, least=20.0)
    hour_breaks, hour_top = _diverging(by_hour, least=10.0)
    return Scale(measure, DIVERGING_COLOURS, day_breaks, hour_breaks, day_top, hour_top)


def column_scale(values: Floats, flow_veh: Floats, differs: bool) -> Scale:
    """A scale for any column of the links: round limits that its own values fill, or symmetric ones."""
    top = round_up(float(np.abs(flow_veh).max(initial=1.0)))
    known = values[np.isfinite(values)]
    if differs:
        breaks, _ = _diverging([known], least=0.0)
        return Scale("flow_difference", DIVERGING_COLOURS, breaks, breaks, top, top)
    most = nice(float(np.quantile(known, 0.99))) if len(known) else 1.0
    breaks = (most / 20, most / 10, most / 5, most / 2)
    return Scale("flow", DELAY_COLOURS, breaks, breaks, top, top)


def measured(drawn: LinkMap, flows: tuple[LinkFlows, ...], free_flow_s: Floats) -> tuple[Floats, Floats]:
    """Flow that makes the width and value that makes the colour, by link, for the day."""
    after = flows[drawn.scenario]
    if drawn.values is not None:
        return np.where(np.isnan(drawn.values), 0.0, after.day_flow_veh), drawn.values
    if drawn.against is None:
        return after.day_flow_veh, delay_share(after.day_flow_veh, after.day_delay_s, free_flow_s)
    before = flows[drawn.against]
    change = after.day_flow_veh - before.day_flow_veh
    if drawn.measure == "flow_difference":
        return change, change
    delays = [delay_share(each.day_flow_veh, each.day_delay_s, free_flow_s) for each in (after, before)]
    return np.maximum(after.day_flow_veh, before.day_flow_veh), delays[0] - delays[1]


def delay_share(flow_veh: Floats, delay_s: Floats, free_flow_s: Floats) -> Floats:
    """Delay as a share of free-flow time; unknown where too few drove."""
    return np.where(flow_veh >= LEAST_FLOW_VEH, delay_s / free_flow_s, np.nan)


def round_up(value: float, steps: Sequence[float] = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8)) -> float:
    """The next step times a power of ten; four parts divide the default steps well.

    >>> round_up(3_200), round_up(57), round_up(108), round_up(3_200, (1, 2, 5))
    (4000.0, 60.0, 120.0, 5000.0)
    """
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return float(next((step * power for step in steps if step * power >= value * (1 - 1e-9)), 10 * power))


def nice(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    return round_up(value, (1, 2, 5))


def _diverging(differences: Iterable[Floats], least: float) -> tuple[tuple[float, ...], float]:
    """Symmetric limits from the greatest differences of all maps, and the flow of the greatest width."""
    sizes = [np.abs(each).ravel() for each in differences]
    sizes = [each[each > 0] for each in sizes if (each > 0).any()]
    most = max((float(np.quantile(each, 0.995)) for each in sizes), default=least)
    top = nice(max(most, least))
    upper = (top / 20, top / 5, top / 2)
    return tuple(-each for each in reversed(upper)) + upper, top
