"""Territories on disk: what is read is what was written, and a changed folder is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.territory.content import content_digest
from twin.territory.territory import Territory

TABLES = ("streets", "gateways", "zones", "places", "paths")


@pytest.fixture
def folder(town, tmp_path):
    town.save(tmp_path / "town")
    return tmp_path / "town"


def test_a_territory_comes_back_as_it_was(town, folder):
    again = Territory.load(folder)
    assert again.digest == town.digest
    assert (again.name, dict(again.meta)) == (town.name, json.loads(json.dumps(dict(town.meta))))
    for name in TABLES:
        for column, value in getattr(town, name).columns().items():
            other = getattr(getattr(again, name), column)
            if isinstance(value, np.ndarray):
                assert other.dtype.kind == value.dtype.kind, column
                np.testing.assert_array_equal(other, value, err_msg=column)


def test_all_arrays_are_read_only(folder):
    again = Territory.load(folder)
    for name in TABLES:
        for column, value in getattr(again, name).columns().items():
            assert not isinstance(value, np.ndarray) or not value.flags.writeable, column


def test_saving_twice_gives_the_same_bytes(town, folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    (folder / "zones.toml").write_text("stays = true")
    Territory.load(folder).save(folder)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert (folder / "zones.toml").exists()


def test_tables_open_as_geoparquet_with_a_schema_version(folder):
    for name in ("nodes", "links", "places"):
        notes = pq.read_schema(folder / f"{name}.parquet").metadata
        assert json.loads(notes[b"geo"])["version"] == "1.1.0"
    for file in folder.glob("*.parquet"):
        assert pq.read_schema(file).metadata[b"twin_schema_version"] == b"2"


def test_a_changed_value_is_noticed(folder):
    table = pq.read_table(folder / "links.parquet")
    at = table.column_names.index("length_m")
    longer = table.set_column(
        at, "length_m", (table.column(at).to_pandas() + 0.001).to_numpy()[None, :].tolist()
    )
    pq.write_table(longer, folder / "links.parquet")
    with pytest.raises(InputError, match=r"content has the digest"):
        Territory.load(folder)


@pytest.mark.parametrize("name", ["links.parquet", "places.parquet", "territory.json"])
@pytest.mark.parametrize("damage", ["cut", "absent"])
def test_a_damaged_file_is_refused(folder, name, damage):
    body = (folder / name).read_bytes()
    (folder / name).unlink()
    if damage == "cut":
        (folder / name).write_bytes(body[: len(body) // 2])
    with pytest.raises(InputError) as refused:
        Territory.load(folder)
    assert str(folder) in refused.value.where


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_never_passes_for_content(town, folder, data):
    """Wherever a bit flips: refused, or what is read is what was written."""
    file = folder / data.draw(st.sampled_from(sorted(f.name for f in folder.glob("*.parquet"))))
    body = file.read_bytes()
    damaged = bytearray(body)
    damaged[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(damaged)
    try:
        digest, where = Territory.load(folder).digest, str(folder)
    except InputError as refused:
        digest, where = town.digest, refused.where
    file.write_bytes(body)
    assert digest == town.digest
    assert str(folder) in where


def test_another_schema_is_refused(folder):
    notes = json.loads((folder / "territory.json").read_text())
    (folder / "territory.json").write_text(json.dumps({**notes, "schema_version": 99}))
    with pytest.raises(InputError, match="schema version 99"):
        Territory.load(folder)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="no territory folder"):
        Territory.load(tmp_path / "nowhere")


def tables_with(town, **columns):
    tables = {name: getattr(town, name) for name in TABLES}
    return {**tables, "streets": replace(town.streets, **columns)}


def test_the_digest_rounds_to_millimetres(town):
    length = town.streets.length_m
    assert content_digest(tables_with(town, length_m=length + 1e-5)) == town.digest
    assert content_digest(tables_with(town, length_m=length + 1e-3)) != town.digest


def test_the_digest_does_not_depend_on_the_kind_of_number(town):
    wide = town.streets.tail.astype(np.int64)
    assert content_digest(tables_with(town, tail=wide)) == town.digest


def test_the_digest_sees_every_column_of_streets(town):
    for name, value in town.streets.columns().items():
        if isinstance(value, np.ndarray) and len(value) > 1 and not (value == value[0]).all():
            if value.dtype.kind == "f" and np.isnan(value).all():
                continue
            assert content_digest(tables_with(town, **{name: value[::-1]})) != town.digest, name
