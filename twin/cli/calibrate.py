"""The command that scales traffic from outside to counts of streets: `calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, Seed, Threads, writable_file
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting, threads_of

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario
    from twin.study.link_counts import LinkCount


def calibrate(
    scenario: ScenarioFile,
    counts: Annotated[
        Path,
        typer.Option(
            "--counts", metavar="FILE.csv", help="Columns links, from_hour, until_hour, vehicles, source."
        ),
    ],
    seed: Seed = None,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="Most days to live.")] = 5,
    threads: Threads = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.toml", help="Write the population file with these totals."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Scale commuters and through traffic until simulated days meet counts of streets."""
    if out is not None:
        writable_file(out)
    from twin.model.sources import load_territory
    from twin.study.link_counts import calibrate as fit_days
    from twin.study.link_counts import read_link_counts

    read: list[LinkCount] = []

    def check(of: list[Scenario]) -> None:
        read.extend(read_link_counts(counts, load_territory(of[0])))

    (asked,) = fitting([scenario], quiet, check=check)
    with shown(quiet) as progress:
        n_threads = threads_of(threads)
        found = fit_days(
            asked, tuple(read), asked.seed if seed is None else seed, rounds, n_threads, progress
        )
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(found.text, encoding="utf-8")
    told = found.summary()
    if as_json:
        return emit({**told, "out": out})
    columns = ("links", "from_hour", "until_hour", "counted", "before", "simulated", "error", "met", "source")
    table(columns, [[row[column] for column in columns] for row in told["counts"]], asked.title)
    table(("table", "times the file's total"), told["factors"].items())
    flag = "calibrated to these counts" if found.met else "Not calibrated"
    return say(f"{flag} after {len(found.rounds)} days: {found.stopped}")
