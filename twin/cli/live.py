"""Commands of the live twin: `ingest`, `nowcast`, `export`, `sensorthings`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, OutWanted, Quiet, RunFolder, ScenarioFile, taking, writable
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError

FORMS = ("sensorthings", "ngsi-ld")
Zone = Annotated[str, typer.Option("--zone", metavar="ZONE", help="Time zone of the day.")]
PARIS = "Europe/Paris"
HERE = "127.0.0.1"


def ingest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="JSON lines, -, http://127.0.0.1:PORT or mqtt://HOST:PORT/TOPIC."
        ),
    ],
    run: Annotated[
        Path, typer.Option("--run", metavar="DIR", help="Folder to write to, kept from call to call.")
    ],
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
    came = told["came"]
    if came["refused"] == came["lines"] > 0 and not came["lines_before"]:
        right = f"observations as `twin export` writes them; {run}/refused.jsonl says why not"
        raise InputError(source, f"none of its {came['refused']:,} lines is one", right)
    if as_json:
        return emit(told)
    if quiet:
        return None
    rows = [(name, count, came.get(name)) for name, count in told.items() if name not in ("came", "run")]
    table(("what", "in all", "this time"), rows, f"Observations that came in: {run}")
    if not came["lines"] and came["lines_before"]:
        say(f"{source}: all of its {came['lines_before']:,} lines were read before")
    return None


@dataclass(frozen=True)
class NowcastOptions:
    """Arguments and options of `nowcast`."""

    scenario: ScenarioFile
    observed: Annotated[
        Path, typer.Option("--observed", metavar="DIR", help="A folder that `twin ingest` wrote.")
    ]
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="The present moment of the scenario's date.")
    ]
    what_if: Annotated[
        Path | None,
        typer.Option(
            "--what-if", metavar="ALT", help="A scenario file; its changes hold from that moment on."
        ),
    ] = None
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=2, help="Earlier days to live, for what is usual.")
    ] = 7
    zone: Zone = PARIS
    as_json: AsJson = False
    quiet: Quiet = False


@taking(NowcastOptions)
def nowcast(asked: NowcastOptions) -> None:
    """Tell what flows now by what came in, how true that is, and what a change would do."""
    from twin.cli.studies import fitting
    from twin.clock import parse_time_s

    now_s = float(parse_time_s(asked.at, "--at"))
    files = [asked.scenario] if asked.what_if is None else [asked.scenario, asked.what_if]
    if not (asked.observed / "segments").is_dir():
        raise InputError(str(asked.observed), "holds no observations", "a folder that `twin ingest` wrote")
    scenario, *alternatives = fitting(files, asked.quiet)
    from twin.live.live_twin import twin_at

    with shown(asked.quiet) as progress:
        found = twin_at(
            scenario, asked.observed, now_s, alternative=alternatives[0] if alternatives else None,
            n_days=asked.days, zone=asked.zone, progress=progress,
        )  # fmt: skip
    return emit(found.summary()) if asked.as_json else say("\n".join(found.lines()))


def export(
    folder: RunFolder,
    form: Annotated[str, typer.Option("--form", metavar="FORM", help="sensorthings or ngsi-ld.")],
    out: OutWanted,
    zone: Zone = PARIS,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write the observations of a run in a standard's format, and tell what is left out and why."""
    if form not in FORMS:
        raise InputError("--form", f"no form {form!r}", f"one of {', '.join(FORMS)}")
    writable(out)
    from twin.study.ground import ground_of
    from twin.study.left_out import left_out
    from twin.study.results import Result
    from twin.writers.ngsi_ld import write_ngsi_ld
    from twin.writers.sensorthings import write_sensorthings

    with shown(quiet) as progress:
        progress(0.0, "reading the run")
        result = Result.load(folder)
        territory = ground_of(result.scenario, result.manifest, folder).edited
        progress(0.5, "writing")
        write = write_sensorthings if form == "sensorthings" else write_ngsi_ld
        counts = write(result, territory, out, zone)
    without = left_out(result, territory)
    if as_json:
        return emit({"files": out, **counts, "left_out": [each._asdict() for each in without]})
    table(("set", "entities"), list(counts.items()))
    reasons = "; ".join(each.told() for each in without) or "nothing"
    return say(f"{out}: {list(counts.values())[-1]:,} observations; left out: {reasons}")


def sensorthings(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `twin run` or `twin ingest` wrote.")
    ],
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65_535, help="Port; 0: any that is free.")
    ] = 8_080,
    zone: Zone = PARIS,
) -> None:
    """Answer SensorThings queries about observations, on this machine only, until stopped."""
    from twin.live.by_http import check_port, serve
    from twin.live.endpoint import reading_app, served_entities_of

    check_port(HERE, port)
    app = reading_app(served_entities_of(folder, zone))
    serve(app, HERE, port, lambda at: say(f"http://127.0.0.1:{at}/v1.1"))


def _acknowledge(n_lines: int) -> None:
    sys.stdout.write(json.dumps({"acknowledged": n_lines}) + "\n")
    sys.stdout.flush()
