"""A result on disk is what it was, or is refused."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.indicators.small_day import small_day
from tests.study.stand_in import BASE, carried, small_scenario
from twin.behaviour.days import ARRIVED, PLANNED
from twin.errors import InputError, WorkError
from twin.study import store
from twin.study.drawing import hang
from twin.study.results import TABLES, Result

FILES = [
    "indicators.parquet",
    "manifest.json",
    *(f"{name}.parquet" for name in TABLES if not name.startswith("utility_")),
]


@pytest.fixture
def result(tmp_path: Path) -> Result:
    return Result.of_day(small_day(), small_scenario(tmp_path))


def test_a_result_says_what_its_focus_is_about(result: Result) -> None:
    assert set(result.indicators["focus"]) == {"village", "all"}
    assert {each.focus for each in result.values} == {"town", "village", "all"}
    assert result.value("planned_trips", "village") == 9
    assert np.isnan(result.value("planned_trips", "nowhere"))


def test_the_tables_hold_the_day(result: Result) -> None:
    links, trips = result.links.set_index("link_id"), result.trips
    assert links["flow_veh"].sum() == 89 == links.filter(regex="flow_veh_h").to_numpy().sum()
    assert links.loc["100:0:1", "delay_s"] == pytest.approx((6 * 100 + 2 * 50) / 8)
    assert np.isnan(links.loc["110:1:0", "delay_s"])
    assert (trips["state"] == "arrived").sum() == 26
    assert trips.loc[trips["state"] == "planned", "departed_s"].isna().all()
    assert trips.groupby("zone", observed=True)["trip_id"].count().to_dict() == {
        "town": 12,
        "village": 9,
        "outside": 9,
    }
    assert result.slices["exits"].sum() == 89
    assert result.observations["dataset"].tolist() == ["counts", "counts", "traces of Alpha"]
    assert set(result.pictures["owner"]) == {"city", "Alpha"}


def test_a_network_flows_when_nearly_all_arrive_in_decent_time_with_hardly_a_deadlock(
    tmp_path: Path,
) -> None:
    scenario = small_scenario(tmp_path)
    late_ms = carried().arrived_ms + 3_600_000
    lost = np.where(np.arange(30) == 0, PLANNED, ARRIVED).astype(np.int8)
    verdicts = [
        Result.of_day(day, scenario).manifest["flows"]
        for day in (carried(), carried(rotations=11), carried(state=lost), carried(arrived_ms=late_ms))
    ]
    assert verdicts == [True, False, False, False]


def test_the_manifest_counts_what_was_asked_and_done(result: Result) -> None:
    manifest = result.manifest
    assert (manifest["trips"], manifest["vehicle_trips"], manifest["completed_trips"]) == (30, 24, 26)
    assert manifest["demand"]["by_kind"]["commuter"] == {"persons": 2, "trips": 6, "car_trips": 6}
    by_zone = manifest["demand"]["by_zone"]
    assert by_zone["village"]["resident"]["trips"] == 9
    assert by_zone["village"]["commuter"]["trips"] == by_zone["town"]["commuter"]["trips"] == 3
    assert by_zone["outside"]["through"]["trips"] == 3
    assert sum(manifest["demand"]["car_trips_by_hour"]) == 24
    assert manifest["inhabitants"] == {"town": 4, "village": 3, "all": 7}
    assert manifest["link_entries"] == 89
    assert manifest["first_full"] == [["103:3:4", "08:30:00"]]
    assert manifest["observations"] == {"counts": 2, "traces of Alpha": 1}
    assert manifest["mean_car_time_over_free_flow"] == result.value("mean_car_time_over_free_flow")


def test_the_summary_is_json_and_counts_assumptions(result: Result) -> None:
    summary = json.loads(json.dumps(result.summary(), allow_nan=False))
    assert {"digest", "indicators", "trips", "completed_trips", "rotations", "mean_car_time_over_free_flow",
            "demand", "timings_s", "peak_memory_mb", "link_entries"} <= set(summary)  # fmt: skip
    of = {each["indicator"]: each["assumptions"] for each in summary["indicators"]}
    assert of["sum_of_accounts"] == 0 < of["planned_trips"] < of["mean_delay"] < of["fuel_cost"]


def test_title_and_focus_change_no_digest(tmp_path: Path, result: Result) -> None:
    text = BASE.replace("A small day", "Another title").replace('"village"', '"all"')
    other = Result.of_day(small_day(), small_scenario(tmp_path, text=text))
    assert (other.digest, other.indicators_digest) == (result.digest, result.indicators_digest)
    assert other.manifest["simulation_key"] == result.manifest["simulation_key"]
    assert set(other.indicators["focus"]) == {"all"}


def test_a_focus_that_is_no_zone_is_refused(tmp_path: Path) -> None:
    scenario = small_scenario(tmp_path, text=BASE.replace('"village"', '"vilage"'))
    with pytest.raises(InputError, match="focus: no zone 'vilage'"):
        Result.of_day(small_day(), scenario)


def test_saved_and_loaded_is_the_same_but_for_personal_traces(tmp_path: Path, result: Result) -> None:
    result.save(tmp_path / "run")
    loaded = Result.load(tmp_path / "run")
    assert (loaded.digest, loaded.indicators_digest, loaded.seed) == (
        result.digest,
        result.indicators_digest,
        1,
    )
    assert loaded.values == result.values
    assert loaded.scenario.resolved() == result.scenario.resolved()
    for name in ("links", "slices", "trips", "pictures"):
        pd.testing.assert_frame_equal(
            getattr(loaded, name), getattr(result, name), check_categorical=False, check_dtype=False
        )
    assert loaded.observations["dataset"].tolist() == ["counts", "counts"]
    loaded.save(tmp_path / "again")
    assert Result.load(tmp_path / "again").values == result.values


def test_two_saves_write_the_same_bytes(tmp_path: Path, result: Result) -> None:
    for folder in ("one", "two"):
        result.save(tmp_path / folder)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("harm", ["none", "changed", "gone"])
def test_what_was_read_is_copied_as_it_was(tmp_path: Path, result: Result, harm: str) -> None:
    """From the file that it was read from, unless that is no longer what it was; a table that was replaced
    is written as it now is."""
    result.save(tmp_path / "run")
    loaded, written = Result.load(tmp_path / "run"), (tmp_path / "run" / "trips.parquet").read_bytes()
    if harm == "gone":
        (tmp_path / "run" / "trips.parquet").unlink()
    elif harm == "changed":
        (tmp_path / "run" / "trips.parquet").write_bytes(written[:-1] + b"?")
    loaded.save(tmp_path / "copy")
    if harm == "none":
        assert (tmp_path / "copy" / "trips.parquet").read_bytes() == written
    pd.testing.assert_frame_equal(Result.load(tmp_path / "copy").trips, loaded.trips)
    replace(loaded, trips=loaded.trips.iloc[:5]).save(tmp_path / "fewer")
    assert len(Result.load(tmp_path / "fewer").trips) == 5 < len(loaded.trips)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_found(tmp_path: Path, result: Result, name: str, kept: float) -> None:
    result.save(tmp_path / "run")
    file = tmp_path / "run" / name
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match=f"{name}: damaged"):
        Result.load(tmp_path / "run")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
def test_a_flipped_bit_is_found(tmp_path: Path, name: str, at: float, bit: int) -> None:
    folder = tmp_path / "flipped"
    if not folder.exists():
        Result.of_day(small_day(), small_scenario(tmp_path)).save(folder)
    file = folder / name
    whole = file.read_bytes()
    byte = int(len(whole) * at)
    file.write_bytes(whole[:byte] + bytes([whole[byte] ^ (1 << bit)]) + whole[byte + 1 :])
    try:
        if name == "manifest.json" and json.loads(whole) == _json_or_none(file):
            return  # a blank of the layout: the manifest still says what it said
        with pytest.raises(InputError):
            Result.load(folder)
    finally:
        file.write_bytes(whole)


def _json_or_none(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except ValueError:
        return None


def test_parquet_pages_carry_checksums(tmp_path: Path, result: Result) -> None:
    result.save(tmp_path)
    file = tmp_path / "trips.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 0x10
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match="damaged"):
        store.read_table(file)


@pytest.mark.parametrize("stopped_at", range(len(FILES)))
def test_a_save_that_stops_leaves_no_finished_folder(
    tmp_path: Path, result: Result, stopped_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    result.save(tmp_path / "run")
    writes = iter(range(len(FILES)))
    write = store.write_bytes

    def stops(path: Path, data: bytes) -> dict[str, object]:
        if next(writes) == stopped_at:
            raise KeyboardInterrupt
        return write(path, data)

    monkeypatch.setattr(store, "write_bytes", stops)
    with pytest.raises(KeyboardInterrupt):
        result.save(tmp_path / "run")
    with pytest.raises(InputError, match="holds no manifest"):
        Result.load(tmp_path / "run")
    assert not list((tmp_path / "run").glob("*.part"))


def test_a_disk_that_takes_no_more_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkError, match=r"table\.csv: 3 bytes cannot be written \(No space left on device\)"):
        store.write_bytes(tmp_path / "table.csv", b"a,b")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    store.open_folder(tmp_path / "habits")
    store.seal_folder(tmp_path / "habits", {"kind": "habits"}, {})
    with pytest.raises(InputError, match="holds a habits, not a run"):
        Result.load(tmp_path / "habits")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        store.open_folder(tmp_path / "file" / "run")


def test_maps_and_pages_come_from_what_hangs(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sketch:
        def map(self, subject: Result, column: str) -> str:
            return f"{column} of {subject.scenario.title}"

        def page(self, subject: Result) -> str:
            return "<html>"

    monkeypatch.setattr("twin.study.drawing._hung", [])
    with pytest.raises(WorkError, match="nothing draws here"):
        result.map("flow_veh")
    hang(Sketch())
    assert result.map("flow_veh") == "flow_veh of A small day"
    assert result.to_html() == "<html>"


def test_the_catalogue_lies_beside_the_tables_and_personal_rows_do_not(tmp_path: Path) -> None:
    listed = [
        {"dct:identifier": "counts", "dcat:keyword": ["link", "personal data"]},
        {"dct:identifier": "traces of Alpha", "dcat:keyword": ["link"]},
    ]
    day = replace(small_day(), catalogue={"@type": "dcat:Catalog", "dcat:dataset": listed})
    made = Result.of_day(day, small_scenario(tmp_path))
    made.save(tmp_path / "run")
    written = json.loads((tmp_path / "run" / "catalogue.jsonld").read_text(encoding="utf-8"))
    kept = Result.load(tmp_path / "run")
    assert written == kept.catalogue == day.catalogue
    assert "counts" in made.manifest["personal_datasets"]
    assert "counts" in set(made.observations["dataset"]) - set(kept.observations["dataset"])
