"""The command `utilities`: networks of a scenario, what fails, what people lose, and digital dependence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.options import (
    AsJson,
    NoCache,
    Quiet,
    ScenarioFile,
    Seeds,
    taking,
    writable,
    writable_file,
)
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting
from twin.errors import InputError

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario
    from twin.study.digital_dependence import DigitalDependence
    from twin.study.utilities_study import UtilitiesStudy

MOST_LINES = 60
"""Lines of the story that are printed; `--json` has all."""
SERVICES = ("power", "water", "heat", "fibre", "mobile", "procedures")


@dataclass(frozen=True)
class UtilitiesOptions:
    """Arguments and options of `utilities`."""

    scenario: ScenarioFile
    seeds: Seeds = 1
    digital_dependence: Annotated[
        bool,
        typer.Option(
            "--digital-dependence", help="Also with a fallback by hand: what is lost for want of one."
        ),
    ] = False
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help="Write the networks instead: inp, pgm-json, geoparquet or gpkg.",
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="PATH", help="With --form, where to; default the scenario's name, here."
        ),
    ] = None
    no_cache: NoCache = False
    as_json: AsJson = False
    quiet: Quiet = False


@taking(UtilitiesOptions)
def utilities(asked: UtilitiesOptions) -> None:
    """Tell of power, water, heat and telecom: what there is, what fails, what people lose."""
    to = _file(asked)
    from twin.study.digital_dependence import digital_dependence, needs_networks

    def check(of: list[Scenario]) -> None:
        if asked.digital_dependence:
            needs_networks(of[0])

    (scenario,) = fitting([asked.scenario], asked.quiet, check=check, lives=asked.form is None)
    if asked.form is not None and to is not None:
        return _export(asked, scenario, asked.form, to)
    from twin.model.sources import load_territory
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


def _file(asked: UtilitiesOptions) -> Path | None:
    """Where networks are written, None if they are not; found out before anything is read."""
    if asked.form is None:
        if asked.out is not None:
            raise InputError(f"--out {asked.out}", "nothing is written without a form", "--form FORM with it")
        return None
    from twin.study.utilities_export import FORMATS

    if asked.form not in FORMATS:
        raise InputError(f"--form {asked.form}", "no such form", "one of " + ", ".join(FORMATS))
    of_files = asked.form == "geoparquet"
    name = f"{asked.scenario.stem}-{asked.form}" if of_files else asked.scenario.stem
    to = asked.out or Path(name + FORMATS[asked.form])
    return writable(to) if of_files else writable_file(to)


def _export(asked: UtilitiesOptions, scenario: Scenario, form: str, to: Path) -> None:
    """Write the networks and say where."""
    from twin.study.utilities_export import export_networks

    with shown(asked.quiet):
        files = export_networks(scenario, form, to)
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
