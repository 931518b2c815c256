"""Commands of the live twin: `ingest`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, Quiet, writable
from twin.cli.output import emit, table


def ingest(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="JSON lines, -, http://127.0.0.1:PORT or mqtt://HOST:PORT/TOPIC.")
    ],
    run: Annotated[Path, typer.Option("--run", metavar="DIR", help="Folder that keeps what comes in.")],
    acks: Annotated[bool, typer.Option("--acks", help="Tell, line by line, how many lines are on disk.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take in SensorThings observations: each kept once, on disk before it is acknowledged."""
    from twin.live.ingest import ingest as take_in
    from twin.live.lines import nobody

    told = take_in(source, writable(run), acknowledge=_acknowledge if acks else nobody)
    if as_json:
        return emit(told)
    return None if quiet else table(("what", "count"), list(told.items()), "Observations that came in")


def _acknowledge(n_lines: int) -> None:
    sys.stdout.write(json.dumps({"acknowledged": n_lines}) + "\n")
    sys.stdout.flush()
