"""A person who was erased stands in no byte of any file; everybody else stands where they stood."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.study.stand_in import StandIn, small_scenario
from twin.errors import InputError
from twin.population.tables import TRIPS_PER_PERSON_LIMIT
from twin.scenario.ledger import Parameters
from twin.study import store
from twin.study.erasure import MARK, erase
from twin.study.progress import silent
from twin.study.results import Result
from twin.study.retention import kept_files, retain

PERSON, OTHER = 123_456_789, 987_654_321


def trips_of(person: int) -> pd.DataFrame:
    """Two trips of a person, with moments that nobody else has."""
    first = person * TRIPS_PER_PERSON_LIMIT
    moment_s = person / 8_192.0 + np.arange(2)
    return pd.DataFrame({"trip_id": [first, first + 1], "person_id": person, "departed_s": moment_s})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run's folder in which both stand, with checkpoints, logs, a database and what a crash has left."""
    home = tmp_path / "run"
    result = StandIn()(small_scenario(tmp_path), seed=1, progress=silent, cache=False)
    result.save(home)
    manifest = store.read_manifest(home, "run")
    trips = pd.concat([trips_of(OTHER), trips_of(PERSON), trips_of(OTHER + 1)], ignore_index=True)
    files = dict(manifest.pop("files"))
    files["trips.parquet"] = store.write_table(home / "trips.parquet", trips)
    store.seal_folder(home, manifest, files)
    (home / "checkpoints" / "key").mkdir(parents=True)
    np.save(home / "checkpoints" / "key" / "routes.npy", trips["trip_id"].to_numpy())
    (home / ".trips.parquet.99.part").write_bytes((home / "trips.parquet").read_bytes())
    lines = [{"id": k, "rows": [{"person_id": who}]} for k, who in enumerate((PERSON, OTHER, PERSON))]
    (home / "ingest.wal").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    trips.to_csv(home / "export.csv", index=False)
    (home / "page.html").write_text(f"<p>person {PERSON} left at 8</p>")
    np.save(home / "dump.npy", trips["person_id"].to_numpy())
    with sqlite3.connect(home / "store.sqlite") as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE seen (person_id INTEGER, note TEXT)")
        database.execute("CREATE TABLE raw (body TEXT)")
        database.executemany("INSERT INTO raw VALUES (?)", [(json.dumps(line),) for line in lines])
        database.executemany("INSERT INTO seen VALUES (?, ?)", [(PERSON, f"of {PERSON}"), (OTHER, "x")] * 50)
        database.commit()
    database.close()
    return home


def traces_of(person: int, home: Path) -> list[str]:
    """Every place in files below a folder where the person's ids or moments stand, as text or number."""
    own = trips_of(person)
    ids = [person, *own["trip_id"].tolist()]
    needles = [str(each).encode() for each in ids] + [int(each).to_bytes(8, "little") for each in ids]
    needles += [person.to_bytes(4, "big")]  # as SQLite writes it
    needles += [np.float64(moment).tobytes() for moment in own["departed_s"]]
    found = []
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        data = [path.read_bytes()]
        if path.suffix == ".parquet":  # what pages hold once they are unpacked, and their bounds
            table = pq.read_table(path)
            data += [np.ascontiguousarray(table[name].to_numpy()).tobytes() for name in table.column_names
                     if table[name].to_numpy().dtype.kind in "if"]  # fmt: skip
            data.append(str(pq.read_metadata(path).to_dict()).encode())
        if any(needle in each for each in data for needle in needles):
            found.append(path.relative_to(home).as_posix())
    return found


def test_no_byte_of_the_person_is_left(folder: Path) -> None:
    assert len(traces_of(PERSON, folder)) >= 8
    before = Result.load(folder).indicators
    done = erase([folder], PERSON).summary()
    assert traces_of(PERSON, folder) == []
    assert done["rows_removed"] == 2 + 2 + 2 + 50 + 2
    gone = {Path(name).name for name in done["files_removed"]}
    assert gone == {"checkpoints", ".trips.parquet.99.part", "page.html", "dump.npy"}
    # others stand where they stood, sums as they were published, and the folder is a finished run
    assert {"trips.parquet", "export.csv", "ingest.wal", "store.sqlite"} <= set(traces_of(OTHER, folder))
    after = Result.load(folder)
    assert after.indicators.equals(before)
    assert after.manifest["erased_persons"] == 1
    assert after.trips["person_id"].tolist() == [OTHER, OTHER, OTHER + 1, OTHER + 1]
    assert erase([folder], PERSON).summary()["rows_removed"] == 0
    assert Result.load(folder).manifest["erased_persons"] == 1


def test_an_erasure_that_stopped_is_taken_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(path: Path, value: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store, "write_sealed", stopped)
        with pytest.raises(KeyboardInterrupt):
            erase([folder], PERSON)
    with pytest.raises(InputError, match="damaged"):
        Result.load(folder)
    erase([folder], PERSON)
    assert Result.load(folder).manifest["erased_persons"] == 1
    assert traces_of(PERSON, folder) == []
    assert not (folder / MARK).exists()


def test_an_erasure_does_not_make_files_younger(folder: Path) -> None:
    was = (folder / "manifest.json").stat().st_mtime
    erase([folder], PERSON)
    assert (folder / "manifest.json").stat().st_mtime == was
    with pytest.raises(InputError, match="no such folder"):
        erase([folder / "nowhere"], PERSON)


def test_personal_tables_go_after_their_days_and_sums_after_theirs(folder: Path) -> None:
    parameters = Parameters.defaults()
    days = float(parameters["knowledge.retention_personal_days"])
    sums_days = float(parameters["knowledge.retention_sums_days"])
    began_s = (folder / "manifest.json").stat().st_mtime
    young = retain(folder, parameters, began_s + (days - 1) * 86_400.0)
    assert young["removed"] == []
    assert young["personal_byte_days"] == days * young["personal_bytes"] > 0
    assert young["sums_byte_days"] == sums_days * young["sums_bytes"] > 0
    old = retain(folder, parameters, began_s + days * 86_400.0)
    assert {Path(name).name for name in old["removed"]} == {"trips.parquet", "homes.parquet", "routes.npy"}
    assert old["personal_bytes"] == old["personal_byte_days"] == 0
    kept = Result.load(folder)
    assert kept.trips.empty
    assert not kept.links.empty
    assert not (folder / "checkpoints").exists()
    assert all(not each.personal for each in kept_files(folder, parameters, began_s))
    last = retain(folder, parameters, began_s + sums_days * 86_400.0)
    assert last["files"] == 0
    assert (folder / "manifest.json").is_file()
