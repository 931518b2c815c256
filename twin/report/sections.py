"""From a view to what the templates need: numbered sections, tables by focus, drawn maps and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from twin.report import bars, charts
from twin.report.access_section import access_context
from twin.report.carried import traffic_words
from twin.report.drawn import Measure, zone_label
from twin.report.legends import legend, top_table
from twin.report.outage_section import outage_context
from twin.report.scales import PART_COLOURS, SCENARIO_COLOURS, Scale, scale_of
from twin.report.svgmap import Drawing, backdrop, draw_map
from twin.report.view import LEAST_SEEDS, PAIRED, Demand, IndicatorRow, ReportView
from twin.report.words import VERDICT_WORDS, count_word, number

_TITLES = {
    "indicators": "Indicators",
    "maps": "Maps",
    "access": "Access to services",
    "utilities": "Power, water, heat and telecom",
    "travel": "How people travel",
    "groups": "Who gains, who loses",
    "beliefs": "What is believed, and what is true",
    "assumptions": "Assumptions",
}


@dataclass(frozen=True)
class Block:
    """One indicator's rows: the whole first, then its groups."""

    rows: tuple[IndicatorRow, ...]

    @property
    def head(self) -> IndicatorRow:
        """The row that names the indicator."""
        return self.rows[0]

    @property
    def groups(self) -> tuple[IndicatorRow, ...]:
        """Rows of groups, below the whole or without one."""
        return tuple(row for row in self.rows if row.group)


@dataclass(frozen=True)
class IndicatorTable:
    """The indicators of one focus, against one alternative."""

    focus: str
    title: str
    names: tuple[str, str]
    themes: tuple[tuple[str, tuple[Block, ...]], ...]
    """Blocks under their headings."""
    note: str


def context(view: ReportView, drawings: Sequence[Drawing], scales: dict[Measure, Scale]) -> dict[str, Any]:
    """All that the templates read, apart from policy, style, script and data."""
    present = _present(view, bool(drawings))
    parts = list(dict.fromkeys(part for bar in view.modes for part in bar.parts))
    counts = sorted(len(row.assumptions) for row in view.rows)
    focuses = list(dict.fromkeys(row.focus for row in view.rows))
    return {
        "view": view,
        "drawings": drawings,
        "number_of": {name: place + 1 for place, name in enumerate(present)},
        "contents": [(name, _TITLES[name]) for name in present],
        "colours": SCENARIO_COLOURS,
        "part_colours": PART_COLOURS,
        "verdict_words": VERDICT_WORDS,
        "place": lambda zone: zone_label(zone, view.zone_names),
        "demand_sentences": list(dict.fromkeys(demand_sentence(view, each) for each in view.demand)),
        "n_assumed": (counts[0], counts[-1]) if counts and counts[-1] else None,
        "focuses": focuses,
        "tables": tables_of(view),
        "indicators_lead": _indicators_lead(view),
        "meanings": {row.indicator: (row.unit, row.meaning) for row in view.rows if row.meaning},
        "change_bar": bars.change_bar,
        "sample_lead": _sample_lead(view),
        "mode_parts": parts,
        "modes": bars.stacked_bars(view.modes, parts, "Share of trips by mode") if view.modes else "",
        "profiles": [(each.title, each.unit, charts.lines(each)) for each in view.profiles],
        "gains": _gains(view),
        "spreads": _spreads(view),
        "histogram": charts.histogram(view.histogram) if view.histogram else "",
        "scatters": [(each, charts.scatter(each)) for each in view.pictures if each.pairs],
        "attributions": list(dict.fromkeys(network.attribution for network in view.networks)),
        **_map_context(view, drawings, scales),
        **access_context(view),
        **outage_context(view),
    }


def draw_all(view: ReportView) -> tuple[list[Drawing], dict[Measure, Scale]]:
    """Every map of the view, those of one measure on one scale."""
    measures = list(dict.fromkeys(each.measure for each in view.maps))
    scales = {measure: scale_of(measure, view.flows, view.maps) for measure in measures}
    drawings = [
        draw_map(
            f"map-{row + 1}",
            each,
            view.networks[view.flows[each.scenario].network],
            view.flows,
            scales[each.measure],
        )
        for row, each in enumerate(view.maps)
    ]
    return drawings, scales


def tables_of(view: ReportView) -> list[IndicatorTable]:
    """One table per alternative and focus, indicators in the order given."""
    tables = []
    for scenario in dict.fromkeys(row.scenario for row in view.rows):
        for focus in dict.fromkeys(row.focus for row in view.rows if row.scenario == scenario):
            rows = [row for row in view.rows if row.scenario == scenario and row.focus == focus]
            title, columns = _table_title(view, scenario, rows[0]), _columns(view, rows[0])
            tables.append(IndicatorTable(focus, title, columns, _themes(rows), _note(rows)))
    return tables


def _themes(rows: Sequence[IndicatorRow]) -> tuple[tuple[str, tuple[Block, ...]], ...]:
    """Rows by theme and indicator, both in the order in which they come."""
    themes = []
    for theme in dict.fromkeys(row.theme for row in rows):
        inside = [row for row in rows if row.theme == theme]
        blocks = []
        for name in dict.fromkeys(row.indicator for row in inside):
            own = [row for row in inside if row.indicator == name]
            blocks.append(Block(tuple(sorted(own, key=lambda row: row.group != ""))))
        themes.append((theme, tuple(blocks)))
    return tuple(themes)


