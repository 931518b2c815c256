"""Commands that simulate or read what was simulated: `run`, `compare`, `sweep`, `report`, `runs`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.options import AsJson, OutFolder, Quiet, ScenarioFile, Seeds, Threads
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario


def run(
    scenario: ScenarioFile,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Default: the scenario's own.")] = None,
    threads: Threads = None,
    out: OutFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run left.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate one scenario once."""
    from twin.scenario.scenario import Scenario

    asked = Scenario.load(scenario)
    asked.territory_path()
    from twin.study.run import run as simulate

    with shown(quiet) as progress:
        result = simulate(
            asked, seed=seed, threads=threads or _processors(), out=out, resume=resume, progress=progress
        )
    if as_json:
        return emit(result.summary())
    columns = ("indicator", "value", "unit", "group", "focus")
    rows = [(each.name, each.value, each.unit, each.group or "all", each.focus) for each in result.indicators]
    table(columns, rows, title=f"{asked.title}, seed {result.seed}")
    say(f"digest {result.digest}")
    return None


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="The baseline's scenario file.")],
    alternatives: Annotated[list[Path], typer.Argument(metavar="ALT...", help="What it is compared with.")],
    seeds: Seeds = 2,
    out: OutFolder = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run again what was run before.")] = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run what is missing, compare, write the report."""
    from twin.scenario.scenario import Scenario

    asked, *others = [Scenario.load(each) for each in (base, *alternatives)]
    for each in (asked, *others):
        each.territory_path()
    from twin.study.compare import compare as pair

    with shown(quiet) as progress:
        comparison = pair(asked, others, seeds=seeds, out=out, cache=not no_cache, progress=progress)
    if as_json:
        return emit(comparison.summary())
    return None


def sweep(
    scenario: ScenarioFile,
    vary: Annotated[list[str], typer.Option("--vary", metavar="KEY=A,B,C", help="Values of one key.")],
    seeds: Seeds = 1,
    out: OutFolder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run an ensemble: every combination of values, for every seed."""
    from twin.scenario.scenario import Scenario

    asked = Scenario.load(scenario)
    grid = dict(parse_vary(text) for text in vary)
    _check_grid(asked, grid)
    from twin.study.sweep import sweep as ensemble

    with shown(quiet) as progress:
        outcome = ensemble(asked, grid, seeds=seeds, out=out, progress=progress)
    if as_json:
        return emit(outcome)
    return None


def parse_vary(text: str) -> tuple[str, list[Any]]:
    """``KEY=A,B,C`` as a key and its values, each read as TOML where it is TOML.

    >>> parse_vary("app_share=0,0.3")
    ('app_share', [0, 0.3])
    """
    key, equals, values = text.partition("=")
    if not equals or not key.strip() or not all(each.strip() for each in values.split(",")):
        raise InputError(f"--vary {text}", "names no values", "KEY=A,B,C, for example app_share=0,0.3,0.6")
    return key.strip(), [_value(each.strip()) for each in values.split(",")]


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _check_grid(asked: Scenario, grid: dict[str, list[Any]]) -> None:
    """Every value is tried before anything runs."""
    for key, values in grid.items():
        for value in values:
            asked.varied(key, value)


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `run` or `compare` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="The page.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write one self-contained page of a run or a comparison; it opens offline."""
    if not folder.is_dir():
        raise InputError(folder.as_posix(), "no such folder", "a folder that `run` or `compare` wrote")
    from twin.report.page import write_report

    with shown(quiet):
        file = Path(write_report(folder, out))
    if as_json:
        return emit({"file": file, "bytes": file.stat().st_size})
    say(f"{file} ({file.stat().st_size:,} bytes)")
    return None


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
