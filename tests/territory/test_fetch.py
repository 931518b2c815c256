"""`twin fetch` from a local file: its report, and that bad input writes nothing."""

from __future__ import annotations

import json
import math

import pytest

from tests.osm_maps import OsmMap, small_town
from twin.errors import InputError
from twin.territory.fetch import fetch_local
from twin.territory.territory import Territory
from twin.territory.utilities.tables import UTILITIES


@pytest.fixture
def town_file(tmp_path):
    return small_town().write(tmp_path / "town.osm")


def test_the_report_counts_what_was_built(town_file, tmp_path):
    steps: list[str] = []
    report = fetch_local(town_file, tmp_path / "out", progress=steps.append)
    assert json.loads(json.dumps(report)) == report
    built = Territory.load(tmp_path / "out")
    assert report["digest"] == built.digest
    assert (report["name"], report["nodes"], report["links"]) == ("out", 4, 8)
    assert (report["buildings"], report["places"], report["gateways"]) == (2, 2, 2)
    assert (report["unreachable_pairs"], report["lost_km"]) == (0, {})
    assert set(report["utilities"]) == set(UTILITIES)
    assert report["utilities"]["power"]["inferred"] > 0
    assert steps[0] == "reading the map"
    assert steps[-1] == "writing the folder"


def test_mapped_utilities_are_observed_and_the_rest_is_not(tmp_path):
    town = small_town()
    town.node(60, 10, 10, power="tower"), town.node(61, 30, 10, emergency="fire_hydrant")
    town.way([60, 61], power="line"), town.way([60, 61], man_made="pipeline", substance="hot_water")
    town.way([60, 61], man_made="pipeline", substance="gas"), town.node(62, 0, 0, telecom="exchange")
    town.way([60, 61], man_made="pipeline")
    report = fetch_local(town.write(tmp_path / "town.osm"), tmp_path / "out")["utilities"]
    observed = {name: row["observed"] for name, row in report.items() if row["observed"]}
    assert observed == {"power": 2, "water": 1, "heat": 1, "telecom": 1, "gas": 1, "unknown": 1}
    for row in report.values():
        assert row["elements"] == row["observed"] + row["inferred"] + row["assumed"]
    assert all(report[name]["inferred"] > 0 for name in ("power", "water", "heat", "telecom"))


def test_the_folders_own_zones_are_used_again(town_file, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "zones.toml").write_text('[[zone]]\nname = "all of it"\nrest = true\n')
    assert set(fetch_local(town_file, out)["zones"]) == {"all of it"}
    assert set(fetch_local(town_file, out)["zones"]) == {"all of it"}


@pytest.mark.parametrize(
    "words",
    [
        {"bbox": (0.0, 0.0, 1.0, 1.0)},
        {"bbox": (2.0, 0.0, 1.0, 1.0)},
        {"zones": "absent.toml"},
        {"elevation": "absent.csv"},
        {"elevation": "heights.png"},
    ],
)
def test_bad_input_writes_nothing(town_file, tmp_path, words):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError):
        fetch_local(town_file, tmp_path / "new" / "out", **words)
    assert sorted(tmp_path.rglob("*")) == before


def test_bad_input_leaves_what_was_there(town_file, tmp_path):
    fetch_local(town_file, tmp_path / "out")
    before = {file: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    with pytest.raises(InputError):
        fetch_local(OsmMap().write(tmp_path / "empty.osm"), tmp_path / "out")
    assert {file: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_a_folder_of_other_things_is_refused(town_file, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to_the_mayor.txt").write_text("Dear")
    with pytest.raises(InputError, match=r"holds 'to_the_mayor\.txt'"):
        fetch_local(town_file, tmp_path / "letters")
    with pytest.raises(InputError, match="is a file"):
        fetch_local(town_file, town_file)


def test_heights_come_from_tags_and_from_a_file(tmp_path):
    town = small_town()
    town.node(60, -480, 0, ele="512"), town.node(61, 480, 0, ele="high")
    file = town.write(tmp_path / "town.osm")
    streets = Territory.from_osm(file).streets
    heights = dict(zip(streets.node_id.tolist(), streets.node_elevation_m.tolist(), strict=True))
    assert heights[5] == 512.0
    assert sum(not math.isnan(height) for height in heights.values()) == 1
    assert (streets.elevation_provenance == 2).all()
    table = tmp_path / "heights.csv"
    rows = [
        f"{lon},{lat},{10 * n}"
        for n, (lon, lat) in enumerate(zip(streets.node_lon, streets.node_lat, strict=True))
    ]
    table.write_text("lon,lat,elevation_m\n" + "\n".join(rows) + "\n")
    streets = Territory.from_osm(file, elevation=table).streets
    assert streets.node_elevation_m.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert (streets.elevation_provenance == 1).all(), "given"


@pytest.mark.parametrize("row", ["7.4,43.7,inf", "7.4,43.7,99999", "7.4,999,1", "7.4,43.7", "a,b,c"])
def test_a_wrong_table_of_heights_is_refused(town_file, tmp_path, row):
    table = tmp_path / "heights.csv"
    table.write_text(f"lon,lat,elevation_m\n{row}\n")
    with pytest.raises(InputError, match=r"heights\.csv: line 2"):
        Territory.from_osm(town_file, elevation=table)
