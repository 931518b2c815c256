"""The command `utilities`: networks of a scenario, what fails, what people lose, and digital dependence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, taking
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import NoCache, Seeds, fitting

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario
    from twin.study.digital_dependence import DigitalDependence
    from twin.study.utilities_study import UtilitiesStudy

MOST_LINES = 60
"""Lines of the story that are printed; `--json` has all."""
SERVICES = ("power", "water", "heat", "fibre", "mobile", "procedures")


@dataclass(frozen=True)
class Asked:
    """Arguments and options of `utilities`."""

    scenario: ScenarioFile
    seeds: Seeds = 1
    digital_dependence: Annotated[
        bool, typer.Option("--digital-dependence", help="Run again with a fallback by hand.")
    ] = False
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FORMAT", help="Write the networks: inp, pgm-json, geoparquet or gpkg."
        ),
    ] = None
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="PATH", help="Where; default: named after the scenario, here."),
    ] = None
    no_cache: NoCache = False
    as_json: AsJson = False
    quiet: Quiet = False


@taking(Asked)
def utilities(asked: Asked) -> None:
    """Tell of a scenario's power, water, heat and telecom: what there is, what fails, what people lose."""
    (scenario,) = fitting([asked.scenario], asked.quiet)
    if asked.out is not None:
        return _export(asked, scenario, asked.out)
    from twin.model.sources import load_territory
    from twin.study.digital_dependence import digital_dependence
    from twin.study.utilities_study import study_utilities

    with shown(asked.quiet) as progress:
        cache = not asked.no_cache
        found = study_utilities(
            scenario, load_territory(scenario), asked.seeds, cache=cache, progress=progress
        )
        compared = None
        if asked.digital_dependence:
            compared = digital_dependence(scenario, asked.seeds, cache=cache, progress=progress)
    if asked.as_json:
        more = {} if compared is None else {"digital_dependence": compared.summary()["losses"]}
        return emit({**found.summary(), **more})
    _print_networks(found)
    if found.simulated:
        _print_day(found)
    else:
        say("Nothing happens to the networks in this scenario: they are not simulated.")
    return None if compared is None else _print_dependence(compared)


def _export(asked: Asked, scenario: Scenario, form: str) -> None:
    """Write the networks and say where."""
    from twin.study.utilities_export import FORMATS, export_networks

    name = f"{asked.scenario.stem}-{form}" if form == "geoparquet" else asked.scenario.stem
    files = export_networks(scenario, form, asked.to or Path(name + FORMATS.get(form, "")))
    return emit({"files": files}) if asked.as_json else say("\n".join(map(str, files)))


def _print_networks(found: UtilitiesStudy) -> None:
    """Metres for an inhabitant by zone, and how much of the networks the map shows."""
    lines = list(found.lengths[0].metres)
    known = [each for each in found.lengths if each.inhabitants > 0.0]
    rows = [[each.zone, each.inhabitants, *(each.per_inhabitant[line] for line in lines)] for each in known]
    table(("zone", "inhabitants", *lines), rows, f"{found.scenario.title}: metres for an inhabitant")
    shares = [
        [name, row["elements"], row["observed"], f"{found.observed[name]:.1%}"]
        for name, row in found.counts.items()
    ]
    table(("network", "elements", "observed", "share observed"), shares, "How the networks are known")


def _print_day(found: UtilitiesStudy) -> None:
    """The story of the first seed, then losses by group and what the networks came to, means over seeds."""
    say(f"What failed, seed {found.seeds[0]}:")
    for line in found.story[:MOST_LINES]:
        say(f"  {line.spoken()}")
    if len(found.story) > MOST_LINES:
        say(f"  and {len(found.story) - MOST_LINES} lines more")
    if not found.story:
        say("  nothing")
    for focus in found.focuses:
        groups = [
            group for name, at, group in found.means if (name, at) == ("person_hours_lost_power", focus)
        ]
        rows = [
            [
                group or "everybody",
                *(found.value(f"person_hours_lost_{name}", focus, group) for name in SERVICES),
                found.value("person_hours_lost", focus, group),
                found.value("hours_lost_per_person", focus, group),
            ]
            for group in groups
        ]
        table(("group", *SERVICES, "all", "hours each"), rows, f"Person-hours lost, {focus}")
    rest = [
        [name, group, focus, value, found.units[name]]
        for (name, focus, group), value in found.means.items()
        if not name.startswith(("person_hours_lost", "hours_lost"))
    ]
    table(("indicator", "group", "focus", "mean", "unit"), rest, f"Means over {len(found.seeds)} seeds")


def _print_dependence(found: DigitalDependence) -> None:
    """The share of each loss that a fallback by hand saves, with its sign."""
    rows: list[list[Any]] = [
        [
            each.service or "all services",
            each.group,
            each.focus,
            each.without_fallback,
            each.with_fallback,
            _percent(each.share),
            "" if each.low is None or each.high is None else f"{_percent(each.low)} to {_percent(each.high)}",
        ]
        for each in found.losses
    ]
    columns = ("service", "group", "focus", "lost", "lost by hand", "share digital", "95 % interval")
    table(columns, rows, "Person-hours lost, and the share that is due to digital dependence")
    if len(found.seeds) < 5:
        say("no interval below 5 seeds")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:+.1%}"
