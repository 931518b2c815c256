"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from twin.errors import InputError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Threads; default all processors.")]
OutFolder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to.")]


def writable(folder: Path) -> Path:
    """The folder, if it can be made and written: found out before hours of work, and nothing is made yet."""
    stands = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not stands.is_dir():
        raise InputError(folder.as_posix(), f"cannot be written: {stands.name} is a file", "a folder")
    if not os.access(stands, os.W_OK | os.X_OK):
        raise InputError(folder.as_posix(), "cannot be written", "a folder that you may write to")
    return folder
