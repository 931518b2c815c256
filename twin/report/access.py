"""Who reaches the services of everyday life: tables by group, service and way, and maps of homes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.indicators.accessibility import WAYS
from twin.indicators.services import ACCESS_GROUPS
from twin.report.drawn import WHOLE, AccessTable, HomeMap, zone_label
from twin.report.grounds import Grounds
from twin.report.network import metres_on
from twin.report.svgmap import frame_bounds
from twin.report.view import ScenarioCard
from twin.report.words import group_label, service_label
from twin.scenario.basket import SERVICES
from twin.study.homes import BASKET, without_car
from twin.study.results import Result

MOST_PLACES = 6
"""Zones that the table of one run shows beside its focus; of a territory with more, the focus alone."""
MOST_MAPS = 4
LEAST_CHANGE_MIN = 0.05
EVERYBODY = "everybody"


@dataclass(frozen=True)
class _Column:
    """One column: its head, and the values of its place by indicator and group."""

    head: str
    values: Mapping[tuple[str, str], float]

    def value(self, name: str, group: str) -> float | None:
        return self.values.get((name, group))


def access_tables(
    samples: Sequence[Result], scenarios: Sequence[ScenarioCard], zone_names: Mapping[str, str]
) -> tuple[AccessTable, ...]:
    """Tables of each scenario's first seed; none where a territory knows of no services."""
    columns = _columns(samples, scenarios, zone_names)
    by_group = [(group, group_label(group) if group else EVERYBODY) for group in ACCESS_GROUPS]
    services = [(f"minutes_to_{name}", "", service_label(name)) for name in SERVICES]
    own = "by the quickest of one's own ways: foot, bus, and a car for who drives one"
    tables = [
        _table("Minutes to the basket, by group", "min", columns, _each("minutes_to_basket", by_group), own),
        _table("Reach every service in time", "share", columns, _each("maintained_services", by_group)),
        _table(
            "Doctors for 10 000 inhabitants", "", columns, _each("doctors_within_reach", by_group),
            "shared with all who reach them too (E2SFCA); outside the area there are none",
        ),
        _table("Minutes to the nearest, by service", "min", columns, services, own),
        _table(
            "Minutes to the basket, by way", "min", columns,
            [("minutes_to_basket", f"by:{way}", f"by {way}") for way in WAYS], "as if everybody went so",
        ),
    ]  # fmt: skip
    tables += [
        _table(
            f"Minutes to {service_label(name)}, by group",
            "min",
            columns,
            _each(f"minutes_to_{name}", by_group),
            own,
        )
        for name in changed_services(samples)
    ]
    return tuple(table for table in tables if table.rows)


def changed_services(samples: Sequence[Result]) -> tuple[str, ...]:
    """Services that are further from somebody in an alternative than in the base."""
    found = []
    for name in SERVICES:
        by_focus = [
            {
                each.focus: each.value
                for each in sample.values
                if each.name == f"minutes_to_{name}" and not each.group
            }
            for sample in samples
        ]
        apart = [
            abs(other.get(focus, value) - value) > LEAST_CHANGE_MIN
            for other in by_focus[1:]
            for focus, value in by_focus[0].items()
        ]
        if any(apart):
            found.append(name)
    return tuple(found)


def home_maps(
    samples: Sequence[Result], scenarios: Sequence[ScenarioCard], grounds: Grounds
) -> tuple[HomeMap, ...]:
    """Maps of minutes without a car: of a run its focus and the whole, else each scenario in its own focus.

    To the basket; where an alternative changed how far services are, to the first of these.
    """
    if not grounds.found:
        return ()
    changed = changed_services(samples)
    service = changed[0] if changed else BASKET
    what = f"Minutes to {service_label(service)} without a car"
    maps: list[HomeMap] = []
    for row, (sample, card) in enumerate(zip(samples, scenarios, strict=True)):
        homes, network = sample.homes, grounds.network_of_scenario[row]
        column = without_car(service)
        if column not in homes or not homes[column].notna().any():
            return ()
        drawn = grounds.networks[network]
        shared: dict[str, Any] = {
            "scenario": row,
            "network": network,
            "place_id": tuple(homes["place_id"].astype(str)),
            "points_m": metres_on(drawn, homes["lon"].to_numpy(), homes["lat"].to_numpy()),
            "people": _of_enough(homes["inhabitants"].to_numpy(dtype=np.float64), sample),
            "minutes": homes[column].to_numpy(dtype=np.float64),
            "focus": ",".join(card.focus),
        }
        whole, single = WHOLE in card.focus, len(samples) == 1
        role = "" if single else f"{card.role}: "
        if not whole:
            place = card.focus_name(grounds.zone_names)
            bounds = frame_bounds(drawn, card.focus)
            maps.append(HomeMap(f"{role}{what}, {place}", bounds_m=bounds, **shared))
        if whole or single:
            maps.append(HomeMap(f"{role}{what}, whole area", wide=whole and single, **shared))
    return tuple(maps[:MOST_MAPS])


def _of_enough(people: NDArray[np.float64], sample: Result) -> NDArray[np.float64]:
    """People of each home, NaN where so few live that the number would be about somebody."""
    least = int(sample.scenario.ledger()["knowledge.privacy_least_people"])
    return np.where(people >= least, people, np.nan)


def _columns(
    samples: Sequence[Result], scenarios: Sequence[ScenarioCard], zone_names: Mapping[str, str]
) -> list[_Column]:
    """Of a run its focus, the other zones and the whole; else each scenario's focus."""
    by_focus = [
        {
            focus: {(each.name, each.group): each.value for each in sample.values if each.focus == focus}
            for focus in dict.fromkeys(each.focus for each in sample.values)
        }
        for sample in samples
    ]
    if len(samples) == 1:
        others = [name for name in by_focus[0] if name not in (*scenarios[0].focus, WHOLE)]
        others = others if len(others) <= MOST_PLACES else []
        places = dict.fromkeys((*scenarios[0].focus, *others, WHOLE))
        return [_Column(zone_label(each, zone_names), by_focus[0][each]) for each in places]
    apart = len({card.focus for card in scenarios}) > 1
    columns = []
    for values, card in zip(by_focus, scenarios, strict=True):
        for focus in card.focus:
            place = zone_label(focus, zone_names)
            columns.append(_Column(place if apart else f"{card.role}, {place}", values[focus]))
    return columns


def _each(name: str, groups: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(name, group, label) for group, label in groups]


def _table(
    title: str, unit: str, columns: Sequence[_Column], wanted: Sequence[tuple[str, str, str]], note: str = ""
) -> AccessTable:
    """The rows (indicator, group, label) for which any column has a value."""
    rows = [(label, tuple(column.value(name, group) for column in columns)) for name, group, label in wanted]
    kept = tuple((label, values) for label, values in rows if any(each is not None for each in values))
    return AccessTable(title, unit, tuple(column.head for column in columns), kept, note)
