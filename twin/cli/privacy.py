"""Commands that try and bound what is given away: `attack`, `publish`, `erase`, `retain`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, OutWanted, Quiet, RunFolder, writable
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError

Folders = Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders with results, at any depth.")]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, help="Weekdays that the traces span.")]


def attack(
    folder: RunFolder,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", metavar="KIND", help="unicity, home, reconstruction, membership or differencing."
        ),
    ],
    days: Days = 14,
    focus: Annotated[
        str, typer.Option("--focus", metavar="ZONE", help="Zone or pool whose inhabitants are attacked.")
    ] = "all",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Attack what a run would publish of its residents, and the raw traces as control."""
    _check(folder)
    from twin.study.attack import attack as attacked

    with shown(quiet) as progress:
        found = attacked(folder, kind, days=days, focus=focus, progress=progress)
    if as_json:
        return emit(found)
    return table(
        ("attack", "published", "raw", "chance"),
        [[found[name] for name in ("kind", "published", "raw", "chance")]],
    )


def publish(
    folder: RunFolder,
    out: OutWanted,
    days: Days = 14,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state", metavar="DIR", help="Folder of your secret key and budget; default your own."
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Publish tables of a run's residents with noise, paid from the budget of these people."""
    _check(folder)
    writable(out)
    from twin.study.publication import publish as published

    with shown(quiet) as progress:
        found = published(folder, out, days=days, state=state, progress=progress)
    if as_json:
        return emit(found)
    table(("table", "epsilon"), [[each["name"], each["epsilon"]] for each in found["tables"]])
    return say(f"{found['folder']}: epsilon {found['epsilon']:.4g}, {found['left']:.4g} left")


def erase(
    folders: Folders,
    person: Annotated[int, typer.Option("--person", metavar="ID", min=0, help="Id of the person.")],
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Leave the user's cache of runs and habits as it is.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Erase a person from every file of results: tables, checkpoints, logs, databases."""
    for folder in folders:
        _check(folder)
    from twin.study.erasure_runs import erase_person

    with shown(quiet):
        found = erase_person(folders, person, cache=not no_cache).summary()
    if as_json:
        return emit(found)
    for name in ("files_changed", "files_removed"):
        for path in found[name]:
            say(f"{name.replace('files_', '')}: {path}")
    return say(f"{found['rows_removed']} rows of person {person} removed")


def retain(folders: Folders, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Remove what has been kept as long as it may, and tell what is kept in bytes times days."""
    for folder in folders:
        _check(folder)
    from twin.scenario.ledger import Parameters
    from twin.study.retention import retain as retained

    with shown(quiet):
        found = {str(each): retained(each, Parameters.defaults(), time.time()) for each in folders}
    if as_json:
        return emit({"folders": found})
    columns = ("personal_bytes", "personal_byte_days", "sums_bytes", "sums_byte_days", "removed_bytes")
    return table(
        ("folder", *columns), [[name, *(row[each] for each in columns)] for name, row in found.items()]
    )


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(folder.as_posix(), "no such folder", "a folder that `twin run` wrote")
