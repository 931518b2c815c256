"""From a run or a comparison of the study to what the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from twin.report import travel
from twin.report.access import access_tables, home_maps
from twin.report.beliefs import pictures_of, residuals_of
from twin.report.cards import (
    assumed,
    assumptions_of,
    card_of,
    demand_of,
    described,
    differences_of,
    footer_of,
    population_of,
)
from twin.report.drawn import WHOLE, LinkMap, zones_in
from twin.report.findings import findings_of, warnings_of
from twin.report.grounds import Grounds, flows_of, grounds_of, maps_of
from twin.report.outage import facts_of, outages_of
from twin.report.told import told_comparison, told_run
from twin.report.view import IndicatorRow, ReportView, ScenarioCard
from twin.scenario.scenario import Scenario as Spec
from twin.study.comparison import Comparison
from twin.study.manifest import SeedTraffic
from twin.study.results import Result


@dataclass(frozen=True)
class _Subject:
    """What a run and a comparison have in common."""

    kind: Literal["run", "comparison"]
    title: str
    question: str
    scenarios: tuple[ScenarioCard, ...]
    rows: tuple[IndicatorRow, ...]
    samples: tuple[Result, ...]
    links: tuple[pd.DataFrame, ...]
    seeds: tuple[int, ...]
    traffic: tuple[tuple[SeedTraffic, ...], ...]
    command: str


def view_of(subject: Result | Comparison) -> ReportView:
    """The page of a run or of a comparison."""
    if isinstance(subject, Result):
        return view_of_run(told_run(subject))
    return view_of_comparison(told_comparison(subject))


def view_of_run(result: Result) -> ReportView:
    """The page of one run."""
    scenario, ledger = result.scenario, result.scenario.ledger()
    rows = tuple(
        IndicatorRow(
            each.name, each.unit, each.value, better=each.better, focus=each.focus, group=each.group,
            assumptions=assumed(each.assumptions, ledger),
        )
        for focus in (*scenario.focus_zones, WHOLE) for each in result.values if each.focus == focus
    )  # fmt: skip
    card = card_of(scenario, result, "Run", (result.seed,), (result.digest,))
    question = scenario.description or f"How does a working day go in {card.territory}?"
    command = f"twin run {_file(scenario, 'scenario')} --seed {result.seed}"
    traffic = ((SeedTraffic.of(result.manifest),),)
    return _view(
        _Subject(
            "run", scenario.title, question, (card,), rows, (result,), (result.links,), card.seeds, traffic,
            command,
        )
    )  # fmt: skip


def view_of_comparison(comparison: Comparison) -> ReportView:
    """The page of a comparison: the base, and each alternative against it."""
    known = comparison.base.ledger()
    lists = {names: assumed(names, known) for names in {row.assumptions for row in comparison.rows}}
    rows = tuple(
        IndicatorRow(
            each.indicator, each.unit, each.base, each.alternative, each.difference, each.low, each.high,
            each.better, each.focus, each.group, each.n_seeds, each.method, each.scenario, each.base_focus,
            lists[each.assumptions],
        )
        for each in comparison.rows
    )  # fmt: skip
    several = len(comparison.alternatives) > 1
    cards = tuple(
        card_of(
            scenario, comparison.samples[row], _role(row, several), comparison.seeds, comparison.digests[row]
        )
        for row, scenario in enumerate(comparison.scenarios)
    )
    files = " ".join(_file(each, card.role) for each, card in zip(comparison.scenarios, cards, strict=True))
    command = f"twin compare {files} --seeds {len(comparison.seeds)}"
    view = _view(
        _Subject(
            "comparison", _title(comparison), _question(comparison), cards, rows, comparison.samples,
            comparison.links, comparison.seeds, comparison.traffic, command,
        )
    )  # fmt: skip
    return replace(view, differs=differences_of(comparison.differs))


def _view(subject: _Subject) -> ReportView:
    grounds = grounds_of(subject.samples)
    demand = [demand_of(sample, row, subject.traffic[row]) for row, sample in enumerate(subject.samples)]
    roles = [scenario.role for scenario in subject.scenarios]
    population = population_of(subject.samples[0])
    warnings = warnings_of(subject.rows, demand, roles, len(subject.seeds), population)
    maps = maps_of(subject.scenarios, grounds)
    return ReportView(
        kind=subject.kind,
        title=subject.title,
        question=subject.question,
        scenarios=subject.scenarios,
        rows=described(subject.rows),
        findings=findings_of(subject.rows, subject.scenarios, grounds.zone_names),
        warnings=(*warnings, *grounds.warnings),
        demand=tuple(demand),
        provenance=grounds.provenance,
        assumptions=assumptions_of(subject.rows, subject.samples[0].scenario.ledger()),
        zone_names=grounds.zone_names,
        networks=grounds.networks,
        access=access_tables(subject.samples, subject.scenarios, grounds.zone_names),
        homes=home_maps(subject.samples, subject.scenarios, grounds),
        outages=outages_of(subject.samples, subject.scenarios, subject.rows, grounds),
        outage_facts=facts_of(subject.samples, subject.scenarios),
        flows=flows_of(grounds, subject.links) if grounds.found else (),
        maps=(*maps, *_residual_maps(subject, grounds)) if maps else (),
        pictures=tuple(
            picture
            for row, sample in enumerate(subject.samples)
            for picture in pictures_of(sample.pictures, sample.links, row)
        ),
        footer=footer_of(subject.samples[0], subject.command),
        **_people(subject, grounds.zone_names),
    )


def _residual_maps(subject: _Subject, grounds: Grounds) -> tuple[LinkMap, ...]:
    """Where the city counts, and how far off it is, in each scenario's first seed."""
    maps = []
    for row, (card, sample) in enumerate(zip(subject.scenarios, subject.samples, strict=True)):
        residuals = residuals_of(sample.pictures, sample.links)
        if residuals is not None:
            title = f"{card.role}: where the city counts, and how far off it is"
            drawn = list(grounds.networks[grounds.network_of_scenario[row]].link_id)
            by_id = pd.Series(residuals, index=sample.links["link_id"].astype(str))
            values = np.asarray(by_id.reindex(drawn), dtype=np.float64)
            maps.append(
                LinkMap(title, "residual", row, focus=",".join(card.focus), wide=False, values=values)
            )
    return tuple(maps[:2])


