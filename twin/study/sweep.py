"""Ensembles: every combination of values, for every seed, one after another, resumable.

Each member is one file, written whole when it is done; a member whose file stands is not run again.
The table is made from those files alone, so it does not depend on how often the work was stopped.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from twin.errors import InputError, TwinError
from twin.indicators.focus import WHOLE
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.compare import ScenarioLike, load_scenario, seeds_of
from twin.study.keys import simulation_key
from twin.study.members import Runner, default_runner
from twin.study.progress import Progress, silent, within
from twin.study.results import Result

Measure = Callable[[Result], float]
"""A number of one's own, worked out while the day's record is still in memory."""

MEMBERS = "members"
Cells = tuple[Any, ...]
"""Indicator, focus, group, unit, value of one row; the value is None where there is none."""
VALUE_COLUMNS = ("seed", "indicator", "focus", "group", "unit", "value")


@dataclass(frozen=True, eq=False)
class Sweep:
    """What an ensemble came to.

    Parameters
    ----------
    keys
        Keys that were varied.
    n_members, failed
        How many members there are; those that failed, with what was said.
    table
        One row a member, indicator, focus and group: the varied values, `VALUE_COLUMNS`.
    path, digest
        The table as a CSV file, None if it was not kept, and the SHA-256 of its text.
    """

    keys: tuple[str, ...]
    n_members: int
    failed: tuple[str, ...]
    table: pd.DataFrame
    path: Path | None
    digest: str

    def summary(self) -> dict[str, Any]:
        """What `twin sweep --json` prints."""
        return {
            "members": self.n_members,
            "done": self.n_members - len(self.failed),
            "failed": list(self.failed),
            "table": None if self.path is None else str(self.path),
            "table_digest": self.digest,
        }


@dataclass(frozen=True)
class SweepPoint:
    """One member: a combination of values, a seed, the scenario, its simulation's key, and its name."""

    values: tuple[Any, ...]
    seed: int
    scenario: Scenario
    key: str
    label: str


def sweep(
    scenario: ScenarioLike,
    vary: Mapping[str, Sequence[Any]],
    seeds: int | Sequence[int] = 1,
    out: str | Path | None = None,
    cache: bool = True,
    progress: Progress | None = None,
    measures: Mapping[str, Measure] | None = None,
    runner: Runner | None = None,
) -> Sweep:
    """Run an ensemble.

    Parameters
    ----------
    scenario
        What is varied, or the path of its file.
    vary
        Values by key, as in ``{"app_share": [0.0, 0.3]}``; all combinations are run.
    seeds
        How many, counted from the scenario's own; or which.
    out
        Folder of the members and the table; work that was stopped goes on there.
    cache
        Whether learned habits may be read from, and kept in, the user's cache.
    measures
        Numbers of one's own by name; they join the table as indicators of the whole area.
    runner
        What runs a scenario; by default `twin.study.run.run`.

    Raises
    ------
    InputError
        No member could be run as asked; nothing stays written.
    """
    points = _points(load_scenario(scenario), vary, seeds)
    home, made = _opened(out)
    work = _Work(runner, cache, dict(measures or {}), home)
    rows, failed = _done(points, work, progress or silent, made)
    table = _table(tuple(vary), points, rows)
    text = table.to_csv(index=False, lineterminator="\n").encode()
    path = None if home is None else home / "table.csv"
    if home is not None and path is not None:
        store.write_bytes(path, text)
        store.write_table(home / "table.parquet", table)
    said = tuple(failed[point.key] for point in points if point.key in failed)
    return Sweep(tuple(vary), len(points), said, table, path, hashlib.sha256(text).hexdigest())


def _done(
    points: Sequence[SweepPoint], work: _Work, progress: Progress, made: Sequence[Path]
) -> tuple[dict[str, list[Cells]], dict[str, str]]:
    """Rows of the members that are done, and what was said of those that failed, by key."""
    rows: dict[str, list[Cells]] = {}
    failed: dict[str, str] = {}
    refused: list[InputError] = []
    for number, point in enumerate(points):
        if point.key in rows or point.key in failed:
            continue
        part = within(progress, number / len(points), (number + 1) / len(points), point.label)
        try:
            rows[point.key] = work.rows_of(point, part)
        except TwinError as error:
            failed[point.key] = f"{point.label}: {error}"
            refused += [error] if isinstance(error, InputError) else []
    if not rows and len(refused) == len(failed):
        _removed(made)
        raise refused[0]
    return rows, failed


