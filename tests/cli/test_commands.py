"""The command line: light help, one JSON object, one line and exit 2 for bad input, nothing written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from twin.cli.main import COMMANDS, run_command
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.version import VERSION

HEAVY = (
    "mesa",
    "numba",
    "osmnx",
    "osmium",
    "pandas",
    "matplotlib",
    "pyarrow",
    "numpy",
    "scipy",
    "pydantic",
    "dask",
)

NETWORKS = Path(__file__).parents[2] / "networks"

SCENARIO = """
title = "A day"
territory = "riviera"
"""


def test_help_is_light() -> None:
    script = (
        "import sys\n"
        "from twin.cli.main import run_command\n"
        "code = run_command(['--help'])\n"
        "loaded = sorted({name.split('.')[0] for name in sys.modules})\n"
        "print(code, *loaded, file=sys.stderr)\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *loaded = answer.stderr.split()
    assert code == "0"
    assert not set(HEAVY) & set(loaded)
    for name, _ in COMMANDS:
        assert f"  {name} " in answer.stdout


def test_the_package_names_its_doors_and_loads_none() -> None:
    script = (
        "import sys, twin; print(dir(twin)); print(len([m for m in sys.modules if m.startswith('twin.')]))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names, n_modules = answer.stdout.splitlines()
    assert names == str(
        [
            *("Inhabitant", "Population", "Scenario", "Territory", "TwinModel"),
            *("__version__", "compare", "run", "sweep"),
        ]
    )
    assert n_modules == "1"


def test_a_name_that_the_package_has_not_is_an_attribute_error() -> None:
    import twin

    with pytest.raises(AttributeError, match="has no attribute 'scenario_'"):
        twin.scenario_  # noqa: B018
    assert twin.Scenario.__name__ == "Scenario"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"twin {VERSION}\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "cas.toml"], "cas.toml: no such file; right would be: case.toml"),
        (["check", "case.toml"], "case.toml: territory: no territory 'riviera'; right would be:"),
        (["check", "self.toml"], "self.toml: extends: 'self.toml' is the file itself; right would be:"),
        (["check"], "Missing argument 'SCENARIO'"),
        (["check", "case.toml", "--jsn"], "No such option: --jsn"),
        (["run", "self.toml", "--out", "out"], "self.toml: extends:"),
        (["run", "case.toml", "--out", "out"], "case.toml: territory: no territory 'riviera'"),
        (["run", "case.toml", "--seed", "-1"], "Invalid value for '--seed'"),
        (["run", "case.toml", "--threads", "0"], "Invalid value for '--threads'"),
        (["compare", "case.toml"], "Missing argument"),
        (["compare", "case.toml", "self.toml", "--out", "out"], "self.toml: extends:"),
        (["compare", "case.toml", "case.toml", "--seeds", "x"], "Invalid value for '--seeds'"),
        (["sweep", "case.toml", "--vary", "app_share"], "--vary app_share: names no values; right would be:"),
        (["sweep", "case.toml", "--vary", "app_share=,"], "names no values; right would be: KEY=A,B,C"),
        (["sweep", "case.toml", "--vary", "apshare=0,1"], "apshare: unknown key; right would be: app_share"),
        (
            ["sweep", "case.toml", "--vary", "app_share=0,2"],
            "app_share: 2 is not right; right would be: share",
        ),
        (["report", "nowhere"], "nowhere: no such folder; right would be:"),
        (["parameters", "--kind", "guess"], "--kind: no kind 'guess'; right would be: one of law"),
        (["scenarios", "nowhere"], "nowhere: no such folder"),
        (
            ["fetch", "town.osm", "--out", "out", "--bbox", "7,43"],
            "--bbox: '7,43' is no box; right would be: W,S,E,N",
        ),
        (["fetch", "town.osm", "--out", "out", "--bbox", "8,43,7,44"], "is no box"),
        (["fetch", "town.osm", "--out", "out", "--bbox", "7,43,8,nan"], "is no box"),
        (["fetch", "town.osm"], "Missing option '--out'"),
        (["simulate"], "No such command 'simulate'"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TWIN_NETWORKS", raising=False)
    (tmp_path / "case.toml").write_text(SCENARIO)
    (tmp_path / "self.toml").write_text('extends = "self.toml"')
    before = sorted(tmp_path.rglob("*"))
    assert run_command(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert line in printed.err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_ledger_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["parameters", "--kind", "assumption", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {"name", "value", "low", "high", "unit", "kind", "source"} <= set(rows[0])
    assert {row["kind"] for row in rows} == {"assumption"}
    assert "scenario.app_share" in [row["name"] for row in rows]


def test_the_ledger_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["parameters", "--names", "scenario.provider_*"]) == 0
    printed = capsys.readouterr().out
    assert "scenario.provider_respect = 0.5 (0 to 1) share, assumption\n" in printed
    assert "6 rows" in printed


def test_no_name_of_the_ledger_is_folded_and_every_meaning_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["parameters"]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    text = " ".join(printed.split())
    for row in Parameters.defaults().rows():
        assert sum(line.startswith(f"{row.name} = ") for line in lines) == 1
        assert row.meaning in text
        assert row.source in text


def test_the_library_lists_also_what_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.toml").write_text(SCENARIO)
    (tmp_path / "bad.toml").write_text("title = 3")
    assert run_command(["scenarios", str(tmp_path), "--json"]) == 0
    bad, good = json.loads(capsys.readouterr().out)["scenarios"]
    assert (good["file"], good["title"], good["focus"]) == ("good.toml", "A day", "all")
    assert bad["file"] == "bad.toml"
    assert "title: 3 is not right" in bad["error"]


def test_the_library_is_found_from_anywhere_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    below = tmp_path / "scenarios" / "deeper"
    below.mkdir(parents=True)
    (tmp_path / "scenarios" / "good.toml").write_text(SCENARIO)
    monkeypatch.chdir(below)
    assert run_command(["scenarios", "--json"]) == 0
    assert [each["file"] for each in json.loads(capsys.readouterr().out)["scenarios"]] == ["good.toml"]


def test_without_a_library_the_message_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("twin.cli.library.__file__", str(tmp_path / "site" / "twin" / "cli" / "library.py"))
    assert run_command(["scenarios"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(
        f"twin: scenarios: no such folder in {tmp_path.as_posix()} or above; right would be:"
    )
    assert "`twin scenarios DIR`" in line


def test_texts_of_users_are_never_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "case.toml").write_text('title = "[red]A[/nothing] day"\nterritory = "riviera"')
    assert run_command(["scenarios", str(tmp_path)]) == 0
    assert "[red]A[/nothing] day" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    script = "from twin.cli.main import main; import sys; sys.argv = ['twin', 'parameters', '--json']; main()"
    command = f'{sys.executable} -c "{script}" | head -c 1'
    answer = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert answer.stdout == "{"
    assert "Traceback" not in answer.stderr


ON_THE_GROUND = {
    "unknown zone": ('focus = "la_turbi"', "", "case.toml: focus: no zone 'la_turbi'"),
    "one unknown zone of two": ('focus = ["dense", "nowhere"]', "", "case.toml: focus: no zone 'nowhere'"),
    "unknown road": ("", 'ref = "A 9"', "case.toml: modification 1: links: no road reference A9"),
    "unknown commune": (
        "",
        'commune = "La Turbi"',
        "no commune La Turbi in the territory; right would be: La Turbie",
    ),
    "unknown way": ("", "way = 12", "case.toml: modification 1: links: no way 12 in the territory"),
    "unknown link": (
        "",
        'link = "1:2:3"',
        "case.toml: modification 1: links: no link 1:2:3 in the territory",
    ),
    "unknown zone of links": (
        "",
        'zone = "densee"',
        "no zone densee in the territory; right would be: dense",
    ),
    "a box in the sea": (
        "",
        "bbox = [7.48, 43.711, 7.49, 43.712]",
        "modification 1: links: no link matches bbox",
    ),
    "a road that is not there": (
        "",
        'ref = "A8", zone = "dense"',
        "links: no link matches ref A8, zone dense",
    ),
}


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("case", ON_THE_GROUND)
def test_what_the_territory_does_not_have_is_one_line_before_anything_runs(
    case: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    top, links, line = ON_THE_GROUND[case]
    change = f'[[modification]]\nkind = "close_link"\nlinks = {{ {links} }}\n' if links else ""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWIN_NETWORKS", str(NETWORKS))
    (tmp_path / "case.toml").write_text(f"{top}\n{SCENARIO}\n{change}")
    assert run_command([command, "case.toml"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert line in printed.err
    assert [each.name for each in tmp_path.iterdir()] == ["case.toml"]


def test_check_prints_every_value_and_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(NETWORKS.parent)
    file = "scenarios/village_classified.toml"
    assert run_command(["check", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    scenario = Scenario.load(file)
    assert found["digest"] == scenario.digest
    assert found["resolved"] == scenario.resolved()
    assert found["provenance"]["territory"] == "scenarios/riviera.toml: territory"
    assert found["provenance"]["focus"] == "scenarios/village.toml: focus"
    n_links = len((NETWORKS.parent / "scenarios" / "village_links.csv").read_text().splitlines()) - 1
    assert found["modification_links"] == [n_links]
    assert run_command(["check", file]) == 0
    printed = capsys.readouterr().out
    assert f"(links: {n_links})" in printed
    assert "ledger: scenario.app_share" in printed
