"""`twin attack` on the village's day: every attack succeeds on its control and fails on what is published."""

from __future__ import annotations

import json
import shutil
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.integration.commands import ROOT, tree
from tests.integration.conftest import Desk
from twin.cli.main import run_command
from twin.errors import InputError
from twin.knowledge.privacy_attacks import keys_of_seed
from twin.knowledge.privacy_release import KEY_BYTES, BudgetLedger, NoiseKey
from twin.population.tables import RESIDENT
from twin.scenario.ledger import Parameters
from twin.study.attack import attack_days, lives_in
from twin.study.attack_kinds import Attacked
from twin.study.publication import publish
from twin.study.releases import METERED, PRESENCE, publish_plan, release_plan_of
from twin.study.store import read_manifest, read_sealed, write_sealed
from twin.study.traces import PLANNING, ResidentDays, consents_to, resident_days

pytestmark = [
    pytest.mark.usefixtures("day"),
    pytest.mark.one_interpreter("what attacks find is arithmetic that no interpreter changes"),
]


@cache
def lived(folder: Path) -> ResidentDays:
    """Fourteen days of the village's residents."""
    return resident_days(folder / "out", 14)


def attacked(desk: Desk, kind: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    return attack_days(lived(desk.folder), kind, Parameters.defaults(), 1, NoiseKey.fresh())


def test_four_points_single_out_nine_in_ten_and_the_published_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    before = tree(desk.folder / "out")
    assert run_command(["attack", str(desk.folder / "out"), "--kind", "unicity", "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["raw"] >= 0.9
    assert found["published"] <= 0.01
    assert found["chance"] < 0.01
    assert found["people"] > 1_000
    assert found["consent"] < found["residents"]
    assert (found["days"], found["days_simulated"], found["known_points"]) == (14, 1, 4)
    by_points = list(found["raw_by_points"].values())
    assert by_points == sorted(by_points)
    coarser = [row["raw"] for row in found["raw_by_grid"]]
    assert coarser == sorted(coarser, reverse=True)
    assert coarser[-1] < 0.1
    assert tree(desk.folder / "out") == before


def test_the_members_are_hidden(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = attacked(desk, "membership", monkeypatch)
    assert found["raw"] == 1.0
    assert 0.48 <= found["published"] <= 0.55
    assert found["privacy_loss_at_least"] <= found["privacy_loss_declared"]
    assert found["privacy_loss_declared"] == pytest.approx(found["release"]["epsilon"])
    assert found["privacy_loss_at_least_raw"] > 3.0
    # all tables are paid from one budget
    names = [each["name"] for each in found["release"]["tables"]]
    assert len(names) == 9
    assert [what for what, _ in found["budget"]] == [f"attacked: {name}" for name in names]
    limit = float(Parameters.defaults()["knowledge.privacy_epsilon"])
    assert sum(paid for _, paid in found["budget"]) == pytest.approx(limit)


def test_places_days_and_trajectories_cannot_be_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = attacked(desk, "reconstruction", monkeypatch)
    assert found["raw"] > 0.99
    # in the long run 2 points at most; three deviations of 20,000 trials are 1 point
    assert 0.49 <= found["published"] <= found["chance"] + 0.02 + 0.01
    assert found["cells_told_by_the_scenario_seed"] <= 0.15
    # control: noise that does come from the seed is taken off to the last person
    weak = attack_days(lived(desk.folder), "reconstruction", Parameters.defaults(), 1, keys_of_seed(1)[0])
    assert weak["cells_told_by_the_scenario_seed"] == 1.0
    joined = found["trajectories"]
    assert joined["raw"] > joined["chance"]
    assert max(joined["published"], joined["unhidden"]) <= joined["chance"] + 0.02


def test_homes_are_told_by_the_own_trace_and_not_by_the_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = attacked(desk, "home", monkeypatch)
    assert found["raw"] >= 0.8
    assert found["published"] <= 2.0 * found["chance"]
    assert found["exact_counts"] > 1.3 * found["chance"]


def test_small_cells_are_no_difference(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = attacked(desk, "differencing", monkeypatch)
    assert found["small_cells"] >= found["cells_recovered_raw"] > 5
    assert found["raw"] == 1.0
    assert found["cells_recovered"] == 0
    assert found["queries"] >= 10_000


def test_who_does_not_consent_is_in_nothing_that_leaves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    days = lived(desk.folder)
    plan = release_plan_of(days, Parameters.defaults(), 1)
    refuse = (days.persons.kind == RESIDENT) & ~consents_to(days.persons, PLANNING)
    travel = np.unique(days.journeys.person)
    assert refuse[travel].any()
    for table in plan.tables:
        if "metered" in table.name or "water" in table.name:
            assert consents_to(days.persons, "energy")[table.kept.person].all()
        else:
            assert not refuse[table.kept.person].any()
    published = publish_plan(plan, NoiseKey.fresh(), BudgetLedger(1.0), "june")
    given = Attacked(days, published, lives_in(days, "all"), 1)
    assert not refuse[given.seen.person].any()
    assert not refuse[given.people(100, "trial")].any()


def test_a_folder_whose_trips_are_not_those_of_its_scenario_is_told(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    out = tmp_path / "out"
    shutil.copytree(desk.folder / "out", out)
    manifest = read_sealed(out / "manifest.json")
    write_sealed(out / "manifest.json", {**manifest, "seed": manifest["seed"] + 1})
    with pytest.raises(InputError, match="are not those of its scenario and seed now; right would be: run"):
        resident_days(out, 1)
    (out / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        resident_days(out, 1)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["out", "--kind", "guess"], "--kind: no attack 'guess'; right would be: one of unicity, home"),
        (["nowhere", "--kind", "unicity"], "nowhere: no such folder"),
        (["out", "--kind", "unicity", "--days", "0"], "Invalid value for '--days'"),
        (["out"], "Missing option '--kind'"),
    ],
)
def test_bad_input_is_one_line(
    desk: Desk,
    more: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(desk.folder)
    assert run_command(["attack", *more]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert line in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_what_is_published_depends_on_the_key_and_does_not_tell_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    secret = bytes(range(100, 132))
    tell = partial(attack_days, lived(desk.folder), "differencing", Parameters.defaults(), 1)
    first = tell(NoiseKey(secret))
    assert tell(NoiseKey(secret)) == first
    keys = [NoiseKey(bytes(range(k, k + KEY_BYTES))) for k in range(3)]
    others = [tell(key)["release"]["share_of_presence_shown"] for key in keys]
    assert any(other != first["release"]["share_of_presence_shown"] for other in others)
    assert all(text not in json.dumps(first) for text in (secret.hex(), secret.decode("latin-1")))


def test_a_run_is_published_once_from_a_budget_of_its_people(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    out, state = desk.folder / "out", tmp_path / "state"

    def published(days: int, name: str, *more: str) -> int:
        where = ("--out", str(tmp_path / name), "--state", str(state), "--quiet")
        return run_command(["publish", str(out), "--days", str(days), *where, *more])

    assert published(2, "june", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["left"] == pytest.approx(0.0, abs=1e-12)
    manifest = read_manifest(tmp_path / "june", "publication")
    assert set(manifest["files"]) == {f"{each['name']}.parquet" for each in found["tables"]}
    least = {each["name"]: each["least_shown"] for each in found["tables"] if each["least_shown"] is not None}
    shown = {name: pd.read_parquet(tmp_path / "june" / f"{name}.parquet")["value"] for name in least}
    # by some keys so few people show no cell of the finer tables at all
    assert len(shown[METERED]) > 0
    for name, value in shown.items():
        assert least[name] >= 10
        assert (value >= least[name]).all()
    # the key stands with the publisher, in no file of the publication nor of the run
    secret = (state / "noise.key").read_bytes()
    for folder in (tmp_path / "june", out):
        for path in folder.rglob("*"):
            assert not path.is_file() or secret not in path.read_bytes()
    # other folders, other days: the same people have nothing left to give
    assert published(2, "july") == 2
    assert "published already" in capsys.readouterr().err
    assert published(3, "august") == 2
    assert (
        "0 of the 0.15 of these people left; right would be: no more than is left" in capsys.readouterr().err
    )
    assert not (tmp_path / "july").exists()
    assert not (tmp_path / "august").exists()
    with pytest.raises(InputError, match="key and budget would lie in"):
        publish(out, tmp_path / "september", days=1, state=out / "state")
    assert not (out / "state").exists()


def test_an_erased_person_is_in_no_new_table(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    shutil.copytree(desk.folder / "out", tmp_path / "out")
    days = lived(desk.folder)
    row = int(np.flatnonzero(np.isin(np.arange(len(days.persons)), days.journeys_of(PLANNING).person))[-1])
    person = int(days.persons.person_id[row])
    homes = pd.read_parquet(tmp_path / "out" / "homes.parquet")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out = str(tmp_path / "out")
    assert run_command(["erase", out, "--person", str(person), "--json", "--quiet"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["rows_removed"] >= 2
    assert {Path(name).name for name in done["files_changed"]} == {"trips.parquet", "homes.parquet"}
    left = pd.read_parquet(tmp_path / "out" / "homes.parquet")
    assert left["inhabitants"].sum() < homes["inhabitants"].sum()
    after = resident_days(tmp_path / "out", 2)
    assert after.erased.sum() == 1
    assert after.erased[row]
    assert row in release_plan_of(days, Parameters.defaults(), 1).table(PRESENCE).kept.person
    for table in release_plan_of(after, Parameters.defaults(), 1).tables:
        assert row not in table.kept.person
    assert run_command(["retain", out, "--quiet"]) == 0
    assert "personal_byte_days" in capsys.readouterr().out
