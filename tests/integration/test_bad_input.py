"""Bad input, command by command: one line that says where and what is right, exit 2, nothing written."""

from __future__ import annotations

import bz2
import gzip
import shutil
from pathlib import Path

import osmium
import pytest

from tests.integration.commands import ROOT, ask, tree
from tests.osm_maps import OsmMap, small_town
from twin.cli.main import run_command

CROP = 'territory = "la_turbie_crop"\n'
CLOSED = '[[modification]]\nkind = "close_link"\nlinks = {{ {} }}\n'
SCENARIOS = {
    "unknown key": (f"{CROP}apshare = 0.2", "case.toml: apshare: unknown key; right would be: app_share"),
    "unknown key of a modification": (
        CROP + CLOSED.format('ref = "D2564"') + "capacity = 3",
        "case.toml: modification 1: capacity: unknown key; right would be:",
    ),
    "extends itself": ('extends = "case.toml"', "case.toml: extends: 'case.toml' is the file itself"),
    "extends one that extends it": (
        'extends = "circle.toml"',
        "circle.toml: extends: 'case.toml' is a file that extends this one",
    ),
    "a modification without links": (
        CROP + CLOSED.format(""),
        "case.toml: modification 1: links: names no link; right would be: at least one of ref",
    ),
    "a modification of a road that is not there": (
        CROP + CLOSED.format('ref = "Z 99"'),
        "case.toml: modification 1: links: no road reference Z99 in the territory",
    ),
    "no scale at all": (f"{CROP}demand_scale = 0", "case.toml: demand_scale: 0 is not right"),
}
DESERTED = {
    "a territory that nobody lives in": ('territory = "empty"', "an empty population: nobody lives here"),
    "a territory without a house": ('territory = "bare.osm"', "an empty population: nobody lives here"),
    "a population without areas": (
        'territory = "no_area"',
        "population.toml: area: missing; right would be: at least one table [[area]]",
    ),
    "a scale that leaves nobody": (f"{CROP}demand_scale = 1e-9", "nobody travels there"),
}
MAPS = {
    "no_streets.osm": "no drivable streets; right would be: a map with streets",
    "no_length.osm": "no street that traffic can use; right would be: streets that are connected",
    "far_out.osm": "far_out.osm: node 1: coordinates 997.4, 43.74 are out of range",
    "no_number.osm": "no_number.osm: node 1: coordinates nan, 43.74 are not finite",
    "cut.osm": "cut.osm: node 53: broken or truncated XML",
    "cut.osm.gz": "cut.osm.gz: the packed file ends too early; right would be: the whole file",
    "cut.osm.bz2": "cut.osm.bz2: the packed file ends too early; right would be: the whole file",
    "cut.osm.pbf": "cut.osm.pbf: block 2: the file ends too early; right would be: the whole file",
    "a_byte_short.osm.pbf": "the file ends too early; right would be: the whole file",
    "broken.osm": "broken.osm: start of file: broken or truncated XML",
    "broken.osm.gz": "broken.osm.gz: cannot be unpacked",
    "broken.osm.pbf": "broken.osm.pbf: block 0: no readable block header",
    "blank.osm": "blank.osm: the file is empty; right would be: an OpenStreetMap extract",
    "blank.osm.pbf": "blank.osm.pbf: the file is empty; right would be: an OpenStreetMap extract",
}
NOBODY = """
[[area]]
zone = "{}"
inhabitants = 0
density_class = "village"
legal_regime = "France"
kind = "assumption"
source = "a place that everybody has left"
"""
HEAD = 'schema_version = 1\nplace = "A deserted village"\n'


