"""The one door by which a run's people leave it: tables with noise, paid from a budget that is kept on disk.

What is spent is on disk before anything is written, so a publication that was stopped half-way is paid for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.privacy_budget import KeptBudget, budget_file, noise_key, state_folder
from twin.study.progress import Progress, silent
from twin.study.releases import (
    FLOWS,
    GROUP_NAMES,
    PRESENCE,
    Published,
    ReleasePlan,
    publish_plan,
    release_plan_of,
)
from twin.study.traces import check_days, first_day, resident_days

SCHEMA_VERSION = 1
EPSILON = "knowledge.privacy_epsilon"


def publish(
    folder: str | Path,
    out: str | Path,
    *,
    days: int = 14,
    state: Path | None = None,
    progress: Progress = silent,
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
    scenario = Scenario.from_tables(manifest["scenario"], str(home))
    check_days(scenario, days)
    parameters, limit, first = scenario.ledger(), _limit(scenario), first_day(home)
    key = noise_key(own)
    budget = KeptBudget.at(budget_file(own), limit, first.keys_of_residents())
    about = f"{manifest['simulation_key'][:16]}, {days} days"
    budget.check_left(about)
    plan = release_plan_of(resident_days(home, days, first, progress), parameters, manifest["seed"])
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


def _limit(scenario: Scenario) -> float:
    """Most that may be spent on anybody by all publications; a scenario may spend less, never more."""
    most = float(Parameters.defaults()[EPSILON])
    asked = float(scenario.ledger()[EPSILON])
    if asked > most:
        what = f"{asked:g} is more than is ever spent on the same people"
        raise InputError(scenario.where("parameters", EPSILON), what, f"{most:g} or less")
    return asked


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


def _described(plan: ReleasePlan, name: str) -> dict[str, Any]:
    table = plan.table(name)
    return {
        "name": name,
        "epsilon": table.policy.epsilon,
        "most_a_person": table.policy.most,
        "least_shown": None if table.counted_by else table.policy.least_shown,
        "shown_with": table.counted_by or None,
    }
