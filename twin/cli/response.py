"""The command `respond`: days of a scenario until residents would not change mode or departure any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, Seed, Threads, taking
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting, threads_of

if TYPE_CHECKING:
    from twin.study.response import Response


@dataclass(frozen=True)
class RespondOptions:
    """Arguments and options of `respond`."""

    scenario: ScenarioFile
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="Most days to live.")] = 12
    seed: Seed = None
    threads: Threads = None
    as_json: AsJson = False
    quiet: Quiet = False


@taking(RespondOptions)
def respond(asked: RespondOptions) -> None:
    """Live days one after another: who changes mode or departure, until residents have settled."""
    (scenario,) = fitting([asked.scenario], asked.quiet)
    from twin.study.response import respond as live

    with shown(asked.quiet) as progress:
        found = live(
            scenario,
            asked.seed,
            days=asked.days,
            threads=threads_of(asked.threads),
            progress=progress,
        )
    if asked.as_json:
        return emit(found.summary())
    return _print(found)


def _print(found: Response) -> None:
    """Day by day, then who moved from what to what."""
    shares = ("car", "passenger", "walk", "cycle", "transit")
    rows = [
        [
            number,
            *(f"{day.mode_shares[mode]:.2%}" for mode in shares),
            f"{day.car_hours:.0f}",
            f"{day.changed_share:.2%}",
            f"{day.shifted_share:.2%}",
            f"{day.gap:.2%}",
        ]
        for number, day in enumerate(found.days, 1)
    ]
    columns = ("day", *shares, "car hours", "other mode", "other time", "gap")
    table(columns, rows, f"{found.scenario.title}, seed {found.seed}: residents' tours")
    moved = [
        f"{before} to {after} {n}"
        for before, row in found.moves.items()
        for after, n in row.items()
        if n and before != after
    ]
    say("tours moved: " + (", ".join(moved) or "none"))
    say("settled" if found.settled else f"not settled after {len(found.days)} days")
