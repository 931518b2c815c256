"""Commands that look at what was run: `report`, `runs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.options import RUNS, AsJson, Quiet, writable, writable_file
from twin.cli.output import emit, say, table
from twin.cli.progress import shown
from twin.errors import InputError


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that `twin run` or `twin compare` wrote.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.html", help="Write the page there; default report.html in the folder."
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write one self-contained page of a run or a comparison; it opens offline."""
    if not folder.is_dir():
        raise InputError(
            folder.as_posix(), "no such folder", "a folder that `twin run` or `twin compare` wrote"
        )
    if out is None:
        writable(folder)
    else:
        writable_file(out)
    from twin.report.page import write_report

    with shown(quiet):
        file = Path(write_report(folder, out))
    if as_json:
        return emit({"file": file, "bytes": file.stat().st_size})
    return say(f"{file} ({file.stat().st_size:,} bytes)")


def runs(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with folders of results in it.")
    ] = RUNS,
    prune: Annotated[bool, typer.Option("--prune", help="Empty the cache of finished runs.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List what was run: results in a folder, and finished runs in the user's cache."""
    if folder != RUNS and not folder.is_dir():
        raise InputError(folder.as_posix(), "no such folder", "a folder with folders of results in it")
    from twin.study.members import user_store

    store = user_store()
    n_pruned = store.prune() if prune and store is not None else 0
    shelves = [folder] if store is None else [folder, store.folder]
    rows = [row for shelf in shelves for row in _finished(shelf)]
    if as_json:
        return emit({"runs": rows, "pruned": n_pruned})
    columns = ("kind", "title", "seed", "digest", "megabytes", "folder")
    table(columns, [[row[column] for column in columns] for row in rows])
    if prune:
        say(f"{n_pruned} runs removed from the cache")
    return None


def _finished(shelf: Path) -> Iterator[dict[str, Any]]:
    """Finished results of a folder, by name; what has no manifest is not finished."""
    for manifest in sorted(shelf.glob("*/manifest.json")):
        try:
            known = json.loads(manifest.read_bytes())
        except (OSError, ValueError):
            known = {"kind": "damaged"}
        files = [each for each in manifest.parent.rglob("*") if each.is_file()]
        titles = [each.get("title", "") for each in known.get("scenarios", [])]
        yield {
            "kind": known.get("kind", "damaged"),
            "title": known.get("title") or "  →  ".join(titles),
            "seed": known.get("seed", known.get("seeds")),
            "digest": known.get("digest"),
            "megabytes": round(sum(each.stat().st_size for each in files) / 1e6, 1),
            "folder": manifest.parent.as_posix(),
        }