def write_maps(folder: Path) -> None:
    """Maps that are cut off, broken, out of range, or without what a territory needs."""
    text = small_town().text()
    whole = folder / "town.osm"
    whole.write_text(text)
    with osmium.SimpleWriter(str(folder / "town.osm.pbf")) as writer:
        for item in osmium.FileProcessor(str(whole)):
            writer.add(item)
    packed = (folder / "town.osm.pbf").read_bytes()
    data = text.encode()
    for name, content in {
        "cut.osm": data,
        "cut.osm.gz": gzip.compress(data),
        "cut.osm.bz2": bz2.compress(data),
        "cut.osm.pbf": packed,
    }.items():
        (folder / name).write_bytes(content[: len(content) // 2])
    (folder / "a_byte_short.osm.pbf").write_bytes(packed[:-1])
    for name in ("broken.osm", "broken.osm.gz", "broken.osm.pbf"):
        (folder / name).write_bytes(b"\x00\x01 not a map at all " * 9)
    for name in ("blank.osm", "blank.osm.pbf"):
        (folder / name).touch()
    for name, lon in (("far_out.osm", "997.4"), ("no_number.osm", "nan"), ("no_length.osm", "7.4")):
        street = '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>'
        nodes = f'<node id="1" lon="{lon}" lat="43.74"/><node id="2" lon="7.4" lat="43.74"/>'
        (folder / name).write_text(f'<?xml version="1.0"?><osm version="0.6">{nodes}{street}</osm>')
    for name, road in (("no_streets.osm", "footway"), ("bare.osm", "residential")):
        ring = OsmMap(box_m=(-500, -300, 500, 300))
        ring.node(1, -100, 0), ring.node(2, 100, 0), ring.node(3, 0, 100)
        ring.way([1, 2, 3, 1], road)
        ring.write(folder / name)


@pytest.fixture(scope="module")
def bad_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with broken maps, deserted territories, and a result of an earlier day."""
    folder = tmp_path_factory.mktemp("bad")
    write_maps(folder)
    for name, table in (
        ("empty", HEAD + NOBODY.format("la_turbie") + NOBODY.format("rest")),
        ("no_area", HEAD),
    ):
        shutil.copytree(ROOT / "networks" / "la_turbie_crop", folder / "networks" / name)
        (folder / "networks" / name / "population.toml").write_text(table)
    (folder / "circle.toml").write_text('extends = "case.toml"')
    (folder / "good.toml").write_text(f'title = "Good"\n{CROP}')
    (folder / "kept").mkdir()
    (folder / "kept" / "manifest.json").write_text('{"kind": "run"}')
    (folder / "kept" / "links.parquet").write_bytes(b"PAR1")
    return folder


@pytest.fixture
def here(bad_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the current one; the cache, where libraries keep what is theirs, lies elsewhere."""
    monkeypatch.chdir(bad_desk)
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return bad_desk


def refused(here: Path, arguments: list[str], line: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The command is refused in one line, and leaves every file as it was."""
    before = tree(here)
    assert run_command(arguments) == 2
    out, error = capfd.readouterr()
    assert out == ""
    assert error.count("\n") == 1, error
    assert error.startswith("twin: ")
    assert line in error
    assert "right would be: " in error
    assert tree(here) == before


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("case", SCENARIOS)
@pytest.mark.parametrize("command", ["run", "compare"])
def test_a_bad_scenario(here: Path, command: str, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    text, line = SCENARIOS[case]
    (here / "case.toml").write_text(f'title = "Bad"\n{text}\n')
    rest = [] if command == "run" else ["good.toml"]
    refused(here, [command, "case.toml", *rest, "--out", "kept", "--json"], line, capfd)


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("case", DESERTED)
@pytest.mark.parametrize("command", ["run", "compare"])
def test_an_empty_population(here: Path, command: str, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    text, line = DESERTED[case]
    (here / "case.toml").write_text(f'title = "Bad"\n{text}\n')
    rest = [] if command == "run" else ["good.toml"]
    refused(here, [command, "case.toml", *rest, "--out", "kept", "--json"], line, capfd)


@pytest.mark.parametrize("name", MAPS)
def test_a_bad_map_is_not_fetched(here: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    refused(here, ["fetch", name, "--out", "new/town", "--json"], MAPS[name], capfd)


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("name", MAPS)
def test_a_scenario_on_a_bad_map(here: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "case.toml").write_text(f'title = "Bad"\nterritory = "{name}"\n')
    refused(here, ["run", "case.toml", "--out", "kept", "--json"], MAPS[name], capfd)


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("box", ["7.3,43.7,7.5,99", "7.3,43.7,190,43.8", "7.5,43.7,7.3,43.8"])
def test_a_box_out_of_range(here: Path, box: str, capfd: pytest.CaptureFixture[str]) -> None:
    refused(here, ["fetch", "town.osm", "--out", "new", "--bbox", box], "W,S,E,N in degrees", capfd)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "unknown.toml", "--out", "kept"], "apshare: unknown key"),
        (["run", "deserted.toml", "--out", "kept"], "an empty population"),
        (["fetch", "cut.osm.pbf", "--out", "new"], "the file ends too early"),
    ],
)
def test_in_a_process_of_its_own(bad_desk: Path, tmp_path: Path, arguments: list[str], line: str) -> None:
    (bad_desk / "unknown.toml").write_text(f'title = "Bad"\n{CROP}apshare = 1')
    (bad_desk / "deserted.toml").write_text('title = "Bad"\nterritory = "empty"')
    before = tree(bad_desk)
    answer = ask(bad_desk, tmp_path, *arguments)
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (2, "", 1), answer.stderr
    assert line in answer.stderr
    assert tree(bad_desk) == before
