"""Erasing a person (GDPR art. 17) from everything that runs wrote: tables, checkpoints, logs, databases.

Sums that were made before stay, and no new one holds the person: what is made of a folder is made of the
trips that stand in it. Files that name the person in a form not known here are removed whole, and told.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import InputError
from twin.population.tables import TRIPS_PER_PERSON_LIMIT
from twin.study import store
from twin.study.erasure_lines import without_person

PERSON_COLUMNS = ("person_id", "person")
TRIP_COLUMNS = ("trip_id", "trip")
MARK = ".erasing"
"""Names of the files of a folder that are being changed: who takes up an erasure that stopped needs them."""
LEAST_TELLING = 1_000
"""Smaller ids are numbers like any other: by them a file of unknown form is not known to name a person."""
SQLITE = b"SQLite format 3\x00"


@dataclass
class Erased:
    """What was done: rows taken out by file, files removed whole."""

    person_id: int
    rows: dict[str, int] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """As the command prints it."""
        return {
            "person_id": self.person_id,
            "rows_removed": sum(self.rows.values()),
            "files_changed": sorted(self.rows),
            "files_removed": sorted(self.removed),
        }


def erase(folders: Iterable[str | Path], person_id: int, so_far: Erased | None = None) -> Erased:
    """Take a person out of every file below some folders; ``so_far`` is what was done to them before.

    An interrupted erasure is finished by asking again. Raises `InputError` where a folder is missing.
    """
    done = so_far or Erased(int(person_id))
    for folder in folders:
        home = Path(folder)
        if not home.is_dir():
            raise InputError(str(home), "no such folder", "a folder with results")
        for path in sorted(home.rglob("*.part")):
            remove(path, done)  # what a write that was stopped has left
        for path in sorted(home.rglob("checkpoints")):
            if path.is_dir():
                remove(path, done)  # routes by trip: they are learned again
        for path in sorted(home.rglob("*")):
            if path.is_file() and path.name != store.MANIFEST:
                _erase_file(path, done)
        for path in sorted(home.rglob(store.MANIFEST)):
            _reseal(path, done)
    return done


def is_of(person_id: int, table: pd.DataFrame) -> np.ndarray:
    """Rows of a table that are the person's (n,) bool: by its id, or by that of one of its trips."""
    mine = np.zeros(len(table), dtype=np.bool_)
    for column in table.columns:
        if column in PERSON_COLUMNS:
            mine |= (table[column].astype("string") == str(person_id)).fillna(False).to_numpy(dtype=np.bool_)
        if column in TRIP_COLUMNS and pd.api.types.is_integer_dtype(table[column]):
            mine |= table[column].to_numpy() // TRIPS_PER_PERSON_LIMIT == person_id
    return mine


def _erase_file(path: Path, done: Erased) -> None:
    if path.suffix == ".parquet":
        table = store.read_table(path)
        mine = is_of(done.person_id, table)
        if mine.any():
            rewrite_table(path, table[~mine], int(mine.sum()), done)
        return
    if path.name == MARK:
        return
    data = path.read_bytes()
    if data.startswith(SQLITE):
        n_rows = _erase_database(path, done.person_id)
        if n_rows:
            done.rows[str(path)] = n_rows
        return
    if path.name.endswith(("-wal", "-shm", "-journal")):
        return  # emptied with the database that it belongs to
    kept, n_lines = without_person(data, done.person_id, path.suffix)
    if n_lines:
        _rewritten(path, lambda: store.write_bytes(path, kept))
        done.rows[str(path)] = n_lines
    if names_person(kept, done.person_id):
        remove(path, done)


def rewrite_table(path: Path, table: pd.DataFrame, n_rows: int, done: Erased) -> None:
    """Write a table without the person, and note it for the manifest."""
    mark = path.with_name(MARK)
    names = json.loads(mark.read_bytes()) if mark.is_file() else []
    store.write_bytes(mark, json.dumps(sorted({*names, path.name})).encode())
    _rewritten(path, lambda: store.write_table(path, table))
    done.rows[str(path)] = n_rows


def names_person(data: bytes, person_id: int) -> bool:
    """Whether bytes hold the person's id, or one of its trips', as text or as a number of 8 bytes."""
    if person_id < LEAST_TELLING:
        return False
    first = person_id * TRIPS_PER_PERSON_LIMIT
    ids = (person_id, *range(first, first + TRIPS_PER_PERSON_LIMIT))
    text = b"|".join(str(each).encode() for each in ids)
    if re.search(rb"(?<![\d.])(?:" + text + rb")(?![\d.])", data):
        return True
    return any(each.to_bytes(8, "little") in data for each in ids)


def _erase_database(path: Path, person_id: int) -> int:
    """Rows of an SQLite database that name the person; pages and log are written anew without them."""

    def is_mine(value: object) -> bool:
        data = value if isinstance(value, bytes) else str(value).encode()
        return names_person(data, person_id)

    n_rows = 0
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.create_function("is_mine", 1, is_mine, deterministic=True)
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [(row[1], row[2]) for row in database.execute(f'PRAGMA table_info("{table}")')]
            named = [f'"{name}" = {person_id}' for name, _ in columns if name in PERSON_COLUMNS]
            texts = [
                f'is_mine("{name}")' for name, kind in columns if kind.upper() in ("TEXT", "BLOB", "JSON", "")
            ]
            if named or texts:
                where = " OR ".join((*named, *texts))
                n_rows += database.execute(f'DELETE FROM "{table}" WHERE {where}').rowcount  # noqa: S608
        database.commit()
        if n_rows:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return n_rows


def _reseal(path: Path, done: Erased) -> None:
    """The manifest again, with the digests of the files as they are now, less those that were removed."""
    try:
        manifest = store.read_sealed(path)
    except InputError:
        remove(path, done)  # no finished result
        return
    home, files = path.parent, manifest.get("files")
    if not isinstance(files, dict):
        return
    mark = home / MARK
    marked = json.loads(mark.read_bytes()) if mark.is_file() else []
    changed = [name for name in files if name in marked or str(home / name) in done.rows]
    gone = [name for name in files if not (home / name).is_file()]
    if not changed and not gone:
        return
    manifest["files"] = {
        name: store.stamp(home / name) if name in changed else known
        for name, known in files.items()
        if name not in gone
    }
    if "trips.parquet" in changed:
        manifest["erased_persons"] = int(manifest.get("erased_persons", 0)) + 1
    _rewritten(path, lambda: store.write_sealed(path, manifest))
    mark.unlink(missing_ok=True)


def _rewritten(path: Path, write: Any) -> None:
    """Write a file anew; it stays as old as it was, so that it is kept no longer."""
    was = path.stat()
    write()
    os.utime(path, (was.st_atime, was.st_mtime))


def remove(path: Path, done: Erased) -> None:
    """Remove a file or a folder whole, and tell it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    done.removed.append(str(path))