def check_keys(vary: Mapping[str, Sequence[Any]]) -> None:
    """Refuse keys that are no values of a scenario to vary."""
    if "seed" in vary:
        raise InputError("--vary seed", "seeds are not varied but numbered", "--seeds N")


def _points(
    scenario: Scenario, vary: Mapping[str, Sequence[Any]], seeds: int | Sequence[int]
) -> list[SweepPoint]:
    """All members, the last key varying fastest, then the seed; bad keys and values are found here."""
    check_keys(vary)
    for key, values in vary.items():
        if not len(values):
            raise InputError(f"--vary {key}", "names no values", "one or more values")
    points = []
    for values in product(*vary.values()):
        varied = scenario
        for key, value in zip(vary, values, strict=True):
            varied = varied.varied(key, value)
        words = ", ".join(f"{key}={value}" for key, value in zip(vary, values, strict=True))
        for seed in seeds_of(scenario, seeds):
            label = f"{words}, seed {seed}" if words else f"seed {seed}"
            points.append(SweepPoint(values, seed, varied, simulation_key(varied, seed), label))
    return points


def _opened(out: str | Path | None) -> tuple[Path | None, list[Path]]:
    """The folder of an ensemble, and the folders that are made for it, the innermost first."""
    if out is None:
        return None, []
    home = Path(out)
    made = [each for each in (home / MEMBERS, home, *home.absolute().parents) if not each.exists()]
    try:
        (home / MEMBERS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(str(out), what, "a folder that can be written") from None
    return home, made


def _removed(made: Sequence[Path]) -> None:
    """Folders that were made and hold nothing are not there any more."""
    for folder in made:
        if not any(folder.iterdir()):
            folder.rmdir()


@dataclass(frozen=True)
class _Work:
    """How members are run, and where they are kept."""

    runner: Runner | None
    cache: bool
    measures: dict[str, Measure]
    home: Path | None

    def rows_of(self, point: SweepPoint, progress: Progress) -> list[Cells]:
        """The member's rows from its file, or from a run that is then kept."""
        file = None if self.home is None else self.home / MEMBERS / f"{point.key}.json"
        kept = None if file is None else self._kept(file)
        if kept is not None:
            return kept
        runner = self.runner or default_runner()
        result = runner(point.scenario, seed=point.seed, progress=progress, cache=self.cache)
        rows: list[Cells] = [(v.name, v.focus, v.group, v.unit, v.value) for v in result.values]
        rows += [(name, WHOLE, "", "", _known(measure(result))) for name, measure in self.measures.items()]
        if file is not None:
            member = {"key": point.key, "label": point.label, "digest": result.digest, "rows": rows}
            store.write_sealed(file, {**member, "measures": sorted(self.measures)})
        return rows

    def _kept(self, file: Path) -> list[Cells] | None:
        """The rows of a finished member; None if there is none, it is damaged, or measures less."""
        if not file.is_file():
            return None
        try:
            member = store.read_sealed(file)
        except InputError:
            return None
        if not set(self.measures) <= set(member["measures"]):
            return None
        not_asked = set(member["measures"]) - set(self.measures)
        return [tuple(row) for row in member["rows"] if row[0] not in not_asked]


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _table(
    keys: tuple[str, ...], points: Sequence[SweepPoint], rows: Mapping[str, list[Cells]]
) -> pd.DataFrame:
    lines = [(*point.values, point.seed, *cells) for point in points for cells in rows.get(point.key, ())]
    varied = [f"scenario.{key}" if key in VALUE_COLUMNS else key for key in keys]
    table = pd.DataFrame(lines, columns=[*varied, *VALUE_COLUMNS])
    for key in varied:
        if table[key].map(type).nunique() > 1 or table[key].map(lambda value: isinstance(value, list)).any():
            table[key] = table[key].map(str)
    table["value"] = table["value"].astype("float64")
    return table
