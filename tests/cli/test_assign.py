"""The command `assign`: its numbers as JSON and as tables, its file of flows, one line for bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from twin.cli.main import run_command

LINKS = [(1, 3, 0, 10), (1, 4, 50, 1), (3, 2, 50, 1), (4, 2, 0, 10), (3, 4, 10, 1)]
"""Braess with six trips: time and rise of each link."""
HABIT = "origin,destination,share,links\n1,2,0.5,1 3\n1,2,0.5,2 4\n"


@pytest.fixture
def braess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the network, its trips and the habit of those who ignore the bridge."""
    rows = [
        f"{tail} {head} 1 1 {time or 1e-8} {rise / (time or 1e-8):.17g} 1 0 0 1 ;"
        for tail, head, time, rise in LINKS
    ]
    head = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 4\n<NUMBER OF LINKS> 5\n<END OF METADATA>\n"
    (tmp_path / "net.tntp").write_text(head + "\n".join(rows) + "\n")
    (tmp_path / "trips.tntp").write_text("<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 6.0;\n")
    (tmp_path / "habit.csv").write_text(HABIT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], *options: str) -> dict:
    assert run_command(["assign", "net.tntp", "trips.tntp", "--json", "--quiet", *options]) == 0
    answer, complaints = capsys.readouterr()
    assert complaints == ""
    return json.loads(answer)


def test_equilibrium_and_optimum(braess, capsys):
    selfish = ask(capsys, "--principle", "ue", "--gap", "1e-9")
    assert selfish["total_travel_time"] == pytest.approx(552, rel=1e-6)
    assert selfish["objective"] == pytest.approx(386, rel=1e-6)
    assert 0.0 <= selfish["relative_gap"] <= 1e-9
    assert selfish["iterations"] >= 1
    assert 0.0 < selfish["seconds"] < 1.0
    assert ask(capsys, "--principle", "so")["total_travel_time"] == pytest.approx(498, rel=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_classes(braess, capsys, share):
    classes = ["--class", f"app:{share}", "--class", f"others:{1 - share}:habit.csv"]
    found = ask(capsys, "--gap", "1e-10", *classes)
    known = 498 + 84 * share + 234 * share**2 if share <= 1 / 3 else 552
    assert found["total_travel_time"] == pytest.approx(known, rel=1e-6)
    assert [each["rule"] for each in found["classes"]] == ["equilibrium", "habit.csv"]
    assert (found["classes"][0]["mean_cost"] is None) == (share == 0.0)


def test_flows_are_written(braess, capsys):
    classes = ("--class", "app:0.5", "--class", "others:0.5:free-flow")
    found = ask(capsys, "--flows", "out/flows.csv", *classes)
    assert found["flows"] == "out/flows.csv"
    with Path("out/flows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["init_node"]), int(row["term_node"])) for row in rows] == [link[:2] for link in LINKS]
    assert [float(row["flow_others"]) for row in rows] == [3, 0, 0, 3, 3]
    total = sum(float(row["flow"]) * float(row["time"]) for row in rows)
    assert total == pytest.approx(found["total_travel_time"])
    for row in rows:
        assert float(row["flow"]) == pytest.approx(float(row["flow_app"]) + float(row["flow_others"]))
    assert sorted(path.name for path in Path("out").iterdir()) == ["flows.csv"]


def test_weights_are_paid(braess, capsys):
    """Every way is two links of length 1, the one by the bridge three: it costs too much."""
    found = ask(capsys, "--distance-weight", "100")
    assert found["total_travel_time"] == pytest.approx(498, rel=1e-6)
    assert found["total_cost"] == pytest.approx(498 + 6 * 200, rel=1e-6)


def test_tables_for_people(braess, capsys):
    assert run_command(["assign", "net.tntp", "trips.tntp"]) == 0
    shown = capsys.readouterr().out
    assert "total_travel_time" in shown
    assert "equilibrium" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--principle", "best"], "--principle: 'best' is no principle; right would be: ue or so"),
        (["--gap", "0"], "--gap: 0 is no relative gap"),
        (["--gap", "nan"], "--gap: nan is no relative gap"),
        (["--toll-weight", "-1"], "--toll-weight: is -1"),
        (["--distance-weight", "inf"], "--distance-weight: is inf"),
        (["--class", "app"], "--class app: is no class of drivers"),
        (["--class", "app:2"], "--class app:2: is no class of drivers"),
        (["--class", "a b:1"], "is no class of drivers"),
        (["--class", "app:1:"], "is no class of drivers"),
        (["--class", "app:1:best"], "'best' is neither a rule nor a file"),
        (["--class", "app:0.5"], "their shares are 0.5"),
        (["--class", "app:1:net.tntp"], "net.tntp: does not begin with its columns"),
        (["--flows", "."], "is a folder"),
        (["--flows", "net.tntp/flows.csv"], "net.tntp"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(braess, capsys, options, words):
    before = sorted(path.name for path in braess.rglob("*"))
    flows = [] if "--flows" in options else ["--flows", "flows.csv"]
    assert run_command(["assign", "net.tntp", "trips.tntp", *options, *flows]) == 2
    answer, complaint = capsys.readouterr()
    assert answer == ""
    assert complaint.count("\n") == 1
    assert words in complaint
    assert sorted(path.name for path in braess.rglob("*")) == before


@pytest.mark.parametrize("files", [["absent.tntp", "trips.tntp"], ["net.tntp", "absent.tntp"]])
def test_an_absent_file_is_bad_input(braess, capsys, files):
    assert run_command(["assign", *files]) == 2
    assert "absent.tntp: cannot be read" in capsys.readouterr().err


def test_a_gap_that_cannot_be_reached_is_failed_work(braess, capsys, monkeypatch):
    from twin.routing import assignment

    monkeypatch.setattr(assignment, "MOST_ITERATIONS", 0)
    assert run_command(["assign", "net.tntp", "trips.tntp", "--quiet"]) == 1
    assert "after 0 iterations, not 1e-06" in capsys.readouterr().err
