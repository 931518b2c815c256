"""Compare scenarios: run what is missing, pair what belongs together, keep it in a folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from twin.errors import InputError
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.comparison import Comparison, ComparisonRow
from twin.study.keys import stamp_of_ground
from twin.study.manifest import SeedTraffic
from twin.study.members import Member, Runner, SweepRunner
from twin.study.pairing import compare_members, focus_pairs
from twin.study.parallel import run_missing
from twin.study.progress import Progress, silent, within
from twin.study.results import Result
from twin.study.streets import on_one_ground

SCHEMA_VERSION = 2
ScenarioLike = Scenario | str | Path


def compare(
    base: ScenarioLike,
    alternatives: ScenarioLike | Sequence[ScenarioLike],
    seeds: int | Sequence[int] = 2,
    out: str | Path | None = None,
    cache: bool = True,
    progress: Progress | None = None,
    runner: Runner | None = None,
) -> Comparison:
    """Hold alternatives against a base.

    Parameters
    ----------
    base, alternatives
        Scenarios, or paths of their files.
    seeds
        How many, counted from the base's own seed; or which.
    out
        Folder for the comparison; it can be loaded again with `load_comparison`.
    cache
        Read finished runs from the user's cache folder, and keep new ones there. Without, all run.
    progress
        Told of the share done.
    runner
        What runs a scenario; by default `twin.study.run.run`.
    """
    scenarios = tuple(load_scenario(each) for each in (base, *_listed(alternatives)))
    if len(scenarios) < 2:
        raise InputError("compare", "no alternative", "a base and at least one alternative")
    chosen = seeds_of(scenarios[0], seeds)
    areas = [stamp_of_ground(each) for each in scenarios]
    members = SweepRunner(runner, cache)
    tell = progress or silent
    if cache and runner is None:
        run_missing(scenarios, chosen, within(tell, 0.0, 0.9))
        tell = within(tell, 0.9, 1.0)
    samples, runs = _runs(scenarios, chosen, members, tell)
    rows: list[ComparisonRow] = []
    for number in range(1, len(scenarios)):
        pairs = focus_pairs(scenarios[0], scenarios[number], areas[0] == areas[number])
        rows += compare_members(number, pairs, runs[0], runs[number])
    links = on_one_ground([mean_links([run.links for run in each]) for each in runs], areas)
    digests = tuple(tuple(run.digest for run in each) for each in runs)
    traffic = tuple(tuple(SeedTraffic.of(run.manifest) for run in each) for each in runs)
    comparison = Comparison(scenarios, chosen, tuple(rows), links, samples, digests, traffic)
    if out is not None:
        save_comparison(comparison, Path(out))
    return comparison


def _runs(
    scenarios: Sequence[Scenario], seeds: Sequence[int], members: SweepRunner, progress: Progress
) -> tuple[tuple[Result, ...], list[list[Member]]]:
    """The first seed's whole result of each scenario, and the summaries of all its seeds."""
    samples: list[Result] = []
    runs: list[list[Member]] = []
    n_done, n_all = 0, len(scenarios) * len(seeds)
    for scenario in scenarios:
        own: list[Member] = []
        for seed in seeds:
            label = f"{scenario.title}, seed {seed}"
            part = within(progress, n_done / n_all, (n_done + 1) / n_all, label)
            if own:
                own.append(members.member(scenario, seed, part))
            else:
                samples.append(members.result(scenario, seed, part))
                own.append(Member.of(samples[-1]))
            n_done += 1
        runs.append(own)
    progress(1.0, "compared")
    return tuple(samples), runs


def load_scenario(given: ScenarioLike) -> Scenario:
    """A scenario, or that of a file."""
    return given if isinstance(given, Scenario) else Scenario.load(given)


def seeds_of(scenario: Scenario, seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds by number, from the scenario's own on, or as listed."""
    if not isinstance(seeds, int):
        chosen = tuple(dict.fromkeys(seeds))
    else:
        chosen = tuple(range(scenario.seed, scenario.seed + seeds))
    if not chosen:
        raise InputError("seeds", f"{seeds!r} names no seed", "1 or more")
    return chosen


def mean_links(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The links' table, each number its mean over seeds; NaN where no seed has one."""
    first = tables[0]
    mean = first.copy()
    for column in first.columns:
        if pd.api.types.is_float_dtype(first[column]) or pd.api.types.is_integer_dtype(first[column]):
            stacked = np.stack([table[column].to_numpy(dtype=np.float64) for table in tables])
            known = np.isfinite(stacked)
            total = np.where(known, stacked, 0.0).sum(axis=0)
            n = known.sum(axis=0)
            mean[column] = np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)
    return mean


def save_comparison(comparison: Comparison, folder: Path) -> None:
    """Write a comparison's folder: rows, links, samples; finished when its manifest stands."""
    store.open_folder(folder)
    files = {"indicators.parquet": store.write_table(folder / "indicators.parquet", comparison.table)}
    for number, links in enumerate(comparison.links):
        name = f"links_{number}.parquet"
        files[name] = store.write_table(folder / name, links)
        comparison.samples[number].save(folder / f"sample_{number}")
    manifest: dict[str, Any] = {
        "kind": "comparison",
        "schema_version": SCHEMA_VERSION,
        "scenarios": [each.resolved() for each in comparison.scenarios],
        "seeds": list(comparison.seeds),
        "digests": [list(each) for each in comparison.digests],
        "traffic": [[vars(each) for each in by_seed] for by_seed in comparison.traffic],
        "note": comparison.note,
    }
    store.seal_folder(folder, manifest, files)


def load_comparison(folder: str | Path) -> Comparison:
    """The comparison that a folder holds; an `InputError` names what is missing or damaged."""
    home = Path(folder)
    manifest = store.read_manifest(home, "comparison")
    if manifest["schema_version"] != SCHEMA_VERSION:
        found, right = (
            f"a comparison of schema {manifest['schema_version']}",
            f"{SCHEMA_VERSION}; compare anew",
        )
        raise InputError(str(home), found, right)
    numbers = range(len(manifest["scenarios"]))
    links = [
        store.read_table(store.verify_file(home, f"links_{number}.parquet", manifest)) for number in numbers
    ]
    table = store.read_table(store.verify_file(home, "indicators.parquet", manifest))
    return Comparison(
        tuple(Scenario.from_tables(tables, str(home)) for tables in manifest["scenarios"]),
        tuple(manifest["seeds"]), _rows(table), tuple(links),
        tuple(Result.load(home / f"sample_{number}") for number in numbers),
        tuple(tuple(each) for each in manifest["digests"]),
        tuple(tuple(SeedTraffic(**each) for each in by_seed) for by_seed in manifest["traffic"]),
    )  # fmt: skip


def _rows(table: pd.DataFrame) -> tuple[ComparisonRow, ...]:
    rows = []
    for entry in table.to_dict("records"):
        cells = {str(name): None if _is_nan(value) else value for name, value in entry.items()}
        cells["assumptions"] = tuple(str(name) for name in entry["assumptions"])
        rows.append(ComparisonRow(**cast("dict[str, Any]", cells)))
    return tuple(rows)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _listed(given: ScenarioLike | Sequence[ScenarioLike]) -> list[ScenarioLike]:
    return [given] if isinstance(given, Scenario | str | Path) else list(given)
