"""Bad input is one line: file, table, what is wrong, what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.population.world import POPULATION, write_population
from twin.errors import InputError
from twin.population.file import read_population_file
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()


def test_profiles_and_shares_are_brought_to_one(population_file: Path) -> None:
    read = read_population_file(population_file)
    assert sum(read.commuters[0].arrival_profile) == pytest.approx(1.0)
    assert read.area[1].outside_shares == {"work": 0.3, "leisure": 0.2}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('zone = "new"', 'zone = "nowhere"', ["area 2: zone", "no zone 'nowhere'", "one of old, new"]),
        ('commune = "Left"', 'commune = "Up"', ["area 1: commune", "no commune 'Up'", "Left, Right"]),
        ("inhabitants = 2500", "inhabitants = -3", ["area 1: inhabitants", "-3", "0 or more"]),
        ("inhabitants = 2500", "inhabitants = 2.5", ["area 1: inhabitants", "2.5"]),
        ("inhabitants = 2500\n", "", ["area 1: inhabitants", "missing"]),
        ('density_class = "village"', 'density_class = "huge"', ["density_class", "dense, town or village"]),
        ("work = 0.3", "work = 1.3", ["area 2: outside_shares", "1.3"]),
        ("work = 0.3", "sleep = 0.3", ["area 2: outside_shares"]),
        (
            '"N1 west" = 1.0, "N1 east" = 3.0',
            '"N9 up" = 1.0',
            ["area 2: gates", "'N9 up'", "N1 east, N1 west"],
        ),
        ('"N1 west" = 1.0, "N1 east" = 3.0', '"N1 west" = -1.0', ["area 2: gates", "weights >= 0"]),
        ("trips_per_day = 400", "trips_per_day = -4", ["commuters 1: trips_per_day", "0 or more"]),
        ('zone = "old"\ntrips', 'zone = "far"\ntrips', ["commuters 1: zone", "no zone 'far'"]),
        ("[0,0,0,0,0,0,1,3,3,1,0", "[0,1,3,3,1,0", ["commuters 1: arrival_profile", "24 values"]),
        ('enter = "N1 west"', 'enter = "N2 west"', ["through 1: enter", "'N2 west'"]),
        ('leave = "N1 east"', 'leave = "N1 west"', ["through 1", "enters and leaves by"]),
        (
            "vehicles_per_day = 300",
            "vehicles_per_day = 300\ncolour = 1",
            ["through 1: colour", "unknown key"],
        ),
        ('kind = "assumption"', 'kind = "guess"', ["area 1: kind", "assumption"]),
        ('source = "made for the test"', 'source = ""', ["area 1: source"]),
        ("schema_version = 1", "schema_version = 2", ["schema_version", "1"]),
        ('place = "grid"', 'place = "grid', ["population.toml"]),
        ('zone = "new"', 'zone = "old"', ["area 2", "given twice"]),
    ],
)
def test_a_fault_is_one_line(town: Territory, tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in POPULATION
    file = write_population(tmp_path, POPULATION.replace(old, new, 1))
    with pytest.raises(InputError) as raised:
        synthesise(town, file, LEDGER, seed=1)
    line = str(raised.value)
    assert "\n" not in line
    assert str(file) in line
    for word in words:
        assert word in line, line


@pytest.mark.parametrize("shares", ["[0.5, 0.5]", "[0.5, 0.5, 0.5, 0.0, 0.0]", "[1.2, -0.2, 0.0, 0.0, 0.0]"])
def test_shares_that_are_none(town: Territory, tmp_path: Path, shares: str) -> None:
    text = POPULATION.replace("inhabitants = 900", f"inhabitants = 900\nhousehold_types = {shares}")
    with pytest.raises(InputError, match=r"area 2: household_types.*single, couple"):
        synthesise(town, write_population(tmp_path, text), LEDGER, seed=1)


def test_an_empty_population_is_refused(town: Territory, tmp_path: Path) -> None:
    text = POPULATION.replace("inhabitants = 2500", "inhabitants = 0")
    text = text.replace("inhabitants = 900", "inhabitants = 0")
    with pytest.raises(InputError, match="empty population"):
        synthesise(town, write_population(tmp_path, text), LEDGER, seed=1)


def test_people_need_buildings(town: Territory, tmp_path: Path) -> None:
    text = POPULATION.replace('zone = "new"', 'zone = "new"\ncommune = "Left"')
    with pytest.raises(InputError, match=r"area new/Left has inhabitants but no building"):
        synthesise(town, write_population(tmp_path, text), LEDGER, seed=1)


def test_a_file_that_is_not_there(town: Territory, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        synthesise(town, tmp_path / "population.toml", LEDGER, seed=1)
