"""A wrong value of any option is told in one line before any long work: nobody is drawn, nothing written."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import SCENARIO, WORKS
from tests.territories import grid_territory
from twin.cli.main import COMMANDS, run_command
from twin.cli.studies import threads_of
from twin.errors import InputError
from twin.study.privacy_budget import KeptBudget

Captured = pytest.CaptureFixture[str]
OUT_OF_RANGE = "Invalid value for"
BAD: dict[str, list[tuple[str, str]]] = {
    "fetch": [
        ("town.osm --out a_file", "a_file: cannot be written: a_file is a file"),
        ("town.osm --out out --elevation absent.tif", "--elevation absent.tif: no such file"),
        ("town.osm --out out --zones absent.toml", "absent.toml"),
        ("town.osm --out out --date 2026-03-02", "--date: there is no feed"),
        ("town.osm --out out --bbox 8,43,7,44", "is no box"),
        ("town.osm --out out --polygon 7,43", "--polygon: cuts territory folders only"),
    ],
    "check": [("astray.toml", "focus: no zone 'vilage'")],
    "population": [
        ("day.toml --seeds 0", OUT_OF_RANGE),
        ("day.toml --out people.txt", "no form of table"),
        ("day.toml --out a_folder.csv", "--out a_folder.csv: is a folder"),
        ("day.toml --figures absent.toml", "absent.toml"),
    ],
    "calibrate": [
        ("day.toml --counts absent.csv", "absent.csv"),
        ("day.toml --counts absent.csv --out a_folder.csv", "--out a_folder.csv: is a folder"),
        ("day.toml --counts absent.csv --rounds 0", OUT_OF_RANGE),
    ],
    "run": [
        ("day.toml --out a_file", "a_file is a file"),
        ("day.toml --out a_file/below", "a_file is a file"),
        ("day.toml --stress nan", OUT_OF_RANGE),
        ("twice.toml --stress 9", "--stress: demand_scale: 18.0 is not right"),
        ("day.toml --seed 9223372036854775808", "--seed: 9223372036854775808 is too large"),
        ("astray.toml", "focus: no zone 'vilage'"),
    ],
    "compare": [
        ("day.toml works.toml --seeds 0", OUT_OF_RANGE),
        ("day.toml works.toml --out a_file", "a_file is a file"),
        ("day.toml astray.toml", "astray.toml: focus: no zone 'vilage'"),
    ],
    "sweep": [
        ("day.toml --vary app_share=0,2", "app_share: 2 is not right"),
        ("day.toml --vary app_share=0 --vary app_share=1", "--vary app_share: is told twice"),
        (
            "day.toml --vary seed=1,2",
            "--vary seed: seeds are not varied but numbered; right would be: --seeds",
        ),
        ("day.toml --vary focus=vilage", "no zone 'vilage'"),
        ("day.toml --vary app_share=0 --out a_file", "a_file is a file"),
    ],
    "influence": [("day.toml --seeds 0", OUT_OF_RANGE), ("day.toml --out a_file", "a_file is a file")],
    "adopt": [
        ("day.toml --low 0.1", "--low, --high: one of two"),
        ("day.toml --low nan --high 0.5", OUT_OF_RANGE),
        ("day.toml --low 0.1 --high 1.5", OUT_OF_RANGE),
        ("alone.toml", "nobody offers a calculator"),
    ],
    "respond": [("day.toml --days 0", OUT_OF_RANGE), ("astray.toml", "focus: no zone 'vilage'")],
    "coverage": [
        ("day.toml --model-days 3", OUT_OF_RANGE),
        ("day.toml --out a_file", "a_file is a file"),
        ("day.toml --threads 0", OUT_OF_RANGE),
    ],
    "assign": [("net.tntp trips.tntp --flows a_folder.csv", "--flows a_folder.csv: is a folder")],
    "utilities": [
        ("day.toml --form dwg", "--form dwg: no such form"),
        ("day.toml --out town.inp", "--out town.inp: nothing is written without a form"),
        ("day.toml --form inp --out a_folder.csv", "--out a_folder.csv: is a folder"),
        ("day.toml --digital-dependence", "no utility network is simulated"),
    ],
    "value": [("day.toml --seeds 0", OUT_OF_RANGE), ("astray.toml", "focus: no zone 'vilage'")],
    "ingest": [
        ("absent.jsonl --run live", "absent.jsonl: no such file"),
        ("day.toml --run a_file", "a_file is a file"),
        ("ftp://somewhere --run live", "no way to take in ftp://"),
    ],
    "nowcast": [
        ("day.toml --observed nowhere --at noon", "noon"),
        ("day.toml --observed nowhere --at 12:00", "nowhere: holds no observations"),
        ("day.toml --observed nowhere --at 12:00 --days 1", OUT_OF_RANGE),
    ],
    "export": [
        ("nowhere --form csv --out out", "--form: no form 'csv'; right would be: one of sensorthings"),
        ("nowhere --form ngsi-ld --out a_file", "a_file is a file"),
        ("nowhere --form ngsi-ld --out out", "nowhere: holds no manifest.json"),
    ],
    "sensorthings": [("nowhere", "nowhere: holds neither a run nor observations")],
    "report": [
        ("nowhere", "nowhere: no such folder"),
        (". --out a_folder.csv", "--out a_folder.csv: is a folder"),
        (". --out a_file/page.html", "a_file is a file"),
    ],
    "attack": [("nowhere --kind unicity", "no such folder"), (". --kind guess", "no attack 'guess'")],
    "publish": [("nowhere --out out", "no such folder"), (". --out a_file", "a_file is a file")],
    "erase": [(". nowhere --person 1", "nowhere: no such folder"), (". --person -1", OUT_OF_RANGE)],
    "retain": [(". nowhere", "nowhere: no such folder")],
    "parameters": [
        ("--kind guess", "no kind 'guess'"),
        (
            "--names scenario.app_shar",
            "no name matches 'scenario.app_shar'; right would be: scenario.app_share",
        ),
        ("--names mobilty.*", "no name matches 'mobilty.*'; right would be: mobility.*"),
    ],
    "scenarios": [("nowhere", "nowhere: no such folder")],
    "runs": [("nowhere", "nowhere: no such folder")],
}
CASES = [(name, words, line) for name, rows in BAD.items() for words, line in rows]


def test_every_command_is_tried() -> None:
    assert list(BAD) == [name for name, _ in COMMANDS]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One town for all: whoever writes into it fails."""
    town = tmp_path_factory.mktemp("town")
    grid_territory().save(town / "networks" / "town")
    (town / "a_file").write_text("")
    (town / "a_folder.csv").mkdir()
    (town / "day.toml").write_text(SCENARIO)
    (town / "works.toml").write_text(WORKS)
    (town / "twice.toml").write_text(f"demand_scale = 2.0\n{SCENARIO}")
    (town / "astray.toml").write_text('extends = "day.toml"\nfocus = "vilage"\n')
    (town / "alone.toml").write_text('title = "Alone"\nterritory = "town"\n')
    return town


