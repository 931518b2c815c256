"""The command `utilities`: networks for an inhabitant, the cascade told, losses, digital dependence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.study.utility_runs import DarkRuns, QuietRuns
from tests.territories import grid_territory
from twin.cli.main import run_command
from twin.scenario.ledger import Parameters
from twin.scenario.modification import OfWholeDays
from twin.scenario.modifications import MODIFICATIONS
from twin.study.digital_dependence import FALLBACK
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.utilities.water.inp import read_inp


class ByHand(OfWholeDays):
    """Stands in for the kind where it is not known yet."""

    kind: str = FALLBACK


def nothing_may_run() -> None:
    """Stands in for what runs: asked for in vain is a fault."""
    raise AssertionError("a day is lived before the options are checked")


@pytest.fixture
def served(town: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town with its networks, and a day that goes dark."""
    grid = grid_territory()
    layers = lay_utilities((grid.streets, grid.places, grid.zones), ObservedElements(), Parameters.defaults())
    meta = {**grid.meta, **layers.notes(), "utilities": layers.counts()}
    replace(grid, utilities=layers, meta=meta).save(town / "networks" / "town")
    day = (town / "day.toml").read_text()
    (town / "quiet.toml").write_text(day)
    (town / "day.toml").write_text(f"utilities = true\n{day}")
    monkeypatch.setattr("twin.study.members.default_runner", DarkRuns)
    if FALLBACK not in MODIFICATIONS.names():
        monkeypatch.setitem(MODIFICATIONS._kinds, FALLBACK, ByHand)
    return town


def test_it_tells_networks_story_losses_and_dependence_as_json(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    asked = [
        "utilities",
        "day.toml",
        "--seeds",
        "2",
        "--digital-dependence",
        "--no-cache",
        "--json",
        "--quiet",
    ]
    assert run_command(asked) == 0
    answer, complaints = capsys.readouterr()
    assert complaints == ""
    found = json.loads(answer)
    assert found["simulated"] is True
    assert found["seeds"] == [1, 2]
    zones = {each["zone"]: each for each in found["networks"]}
    assert set(zones) == {"town", "village", "all"}
    whole = zones["all"]
    assert whole["metres"]["water main"] > 0.0
    assert whole["metres"]["heat pipe"] == 0.0
    assert whole["metres_per_inhabitant"]["low voltage"] == pytest.approx(
        whole["metres"]["low voltage"] / whole["inhabitants"]
    )
    parts = [zones[zone]["metres"]["water main"] for zone in ("town", "village")]
    assert sum(parts) == pytest.approx(whole["metres"]["water main"])
    assert found["observed_share"] == dict.fromkeys(found["elements"], 0.0), "nothing is mapped"
    assert found["story"][0] == "10:00 HV/MV substation S1: broken; restored 16:00 by crew power 1"
    power = [
        each["mean"]
        for each in found["indicators"]
        if (each["indicator"], each["focus"], each["group"]) == ("person_hours_lost_power", "all", "")
    ]
    assert power[0] > 0.0
    shares = {(each["service"], each["focus"], each["group"]): each for each in found["digital_dependence"]}
    assert 0.0 < shares["power", "all", ""]["share"] < 1.0
    assert shares["power", "all", ""]["without_fallback"] == pytest.approx(power[0])
    assert shares["", "village", "skill:none"]["without_fallback"] > 0.0


def test_it_prints_for_people(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    assert run_command(["utilities", "day.toml", "--no-cache", "--digital-dependence", "--quiet"]) == 0
    told = capsys.readouterr().out
    for words in (
        "metres for an inhabitant", "share observed", "10:00 HV/MV substation S1: broken", "skill:none",
        "age:75+", "resilience_triangle", "share digital", "no interval below 5 seeds",
    ):  # fmt: skip
        assert words in told, words


def test_a_day_without_networks_tells_what_there_is_and_no_more(
    served: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.study.members.default_runner", QuietRuns)
    assert run_command(["utilities", "quiet.toml", "--no-cache", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "they are not simulated" in told
    assert "share observed" in told
    monkeypatch.setattr("twin.study.members.default_runner", nothing_may_run)
    assert run_command(["utilities", "quiet.toml", "--no-cache", "--digital-dependence", "--quiet"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "no utility network is simulated" in complaint


@pytest.mark.parametrize("form", ["inp", "pgm-json", "geoparquet", "gpkg"])
def test_networks_are_written_for_other_programs(
    served: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    if form == "pgm-json":
        pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
    assert run_command(["utilities", "day.toml", "--form", form, "--json", "--quiet"]) == 0
    files = [Path(each) for each in json.loads(capsys.readouterr().out)["files"]]
    assert all(each.stat().st_size > 0 for each in files)
    layers = Territory.load(served / "networks" / "town").utilities
    mains = int((layers.edges.kind == "main").sum())
    if form == "inp":
        written = read_inp(files[0])
        assert len(written.pipe) == mains > 0
        assert written.demand.sum() > 0.0
    elif form == "pgm-json":
        data = json.loads(files[0].read_text())["data"]
        assert len(data["transformer"]) == int((layers.nodes.kind == "station").sum()) > 0
        assert sum(each["p_specified"] for each in data["sym_load"]) > 0.0
    elif form == "gpkg":
        assert files == [Path("day.gpkg")]
    else:
        assert {each.name for each in files} >= {"utility_nodes.parquet", "utility_edges.parquet"}


def test_a_format_that_is_not_known_is_one_clear_line(
    served: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["utilities", "day.toml", "--form", "dwg", "--quiet"]) == 2
    complaint = capsys.readouterr().err
    assert (
        complaint
        == "twin: --form dwg: no such form; right would be: one of inp, pgm-json, geoparquet, gpkg\n"
    )
