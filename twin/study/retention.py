"""How long what a run wrote is kept: personal tables for days, sums for years, by the ledger.

A folder is as old as its manifest. What has expired is removed and the manifest sealed again without it, so a
run whose trips have gone is still a finished run. Minimisation is told as bytes times days (GDPR art. 5).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.clock import DAY_S
from twin.scenario.ledger import Parameters
from twin.study import store

PERSONAL = ("trips.parquet", "homes.parquet")
"""Tables with a row a trip or a building."""
CHECKPOINTS = "checkpoints"
"""Routes by trip, from which learning goes on."""


@dataclass(frozen=True)
class Held:
    """A file of a run: its size, whether it is personal, its age, and how long it may be kept [days]."""

    path: Path
    n_bytes: int
    personal: bool
    age_days: float
    days_kept: float

    @property
    def expired(self) -> bool:
        """Whether it has been kept as long as it may."""
        return self.age_days >= self.days_kept

    @property
    def byte_days(self) -> float:
        """Bytes times the days that they are kept."""
        return self.n_bytes * self.days_kept


def kept_files(folder: Path, parameters: Parameters, now_s: float) -> list[Held]:
    """Files of all finished runs below a folder, sorted by path; now_s since the epoch."""
    found = []
    for manifest in sorted(folder.rglob(store.MANIFEST)):
        age_days = (now_s - manifest.stat().st_mtime) / DAY_S
        for path in sorted(each for each in manifest.parent.rglob("*") if each.is_file()):
            inner = path.relative_to(manifest.parent).parts
            if path.name == store.MANIFEST or (len(inner) > 1 and inner[0] != CHECKPOINTS):
                continue
            personal = path.name in PERSONAL or inner[0] == CHECKPOINTS
            row = "knowledge.retention_personal_days" if personal else "knowledge.retention_sums_days"
            found.append(Held(path, path.stat().st_size, personal, age_days, float(parameters[row])))
    return found


def retain(folder: Path, parameters: Parameters, now_s: float) -> dict[str, Any]:
    """Remove what has expired below a folder; what is left is told, with bytes times days."""
    before = kept_files(folder, parameters, now_s)
    removed = [each for each in before if each.expired]
    for each in removed:
        each.path.unlink()
    for manifest in sorted(folder.rglob(store.MANIFEST)):
        _without_missing(manifest)
    for empty in sorted(folder.rglob(CHECKPOINTS)):
        if not any(path.is_file() for path in empty.rglob("*")):
            shutil.rmtree(empty)
    kept = [each for each in before if not each.expired]
    return {
        "files": len(kept),
        "removed": [str(each.path) for each in removed],
        "removed_bytes": sum(each.n_bytes for each in removed),
        **{
            f"{name}_{what}": sum(value for each, value in sizes if each.personal == personal)
            for name, personal in (("personal", True), ("sums", False))
            for what, sizes in (
                ("bytes", [(each, each.n_bytes) for each in kept]),
                ("byte_days", [(each, each.byte_days) for each in kept]),
            )
        },
    }


def _without_missing(manifest: Path) -> None:
    """The manifest without the files that are gone; it stays as old as it was."""
    known = store.read_sealed(manifest)
    files = known.get("files", {})
    left = {name: stamp for name, stamp in files.items() if (manifest.parent / name).is_file()}
    if len(left) == len(files):
        return
    was = manifest.stat()
    store.write_sealed(manifest, {**known, "files": left})
    os.utime(manifest, (was.st_atime, was.st_mtime))
