"""Runs by scenario and seed: what stands is read, what is missing is run, only summaries are held.

Runs are kept in the user's cache folder under their simulation key. Two scenarios that differ in
title or focus only have one key, so one simulation serves both; without a cache both run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from twin.errors import InputError
from twin.indicators.indicator import IndicatorValue
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.keys import simulation_key
from twin.study.progress import Progress
from twin.study.results import Result
from twin.study.values import read_values

SUMMARY = ("links",)
"""Tables that the store keeps of most runs."""
WHOLE = ("links", "slices", "trips", "pictures", "homes")
"""Tables that it keeps of the first seed's; observations are many and no comparison reads them."""
UTILITIES = ("utility_failures", "utility_frames", "utility_curves")
"""What it keeps beside them where utilities are simulated."""


class Runner(Protocol):
    """What runs one scenario with one seed: `twin.study.run.run`, or a stand-in."""

    def __call__(self, scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
        """The result of one run."""


@dataclass(frozen=True, eq=False)
class Member:
    """What a comparison holds of one run: aggregates by indicator and by link."""

    seed: int
    digest: str
    indicators_digest: str
    values: tuple[IndicatorValue, ...]
    links: pd.DataFrame
    manifest: Mapping[str, Any]

    @classmethod
    def of(cls, result: Result) -> Member:
        """The summary of a result."""
        return cls(
            result.seed,
            result.digest,
            result.indicators_digest,
            result.values,
            result.links,
            result.manifest,
        )

    @classmethod
    def load(cls, folder: Path) -> Member:
        """The summary of the run that a folder holds; other tables are not read."""
        manifest = store.read_manifest(folder, "run")
        values, links = (
            store.read_table(store.verify_file(folder, f"{name}.parquet", manifest))
            for name in ("indicators", "links")
        )
        return cls(
            manifest["seed"],
            manifest["digest"],
            manifest["indicators_digest"],
            read_values(values),
            links,
            manifest,
        )


class RunStore:
    """Finished runs in a folder, by simulation key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self) -> tuple[str, ...]:
        """Keys of all finished runs, sorted."""
        return tuple(sorted(each.parent.name for each in self.folder.glob(f"*/{store.MANIFEST}")))

    def member(self, key: str) -> Member | None:
        """The summary of a run, None if it is not there or is damaged (then it is run anew)."""
        try:
            return Member.load(self.folder / key)
        except InputError:
            return None

    def result(self, key: str) -> Result | None:
        """A run with its tables, None if it is not there, is damaged, or only its summary was kept."""
        try:
            found = Result.load(self.folder / key)
        except InputError:
            return None
        return found if all(f"{name}.parquet" in found.manifest["files"] for name in WHOLE) else None

    def keep(self, key: str, result: Result, tables: Sequence[str]) -> None:
        """Write a run; one that stands already is replaced."""
        result.save(self.folder / key, tables)

    def prune(self) -> int:
        """Remove all runs; returns how many there were."""
        keys = self.keys()
        for key in keys:
            shutil.rmtree(self.folder / key)
        return len(keys)


def _user_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twin" / "runs"


def has_run(key: str) -> bool:
    """Whether the user's store holds the run of a key; makes no folder."""
    return (_user_folder() / key / store.MANIFEST).is_file()


def user_store() -> RunStore | None:
    """The store in the user's cache folder, None where that cannot be written."""
    folder = _user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return None
    return RunStore(folder) if os.access(folder, os.W_OK) else None


class SweepRunner:
    """Runs what is missing, and remembers what it was asked for.

    Parameters
    ----------
    runner
        What runs a scenario; None: `twin.study.run.run`.
    cache
        Whether finished runs are shared: in memory, and in the user's store. Without, all requests run.
    """

    def __init__(self, runner: Runner | None, cache: bool) -> None:
        self._runner = runner
        self._cache = cache
        self._store = user_store() if cache else None
        self._members: dict[str, Member] = {}
        self._results: dict[str, Result] = {}

    def member(self, scenario: Scenario, seed: int, progress: Progress) -> Member:
        """The summary of the run of a scenario with a seed."""
        if not self._cache:
            return Member.of(self._run(scenario, seed, progress))
        key = simulation_key(scenario, seed)
        if key not in self._members:
            found = self._store.member(key) if self._store else None
            self._members[key] = found or Member.of(self._kept(key, scenario, seed, progress, SUMMARY))
        return self._members[key]

    def result(self, scenario: Scenario, seed: int, progress: Progress) -> Result:
        """The run of a scenario with a seed, with its tables."""
        if not self._cache:
            return self._run(scenario, seed, progress)
        key = simulation_key(scenario, seed)
        if key not in self._results:
            found = self._store.result(key) if self._store else None
            self._results[key] = found or self._kept(key, scenario, seed, progress, (*WHOLE, *UTILITIES))
            self._members[key] = Member.of(self._results[key])
        return self._results[key].as_asked_by(scenario)

    def _run(self, scenario: Scenario, seed: int, progress: Progress) -> Result:
        runner = self._runner or default_runner()
        return replace(runner(scenario, seed=seed, progress=progress, cache=self._cache), record=None)

    def _kept(
        self, key: str, scenario: Scenario, seed: int, progress: Progress, tables: Sequence[str]
    ) -> Result:
        result = self._run(scenario, seed, progress)
        if self._store:
            self._store.keep(key, result, tables)
        return result


def default_runner() -> Runner:
    """`twin.study.run.run`: the model and its libraries load only when something must run."""
    from twin.study.run import run

    return run
