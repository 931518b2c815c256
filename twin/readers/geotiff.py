"""Heights from a GeoTIFF: one band in degrees (WGS 84), plain or deflated, strips or tiles.

Reads what elevation models are published as, after TIFF 6.0 (Adobe 1992) and GeoTIFF 1.1 (OGC 2019);
anything else is refused by name. Sizes are checked before anything is unpacked.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.readers.osm_bounds import FREE_BYTES, MOST_RATIO, check_coordinates

RIGHT = "a GeoTIFF with one band of heights in degrees (EPSG:4326)"
MOST_CELLS = 100_000_000
MOST_VALUES = 4_000_000  # of one directory entry
WIDTH, HEIGHT, BITS, COMPRESSION, BANDS, PREDICTOR, FORMAT = 256, 257, 258, 259, 277, 317, 339
STRIP_OFFSETS, STRIP_ROWS, STRIP_BYTES = 273, 278, 279
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
PIXEL_SCALE, TIE_POINT, GEO_KEYS, NO_DATA = 33550, 33922, 34735, 42113
MODEL_TYPE, RASTER_TYPE, GEOGRAPHIC = 1024, 1025, 2
PLAIN, DEFLATE = (1,), (8, 32946)
KINDS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d"}
SAMPLES = {
    (1, 8): "u1",
    (1, 16): "u2",
    (1, 32): "u4",
    (2, 16): "i2",
    (2, 32): "i4",
    (3, 32): "f4",
    (3, 64): "f8",
}
AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]

Entries = dict[int, tuple[float, ...]]


@dataclass(frozen=True)
class HeightGrid:
    """Heights (n_rows, n_columns) in metres, NaN where none.

    `lon` and `lat` are the centre of the north-west cell, the steps are in degrees.
    """

    height_m: NDArray[np.float64]
    lon: float
    lat: float
    step_lon: float
    step_lat: float

    def at(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height of the cell that each point lies in, NaN outside."""
        column = np.floor((lon - self.lon) / self.step_lon + 0.5)
        row = np.floor((self.lat - lat) / self.step_lat + 0.5)
        n_rows, n_columns = self.height_m.shape
        inside = (row >= 0) & (row < n_rows) & (column >= 0) & (column < n_columns)
        found = self.height_m[np.where(inside, row, 0).astype(int), np.where(inside, column, 0).astype(int)]
        return np.where(inside, found, np.nan)

    def around(self, lon: NDArray[np.float64], lat: NDArray[np.float64], margin: int) -> HeightGrid:
        """The part of the grid around points, with so many cells more on each side."""
        n_rows, n_columns = self.height_m.shape
        column, row = (lon - self.lon) / self.step_lon, (self.lat - lat) / self.step_lat
        north, west = (int(np.floor(each.min(initial=np.inf))) - margin for each in (row, column))
        south, east = (int(np.ceil(each.max(initial=-np.inf))) + margin + 1 for each in (row, column))
        north, west = max(min(north, n_rows - 2), 0), max(min(west, n_columns - 2), 0)
        height = self.height_m[north : max(south, north + 2), west : max(east, west + 2)]
        lon_0, lat_0 = self.lon + west * self.step_lon, self.lat - north * self.step_lat
        return HeightGrid(height, lon_0, lat_0, self.step_lon, self.step_lat)

    def filled(self, rings: int) -> HeightGrid:
        """The grid with its voids filled from their rims inwards, by the mean of known neighbours.

        At most `rings` cells from the rim: the sea and the other side of a border stay without heights.

        >>> grid = HeightGrid(np.array([[1.0, 3.0], [np.nan, 3.0]]), 7.0, 44.0, 0.1, 0.1)
        >>> grid.filled(1).height_m[1, 0].round(3)
        np.float64(2.333)
        """
        height = np.pad(self.height_m, 1, constant_values=np.nan)
        row, column = np.nonzero(np.isnan(self.height_m))
        for _ in range(rings):
            near = np.array([height[row + 1 + i, column + 1 + j] for i, j in AROUND])
            known = np.isfinite(near)
            rim = known.any(axis=0)
            if not rim.any():
                break
            mean = np.where(known, near, 0.0)[:, rim].sum(axis=0) / known[:, rim].sum(axis=0)
            height[row[rim] + 1, column[rim] + 1] = mean
            row, column = row[~rim], column[~rim]
        return replace(self, height_m=height[1:-1, 1:-1])

    def between(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Height between the four posts around each point, bilinear; NaN outside or beside a void."""
        column, row = (lon - self.lon) / self.step_lon, (self.lat - lat) / self.step_lat
        n_rows, n_columns = self.height_m.shape
        inside = (row >= 0) & (row <= n_rows - 1) & (column >= 0) & (column <= n_columns - 1)
        i = np.clip(np.floor(np.where(inside, row, 0)).astype(int), 0, n_rows - 2)
        j = np.clip(np.floor(np.where(inside, column, 0)).astype(int), 0, n_columns - 2)
        down, right, height = row - i, column - j, self.height_m
        upper = height[i, j] * (1.0 - right) + height[i, j + 1] * right
        lower = height[i + 1, j] * (1.0 - right) + height[i + 1, j + 1] * right
        return np.where(inside, upper * (1.0 - down) + lower * down, np.nan)


def read_height_grid(file: Path) -> HeightGrid:
    """Read a GeoTIFF of heights.

    Raises
    ------
    InputError
        The file is broken, too large, not in degrees, or of a kind that is not read.
    """
    where = str(file)
    try:
        data = file.read_bytes()
        order, entries = _directory(data, where)
        cells = _cells(data, order, entries, where)
        lon, lat, step_lon, step_lat = _georeference(entries, where)
    except (OSError, struct.error, IndexError, KeyError, ValueError, zlib.error) as error:
        raise InputError(where, f"cannot be read: {error!r}", RIGHT) from None
    missing = _missing_value(entries)
    heights = cells.astype(np.float64)
    heights[~np.isfinite(heights)] = np.nan
    if missing is not None:
        heights[heights == missing] = np.nan
    return HeightGrid(heights, lon, lat, step_lon, step_lat)


def _directory(data: bytes, where: str) -> tuple[str, Entries]:
    """Byte order and the entries of the first directory."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or struct.unpack(f"{order}H", data[2:4])[0] != 42:
        raise InputError(where, "is no TIFF", RIGHT)
    at = struct.unpack(f"{order}I", data[4:8])[0]
    n_entries = struct.unpack(f"{order}H", data[at : at + 2])[0]
    entries: Entries = {}
    for entry in range(n_entries):
        start = at + 2 + 12 * entry
        tag, kind, count = struct.unpack(f"{order}HHI", data[start : start + 8])
        if kind not in KINDS or count > MOST_VALUES:
            continue
        size = struct.calcsize(f"{order}{KINDS[kind]}") * count
        place = start + 8 if size <= 4 else struct.unpack(f"{order}I", data[start + 8 : start + 12])[0]
        raw = data[place : place + size]
        if kind == 2:
            text = raw.split(b"\0")[0].strip()
            entries[tag] = (float(text),) if tag == NO_DATA else ()
        else:
            entries[tag] = struct.unpack(f"{order}{count * len(KINDS[kind])}{KINDS[kind][0]}", raw)
    return order, entries


def _one(entries: Entries, tag: int, default: float | None = None) -> int:
    value = entries[tag][0] if default is None or tag in entries else default
    return int(value)


def _cells(data: bytes, order: str, entries: Entries, where: str) -> NDArray[np.generic]:
    width, height = _one(entries, WIDTH), _one(entries, HEIGHT)
    if not 0 < width * height <= MOST_CELLS or _one(entries, BANDS, 1) != 1:
        raise InputError(where, f"{width} x {height} cells, {_one(entries, BANDS, 1)} bands", RIGHT)
    kind = SAMPLES.get((_one(entries, FORMAT, 1), _one(entries, BITS, 1)))
    packing, predictor = _one(entries, COMPRESSION, 1), _one(entries, PREDICTOR, 1)
    predictors = (1, 2, 3) if kind in ("f4", "f8") else (1, 2)
    if kind is None or packing not in (*PLAIN, *DEFLATE) or predictor not in predictors:
        what = f"samples {kind}, compression {packing}, predictor {predictor}"
        raise InputError(where, f"{what} are not read", f"{RIGHT}, plain or deflated")
    if width * height * np.dtype(kind).itemsize > max(FREE_BYTES, MOST_RATIO * len(data)):
        raise InputError(where, f"{width} x {height} cells in {len(data)} bytes", "an honest grid")
    cells = np.zeros((height, width), dtype=kind)
    for row, column, block_height, block_width, piece in _blocks(data, entries, height, width):
        size = block_height * block_width * cells.itemsize
        raw = zlib.decompressobj().decompress(piece, size) if packing in DEFLATE else piece[:size]
        block = _unpacked(raw, (block_height, block_width), f"{order}{kind}", predictor)
        target = cells[row : row + block_height, column : column + block_width]
        target[:] = block[: target.shape[0], : target.shape[1]]
    return cells


def _unpacked(raw: bytes, shape: tuple[int, int], kind: str, predictor: int) -> NDArray[np.generic]:
    """Cells (rows, columns) of a block: plain, differences of neighbours (2) or of their bytes (3)."""
    if predictor == 3:  # bytes of the same rank stand together, the highest first (TIFF Technical Note 3)
        size = np.dtype(kind).itemsize
        rows = np.frombuffer(raw, dtype=np.uint8).reshape(shape[0], size * shape[1])
        ranks = np.cumsum(rows, axis=1, dtype=np.uint8).reshape(shape[0], size, shape[1])
        cells = np.ascontiguousarray(ranks.transpose(0, 2, 1)).view(f">{kind[1:]}")
        return np.asarray(cells.reshape(shape))
    if predictor == 2:  # of floats too, words are differenced as whole numbers
        word = f"u{np.dtype(kind).itemsize}"
        words = np.frombuffer(raw, dtype=f"{kind[0]}{word}").reshape(shape)
        return np.cumsum(words, axis=1, dtype=word).view(kind[1:])
    return np.frombuffer(raw, dtype=kind).reshape(shape)


def _blocks(
    data: bytes, entries: Entries, height: int, width: int
) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Row, column, height, width and packed bytes of each strip or tile."""
    if TILE_OFFSETS in entries:
        tall, wide = _one(entries, TILE_HEIGHT), _one(entries, TILE_WIDTH)
        offsets, sizes = entries[TILE_OFFSETS], entries[TILE_BYTES]
    else:
        tall, wide = min(_one(entries, STRIP_ROWS, height), height), width
        offsets, sizes = entries[STRIP_OFFSETS], entries[STRIP_BYTES]
    if not (0 < tall <= 2**14 and wide > 0 and tall * wide <= MOST_CELLS):
        raise ValueError(f"blocks of {tall} x {wide}")
    across = -(-width // wide)
    for number in range(across * -(-height // tall)):
        row, column = number // across * tall, number % across * wide
        rows = tall if TILE_OFFSETS in entries else min(tall, height - row)
        start = int(offsets[number])
        yield row, column, rows, wide, data[start : start + int(sizes[number])]


def _georeference(entries: Entries, where: str) -> tuple[float, float, float, float]:
    """Centre of the north-west cell and the steps between cells, in degrees."""
    keys = entries.get(GEO_KEYS, ())
    listed = {int(keys[k]): int(keys[k + 3]) for k in range(4, len(keys) - 3, 4)}
    if listed.get(MODEL_TYPE, GEOGRAPHIC) != GEOGRAPHIC:
        raise InputError(where, "heights are on a projected grid", RIGHT)
    step_lon, step_lat = entries[PIXEL_SCALE][:2]
    column, row, _, lon, lat = entries[TIE_POINT][:5]
    if not (0.0 < step_lon < 10.0 and 0.0 < step_lat < 10.0):
        raise InputError(where, f"cells of {step_lon} x {step_lat} degrees", RIGHT)
    half = 0.0 if listed.get(RASTER_TYPE, 1) == 2 else 0.5
    west, north = lon + (half - column) * step_lon, lat - (half - row) * step_lat
    check_coordinates(west, north, where)
    return west, north, step_lon, step_lat


def _missing_value(entries: Entries) -> float | None:
    return float(entries[NO_DATA][0]) if entries.get(NO_DATA) else None
