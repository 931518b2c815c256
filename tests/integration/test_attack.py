"""`twin attack` on the village's day: every attack succeeds on its control and fails on what is published."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.commands import ROOT, ask, one_object, tree
from tests.integration.conftest import Desk
from twin.knowledge.privacy_release import NoiseKey
from twin.study.attack import attack
from twin.study.store import read_sealed, write_sealed

pytestmark = [
    pytest.mark.usefixtures("day"),
    pytest.mark.one_interpreter("what attacks find is tested on each in the room of knowledge"),
]


def attacked(desk: Desk, kind: str, *more: str) -> dict[str, Any]:
    return one_object(
        ask(desk.folder, desk.cache, "attack", "out", "--kind", kind, "--json", "--quiet", *more)
    )


def test_four_points_single_out_nine_in_ten_and_the_published_nobody(desk: Desk) -> None:
    before = tree(desk.folder / "out")
    found = attacked(desk, "unicity")
    assert found["raw"] >= 0.9
    assert found["published"] <= 0.01
    assert found["chance"] < 0.01
    assert found["people"] > 1_000
    assert (found["days"], found["days_simulated"], found["known_points"]) == (14, 1, 4)
    by_points = list(found["raw_by_points"].values())
    assert by_points == sorted(by_points)
    coarser = [row["raw"] for row in found["raw_by_grid"]]
    assert coarser == sorted(coarser, reverse=True)
    assert coarser[-1] < 0.1
    assert tree(desk.folder / "out") == before


def test_the_members_are_hidden(desk: Desk) -> None:
    found = attacked(desk, "membership")
    assert found["raw"] == 1.0
    assert 0.48 <= found["published"] <= 0.55
    assert found["privacy_loss_at_least"] <= found["privacy_loss_declared"] == found["release"]["epsilon"]
    assert found["budget"] == [["residents by cell and hour", found["release"]["epsilon"]]]


def test_places_cannot_be_told_from_decoys(desk: Desk) -> None:
    found = attacked(desk, "reconstruction")
    assert found["raw"] == 1.0
    # in the long run 2 points at most; three deviations of 20,000 trials are 1 point
    assert 0.49 <= found["published"] <= found["chance"] + 0.02 + 0.01
    assert found["cells_told_by_the_scenario_seed"] <= 0.15


def test_small_cells_are_no_difference(desk: Desk) -> None:
    found = attacked(desk, "differencing")
    assert found["small_cells"] == found["cells_recovered_raw"] > 5
    assert found["raw"] == 1.0
    assert found["cells_recovered"] == 0


def test_the_table_for_people(desk: Desk) -> None:
    answer = ask(desk.folder, desk.cache, "attack", "out", "--kind", "differencing", "--days", "2", "--quiet")
    assert answer.returncode == 0
    assert "published" in answer.stdout


def test_a_folder_whose_trips_are_not_those_of_its_scenario_is_told(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.folder / "out", tmp_path / "out")
    manifest = read_sealed(tmp_path / "out" / "manifest.json")
    write_sealed(tmp_path / "out" / "manifest.json", {**manifest, "seed": manifest["seed"] + 1})
    answer = ask(tmp_path, desk.cache, "attack", "out", "--kind", "unicity", "--quiet")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "are not those of its scenario and seed now; right would be: run it again" in answer.stderr
    (tmp_path / "out" / "manifest.json").unlink()
    answer = ask(tmp_path, desk.cache, "attack", "out", "--kind", "unicity", "--quiet")
    assert answer.returncode == 2
    assert "holds no manifest.json" in answer.stderr


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["out", "--kind", "guess"], "--kind: no attack 'guess'; right would be: one of unicity"),
        (["nowhere", "--kind", "unicity"], "nowhere: no such folder"),
        (["out", "--kind", "unicity", "--days", "0"], "Invalid value for '--days'"),
        (["out"], "Missing option '--kind'"),
    ],
)
def test_bad_input_is_one_line(desk: Desk, more: list[str], line: str) -> None:
    answer = ask(desk.folder, desk.cache, "attack", *more)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert line in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert "Traceback" not in answer.stderr


def test_what_is_published_depends_on_the_key_and_does_not_tell_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    secret = bytes(range(100, 132))
    tell = partial(attack, desk.folder / "out", "differencing", days=3)
    first = tell(key=NoiseKey(secret))
    assert tell(key=NoiseKey(secret)) == first
    others = [tell()["release"]["share_of_presence_shown"] for _ in range(3)]
    assert any(other != first["release"]["share_of_presence_shown"] for other in others)
    assert all(text not in json.dumps(first) for text in (secret.hex(), secret.decode("latin-1")))
