"""What a publisher keeps to itself: the secret key of its noise, and what it has spent of privacy budgets.

Both stand in a folder of its own, never with results: who has the results has neither. Expenses are on disk
before anything is published, so one made by another process is counted; of whom each was about, only keys are
kept (`twin.study.people`).
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import InputError
from twin.knowledge.privacy_release import KEY_BYTES, BudgetLedger, NoiseKey
from twin.study import store

KEY_FILE = "noise.key"
BUDGET_FILE = "budget.json"
OLD_BUDGETS = "budget-*.json"
SCHEMA_VERSION = 2
OTHERS_MAY = 0o077


def state_folder() -> Path:
    """Where this publisher keeps its key and what it has spent: its own, and nobody else's to read."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "twin" / "privacy"


def noise_key(state: Path) -> NoiseKey:
    """The publisher's secret, made when first asked for; refused where others may read it."""
    _own_folder(state)
    file = state / KEY_FILE
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as made:
            made.write(os.urandom(KEY_BYTES))
            made.flush()
            os.fsync(made.fileno())
    if file.stat().st_mode & OTHERS_MAY:
        raise InputError(str(file), "others may read it", "a file of mode 600, and a new key")
    return NoiseKey(file.read_bytes())


def budget_file(state: Path) -> Path:
    """The file of what was spent, on whomever; refused beside budgets that do not tell on whom."""
    for old in sorted(state.glob(OLD_BUDGETS)):
        right = "another --state, if nothing of the same people was published by this one"
        raise InputError(str(old), "is of an earlier version and does not tell whose it is", right)
    return state / BUDGET_FILE


@dataclass
class KeptBudget(BudgetLedger):
    """The budget of people, of expenses in a file that is shared by all who publish, about whomever.

    Losses add up person by person: ``rows`` are the expenses on that one of ``people``, (n,) uint64 keys, on
    whom most was spent. ``limit`` is the strictest under which any of them was published before: later ones
    cannot raise it. Each expense is read, checked and written under a lock, so two that ask at once do not
    both get the rest.
    """

    file: Path = field(default_factory=Path)
    people: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    @classmethod
    def at(cls, file: Path, limit: float, people: np.ndarray) -> KeptBudget:
        """The budget that a file holds of people; a new one if nothing was spent on them."""
        budget = cls(limit, [], file, np.unique(people))
        budget._read()
        return budget

    def check_left(self, about: str) -> None:
        """Refuse early what has no chance: the same release again, or one when all is spent."""
        if any(what.startswith(f"{about}:") for what, _ in self.rows):
            right = "the tables that stand: they are paid for once"
            raise InputError(f"release {about!r}", "was published already", right)
        if self.spent >= self.limit * (1.0 - 1e-12):
            right = "no more than is left"
            raise InputError(f"release {about!r}", f"0 of the {self.limit:g} of these people left", right)

    def spend_all(self, expenses: Sequence[tuple[str, float]]) -> None:
        """Note expenses on disk, or refuse all of them."""
        with _locked(self.file):
            kept = self._read()
            super().spend_all(expenses)
            name, stamp = self._write_people()
            rows = [[what, float(epsilon)] for what, epsilon in expenses]
            release = {"people": name, "limit": self.limit, "rows": rows}
            files, releases = {**kept["files"], name: stamp}, [*kept["releases"], release]
            store.write_sealed(self.file, {**kept, "files": files, "releases": releases})
            self.file.chmod(0o600)

    def _read(self) -> dict[str, Any]:
        """What the file holds; rows and limit are those of these people afterwards."""
        kept = _kept(self.file)
        spent, concerned = np.zeros(len(self.people)), []
        for release in kept["releases"]:
            keys = store.read_table(store.verify_file(self.file.parent, release["people"], kept))
            inside = np.isin(self.people, keys["key"].to_numpy(dtype=np.uint64))
            if inside.any():
                spent += inside * math.fsum(epsilon for _, epsilon in release["rows"])
                concerned.append((release, inside))
        most = int(spent.argmax()) if concerned else -1
        expenses = [row for release, inside in concerned if inside[most] for row in release["rows"]]
        self.rows = [(str(what), float(epsilon)) for what, epsilon in expenses]
        self.limit = min([self.limit, *(float(release["limit"]) for release, _ in concerned)])
        return kept

    def _write_people(self) -> tuple[str, dict[str, Any]]:
        """Who is concerned, in a file beside; its name and its stamp."""
        digest = hashlib.sha256(self.people.astype("<u8").tobytes()).hexdigest()
        path = self.file.with_name(f"people-{digest[:16]}.parquet")
        stamp = store.write_table(path, pd.DataFrame({"key": self.people}))
        path.chmod(0o600)
        return path.name, stamp


def _kept(file: Path) -> dict[str, Any]:
    """What a file of expenses holds; a damaged one is an error, for it may have held more."""
    if not file.is_file():
        return {"kind": "privacy budget", "schema_version": SCHEMA_VERSION, "files": {}, "releases": []}
    kept = store.read_sealed(file)
    version = kept.get("schema_version")
    if version != SCHEMA_VERSION:
        raise InputError(str(file), f"has the schema version {version}", f"{SCHEMA_VERSION}")
    return kept


def _own_folder(state: Path) -> None:
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InputError(str(state), f"cannot be made ({error.strerror})", "a folder of your own") from None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Nobody else spends meanwhile."""
    _own_folder(file.parent)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
