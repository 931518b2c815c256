"""The command `adopt`: days of one scenario from two starts, with trust carried from day to day."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, Threads
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting, processors
from twin.errors import InputError

Start = Annotated[
    float | None,
    typer.Option("--low", min=0, max=1, help="App share of the one start; default: the ledger's."),
]
Other = Annotated[
    float | None, typer.Option("--high", min=0, max=1, help="App share of the other; default: the ledger's.")
]


def adopt(
    scenario: ScenarioFile,
    days: Annotated[int, typer.Option("--days", min=1, help="Most days from each start.")] = 20,
    low: Start = None,
    high: Other = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Default: the scenario's own.")] = None,
    keep_habits: Annotated[
        bool, typer.Option("--keep-habits", help="Drivers do not learn from these days.")
    ] = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Live days one after another: who takes up a calculator, who leaves, and where it ends."""
    if (low is None) != (high is None):
        raise InputError("--low, --high", "one of two", "both or neither")
    starts = () if low is None or high is None else (low, high)
    (asked,) = fitting([scenario], quiet)
    from twin.study.adoption import OUTCOMES
    from twin.study.adoption import adopt as live

    with shown(quiet) as progress:
        n_threads = threads or processors()
        found = live(
            asked,
            seed,
            days=days,
            starts=starts,
            learns=not keep_habits,
            threads=n_threads,
            progress=progress,
        )
    if as_json:
        return emit(found.summary())
    low_course, high_course = found.courses
    rows = [[name, low_course.end(name), high_course.end(name), found.from_start(name)] for name in OUTCOMES]
    columns = ("outcome", *(f"from {course.start_share:g}" for course in found.courses), "from start")
    table(columns, rows, f"{asked.title}, seed {found.seed}")
    verdicts = [
        f"from {course.start_share:g}: {course.verdict} after {len(course.days)} days"
        for course in found.courses
    ]
    return say("\n".join([*verdicts, f"persons who end differently: {found.differing_share:.1%}"]))
