"""Commands that take a finished run's folder find its territory from anywhere, or say in one line why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SCENARIO
from tests.territories import grid_territory
from twin.cli.main import run_command
from twin.errors import InputError
from twin.report.page import write_report
from twin.scenario.scenario import Scenario
from twin.study.erasure_runs import erase_person
from twin.study.ground import ground_of
from twin.study.run import run
from twin.study.store import read_manifest, write_sealed
from twin.study.traces import resident_days

pytestmark = pytest.mark.one_interpreter("where a folder lies is the same on each")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town with a finished run, lived once for all tests."""
    home = tmp_path_factory.mktemp("kept")
    grid_territory().save(home / "networks" / "town")
    (home / "day.toml").write_text(SCENARIO)
    run(Scenario.load(home / "day.toml"), out=home / "out", cache=False)
    return home


@pytest.fixture
def town(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it; the commands that follow start from a folder that holds nothing, nor any above it."""
    home = tmp_path / "town"
    shutil.copytree(kept, home)
    manifest = read_manifest(home / "out", "run")
    assert manifest["provenance"]["territory_path"] == str(kept / "networks" / "town")
    manifest["provenance"]["territory_path"] = str(home / "networks" / "town")
    write_sealed(home / "out" / "manifest.json", manifest)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("TWIN_NETWORKS", raising=False)
    return home


@pytest.fixture
def run_of_town(town: Path) -> Path:
    """The run's folder."""
    return town / "out"


def taken_away(folder: Path, to: Path) -> Path:
    """The run's folder alone, where nothing above it is a territory."""
    return Path(shutil.copytree(folder, to / "away" / "out"))


def ground(folder: Path) -> Path:
    manifest = read_manifest(folder, "run")
    return ground_of(Scenario.from_tables(manifest["scenario"]), manifest, folder).scenario.territory_path()


def test_every_command_on_a_run_works_from_a_folder_without_networks(
    run_of_town: Path, tmp_path: Path, capsys: Captured
) -> None:
    away = taken_away(run_of_town, tmp_path)
    assert run_command(["export", str(away), "--form", "ngsi-ld", "--out", "told", "--quiet"]) == 0
    assert run_command(["report", str(away), "--out", "page.html", "--quiet"]) == 0
    assert "No maps" not in Path("page.html").read_text()
    capsys.readouterr()
    words = ["attack", str(away), "--kind", "differencing", "--days", "1", "--json", "--quiet"]
    assert run_command(words) == 0
    assert json.loads(capsys.readouterr().out)["residents"] > 0


def test_a_person_is_erased_from_the_homes_that_are_kept_wherever_one_stands(run_of_town: Path) -> None:
    """Where the people cannot be drawn again the whole table of homes goes: not for want of a folder."""
    person = int(resident_days(run_of_town, 1).persons.person_id[0])
    erase_person([run_of_town], person, cache=False)
    assert (run_of_town / "homes.parquet").is_file()


def test_it_is_found_beside_the_run_before_where_the_run_found_it(run_of_town: Path, town: Path) -> None:
    """A project that moved as a whole uses its own territory."""
    moved = town / "moved"
    shutil.copytree(town / "networks", moved / "networks")
    away = Path(shutil.copytree(run_of_town, moved / "results" / "out"))
    assert ground(away) == moved / "networks" / "town"
    assert ground(run_of_town) == town / "networks" / "town"
    shutil.rmtree(moved / "networks")
    (town / "networks").rename(moved / "networks")
    assert ground(away) == moved / "networks" / "town", "the place of then is gone"


def test_another_territory_of_the_same_name_is_passed_over(run_of_town: Path) -> None:
    grid_territory(5).save(Path("networks/town"))
    assert ground(run_of_town) == run_of_town.parent / "networks" / "town"


def test_a_territory_that_is_gone_or_changed_is_one_line(
    run_of_town: Path, town: Path, capsys: Captured
) -> None:
    (town / "networks").rename(town / "gone")
    for more in (["attack", "--kind", "unicity"], ["export", "--form", "ngsi-ld", "--out", "told"]):
        assert run_command([more[0], str(run_of_town), *more[1:], "--quiet"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "the territory 'town' of the run is not there; right would be: networks/town here" in said
        assert f"or {town}/networks/town, as in the run" in said
    grid_territory(5).save(town / "networks" / "town")
    assert run_command(["attack", str(run_of_town), "--kind", "unicity", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the territory 'town' has changed since the run; right would be: what has the digest" in said
    assert not Path("told").exists()


def test_nothing_that_is_handed_on_names_a_path_of_this_machine(run_of_town: Path, town: Path) -> None:
    """The run's own manifest does, for its owner; pages and exports do not, nor a page without a ground."""
    assert json.loads((run_of_town / "manifest.json").read_text())["provenance"]["territory_path"] == str(
        town / "networks" / "town"
    )
    assert run_command(["export", str(run_of_town), "--form", "sensorthings", "--out", "told"]) == 0
    written = [write_report(run_of_town), *Path("told").iterdir()]
    (town / "networks").rename(town / "gone")
    written.append(write_report(run_of_town, town / "without.html"))
    assert "the territory &#39;town&#39; of the run is not there" in written[-1].read_text()
    for file in written:
        assert str(town) not in file.read_text(), file.name


def test_a_run_of_one_date_is_attacked_by_that_day_alone(
    run_of_town: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    manifest = read_manifest(run_of_town, "run")
    manifest["scenario"]["date"] = "2027-01-12"
    write_sealed(run_of_town / "manifest.json", manifest)
    monkeypatch.setattr("twin.study.traces.load_population", lambda *_: pytest.fail("people are drawn"))
    assert run_command(["attack", str(run_of_town), "--kind", "unicity", "--days", "2", "--quiet"]) == 2
    assert "--days: 2 days of a run of one date; right would be: 1, or a run" in capsys.readouterr().err


def test_a_manifest_of_before_whose_path_was_relative_is_read(run_of_town: Path, town: Path) -> None:
    manifest = read_manifest(run_of_town, "run")
    manifest["provenance"]["territory_path"] = "../town/networks/town"
    write_sealed(run_of_town / "manifest.json", manifest)
    away = Path(shutil.copytree(run_of_town, town.parent / "away" / "out"))
    assert ground(away) == town / "networks" / "town"
    (town / "networks").rename(town / "gone")
    with pytest.raises(InputError, match="is not there"):
        ground(away)


def test_what_is_asked_of_a_run_is_checked_before_its_people_are_drawn(
    run_of_town: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    for module in ("attack", "publication"):
        monkeypatch.setattr(f"twin.study.{module}.resident_days", lambda *_: pytest.fail("people are drawn"))
    (run_of_town.parent / "full").mkdir()
    (run_of_town.parent / "full" / "file").write_text("")
    for words, line in (
        (["attack", "--kind", "unicity", "--focus", "vilage"], "no zone 'vilage'; right would be: village"),
        (
            ["publish", "--out", str(run_of_town.parent / "full")],
            "is not empty; right would be: a folder that",
        ),
        (["publish", "--out", "new", "--state", str(run_of_town.parent / "full" / "file")], "cannot be made"),
    ):
        assert run_command([words[0], str(run_of_town), *words[1:], "--quiet"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert line in said
