"""What a page tells of utility networks that fail: the cascade, who was without, losses, dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from twin.indicators.groups import AGE_GROUPS, SKILL_GROUPS
from twin.indicators.services import CAR_GROUPS
from twin.report.drawn import WHOLE, AccessTable, zone_label
from twin.report.drawn_outages import Dependence, Outage, OutageMap, ServedCurve
from twin.report.grounds import Grounds
from twin.report.network import metres_on
from twin.report.svgmap import frame_bounds
from twin.report.view import IndicatorRow, ScenarioCard
from twin.report.words import group_label
from twin.study.digital_dependence import FALLBACK, LOST
from twin.study.results import Result
from twin.study.utilities_story import story_of
from twin.study.utilities_tables import SHOWN

MOST_LINES = 40
SERVICES = ("power", "water", "heat", "fibre", "mobile", "procedures")
GROUPS = ("", *AGE_GROUPS, *SKILL_GROUPS, *CAR_GROUPS)
FACTS = (
    ("saidi", "", "SAIDI: minutes without power, of a customer", "min"),
    ("saifi", "", "SAIFI: interruptions of power, of a customer", ""),
    ("energy_not_served", "", "Electricity not served", "kWh"),
    ("water_not_served", "", "Water not served", "m3"),
    ("heat_not_served", "", "Heat not served", "kWh"),
    ("pressure_deficit", "", "Pressure deficit", "m"),
    ("pressure_deficit", "not_verifiable", "Pressure deficit, not verifiable: heights are assumed", "m"),
    ("network_yield", "", "Yield of the water network", "share"),
    ("cold_at_home", "", "Degree-hours too cold at home, of a person", ""),
    ("resilience_triangle", "service:power", "Resilience triangle of power", "h"),
    ("resilience_triangle", "service:water", "Resilience triangle of water", "h"),
    ("resilience_triangle", "service:mobile", "Resilience triangle of mobile sites", "h"),
    ("minutes_to_90_percent", "service:power", "Until 90 % have power again", "min"),
    ("minutes_to_90_percent", "service:mobile", "Until 90 % have a mobile site again", "min"),
)
"""Indicators of the table: name, group, words, unit."""
DOWN = "calculator_down_hours"


def outages_of(
    samples: Sequence[Result], cards: Sequence[ScenarioCard], rows: Sequence[IndicatorRow], grounds: Grounds
) -> tuple[Outage, ...]:
    """The days of the scenarios whose networks were simulated."""
    found = []
    for row, (sample, card) in enumerate(zip(samples, cards, strict=True)):
        curves = sample.utility_curves
        if not len(curves):
            continue
        story, focus = story_of(sample.utility_failures), card.focus[0]
        names = grounds.zone_names
        found.append(
            Outage(
                scenario=row,
                story=story[:MOST_LINES],
                n_more=max(len(story) - MOST_LINES, 0),
                curves=_curves(curves, focus),
                losses=_losses(sample, focus, zone_label(focus, names)),
                map=_map(sample, card, grounds, row),
                dependence=dependence_of([_by_hand(each) for each in samples], rows, row, focus),
            )
        )
    return tuple(found)


def facts_of(samples: Sequence[Result], cards: Sequence[ScenarioCard]) -> AccessTable | None:
    """What the networks came to in each scenario's focus; None where they were not simulated."""
    columns = [(row, card) for row, card in enumerate(cards) if len(samples[row].utility_curves)]
    if not columns:
        return None
    rows = []
    for name, group, words, unit in FACTS:
        values = tuple(_value(samples[row], name, card.focus[0], group) for row, card in columns)
        if any(value is not None for value in values):
            rows.append((f"{words} [{unit}]" if unit not in ("", "share") else words, values))
    down = {each.group for row, _ in columns for each in samples[row].values if each.name == DOWN}
    for group in sorted(down):
        words = f"{group.partition(':')[2]}: without data or answer [h]"
        rows.append((words, tuple(_value(samples[row], DOWN, WHOLE, group) for row, _ in columns)))
    heads = tuple(card.role for _, card in columns)
    return AccessTable("What the networks came to", "", heads, tuple(rows))


