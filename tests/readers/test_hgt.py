"""Tiles of the shuttle's radar: posts, voids and corners; what is no tile is refused in one line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from twin.errors import InputError
from twin.readers.hgt import read_hgt

POSTS = 1201


def slope() -> np.ndarray:
    """Heights that rise by 1 m a row to the south and 2 m a column to the east."""
    row, column = np.meshgrid(np.arange(POSTS), np.arange(POSTS), indexing="ij")
    return (row + 2 * column).astype(">i2")


def tile(folder: Path, name: str = "N43E007.hgt", heights: np.ndarray | None = None) -> Path:
    file = folder / name
    file.write_bytes((slope() if heights is None else heights).tobytes())
    return file


def test_heights_lie_between_posts(tmp_path: Path) -> None:
    grid = read_hgt(tile(tmp_path))
    step = 1.0 / (POSTS - 1)
    lon, lat = np.array([7.0, 7.0 + 10.5 * step, 8.0]), np.array([44.0, 44.0 - 3.25 * step, 43.0])
    assert grid.between(lon, lat) == pytest.approx([0.0, 3.25 + 21.0, 3 * (POSTS - 1)])
    assert np.isnan(grid.between(np.array([6.999, 8.001]), np.array([43.5, 43.5]))).all()


def test_beside_a_void_nothing_is_known(tmp_path: Path) -> None:
    heights = slope()
    heights[5, 5] = -32768
    grid = read_hgt(tile(tmp_path, heights=heights))
    step = 1.0 / (POSTS - 1)
    at = np.array([4.5, 6.5]) * step
    assert np.isnan(grid.between(7.0 + at, 44.0 - at)).tolist() == [True, False]
    filled = grid.around(7.0 + at, 44.0 - at, 3).filled(2)
    assert filled.between(7.0 + at, 44.0 - at) == pytest.approx([3 * 4.5, 3 * 6.5], abs=1e-6), "on a slope"
    assert filled.height_m.shape < grid.height_m.shape


def test_a_void_is_filled_no_farther_than_asked_and_a_sea_of_them_stays(tmp_path: Path) -> None:
    heights = slope()
    heights[:, 600:] = -32768
    grid = read_hgt(tile(tmp_path, heights=heights)).filled(3)
    assert np.isfinite(grid.height_m[:, :603]).all()
    assert np.isnan(grid.height_m[:, 603:]).all()
    assert abs(grid.height_m[:, 602] - grid.height_m[:, 599]).max() <= 3.0, "no cliff is invented"


def test_a_zip_of_one_tile_and_corners_in_the_south_and_west(tmp_path: Path) -> None:
    tile(tmp_path, "S02W071.hgt")
    with zipfile.ZipFile(tmp_path / "S02W071.hgt.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "S02W071.hgt", "S02W071.hgt")
    grid = read_hgt(tmp_path / "S02W071.hgt.zip")
    assert (grid.lon, grid.lat) == (-71.0, -1.0)
    assert grid.between(np.array([-71.0]), np.array([-2.0])) == pytest.approx([POSTS - 1])


def test_what_is_no_tile_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "N43E008.hgt"
    short.write_bytes(b"\0" * 1_000)
    unnamed = tile(tmp_path, "heights.hgt")
    broken = tmp_path / "N43E009.hgt.zip"
    broken.write_bytes(b"PK no zip")
    empty = tmp_path / "N43E010.hgt.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    for file, wrong in (
        (short, "are no tile"),
        (unnamed, "no south-west corner"),
        (broken, "cannot be read"),
        (empty, "holds 0 tiles"),
        (tmp_path / "N43E011.hgt", "cannot be read"),
    ):
        with pytest.raises(InputError, match=wrong):
            read_hgt(file)
