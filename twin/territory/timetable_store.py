"""Timetables on disk: four Parquet tables and a JSON of notes in the folder `timetable` of a territory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.store import NOTES as TERRITORY_NOTES
from twin.territory.store import read_columns, write_columns

SCHEMA_VERSION = 2
FOLDER = "timetable"
NOTES = "timetable.json"
TABLES = ("stops", "lines", "runs", "calls")


def write_timetable(
    folder: Path, tables: Mapping[str, Mapping[str, np.ndarray]], meta: Mapping[str, Any], digest: str
) -> None:
    """Write all tables beside the territory's, then move them in, the notes with the digest last."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{FOLDER}-", dir=folder) as made:
        fresh = Path(made)
        for name, columns in tables.items():
            write_columns(fresh / f"{name}.parquet", columns)
        notes = {"schema_version": SCHEMA_VERSION, "digest": digest, "meta": dict(meta)}
        text = json.dumps(notes, indent=1, sort_keys=True, ensure_ascii=False)
        (fresh / NOTES).write_text(text + "\n", encoding="utf-8")
        (folder / FOLDER).mkdir(exist_ok=True)
        for file in sorted(fresh.iterdir(), key=lambda file: file.name == NOTES):
            file.replace(folder / FOLDER / file.name)


def read_timetable(folder: Path) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, Any], str]:
    """Tables, notes and digest of the timetable in a territory's folder; whoever asks checks the digest."""
    place = folder / FOLDER
    where = str(place / NOTES)
    try:
        notes = json.loads((place / NOTES).read_text(encoding="utf-8"))
        version, digest, meta = notes["schema_version"], str(notes["digest"]), dict(notes["meta"])
    except FileNotFoundError:
        right = "a territory fetched with --gtfs, or a timetable.toml"
        raise InputError(str(folder), "no timetable in this folder", right) from None
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise InputError(where, f"cannot be read: {error!r}", "the JSON that `twin fetch` wrote") from None
    if version != SCHEMA_VERSION:
        raise InputError(where, f"schema version {version!r}", f"{SCHEMA_VERSION}; fetch it again")
    _check_ground(folder, meta, where)
    try:
        return {name: read_columns(place, name) for name in TABLES}, meta, digest
    except ValueError as error:
        raise InputError(
            str(place), f"the tables do not fit together: {error}", "a folder as built"
        ) from None


def _check_ground(folder: Path, meta: Mapping[str, Any], where: str) -> None:
    """Refuse a timetable whose stops were laid on another state of the territory."""
    try:
        ground = json.loads((folder / TERRITORY_NOTES).read_text(encoding="utf-8"))["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if meta.get("territory_digest", ground) != ground:
        what = "was made for another state of this territory"
        raise InputError(where, what, "a timetable fetched with the territory: twin fetch --gtfs")
