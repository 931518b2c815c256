"""Heights of streets and utilities: observed, given or assumed, and what leans on a void says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.osm_maps import LAT0, LON0, small_town
from twin.cli.main import run_command
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.elevation import streets_with_heights
from twin.territory.tables import HEIGHT_PROVENANCES
from twin.territory.territory import Territory
from twin.territory.utilities.tables import WATER

OBSERVED, GIVEN, ASSUMED = range(3)
POSTS = 1201
TILE = f"N{int(LAT0):02d}E{int(LON0):03d}.hgt"


def tile(folder: Path, heights: np.ndarray) -> Path:
    file = folder / TILE
    file.write_bytes(heights.astype(">i2").tobytes())
    return file


def town_with_a_mapped_height(folder: Path) -> Path:
    town = small_town()
    town.node(60, -480, 0, ele="512")
    return town.write(folder / "town.osm")


def test_each_height_says_how_it_is_known(tmp_path: Path) -> None:
    file = town_with_a_mapped_height(tmp_path)
    plain = Territory.from_osm(file).streets
    known = np.isfinite(plain.node_elevation_m)
    assert plain.height_provenance.tolist() == np.where(known, OBSERVED, ASSUMED).tolist()
    assert known.any()
    assert "node_elevation_provenance" not in plain.columns(), "digests without a file of heights stay"
    flat = Territory.from_osm(file, elevation=tile(tmp_path, np.full((POSTS, POSTS), 321)))
    assert (flat.streets.height_provenance == GIVEN).all()
    assert (flat.streets.node_elevation_m == 321.0).all(), "the file comes first"
    assert (flat.utilities.nodes.elevation_provenance == GIVEN).all()
    table = tmp_path / "one.csv"
    lon, lat = float(plain.node_lon[~known][0]), float(plain.node_lat[~known][0])
    table.write_text(f"lon,lat,elevation_m\n{lon},{lat},100\n")
    mixed = Territory.from_osm(file, elevation=table).streets
    assert set(mixed.height_provenance.tolist()) == {OBSERVED, GIVEN, ASSUMED}
    assert len(HEIGHT_PROVENANCES) == 3
    ends = np.maximum(mixed.height_provenance[mixed.tail], mixed.height_provenance[mixed.head])
    assert mixed.elevation_provenance.tolist() == ends.tolist(), "a slope is known as the worse of its ends"


def test_what_leans_on_a_void_has_a_height_and_counts_as_assumed(tmp_path: Path) -> None:
    file = town_with_a_mapped_height(tmp_path)
    heights = np.full((POSTS, POSTS), 321)
    row, column = round((int(LAT0) + 1 - LAT0) * (POSTS - 1)), round((LON0 - int(LON0)) * (POSTS - 1))
    heights[row - 2 : row + 3, column - 2 : column + 3] = -32768
    town = Territory.from_osm(file, elevation=tile(tmp_path, heights))
    assert (town.streets.node_elevation_m == 321.0).all()
    assert set(town.streets.height_provenance.tolist()) == {GIVEN, ASSUMED}
    town.save(tmp_path / "out")
    again = Territory.load(tmp_path / "out")
    assert again.streets.height_provenance.tolist() == town.streets.height_provenance.tolist()
    nodes = again.utilities.nodes
    assert ASSUMED in nodes.elevation_provenance[nodes.utility == WATER]
    assert np.isfinite(nodes.elevation_m[nodes.utility == WATER]).all()


def test_heights_can_be_laid_on_streets_that_stand(tmp_path: Path) -> None:
    town = Territory.from_osm(town_with_a_mapped_height(tmp_path))
    table = tmp_path / "one.csv"
    row = int(np.flatnonzero(np.isnan(town.streets.node_elevation_m))[0])
    lon, lat = float(town.streets.node_lon[row]), float(town.streets.node_lat[row])
    table.write_text(f"lon,lat,elevation_m\n{lon},{lat},100\n")
    streets = streets_with_heights(town.streets, table, Parameters.defaults())
    again = Territory.from_osm(tmp_path / "town.osm", elevation=table).streets
    assert np.array_equal(streets.node_elevation_m, again.node_elevation_m, equal_nan=True)
    assert streets.height_provenance.tolist() == again.height_provenance.tolist()
    assert streets.elevation_provenance.tolist() == again.elevation_provenance.tolist()


def test_a_map_outside_the_tile_is_refused(tmp_path: Path) -> None:
    other = tile(tmp_path, np.zeros((POSTS, POSTS))).rename(tmp_path / "N10E010.hgt")
    with pytest.raises(InputError, match="holds no usable height of the map"):
        Territory.from_osm(town_with_a_mapped_height(tmp_path), elevation=other)


@pytest.mark.one_interpreter("long, and the same on each")
def test_a_village_is_fetched_with_the_radar_heights(
    data_file: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """La Turbie lies between the Grande Corniche (sea side, about 280 m here) and the Tete de Chien."""
    map_, heights = data_file("osm/la_turbie.osm.bz2"), data_file("elevation/N43E007.hgt.zip")
    box = "7.395,43.742,7.403,43.748"
    words = ["fetch", str(map_), "--bbox", box, "--out", str(tmp_path / "out"), "--quiet"]
    assert run_command([*words, "--elevation", str(heights)]) == 0
    village = Territory.load(tmp_path / "out")
    streets = village.streets
    assert village.meta["elevation_file"] == heights.name
    assert (streets.height_provenance == GIVEN).all()
    assert 300.0 < float(np.median(streets.node_elevation_m)) < 600.0
    capsys.readouterr()
    broken = tmp_path / "N43E007.hgt.zip"
    broken.write_bytes(heights.read_bytes()[:1000])
    assert run_command([*words, "--elevation", str(broken)]) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert "cannot be read" in said
