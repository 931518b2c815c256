"""The command `adopt`: days of one scenario from two starts, with trust carried from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, Seed, Threads, taking
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting, threads_of
from twin.errors import InputError

if TYPE_CHECKING:
    from twin.study.adoption import Adoption


@dataclass(frozen=True)
class AdoptOptions:
    """Arguments and options of `adopt`."""

    scenario: ScenarioFile
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, help="Most days to live, from each start.")
    ] = 20
    low: Annotated[
        float | None,
        typer.Option(
            "--low", metavar="SHARE", min=0, max=1, help="App share of one start; default both the ledger's."
        ),
    ] = None
    high: Annotated[
        float | None,
        typer.Option("--high", metavar="SHARE", min=0, max=1, help="App share of the other start."),
    ] = None
    seed: Seed = None
    keep_habits: Annotated[
        bool, typer.Option("--keep-habits", help="Drivers do not learn from these days.")
    ] = False
    threads: Threads = None
    as_json: AsJson = False
    quiet: Quiet = False


@taking(AdoptOptions)
def adopt(asked: AdoptOptions) -> None:
    """Live days one after another: who takes up a calculator, who leaves, and where it ends."""
    if (asked.low is None) != (asked.high is None):
        raise InputError("--low, --high", "one of two", "both or neither")
    starts = () if asked.low is None or asked.high is None else (asked.low, asked.high)
    from twin.study.adoption import adopt as live
    from twin.study.adoption import needs_providers

    (scenario,) = fitting([asked.scenario], asked.quiet, check=lambda of: needs_providers(of[0]))

    with shown(asked.quiet) as progress:
        found = live(
            scenario,
            asked.seed,
            days=asked.days,
            starts=starts,
            learns=not asked.keep_habits,
            threads=threads_of(asked.threads),
            progress=progress,
        )
    if asked.as_json:
        return emit(found.summary())
    return _print(found)


def _print(found: Adoption) -> None:
    """Where the two starts lead, side by side."""
    from twin.study.adoption import OUTCOMES

    low, high = found.courses
    rows = [[name, low.end(name), high.end(name), found.from_start(name)] for name in OUTCOMES]
    columns = ("outcome", f"from {low.start_share:g}", f"from {high.start_share:g}", "from start")
    table(columns, rows, f"{found.scenario.title}, seed {found.seed}")
    for course in found.courses:
        say(f"from {course.start_share:g}: {course.verdict} after {len(course.days)} days")
    say(f"persons who end differently: {found.differing_share:.1%}")
