"""Commands of the live twin: `ingest`, `nowcast`, `export`, `sensorthings`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, taking, writable
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError

FORMS = ("sensorthings", "ngsi-ld")
Zone = Annotated[str, typer.Option("--zone", help="Time zone of the day.")]
PARIS = "Europe/Paris"


def ingest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="JSON lines, -, http://127.0.0.1:PORT or mqtt://HOST:PORT/TOPIC."
        ),
    ],
    run: Annotated[Path, typer.Option("--run", metavar="DIR", help="Folder that keeps what comes in.")],
    acks: Annotated[
        bool, typer.Option("--acks", help="Tell, line by line, how many lines are on disk.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take in SensorThings observations: each kept once, on disk before it is acknowledged."""
    from twin.live.ingest import ingest as take_in
    from twin.live.lines import nobody

    told = take_in(source, writable(run), acknowledge=_acknowledge if acks else nobody)
    if told["refused"] and not told["accepted"] + told["duplicate"]:
        right = f"observations as `twin export` writes them; {run}/refused.jsonl says why not"
        raise InputError(source, f"none of its {told['refused']:,} lines is one", right)
    if as_json:
        return emit(told)
    return None if quiet else table(("what", "count"), list(told.items()), "Observations that came in")


@dataclass(frozen=True)
class Asked:
    """Arguments and options of `nowcast`."""

    scenario: ScenarioFile
    observed: Annotated[Path, typer.Option("--observed", metavar="DIR", help="Folder that `ingest` keeps.")]
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="The present moment of the scenario's date.")
    ]
    what_if: Annotated[
        Path | None,
        typer.Option("--what-if", metavar="ALT", help="A scenario; its changes hold from now on."),
    ] = None
    days: Annotated[int, typer.Option("--days", min=2, help="Earlier days lived for the prior.")] = 7
    zone: Zone = PARIS
    as_json: AsJson = False
    quiet: Quiet = False


@taking(Asked)
def nowcast(asked: Asked) -> None:
    """Tell what flows now by what came in, whether that beats persistence, and what a change would do."""
    from twin.cli.studies import fitting
    from twin.clock import parse_time_s

    now_s = float(parse_time_s(asked.at, "--at"))
    files = [asked.scenario] if asked.what_if is None else [asked.scenario, asked.what_if]
    scenario, *alternatives = fitting(files, asked.quiet)
    if not (asked.observed / "segments").is_dir():
        raise InputError(str(asked.observed), "holds no observations", "a folder that `twin ingest` wrote")
    from twin.live.live_twin import twin_at

    with shown(asked.quiet) as progress:
        found = twin_at(
            scenario, asked.observed, now_s, alternative=alternatives[0] if alternatives else None,
            n_days=asked.days, zone=asked.zone, progress=progress,
        )  # fmt: skip
    return emit(found.summary()) if asked.as_json else say("\n".join(found.lines()))


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `twin run` wrote.")],
    form: Annotated[str, typer.Option("--form", help="sensorthings or ngsi-ld.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write to.")],
    zone: Zone = PARIS,
    as_json: AsJson = False,
) -> None:
    """Write the observations of a run in a standard's format; personal datasets are left out."""
    if form not in FORMS:
        raise InputError("--form", repr(form), f"one of {', '.join(FORMS)}")
    from twin.study.ground import ground_of
    from twin.study.results import Result
    from twin.writers.ngsi_ld import write_ngsi_ld
    from twin.writers.sensorthings import write_sensorthings

    result = Result.load(run)
    write = write_sensorthings if form == "sensorthings" else write_ngsi_ld
    counts = write(result, load_territory(result.scenario), writable(to), zone)
    if as_json:
        return emit({"files": to, **counts})
    return table(("set", "entities"), list(counts.items()), str(to))


def sensorthings(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `run` or `ingest` wrote.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: any that is free.")] = 8_080,
    zone: Zone = PARIS,
) -> None:
    """Answer SensorThings queries about observations, on this machine only, until stopped."""
    from twin.live.by_http import serve
    from twin.live.endpoint import reading_app, world_of

    app = reading_app(world_of(folder, zone))
    serve(app, "127.0.0.1", port, lambda at: say(f"http://127.0.0.1:{at}/v1.1"))


def _acknowledge(n_lines: int) -> None:
    sys.stdout.write(json.dumps({"acknowledged": n_lines}) + "\n")
    sys.stdout.flush()
