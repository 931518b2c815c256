"""Heights from GeoTIFF files written here, plain and packed, and broken ones."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.osm_maps import LAT0, LON0, small_town
from twin.errors import InputError
from twin.readers.geotiff import read_height_grid
from twin.territory.territory import Territory

HEIGHTS = np.arange(12, dtype=np.int16).reshape(3, 4) * 10
FORMATS = {"i": 2, "u": 1, "f": 3}


def tiff(
    heights, *, order="<", packed=False, predictor=1, rows_per_strip=2, extra=(), model=2, tile=None, lat=LAT0
):
    """A GeoTIFF whose north-west corner is the maps' origin, with cells of 0.001 degree."""
    body = heights.astype(heights.dtype.newbyteorder(order))
    if tile:
        padded = np.zeros((-(-body.shape[0] // tile) * tile, -(-body.shape[1] // tile) * tile), body.dtype)
        padded[: body.shape[0], : body.shape[1]] = body
        parts = [
            padded[r : r + tile, c : c + tile]
            for r in range(0, padded.shape[0], tile)
            for c in range(0, padded.shape[1], tile)
        ]
    else:
        parts = [body[r : r + rows_per_strip] for r in range(0, body.shape[0], rows_per_strip)]
    if predictor == 2:
        words = [np.ascontiguousarray(part).view(f"{order}u{part.itemsize}") for part in parts]
        parts = [np.diff(part, axis=1, prepend=part.dtype.type(0)).astype(part.dtype) for part in words]
    if predictor == 3:
        parts = [by_rank(part) for part in parts]
    pieces = [zlib.compress(part.tobytes()) if packed else part.tobytes() for part in parts]
    starts = np.cumsum([8, *map(len, pieces)]).tolist()
    where, count, shape = (324, 325, [(322, "H", [tile]), (323, "H", [tile])]) if tile else (
        273, 279, [(278, "H", [rows_per_strip])]
    )  # fmt: skip
    entries = [
        (256, "H", [body.shape[1]]), (257, "H", [body.shape[0]]), (258, "H", [body.itemsize * 8]),
        (259, "H", [8 if packed else 1]), (where, "I", starts[:-1]), (count, "I", list(map(len, pieces))),
        (317, "H", [predictor]), (339, "H", [FORMATS[body.dtype.kind]]), (33550, "d", [0.001, 0.001, 0.0]),
        (33922, "d", [0, 0, 0, LON0, lat, 0]), (34735, "H", [1, 1, 0, 2, 1024, 0, 1, model, 1025, 0, 1, 1]),
        *shape, *extra,
    ]  # fmt: skip
    return _assemble(order, b"".join(pieces), sorted(entries))


def by_rank(part):
    """Bytes of the same rank together, the highest first, then their differences along each row."""
    high_first = np.ascontiguousarray(part.astype(part.dtype.newbyteorder(">"))).view(np.uint8)
    ranks = high_first.reshape(*part.shape, part.itemsize).transpose(0, 2, 1).reshape(len(part), -1)
    return np.diff(ranks, axis=1, prepend=np.uint8(0)).astype(np.uint8)


def _assemble(order, body, entries):
    directory = 8 + len(body)
    spill_at = directory + 2 + 12 * len(entries) + 4
    rows, spill = b"", b""
    for tag, kind, values in entries:
        raw = struct.pack(f"{order}{len(values)}{kind}", *values) if kind != "s" else values
        number = {"H": 3, "I": 4, "d": 12, "s": 2}[kind]
        field = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack(f"{order}I", spill_at + len(spill))
        spill += raw if len(raw) > 4 else b""
        rows += struct.pack(f"{order}HHI", tag, number, len(values)) + field
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, directory)
    return head + body + struct.pack(f"{order}H", len(entries)) + rows + bytes(4) + spill


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "words",
    [{}, {"packed": True}, {"packed": True, "predictor": 2}, {"packed": True, "predictor": 3}, {"tile": 16}],
)
@pytest.mark.parametrize("kind", [np.int16, np.float32, np.uint16, np.float64])
def test_heights_are_read_whatever_the_packing(tmp_path, order, words, kind):
    if words.get("predictor") == 3 and kind in (np.int16, np.uint16):
        kind = np.float32
    file = tmp_path / "heights.tif"
    file.write_bytes(tiff(HEIGHTS.astype(kind), order=order, **words))
    grid = read_height_grid(file)
    np.testing.assert_array_equal(grid.height_m, HEIGHTS)
    assert (grid.lon, grid.lat) == (pytest.approx(LON0 + 0.0005), pytest.approx(LAT0 - 0.0005))
    at = grid.at(np.array([LON0 + 0.0015, LON0 - 0.1]), np.array([LAT0 - 0.0005, LAT0]))
    np.testing.assert_array_equal(at, [10.0, np.nan])


def test_missing_cells_have_no_height(tmp_path):
    file = tmp_path / "heights.tif"
    file.write_bytes(tiff(HEIGHTS, extra=[(42113, "s", b"20\0")]))
    grid = read_height_grid(file)
    assert np.isnan(grid.height_m).sum() == 1
    assert np.isnan(grid.height_m[0, 2])


def test_a_territory_takes_its_heights_from_the_grid(tmp_path):
    file = tmp_path / "heights.tif"
    file.write_bytes(tiff(np.full((40, 40), 321, np.int16), lat=LAT0 + 0.02))
    streets = Territory.from_osm(small_town().write(tmp_path / "town.osm"), elevation=file).streets
    known = np.isfinite(streets.node_elevation_m)
    np.testing.assert_array_equal(known, streets.node_lon >= LON0)
    assert set(streets.node_elevation_m[known]) == {321.0}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is no TIFF"),
        (b"GIF89a" + bytes(50), "is no TIFF"),
        (tiff(HEIGHTS)[:60], "cannot be read"),
        (tiff(HEIGHTS, model=1), "projected grid"),
        (tiff(HEIGHTS, extra=[(277, "H", [3])]), "3 bands"),
        (tiff(HEIGHTS, extra=[(256, "I", [2**31])]), "cells"),
        (tiff(HEIGHTS, extra=[(256, "I", [2**24])]), "cells in"),
        (tiff(HEIGHTS, packed=True)[:12] + bytes(30) + tiff(HEIGHTS, packed=True)[42:], "cannot be read"),
    ],
)
def test_a_wrong_grid_is_refused(tmp_path, content, what):
    file = tmp_path / "heights.tif"
    file.write_bytes(content)
    with pytest.raises(InputError, match=what):
        read_height_grid(file)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_grid_is_read_or_refused(tmp_path, data):
    body = bytearray(tiff(HEIGHTS, packed=data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path / "heights.tif"
    file.write_bytes(bytes(body))
    try:
        n_cells, where = read_height_grid(file).height_m.size, str(file)
    except InputError as refused:
        n_cells, where = 12, refused.where
    assert 0 < n_cells <= 100_000_000
    assert str(file) in where
