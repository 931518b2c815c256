"""The benchmark of assignment: honest rows, one function for all gaps, one line where a peer is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.speed import assignment
from benchmarks.speed.assignment import main, rows_of

pytestmark = pytest.mark.one_interpreter(
    "engines are compared here, and tested on every interpreter in their own rooms"
)

NETWORK = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 2
<NUMBER OF LINKS> 2
<END OF METADATA>
1 2 1 0 1 1 1 0 0 1 ;
1 2 1 0 1 1 4 0 0 1 ;
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    network, trips = tmp_path / "net.tntp", tmp_path / "trips.tntp"
    network.write_text(NETWORK)
    trips.write_text("<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 1.5;\n")
    return network, trips


def test_our_row(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--gap", "1e-8", "--net", str(files[0]), "--trips", str(files[1])]) == 0
    answer = json.loads(capsys.readouterr().out)
    (row,) = answer["rows"]
    assert row["engine"] == "twin"
    assert row["relative_gap"] <= 1e-8
    assert row["cpu_s"] > 0.0
    assert row["ratio"] == 1.0
    assert "load_average" in answer["machine"]


def test_an_engine_that_fails_says_so(files: tuple[Path, Path]) -> None:
    rows = rows_of((files[0], files[0]), 1e-6, ["twin"])
    assert "failed: " in rows[0]["note"]
    assert rows[0]["ratio"] is None


def test_a_missing_peer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert main(["--peers"]) == 2
    assert "pip install aequilibrae" in capsys.readouterr().err


def test_a_missing_network_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assignment, "project_file", lambda: None)
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1