@pytest.fixture
def nobody_is_drawn(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town; whatever draws its people, lives a day or reads a map is a fault."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def begun(*_: Any, **__: Any) -> None:
        raise AssertionError("long work has begun")

    monkeypatch.setattr("twin.model.sources.synthesise", begun)
    monkeypatch.setattr("twin.territory.build.read_extract", begun)
    return home


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize(
    ("name", "words", "line"), CASES, ids=[f"{name} {words}" for name, words, _ in CASES]
)
def test_a_wrong_value_is_one_line_before_any_long_work(
    nobody_is_drawn: Path, capsys: Captured, name: str, words: str, line: str
) -> None:
    before = sorted(nobody_is_drawn.rglob("*"))
    assert run_command([name, *words.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert line in said.err
    assert sorted(nobody_is_drawn.rglob("*")) == before


def test_a_port_that_another_has_is_told(town: Path, capsys: Captured) -> None:
    pytest.importorskip("orjson")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for words in (
            ["sensorthings", "nowhere", "--port", str(port)],
            ["ingest", f"http://127.0.0.1:{port}", "--run", "live"],
        ):
            assert run_command(words) == 2
            assert f"port {port} of 127.0.0.1: cannot be listened at" in capsys.readouterr().err
    assert not (town / "live").exists()


def test_what_has_no_chance_of_being_paid_for_is_told_before_days_are_drawn(tmp_path: Path) -> None:
    budget = KeptBudget.at(tmp_path / "budget.json", 0.15, np.arange(5, dtype=np.uint64))
    budget.check_left("june, 14 days")
    budget.spend_all([("june, 14 days: presence", 0.1)])
    budget.check_left("june, 15 days")
    with pytest.raises(InputError, match="was published already"):
        budget.check_left("june, 14 days")
    budget.spend_all([("july: presence", 0.05)])
    with pytest.raises(InputError, match=r"0 of the 0\.15 of these people left"):
        budget.check_left("june, 15 days")


def test_no_more_threads_than_processors() -> None:
    assert threads_of(1) == 1
    assert 1 <= threads_of(None) == threads_of(100_000)