def demand_sentence(view: ReportView, demand: Demand) -> str:
    """How much was asked and how much arrived, as one sentence per scenario."""
    shared = len(view.demand) > 1 and len({replace(each, scenario=0) for each in view.demand}) == 1
    role = "All scenarios" if shared else view.scenarios[demand.scenario].role
    scale = (
        "the ledger's full sum" if demand.scale == 1 else f"{number(demand.scale)} of the ledger's full sum"
    )
    if demand.full_sum is not None:
        trips, vehicle_trips = demand.full_sum
        words = count_word(trips, "planned trip"), count_word(vehicle_trips, "vehicle trip")
        scale += f" ({words[0]}, of them {words[1]})"
    seed = f"with seed {demand.traffic[0].seed}, " if len(demand.traffic) > 1 else ""
    return (
        f"{role}: {seed}{count_word(demand.planned_trips, 'planned trip')}, of them "
        f"{count_word(demand.vehicle_trips, 'vehicle trip')}, which is {scale}. "
        f"{traffic_words(demand.traffic)}"
    )


def _present(view: ReportView, maps: bool) -> list[str]:
    shown = {
        "indicators": True,
        "maps": maps,
        "access": bool(view.access),
        "utilities": bool(view.outages),
        "travel": bool(view.modes or view.profiles or view.histogram),
        "groups": bool(view.changes or view.delays),
        "beliefs": bool(view.pictures),
        "assumptions": bool(view.assumptions),
    }
    return [name for name, there in shown.items() if there]


def _table_title(view: ReportView, scenario: int, row: IndicatorRow) -> str:
    if row.method not in (PAIRED, ""):
        return (
            f"{zone_label(row.base_focus, view.zone_names)} beside {zone_label(row.focus, view.zone_names)}"
        )
    if len(view.scenarios) > 2:
        return f"{zone_label(row.focus, view.zone_names)}: {view.scenarios[scenario].title}"
    return zone_label(row.focus, view.zone_names)


def _columns(view: ReportView, row: IndicatorRow) -> tuple[str, str]:
    if view.kind == "run":
        return "Value", ""
    if row.method != PAIRED:
        return view.label(0), view.label(row.scenario)
    return view.scenarios[0].role, view.scenarios[row.scenario].role


def _note(rows: Sequence[IndicatorRow]) -> str:
    """What the interval is, or why there is none."""
    if rows[0].difference is None:
        return ""
    methods = {
        PAIRED: "the same persons and the same luck in both scenarios, paired by seed",
        "side by side": "two focuses of one simulated area side by side, sums per inhabitant, paired by seed",
        "unpaired": "two areas side by side, sums per inhabitant, seeds unpaired",
    }
    method = methods.get(rows[0].method, rows[0].method)
    if rows[0].has_interval:
        return f"Method: {method}; 95\u00a0% intervals over {rows[0].n_seeds} seeds."
    seeds = count_word(rows[0].n_seeds, "seed")
    return f"Method: {method}. {seeds}: no interval below {LEAST_SEEDS} seeds; hollow marks give a direction."


def _sample_lead(view: ReportView) -> str:
    """Whose trips the charts show."""
    seed = f"seed {view.scenarios[0].seeds[0]}" if view.scenarios[0].seeds else "one seed"
    places = " and ".join(dict.fromkeys(each.focus_name(view.zone_names) for each in view.scenarios))
    return f"People of {places}, {seed}."


def _indicators_lead(view: ReportView) -> str:
    if view.kind == "run":
        return "Values of one simulated day. Groups by age and by digital skill open below an indicator."
    return (
        "A filled mark says that the interval of the difference excludes zero. "
        "Groups by age and by digital skill open below an indicator."
    )


def _gains(view: ReportView) -> list[tuple[str, Markup]]:
    drawn = []
    for scenario, family in dict.fromkeys((each.scenario, each.family) for each in view.changes):
        changes = [each for each in view.changes if (each.scenario, each.family) == (scenario, family)]
        title = f"{view.scenarios[scenario].role} against base, by {family}"
        drawn.append((title, bars.gains(changes, title)))
    return drawn


def _spreads(view: ReportView) -> list[tuple[str, Markup]]:
    drawn = []
    for family in dict.fromkeys(each.family for each in view.delays):
        title = f"Delay of car trips, by {family}"
        drawn.append((title, bars.spreads([each for each in view.delays if each.family == family], title)))
    return drawn


def _map_context(
    view: ReportView, drawings: Sequence[Drawing], scales: dict[Measure, Scale]
) -> dict[str, Any]:
    """Maps in rows of one or two, each measure's legend after its last row, its streets below each row."""
    rows: list[list[Drawing]] = []
    for drawing in drawings:
        if drawing.drawn.measure == "residual":
            continue
        fits = rows and len(rows[-1]) == 1 and not rows[-1][0].drawn.wide and not drawing.drawn.wide
        if fits and rows[-1][0].drawn.measure == drawing.drawn.measure:
            rows[-1].append(drawing)
        else:
            rows.append([drawing])
    last = {row[0].drawn.measure: place for place, row in enumerate(rows)}
    legends = [
        legend(row[0].drawn.measure, scales[row[0].drawn.measure])
        if last[row[0].drawn.measure] == place
        else ""
        for place, row in enumerate(rows)
    ]
    tops = [
        [
            top_table(
                each.key, each.drawn, view.networks[view.flows[each.drawn.scenario].network], view.flows
            )
            for each in row
        ]
        for row in rows
    ]
    return {
        "map_rows": rows,
        "residual_maps": [each for each in drawings if each.drawn.measure == "residual"],
        "residual_legend": legend("residual", scales["residual"]) if "residual" in scales else "",
        "legend_after": legends,
        "tops": tops,
        "backdrops": [backdrop(network, row) for row, network in enumerate(view.networks)]
        if drawings
        else [],
        "n_hours": max((flows.flow_veh.shape[0] for flows in view.flows), default=24),
        "maps_lead": "Streets are as wide as their flow; each direction is drawn on its own side. "
        "Maps of one kind share one scale. Point at a street for its hours.",
    }
