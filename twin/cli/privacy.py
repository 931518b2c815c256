"""Commands that try what is given away: `attack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, Quiet
from twin.cli.output import emit, table
from twin.cli.progress import shown
from twin.errors import InputError


def attack(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `run` wrote.")],
    kind: Annotated[str, typer.Option("--kind", help="unicity, reconstruction, membership or differencing.")],
    days: Annotated[int, typer.Option("--days", min=1, help="Weekdays that the traces span.")] = 14,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Attack what a run would publish of its residents, and the raw traces as control."""
    if not folder.is_dir():
        raise InputError(folder.as_posix(), "no such folder", "a folder that `run` wrote")
    from twin.study.attack import attack as attacked

    with shown(quiet):
        found = attacked(folder, kind, days=days)
    if as_json:
        return emit(found)
    return table(
        ("attack", "published", "raw", "chance"),
        [[found[name] for name in ("kind", "published", "raw", "chance")]],
    )
