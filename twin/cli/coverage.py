"""Commands on what a city sees of its traffic: `coverage`."""

from __future__ import annotations

from typing import Annotated

import typer

from twin.cli.options import RUNS, AsJson, OutFolder, Quiet, ScenarioFile, Threads, writable
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting, threads_of


def coverage(
    scenario: ScenarioFile,
    seeds: Annotated[
        int,
        typer.Option("--seeds", metavar="N", min=1, help="Number of seeds, from 1 on: dates, luck, sites."),
    ] = 20,
    towns: Annotated[
        int, typer.Option("--towns", metavar="N", min=1, help="Draws of people that seeds go round.")
    ] = 2,
    model_days: Annotated[
        int,
        typer.Option("--model-days", metavar="N", min=7, help="Dates on which the city's own model lives."),
    ] = 14,
    threads: Threads = None,
    out: OutFolder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell how well flows are estimated from counters on few links or many, and phones."""
    folder = out or RUNS / f"coverage-{scenario.stem}"
    (asked,) = fitting([scenario], quiet, check=lambda _: writable(folder))
    from twin.report.coverage import write_coverage
    from twin.study.coverage import CoveragePlan, study_coverage
    from twin.study.coverage_summary import told

    plan = CoveragePlan(model_days, towns, tuple(range(1, seeds + 1)))
    with shown(quiet) as progress:
        rows = study_coverage(asked, plan, folder, threads=threads_of(threads), progress=progress)
    page = write_coverage(rows, f"{asked.title}: what counters tell", plan.told(), folder / "report.html")
    found = told(rows)
    if as_json:
        return emit({"seeds": seeds, "focuses": found, "out": folder, "report": page})
    for focus, each in found.items():
        points = each["curves"]["counters"]
        columns = ("coverage", "rmse", "persistence", "day_of_week", "readings_else_usual")
        lines = [[point["coverage"], *(point[name]["mean"] for name in columns[1:])] for point in points]
        table(columns, lines, f"{focus}: error in veh/h, counters drawn by seed")
    return say(f"report {page}")
