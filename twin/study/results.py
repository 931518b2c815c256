"""The result of one run: indicators, tables, digests; in memory, and in a folder of its own.

Link passages are not kept: the digest covers all of them, the manifest says how many there were, and
their sums by quarter of an hour are kept. Traces of a provider's users are personal (GDPR art. 4) and
stay in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from twin.indicators.compute import compute_everywhere
from twin.indicators.focus import WHOLE, focuses_of
from twin.indicators.indicator import IndicatorValue
from twin.indicators.records import DayRecord
from twin.scenario.scenario import Scenario
from twin.study import store, tables
from twin.study.digests import indicators_digest, truth_digest
from twin.study.drawing import drawer
from twin.study.homes import homes_table
from twin.study.manifest import manifest_of
from twin.study.network_tables import PREFIX, network_tables
from twin.study.utilities_tables import utility_tables
from twin.study.values import count_assumptions, read_values, values_table

CATALOGUE = "catalogue.jsonld"
TABLES = (
    *("links", "slices", "trips", "pictures", "observations", "homes"),
    *("utility_failures", "utility_frames", "utility_curves"),
)


@dataclass(frozen=True, eq=False)
class Result:
    """What one run of a scenario with one seed came to.

    Parameters
    ----------
    scenario, seed
        What was run.
    digest
        Of the truth alone; see `twin.study.digests`.
    indicators_digest
        Of all indicators.
    values
        Indicators of every zone of the territory and of the whole, whatever the focus.
    links, slices, trips, pictures, observations
        See `twin.study.tables`. A table that was not kept is empty.
    manifest
        Counts, demand, timings, provenance: what JSON output holds.
    record
        The day itself, where it is still in memory.
    homes
        See `twin.study.homes`.
    utility_failures, utility_frames, utility_curves
        See `twin.study.utilities_tables`.
    networks
        See `twin.study.network_tables`.
    catalogue
        What there is on the data platform, whose and on what terms (`twin.knowledge.catalogue`).
    on_disk
        Of a result that was read: each table as it was read, its file, and that file's SHA-256.
    """

    scenario: Scenario
    seed: int
    digest: str
    indicators_digest: str
    values: tuple[IndicatorValue, ...]
    links: pd.DataFrame
    slices: pd.DataFrame
    trips: pd.DataFrame
    pictures: pd.DataFrame
    observations: pd.DataFrame
    manifest: dict[str, Any]
    record: DayRecord | None = field(default=None, repr=False)
    homes: pd.DataFrame = field(default_factory=pd.DataFrame)
    utility_failures: pd.DataFrame = field(default_factory=pd.DataFrame)
    utility_frames: pd.DataFrame = field(default_factory=pd.DataFrame)
    utility_curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    networks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    catalogue: Mapping[str, Any] = field(default_factory=dict, repr=False)
    on_disk: Mapping[str, tuple[pd.DataFrame, Path, str]] = field(default_factory=dict, repr=False)

    @classmethod
    def of_day(cls, record: DayRecord, scenario: Scenario, about: Mapping[str, Any] | None = None) -> Result:
        """The result of a day; ``about`` adds entries to the manifest.

        Raises `InputError` where the scenario's focus names no zone of the territory.
        """
        focuses_of(record.territory, scenario.focus, scenario.where("focus"))
        values = tuple(compute_everywhere(record))
        digest, digest_of_values = truth_digest(record), indicators_digest(values)
        manifest = {
            **manifest_of(record, scenario, values),
            "digest": digest,
            "indicators_digest": digest_of_values,
            **(about or {}),
        }
        return cls(
            scenario, record.seed, digest, digest_of_values, values,
            tables.links_table(record), tables.slices_table(record), tables.trips_table(record),
            tables.pictures_table(record), tables.observations_table(record), manifest, record,
            homes_table(record), **utility_tables(record), networks=network_tables(record),
            catalogue=record.catalogue, on_disk={},
        )  # fmt: skip

    @property
    def focus_values(self) -> tuple[IndicatorValue, ...]:
        """Indicators of the scenario's focus and of the whole."""
        wanted = (*self.scenario.focus_zones, WHOLE)
        return tuple(each for each in self.values if each.focus in wanted)

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """The same as a DataFrame, one row a value."""
        return values_table(self.focus_values)

    def summary(self) -> dict[str, Any]:
        """What `twin run --json` prints: the manifest's counts, and indicators of the focus and the whole.

        ``assumptions`` is how many rows of the ledger behind a number are assumptions.
        """
        counts = {name: value for name, value in self.manifest.items() if name not in ("files", "scenario")}
        ledger = self.scenario.ledger()
        rows = [
            {"indicator": row.pop("name"), **row, "assumptions": count_assumptions(each.assumptions, ledger)}
            for each in self.focus_values
            for row in (dict(vars(each)),)
        ]
        return {**counts, "focus": self.scenario.focus, "indicators": rows}

    def value(self, indicator: str, focus: str = WHOLE, group: str = "") -> float:
        """One number, NaN where there is none."""
        for each in self.values:
            if (each.name, each.focus, each.group) == (indicator, focus, group):
                return each.value
        return float("nan")

    def as_asked_by(self, scenario: Scenario) -> Result:
        """The same run for a scenario of the same simulation key: its title and its focus."""
        about = {"title": scenario.title, "scenario": scenario.resolved()}
        ground = {"territory_path": str(scenario.territory_path().resolve())}
        made_from = {**self.manifest["provenance"], **ground, "scenario_digest": scenario.digest}
        return replace(self, scenario=scenario, manifest={**self.manifest, **about, "provenance": made_from})

    def map(self, column: str) -> Any:
        """A map of a column of ``links``, for example ``flow_veh`` or ``delay_s``."""
        return drawer().map(self, column)

    def to_html(self) -> str:
        """One self-contained page."""
        return drawer().page(self)

    def save(self, folder: str | Path, kept: Sequence[str] = TABLES) -> None:
        """Write the folder of the result; it counts as finished only with its manifest, written last."""
        home = Path(folder)
        store.open_folder(home)
        files = {
            "indicators.parquet": store.write_table(home / "indicators.parquet", values_table(self.values))
        }
        for name in kept:
            table: pd.DataFrame = getattr(self, name)
            if table.columns.empty:
                continue  # a result read from a folder that kept its summary only
            if name == "observations":
                table = self._without_personal(table)
            files[f"{name}.parquet"] = self._written(name, table, home / f"{name}.parquet")
        for name, table in self.networks.items():
            files[f"{name}.parquet"] = store.write_table(home / f"{name}.parquet", table)
        if self.catalogue:
            text = json.dumps(self.catalogue, indent=1, allow_nan=False)
            files[CATALOGUE] = store.write_bytes(home / CATALOGUE, f"{text}\n".encode())
        store.seal_folder(home, self.manifest, files)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """The result that a folder holds; an `InputError` names what is missing or damaged."""
        home = Path(folder)
        manifest = store.read_manifest(home, "run")
        values = read_values(store.read_table(store.verify_file(home, "indicators.parquet", manifest)))
        read, on_disk = {name: pd.DataFrame() for name in TABLES}, {}
        for name in TABLES:
            file = f"{name}.parquet"
            if file in manifest["files"]:
                path = store.verify_file(home, file, manifest)
                read[name] = store.read_table(path)
                on_disk[name] = (read[name], path, manifest["files"][file]["sha256"])
        names = [file.removesuffix(".parquet") for file in manifest["files"] if file.startswith(PREFIX)]
        networks = {
            name: store.read_table(store.verify_file(home, f"{name}.parquet", manifest)) for name in names
        }
        scenario = Scenario.from_tables(manifest["scenario"], str(home))
        listed = CATALOGUE in manifest["files"]
        text = store.verify_file(home, CATALOGUE, manifest).read_bytes() if listed else b"{}"
        return cls(
            scenario, manifest["seed"], manifest["digest"], manifest["indicators_digest"], values,
            read["links"], read["slices"], read["trips"], read["pictures"], read["observations"], manifest,
            homes=read["homes"], utility_failures=read["utility_failures"],
            utility_frames=read["utility_frames"], utility_curves=read["utility_curves"],
            networks=networks, catalogue=json.loads(text), on_disk=on_disk,
        )  # fmt: skip

    def _written(self, name: str, table: pd.DataFrame, path: Path) -> dict[str, Any]:
        """Write a table; one that is still as it was read is copied, which takes a tenth of the time."""
        as_read, source, sha256 = self.on_disk.get(name, (None, path, ""))
        copied = store.copy_file(source, path, sha256) if as_read is table else None
        return copied or store.write_table(path, table)

    def _without_personal(self, table: pd.DataFrame) -> pd.DataFrame:
        personal = self.manifest["personal_datasets"]
        return table[~table["dataset"].isin(personal)] if personal else table
