"""The benchmark of a million inhabitants, with three thousand: its place, its rows, and what columns save."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed import inhabitants
from benchmarks.speed.inhabitants import COUNT, PLACE, crowded, main

pytestmark = pytest.mark.one_interpreter(
    "engines are compared here, and tested on every interpreter in their own rooms"
)
N = 3_000


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    rows = inhabitants.measured(N, with_peers=True)
    found: dict[str, Any] = json.loads(json.dumps({"rows": rows}))
    return found


@pytest.mark.parametrize("n", [N, 1_000_003])
def test_the_place_gets_as_many_as_asked_in_its_own_proportions(n: int, tmp_path: Path) -> None:
    own = [int(each) for each in COUNT.findall((PLACE / "population.toml").read_text(encoding="utf-8"))]
    made = [int(each) for each in COUNT.findall(crowded(n, tmp_path).read_text(encoding="utf-8"))]
    assert sum(made) == n
    assert all(abs(b - a * n / sum(own)) < 1.0 for a, b in zip(own, made, strict=True))


def test_every_case_has_a_row_of_ours_and_most_one_of_mesas(told: dict[str, Any]) -> None:
    ours = {row["case"]: row for row in told["rows"] if row["engine"] == "twin"}
    peers = {row["case"]: row for row in told["rows"] if row["engine"] == "mesa"}
    assert len(ours) + len(peers) == len(told["rows"])
    assert set(peers) < set(ours)
    assert all(row["cpu_s"] > 0.0 and row["ratio"] == 1.0 for row in ours.values())
    assert all(row["ratio"] == row["cpu_s"] / ours[case]["cpu_s"] for case, row in peers.items())
    homes, days = ours["residents with homes"], ours["days and choices"]
    assert abs(homes["persons"] - N) <= 9 * 7, "each area's marginals to a person an age band"
    assert homes["bytes_each"] <= 120
    assert days["trips"] > days["persons"] > homes["persons"]
    assert days["memory_mb"] >= homes["memory_mb"] > 0


def test_columns_are_cheaper_than_agents_already_for_so_few(told: dict[str, Any]) -> None:
    ratio = {row["case"]: row["ratio"] for row in told["rows"] if row["engine"] == "mesa"}
    assert ratio["made of ready columns"] > 50.0
    assert min(ratio[case] for case in ("set, one value each", "set, one value for all", "agg, mean")) > 5.0
    assert ratio["agg, sum"] > 5.0


def test_too_few_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--persons", "10", "--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "1000 or more" in shown.err