def _value(sample: Result, name: str, focus: str, group: str) -> float | None:
    """An indicator in the focus, or of the whole network where it is of no part."""
    for at in (focus, WHOLE):
        value = sample.value(name, at, group)
        if np.isfinite(value):
            return value
    return None


def _curves(table: pd.DataFrame, focus: str) -> tuple[ServedCurve, ...]:
    here = table[table["focus"] == focus]
    found = []
    for service in dict.fromkeys(here["service"]):
        own = here[here["service"] == service]
        hours = tuple((own["from_s"] / 3_600.0).round(3).tolist())
        found.append(ServedCurve(str(service), hours, tuple(own["served"].round(4).tolist())))
    return tuple(found)


def _losses(sample: Result, focus: str, place: str) -> AccessTable:
    """Person-hours by group and service, then of all services, and hours of each person."""
    columns = [(f"{LOST}_{name}", name) for name in SERVICES]
    columns += [(LOST, "all"), ("hours_lost_per_person", "hours each")]
    values = {(each.name, each.group): each.value for each in sample.values if each.focus == focus}
    rows = [
        (
            group_label(group) if group else "everybody",
            tuple(values.get((name, group)) for name, _ in columns),
        )
        for group in GROUPS
        if (LOST, group) in values
    ]
    return AccessTable(
        f"Person-hours lost, {place}", "person h", tuple(head for _, head in columns), tuple(rows)
    )


def _map(sample: Result, card: ScenarioCard, grounds: Grounds, row: int) -> OutageMap | None:
    frames = sample.utility_frames
    if not grounds.found or not len(frames):
        return None
    network = grounds.network_of_scenario[row]
    drawn = grounds.networks[network]
    points = metres_on(drawn, frames["lon"].to_numpy(), frames["lat"].to_numpy())
    people = frames["inhabitants"].to_numpy(dtype=np.float64)
    sets, of = np.unique(frames["lost"].to_numpy(dtype=np.str_), return_inverse=True)
    whole = WHOLE in card.focus
    place = "whole area" if whole else card.focus_name(grounds.zone_names)
    return OutageMap(
        title=f"{card.role}: without {', '.join(SHOWN[:-1])} or {SHOWN[-1]}, {place}",
        network=network,
        points_m=tuple(points[of == each] for each in range(len(sets))),
        lost=tuple(sets.tolist()),
        people=tuple(float(people[of == each].sum()) for each in range(len(sets))),
        bounds_m=None if whole else frame_bounds(drawn, card.focus),
        focus=",".join(card.focus),
    )


def dependence_of(
    by_hand: Sequence[bool], rows: Sequence[IndicatorRow], number: int, focus: str
) -> tuple[Dependence, ...]:
    """An alternative (1, 2, ...) against its base, if they differ in having a fallback by hand."""
    if not number or by_hand[0] == by_hand[number]:
        return ()
    found = []
    wanted: Mapping[str, str] = {LOST: "all services"} | {f"{LOST}_{name}": name for name in SERVICES}
    for row in rows:
        if row.scenario != number or row.indicator not in wanted or row.group or row.focus != focus:
            continue
        if row.base is None or row.alternative is None or row.difference is None:
            continue
        digital, hand = (row.alternative, row.base) if by_hand[0] else (row.base, row.alternative)
        if digital > 0.0:
            ends = _ends(row, digital, 1.0 if by_hand[0] else -1.0)
            name = wanted[row.indicator]
            found.append(Dependence(name, digital, hand, (digital - hand) / digital, *ends))
    return tuple(found)


def _ends(row: IndicatorRow, digital: float, sign: float) -> tuple[float | None, float | None]:
    """Ends of the difference's interval over the mean loss."""
    if not row.has_interval or row.low is None or row.high is None:
        return None, None
    low, high = sorted((sign * row.low / digital, sign * row.high / digital))
    return low, high


def _by_hand(sample: Result) -> bool:
    return any(each.kind == FALLBACK for each in sample.scenario.modifications)
