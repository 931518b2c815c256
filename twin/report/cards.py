"""What the first page and the last say of each scenario: facts, demand, assumptions, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from twin.indicators.indicator import INDICATORS
from twin.report.drawn import WHOLE
from twin.report.view import Assumption, Demand, IndicatorRow, InputDifference, ScenarioCard
from twin.report.words import NONE, number, percent, short
from twin.scenario.ledger import Parameters, Value
from twin.scenario.scenario import Scenario as Spec
from twin.study.manifest import SeedTraffic
from twin.study.results import Result

ASSUMPTION = "assumption"
REPORTED_KEYS = ("title", "description")
"""Keys of a scenario that are words about it, not input."""
OTHERS = "Others"
THEMES = {
    "travel": "People and their trips",
    "traffic": "Streets and traffic",
    "guidance": "Itinerary calculators",
    "footprint": "Emissions and cost",
    "access": "Access to services",
    "services": "Access to services",
    "utilities_networks": "Power, water, heat and telecom",
    "utilities_people": "What people lose of services",
    "pictures": "What is known",
    "false_data": "False data",
    "books": "Accounts",
}
"""Headings of the table, by the module that holds an indicator."""
_ABOUT = (
    ("twin", "Program, version"),
    ("territory", "Territory"),
    ("place", "Place"),
    ("date", "Date of the map"),
    ("source", "Source of the map"),
    ("licence", "Licence of the map"),
    ("territory_digest", "Digest of the territory"),
    ("population_digest", "Digest of the population"),
    ("parameters_digest", "Digest of the ledger"),
    ("code_digest", "Digest of the code"),
    ("python", "Python"),
    ("numpy", "NumPy"),
)


def card_of(
    scenario: Spec, result: Result, role: str, seeds: Sequence[int], digests: Sequence[str]
) -> ScenarioCard:
    """The card of a scenario; counts are those of its first seed."""
    manifest = result.manifest
    inhabitants = manifest["inhabitants"]
    people = number(inhabitants.get(WHOLE, 0))
    if scenario.focus_zones:
        inside = sum(inhabitants.get(zone, 0) for zone in scenario.focus_zones)
        people = f"{number(inside)} in the focus, {people} in all"
    return ScenarioCard(
        title=scenario.title,
        territory=str(manifest["provenance"]["territory"]),
        focus=scenario.focus_zones or (WHOLE,),
        seeds=tuple(seeds),
        digest=", ".join(dict.fromkeys(digests)),
        role=role,
        facts=(
            ("Inhabitants", people),
            ("Planned trips", number(manifest["trips"])),
            ("Vehicle trips", number(manifest["vehicle_trips"])),
            ("Consult an app", percent(scenario.app_share_in_force)),
        ),
    )


def demand_of(result: Result, scenario: int, traffic: tuple[SeedTraffic, ...]) -> Demand:
    """How much was asked of the network in a scenario's first run, and how it went in all of them."""
    manifest = result.manifest
    full = manifest.get("full_sum")
    return Demand(
        scenario=scenario,
        scale=result.scenario.demand_scale,
        planned_trips=manifest["trips"],
        vehicle_trips=manifest["vehicle_trips"],
        traffic=traffic,
        zones=_zones(manifest["demand"]["by_zone"]),
        full_sum=None if full is None else (full["trips"], full["vehicle_trips"]),
    )


def population_of(result: Result) -> Mapping[str, Any] | None:
    """What the synthesis said of its areas, if the run kept it."""
    kept = result.manifest.get("population")
    if kept is None and result.record is not None:
        kept = result.record.population.report
    return kept if isinstance(kept, Mapping) else None


def differences_of(differs: Sequence[tuple[str, Sequence[Any]]]) -> tuple[InputDifference, ...]:
    """Keys in which scenarios differ; what only some of them have (a modification) is told as one."""
    told: dict[str, list[list[str]]] = {}
    for key, values in differs:
        head, _, inner = key.partition(": ")
        texts = [short(value) for value in values]
        if head in REPORTED_KEYS or len(set(texts)) == 1:
            continue
        apart = any(value is None for value in values) and inner
        parts = told.setdefault(head if apart else key, [[] for _ in values])
        for part, text in zip(parts, texts, strict=True):
            if text != NONE or not apart:
                part.append(text if not apart or inner == "kind" else f"{inner.replace('_', ' ')} {text}")
    return tuple(
        InputDifference(key, tuple("; ".join(part) or NONE for part in parts)) for key, parts in told.items()
    )


def assumed(names: Iterable[str], ledger: Parameters) -> tuple[str, ...]:
    """Of some rows of the ledger those that are assumptions."""
    return tuple(name for name in names if name in ledger and ledger.row(name).kind == ASSUMPTION)


def described(rows: Sequence[IndicatorRow]) -> tuple[IndicatorRow, ...]:
    """Rows with the meaning of their indicator and the theme of its module, in the order of themes."""
    known = {name: INDICATORS.get(name, "report") for name in INDICATORS.names()}
    found = []
    for row in rows:
        kind = known.get(row.indicator)
        measure = getattr(kind, "measure", kind)
        module = str(getattr(measure, "__module__", "")).rpartition(".")[2]
        theme = THEMES.get(module, OTHERS)
        found.append(replace(row, meaning=str(getattr(kind, "meaning", "")), theme=theme))
    order = [*THEMES.values(), OTHERS]
    return tuple(sorted(found, key=lambda row: order.index(row.theme)))


def assumptions_of(rows: Sequence[IndicatorRow], ledger: Parameters) -> tuple[Assumption, ...]:
    """Rows of the ledger that indicators rest on, those behind most indicators first."""
    behind: Counter[str] = Counter()
    for names in {row.indicator: row.assumptions for row in rows}.values():
        behind.update(names)
    found = []
    for name, n_indicators in sorted(behind.items(), key=lambda item: (-item[1], item[0])):
        row = ledger.row(name)
        found.append(
            Assumption(
                name, _value(row.value), _value(row.low), _value(row.high), row.unit, row.kind, row.source,
                row.meaning, n_indicators,
            )
        )  # fmt: skip
    return tuple(found)


def footer_of(result: Result, command: str) -> tuple[tuple[str, str], ...]:
    """Where the numbers come from."""
    about = result.manifest["provenance"]
    lines = [("Command", command)] if command else []
    told = ((label, str(about[key])) for key, label in _ABOUT if about.get(key))
    return (*lines, *told, *_classes((population_of(result) or {}).get("areas", ())))


def _classes(areas: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Density class and legal regime of each area, and where they come from."""
    return tuple(
        (
            f"Area {area['name']}",
            f"{area['density_class']}, legal regime {area['legal_regime']}: {area['class_source']}",
        )
        for area in areas
        if "class_source" in area
    )


def _zones(by_zone: Mapping[str, Any]) -> tuple[tuple[str, int, int, int, int], ...]:
    kinds = ("resident", "commuter", "through", "freight")
    counts = {
        name: [int(parts.get(kind, {}).get("trips", 0)) for kind in kinds] for name, parts in by_zone.items()
    }
    return tuple((name, each[0], each[1], each[2], each[3]) for name, each in counts.items() if any(each))


def _value(value: Value | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return f"{len(value)} values, {number(min(value))} to {number(max(value))}"
    return number(value)
