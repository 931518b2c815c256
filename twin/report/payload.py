"""The data behind the pictures, as the JSON block that the page's script and a reader's own tools read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from markupsafe import Markup

from twin.report.drawn import DrawnNetwork, Floats, HomeMap, LinkFlows
from twin.report.drawn_outages import Outage
from twin.report.outage_section import OutageDrawing, outages_drawn
from twin.report.scales import (
    LEAST_FLOW_VEH,
    NEUTRAL_PX,
    SCENARIO_COLOURS,
    THINNEST_PX,
    WIDEST_PX,
    WIDTH_POWER,
    Scale,
)
from twin.report.svgmap import Drawing
from twin.report.view import IndicatorRow, ReportView
from twin.units import KMH_PER_MPS

SCHEMA = 1
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def payload(view: ReportView, drawings: Sequence[Drawing], scales: dict[str, Scale]) -> dict[str, Any]:
    """Everything the pictures show, in plain numbers."""
    sets = {names: place for place, names in enumerate(dict.fromkeys(row.assumptions for row in view.rows))}
    return {
        "schema": SCHEMA,
        "kind": view.kind,
        "title": view.title,
        "scenarios": [_scenario(view, row) for row in range(len(view.scenarios))],
        "indicators": [_plain(_indicator(row, sets)) for row in view.rows],
        "assumption_sets": [list(names) for names in sets],
        "networks": [_network(network) for network in view.networks],
        "flows": [_flows(flows) for flows in view.flows],
        "maps": [_map(drawing) for drawing in drawings],
        "scales": {measure: _scale(scale) for measure, scale in scales.items()},
        "modes": [{"label": bar.label, "parts": dict(bar.parts)} for bar in view.modes],
        "profiles": [_plain(asdict(profile)) for profile in view.profiles],
        "histogram": _plain(asdict(view.histogram)) if view.histogram else None,
        "changes": [_plain(asdict(change)) for change in view.changes],
        "delays": [_plain(asdict(delay)) for delay in view.delays],
        "access": [_plain(asdict(table)) for table in view.access],
        "homes": [_homes(drawn) for drawn in view.homes],
        "outages": [_outage(day, drawn) for day, drawn in outages_drawn(view)],
        "pictures": [_plain(asdict(picture)) for picture in view.pictures],
    }


def as_block(data: dict[str, Any]) -> Markup:
    """JSON that cannot close the script element it stands in.

    >>> str(as_block({"name": "</script>"}))
    '{"name":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return Markup(text)


def _plain(value: Any) -> Any:
    """NaN and infinities are null; tuples are lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _scenario(view: ReportView, row: int) -> dict[str, Any]:
    scenario = view.scenarios[row]
    return {
        "title": scenario.title,
        "role": scenario.role,
        "focus": list(scenario.focus),
        "seeds": list(scenario.seeds),
        "digest": scenario.digest,
        "colour": SCENARIO_COLOURS[row % len(SCENARIO_COLOURS)],
    }


def _indicator(row: IndicatorRow, sets: dict[tuple[str, ...], int]) -> dict[str, Any]:
    """A row with its verdict; its assumptions as the row of their set."""
    words = ("meaning", "theme", "assumptions")
    plain = {key: value for key, value in vars(row).items() if key not in words}
    return {
        **plain,
        "verdict": row.verdict,
        "has_interval": row.has_interval,
        "assumptions": sets[row.assumptions],
    }


def _network(network: DrawnNetwork) -> dict[str, Any]:
    return {
        "name": network.name,
        "attribution": network.attribution,
        "link_id": list(network.link_id),
        "link_name": list(network.link_name),
        "road_class": list(network.road_class),
        "zone": list(network.zone),
        "length_m": _numbers(network.length_m),
        "lanes": _numbers(network.lanes),
        "free_speed_kmh": _numbers(network.free_speed_mps * KMH_PER_MPS),
        "free_flow_time_s": _numbers(network.length_m / network.free_speed_mps, 2),
    }


def _flows(flows: LinkFlows) -> dict[str, Any]:
    return {
        "network": flows.network,
        "flow_veh": _numbers(flows.day_flow_veh),
        "delay_s": _numbers(flows.day_delay_s),
        "flow_veh_by_hour": [_numbers(hour) for hour in flows.flow_veh],
        "delay_s_by_hour": [_numbers(hour) for hour in flows.delay_s],
    }


def _map(drawing: Drawing) -> dict[str, Any]:
    drawn = drawing.drawn
    return {
        "key": drawing.key,
        "title": drawn.title,
        "measure": drawn.measure,
        "scenario": drawn.scenario,
        "against": drawn.against,
        "focus": drawn.focus,
        "n_drawn": drawing.n_drawn,
        "values": None if drawn.values is None else _numbers(drawn.values, 4),
    }


def _homes(drawn: HomeMap) -> dict[str, Any]:
    return {
        "title": drawn.title,
        "scenario": drawn.scenario,
        "focus": drawn.focus,
        "place_id": list(drawn.place_id),
        "inhabitants": _numbers(drawn.people, 0),
        "minutes": _numbers(drawn.minutes),
    }


def _outage(day: Outage, drawing: OutageDrawing) -> dict[str, Any]:
    """The day of each set of places: a digit for each quarter of an hour, and its inhabitants."""
    drawn = drawing.drawn
    return {
        "key": drawing.key,
        "title": drawn.title,
        "scenario": day.scenario,
        "worst": drawn.worst,
        "lost": list(drawn.lost),
        "inhabitants": [round(each) for each in drawn.people],
    }


def _scale(scale: Scale) -> dict[str, Any]:
    return {
        "colours": list(scale.colours),
        "day_breaks": list(scale.day_breaks),
        "hour_breaks": list(scale.hour_breaks),
        "day_top_veh": scale.day_top_veh,
        "hour_top_veh": scale.hour_top_veh,
        "thinnest_px": THINNEST_PX,
        "widest_px": WIDEST_PX,
        "neutral_px": NEUTRAL_PX,
        "width_power": WIDTH_POWER,
        "neutral": scale.neutral,
        "least_flow_veh": LEAST_FLOW_VEH,
    }


def _numbers(values: Floats, decimals: int = 1) -> list[float | int | None]:
    """Rounded; whole numbers without a point, unknown ones null."""
    rounded = np.round(values, decimals).tolist()
    return [None if not math.isfinite(each) else int(each) if each == int(each) else each for each in rounded]