def _people(subject: _Subject, zone_names: Mapping[str, str]) -> dict[str, Any]:
    """What the trips of each scenario's first seed tell; nothing where trips were not kept."""
    if any(not len(sample.trips) for sample in subject.samples):
        return {}
    zones = [
        () if WHOLE in each.focus else zones_in(each.focus, sample.manifest.get("pools", {}))
        for each, sample in zip(subject.scenarios, subject.samples, strict=True)
    ]
    shared = all(zone == zones[0] for zone in zones)
    labels = [each.role if shared else each.focus_name(zone_names) for each in subject.scenarios]
    trips = [sample.trips for sample in subject.samples]
    flows = [travel.link_flows(links, 0) for links in subject.links]
    least = int(subject.samples[0].scenario.ledger()["knowledge.privacy_least_people"])
    return {
        "modes": tuple(
            travel.mode_bar(table, zone, label, row)
            for row, (table, zone, label) in enumerate(zip(trips, zones, labels, strict=True))
        ),
        "profiles": (
            travel.departures(list(zip(labels, trips, zones, strict=True)), as_shares=not shared),
            travel.speeds(list(zip(labels, subject.links, flows, zones, strict=True))),
        ),
        "histogram": travel.delay_histogram(list(zip(labels, trips, zones, strict=True))),
        "changes": tuple(
            change
            for row in range(1, len(trips) if shared else 0)
            for change in travel.group_changes(trips[0], trips[row], zones[0], row, least)
        ),
        "delays": travel.group_delays(trips[0], zones[0], least) if subject.kind == "run" else (),
    }


def _role(row: int, several: bool) -> str:
    return "Base" if row == 0 else f"Alternative {row}" if several else "Alternative"


def _title(comparison: Comparison) -> str:
    if len(comparison.alternatives) > 1:
        return f"{comparison.base.title}, against {len(comparison.alternatives)} alternatives"
    other = comparison.alternatives[0]
    if other.focus_zones != comparison.base.focus_zones:
        return f"{comparison.base.title}, beside {other.title}"
    return other.title


def _question(comparison: Comparison) -> str:
    """The description of the one alternative, else what the comparison asks."""
    alternatives = comparison.alternatives
    if any(each.focus_zones != comparison.base.focus_zones for each in alternatives):
        return "How do these places fare on such a day, side by side and per inhabitant?"
    if len(alternatives) == 1 and alternatives[0].description:
        return alternatives[0].description
    titles = " or ".join(f"“{each.title}”" for each in alternatives)
    return f"What changes from “{comparison.base.title}” to {titles}?"


def _file(scenario: Spec, role: str) -> str:
    """The file of a scenario, where it is known; a scenario kept with results stands for itself."""
    file = scenario.where("title").partition(": ")[0]
    return file if file.endswith(".toml") else f"{role.upper().replace(' ', '_')}.toml"
