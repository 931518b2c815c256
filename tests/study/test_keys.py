"""One key, one simulation: what changes it and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.stand_in import BASE, small_scenario
from twin.scenario.scenario import Scenario
from twin.study.keys import code_digest, simulation_key, stamp_of_files
from twin.study.progress import silent, within


def test_title_and_focus_are_not_in_the_key(tmp_path: Path) -> None:
    one = small_scenario(tmp_path)
    other = small_scenario(tmp_path, text=BASE.replace("A small day", "B").replace('"village"', '"all"'))
    assert simulation_key(one, 1) == simulation_key(other, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [("app_share", 0.31), ("demand_scale", 1.2), ("provider.Alpha.respect", 1.0),
     ("parameters.emissions.petrol_co2_kg_per_l", 2.2)],
)  # fmt: skip
def test_what_enters_the_simulation_is_in_the_key(tmp_path: Path, key: str, value: float) -> None:
    scenario = small_scenario(tmp_path)
    assert simulation_key(scenario.varied(key, value), 1) != simulation_key(scenario, 1)


def test_seed_territory_and_code_are_in_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = small_scenario(tmp_path)
    before = simulation_key(scenario, 1)
    assert simulation_key(scenario, 2) != before
    (tmp_path / "networks" / "small" / ".hidden").write_text("does not count")
    assert simulation_key(scenario, 1) == before
    (tmp_path / "networks" / "small" / "population.toml").write_text("inhabitants = 7")
    after = simulation_key(scenario, 1)
    assert after != before
    monkeypatch.setattr("twin.study.keys.code_digest", lambda: "another version")
    assert simulation_key(scenario, 1) != after


def test_people_beside_a_map_are_in_the_key(tmp_path: Path) -> None:
    """The files of a population count also where the territory is a map, whose folder does not."""
    (tmp_path / "town.osm").write_text("<osm/>")
    scenario = Scenario.loads('title = "A day"\nterritory = "town.osm"', folder=tmp_path)

    def key_with(people: str, census: str) -> str:
        (tmp_path / "population.toml").write_text(people)
        (tmp_path / "census.csv").write_text(census)
        return simulation_key(scenario, 1)

    none, named = 'place = "one"', '[census]\nfile = "census.csv"'
    assert key_with(none, "count\n1") == key_with(none, "count\n2"), "not named, not read"
    keys = [simulation_key(scenario, 1), key_with(named, "count\n1"), key_with(named, "count\n2")]
    (tmp_path / "population.toml").unlink()
    assert len({*keys, simulation_key(scenario, 1)}) == 4


def test_stamps_tell_files_apart_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    one = stamp_of_files(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    two = stamp_of_files(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({one, two, stamp_of_files(tmp_path), stamp_of_files(tmp_path / "b")}) == 4
    assert code_digest() == code_digest()


def test_progress_of_a_part_is_a_part_of_the_progress() -> None:
    told: list[tuple[float, str]] = []
    outer = within(lambda share, text: told.append((share, text)), 0.2, 0.6, "seed 1")
    within(outer, 0.5, 1.0)(0.0, "loading")
    outer(1.0, "")
    silent(1.0, "nobody hears")
    assert told == [(pytest.approx(0.4), "seed 1: loading"), (pytest.approx(0.6), "seed 1")]
