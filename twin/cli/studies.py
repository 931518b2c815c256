"""Commands that simulate: `run`, `compare`, `sweep`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.options import (
    RUNS,
    AsJson,
    NoCache,
    OutFolder,
    Quiet,
    ScenarioFile,
    Seed,
    Seeds,
    Threads,
    writable,
)
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError
from twin.machine import without_collecting
from twin.mobility.compiling import compile_beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from twin.scenario.scenario import Scenario
    from twin.study.comparison import Comparison


def run(
    scenario: ScenarioFile,
    seed: Seed = None,
    threads: Threads = None,
    out: OutFolder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run left.")] = False,
    stress: Annotated[
        float | None,
        typer.Option("--stress", metavar="X", min=0.1, max=10, help="Also try this multiple of the demand."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate one day of a scenario with one seed."""

    def check(of: list[Scenario]) -> None:
        if out is not None:
            writable(out)
        if stress is not None:
            from twin.study.stress import stressed

            stressed(of[0], stress)

    (asked,) = fitting([scenario], quiet, check=check)
    chosen = asked.seed if seed is None else seed
    folder = writable(out or RUNS / f"{scenario.stem}-s{chosen}")
    from twin.study.run import run as simulate

    with shown(quiet) as progress:
        n_threads = threads_of(threads)
        result = simulate(asked, chosen, threads=n_threads, out=folder, resume=resume, progress=progress)
    summary: dict[str, Any] = {**result.summary(), "out": folder}
    if stress is not None:
        from twin.study.stress import stress_of

        with shown(quiet) as progress:
            summary["stress"] = stress_of(asked, chosen, stress, threads=n_threads, progress=progress)
    if as_json:
        return emit(summary)
    columns = ("indicator", "value", "unit", "group", "focus")
    table(columns, result.indicators[list(columns)].itertuples(index=False), f"{asked.title}, seed {chosen}")
    if stress is not None:
        say("\n".join(f"stress {key}: {value}" for key, value in summary["stress"].items()))
    return say(f"digest {result.digest}\n{folder}")


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="The baseline's scenario file.")],
    alternatives: Annotated[list[Path], typer.Argument(metavar="ALT...", help="What it is compared with.")],
    seeds: Seeds = 2,
    out: OutFolder = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare scenarios by the same seeds: run what is missing, write the report."""
    files = [base, *alternatives]
    asked, folder = _prepared(files, "-".join(["compare", *(each.stem for each in files)]), out, quiet)
    from twin.report.page import PAGE, write_page
    from twin.study.compare import compare as hold_against

    with shown(quiet) as progress:
        comparison = hold_against(
            asked[0], asked[1:], seeds, out=folder, cache=not no_cache, progress=progress
        )
        page = write_page(comparison, folder / PAGE)
    if as_json:
        return emit({**comparison.summary(), "out": folder, "report": page})
    return _print_comparison(comparison, page)


def _print_comparison(comparison: Comparison, page: Path) -> None:
    """One table per alternative; groups are left to the report."""
    columns = ("indicator", "focus", "unit", "base", "alternative", "difference", "low", "high")
    for number, alternative in enumerate(comparison.alternatives, start=1):
        rows = [each for each in comparison.rows if each.scenario == number and not each.group]
        title = (
            f"{comparison.base.title}  →  {alternative.title} ({', '.join({each.method for each in rows})})"
        )
        table(columns, [[getattr(row, column) for column in columns] for row in rows], title)
    for warning in comparison.warnings:
        say(warning)
    if comparison.note:
        say(comparison.note)
    say(f"report {page}")


def sweep(
    scenario: ScenarioFile,
    vary: Annotated[
        list[str], typer.Option("--vary", metavar="KEY=A,B,C", help="Values of one key; may be repeated.")
    ],
    seeds: Seeds = 1,
    out: OutFolder = None,
    no_cache: NoCache = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run every combination of values for every seed; what was stopped goes on."""
    grid: dict[str, list[Any]] = {}
    for key, values in map(parse_vary, vary):
        if key in grid:
            raise InputError(f"--vary {key}", "is told twice", f"all its values at once: {key}=A,B,C")
        grid[key] = values
    from twin.study.sweep import check_keys
    from twin.study.sweep import sweep as run_ensemble

    check_keys(grid)
    (asked,), folder = _prepared([scenario], f"sweep-{scenario.stem}", out, quiet, grid)

    with shown(quiet) as progress:
        ensemble = run_ensemble(asked, grid, seeds, out=folder, cache=not no_cache, progress=progress)
    if as_json:
        emit(ensemble.summary())
    else:
        n_done = ensemble.n_members - len(ensemble.failed)
        say(
            "\n".join(
                [f"{n_done} of {ensemble.n_members} members done", *ensemble.failed, str(ensemble.path)]
            )
        )
    if ensemble.failed:
        raise typer.Exit(1)


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


def _prepared(
    files: list[Path], name: str, out: Path | None, quiet: bool, grid: dict[str, list[Any]] | None = None
) -> tuple[list[Scenario], Path]:
    """Scenarios that fit their territories, and the folder for what comes of them; nothing is made yet."""
    folder = out or RUNS / name
    return fitting(files, quiet, grid, check=lambda _: writable(folder)), folder


def fitting(
    files: list[Path],
    quiet: bool,
    grid: dict[str, list[Any]] | None = None,
    *,
    check: Callable[[list[Scenario]], Any] | None = None,
    lives: bool = True,
) -> list[Scenario]:
    """Scenarios of files, once all that they name is found and their days open; nothing is written or run.

    ``check`` sees what else was asked for: before people are drawn, which takes some seconds. Where no
    day ``lives``, none has to open, and its extras are not needed.
    """
    from twin.scenario.scenario import Scenario

    asked = [Scenario.load(file) for file in files]
    if lives:
        compile_beside()
    varied = [
        each.varied(key, value) for each in asked for key, values in (grid or {}).items() for value in values
    ]
    for each in asked:
        each.territory_path()
    with without_collecting():
        from twin.cli.fit import named, open_days

    for each in (*asked, *varied):
        named(each)
    if check is not None:
        check(asked)
    if lives:
        with shown(quiet):
            for each in (*asked, *varied):
                open_days(each)
    return asked


def threads_of(asked: int | None) -> int:
    """Threads to use: as asked, but never more than the processors that this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(asked or n, n)
