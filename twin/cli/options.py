"""Options that several commands share."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from twin.errors import InputError

RUNS = Path("runs")
"""Folder of results where none is named."""
MOST_SEED = 2**63 - 1


def _known_seed(seed: int | None) -> int | None:
    if seed is not None and seed > MOST_SEED:
        raise InputError("--seed", f"{seed} is too large", f"a whole number up to {MOST_SEED}")
    return seed


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file (TOML).")]
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `twin run` wrote.")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", min=0, callback=_known_seed, help="Seed; default the scenario's own."
    ),
]
Seeds = Annotated[
    int,
    typer.Option("--seeds", metavar="N", min=1, help="Number of seeds, from the scenario's own on."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="N", min=1, help="Threads, the processors at most; default all of them."
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run again what was run and learned before.")]
OutFolder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to; default a name in runs/.")
]
OutWanted = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")]


def writable(folder: Path) -> Path:
    """The folder, if it can be made and written: found out before hours of work, and nothing is made yet."""
    stands = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not stands.is_dir():
        raise InputError(folder.as_posix(), f"cannot be written: {stands.name} is a file", "a folder")
    if not os.access(stands, os.W_OK | os.X_OK):
        raise InputError(folder.as_posix(), "cannot be written", "a folder that you may write to")
    return folder


def writable_file(file: Path, option: str = "--out") -> Path:
    """The file, if it can be written: found out before hours of work, and nothing is made yet."""
    if file.is_dir():
        raise InputError(f"{option} {file.as_posix()}", "is a folder", "a file to write")
    if file.exists() and not os.access(file, os.W_OK):
        raise InputError(f"{option} {file.as_posix()}", "cannot be written", "a file that you may write to")
    writable(file.parent)
    return file


def taking(record: type[Any]) -> Callable[[Callable[[Any], None]], Callable[..., None]]:
    """Make a command of a function of one record: each field of the dataclass is an argument or an option."""
    hints = get_type_hints(record, include_extras=True)
    parameters = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
        )
        for each in fields(record)
    ]
    required = [
        each.replace(default=inspect.Parameter.empty) for each in parameters if each.default is MISSING
    ]
    optional = [each for each in parameters if each.default is not MISSING]

    def decorated(function: Callable[[Any], None]) -> Callable[..., None]:
        def command(**values: Any) -> None:
            function(record(**values))

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = hints
        command.__signature__ = inspect.Signature([*required, *optional])  # type: ignore[attr-defined]
        return command

    return decorated
