"""The one door by which a run's people leave it: tables with noise, paid from a budget that is kept on disk.

The secret key of the noise and the budget stand in a folder of the publisher's own, never with results: who
has the results has neither. What is spent is on disk before anything is written, so a publication that was
stopped half-way is paid for, and one made by another process is counted.
"""

from __future__ import annotations

import fcntl
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
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.releases import FLOWS, GROUP_NAMES, PRESENCE, Plan, Published, plan_of, publish_plan
from twin.study.traces import resident_days

KEY_FILE = "noise.key"
OTHERS_MAY = 0o077
SCHEMA_VERSION = 1


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

    def spend_all(self, expenses: Sequence[tuple[str, float]]) -> None:
        """Note expenses on disk, or refuse all of them."""
        with _locked(self.file):
            self.rows = _rows_of(self.file)
            super().spend_all(expenses)
            store.write_sealed(self.file, {"kind": "privacy budget", "rows": [list(r) for r in self.rows]})
            self.file.chmod(0o600)


def publish(
    folder: str | Path, out: str | Path, *, days: int = 14, state: Path | None = None
) -> dict[str, Any]:
    """Publish what a run may tell of its residents: a folder of tables, and what they cost.

    Raises `InputError` where the budget of these people does not suffice; nothing is written then.
    """
    home, aim, own = Path(folder), Path(out), state or state_folder()
    if days < 1:
        raise InputError("--days", f"{days}", "1 or more")
    for each in (home, aim):
        if own.resolve().is_relative_to(each.resolve()):
            raise InputError(str(own), f"key and budget would lie in {each}", "a folder of your own for them")
    if aim.exists() and any(aim.iterdir()):
        raise InputError(str(aim), "is not empty", "a folder that is to be made")
    manifest = store.read_manifest(home, "run")
    parameters = Scenario.from_tables(manifest["scenario"], str(home)).ledger()
    plan = plan_of(resident_days(home, days), parameters, manifest["seed"])
    people = manifest["provenance"]["population_digest"][:16]
    key = noise_key(own)
    budget = KeptBudget.at(own / f"budget-{people}.json", float(parameters["knowledge.privacy_epsilon"]))
    about = f"{manifest['simulation_key'][:16]}, {days} days"
    published = publish_plan(plan, key, budget, about)
    files = _write(published, aim)
    told = {
        "kind": "publication",
        "schema_version": SCHEMA_VERSION,
        "title": manifest["title"],
        "days": days,
        "epsilon": float(sum(each.policy.epsilon for each in plan.tables)),
        "spent": budget.spent,
        "left": max(budget.limit - budget.spent, 0.0),
        "tables": [_described(plan, each.name) for each in plan.tables],
    }
    store.seal_folder(aim, told, files)
    return {**told, "folder": aim}


def _write(published: Published, aim: Path) -> dict[str, Any]:
    """A Parquet file a table, shown cells only."""
    store.open_folder(aim)
    return {
        f"{table.name}.parquet": store.write_table(
            aim / f"{table.name}.parquet", _rows(published, table.name, table.shape)
        )
        for table in published.plan.tables
    }


def _rows(published: Published, name: str, shape: tuple[int, int]) -> pd.DataFrame:
    """What is shown of a table, with where and when."""
    plan, shown = published.plan, published.shown[name]
    cell = np.flatnonzero(np.isfinite(shown))
    row, column = np.divmod(cell, shape[1])
    value = shown[cell].astype(np.int64)
    if name == PRESENCE:
        middle = plan.grid.centres()[row]
        return pd.DataFrame(
            {"x_m": middle[:, 0], "y_m": middle[:, 1], "span": column.astype(np.int16), "value": value}
        )
    if name == FLOWS:
        middles = plan.flow_grid.centres()
        ends = (("origin", row), ("destination", column))
        where = {f"{end}_{axis}_m": middles[at, k] for end, at in ends for k, axis in enumerate("xy")}
        return pd.DataFrame({**where, "value": value})
    zone = np.array(plan.zones, dtype=object)[row]
    part = np.array(GROUP_NAMES, dtype=object)[column] if shape[1] == len(GROUP_NAMES) else column
    return pd.DataFrame({"zone": zone, "part": part, "value": value})


def _described(plan: Plan, name: str) -> dict[str, Any]:
    table = plan.table(name)
    return {
        "name": name,
        "epsilon": table.policy.epsilon,
        "most_a_person": table.policy.most,
        "least_shown": None if table.counted_by else table.policy.least_shown,
        "shown_with": table.counted_by or None,
    }


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
