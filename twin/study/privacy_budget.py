"""What a publisher keeps to itself: the secret key of its noise, and what it has spent of privacy budgets.

Both stand in a folder of its own, never with results: who has the results has neither. Expenses are on disk
before anything is published, so one made by another process is counted.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from twin.errors import InputError
from twin.knowledge.privacy_release import KEY_BYTES, BudgetLedger, NoiseKey
from twin.study import store

KEY_FILE = "noise.key"
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


@dataclass
class KeptBudget(BudgetLedger):
    """A budget whose expenses stand in a file, shared by all processes that publish about the same people.

    Each expense is read, checked and written under a lock, so two that ask at once do not both get the rest.
    """

    file: Path = field(default_factory=Path)

    @classmethod
    def at(cls, file: Path, limit: float) -> KeptBudget:
        """The budget that a file holds; a new one if there is none."""
        return cls(limit, _rows_of(file), file)

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
            self.rows = _rows_of(self.file)
            super().spend_all(expenses)
            store.write_sealed(self.file, {"kind": "privacy budget", "rows": [list(r) for r in self.rows]})
            self.file.chmod(0o600)


def _rows_of(file: Path) -> list[tuple[str, float]]:
    """Expenses that stand in a file; a damaged one is an error, for it may have held more."""
    if not file.is_file():
        return []
    return [(str(what), float(epsilon)) for what, epsilon in store.read_sealed(file)["rows"]]


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
