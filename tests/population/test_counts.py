"""Counts at gateways: a demand that was changed and counted is found again; what no count sees stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.population.world import POPULATION, write_population
from twin.errors import InputError
from twin.population.outside.gates import gates_of
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.population.tables import CAR, COMMUTER, THROUGH
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
TRUE_FACTORS = {
    "trips_per_day = 400": "trips_per_day = 480",
    "vehicles_per_day = 300": "vehicles_per_day = 240",
}
"""Commuters times 1.2, through traffic times 0.8."""


def count(gate: str, vehicles: float, hours: str = "") -> str:
    return (
        f'\n[[count]]\ngate = "{gate}"\nvehicles = {vehicles}\n{hours}\n'
        'kind = "assumption"\nsource = "counted in the other population"\n'
    )


def comes_in(town: Territory, people: Population, gate: str, hours: tuple[int, int] = (0, 24)) -> int:
    """Cars that enter by a gateway within some hours, counted as a loop in the road would."""
    trips, gates = people.trips, gates_of(town)
    link = gates.in_link[gates.group == gate]
    hour = trips.depart_s / 3_600.0 % 24.0
    seen = (trips.mode == CAR) & (trips.origin_place < 0) & np.isin(trips.origin_link, link)
    return int((seen & (hour >= hours[0]) & (hour < hours[1])).sum())


def made(town: Territory, folder: Path, text: str, day: int = 0) -> Population:
    return synthesise(town, write_population(folder, text), LEDGER, seed=1, day=day)


@pytest.fixture(scope="module")
def reality(town: Territory, tmp_path_factory: pytest.TempPathFactory) -> Population:
    """The town as it is: with more commuters and less through traffic than its file says."""
    text = POPULATION
    for old, new in TRUE_FACTORS.items():
        text = text.replace(old, new)
    return made(town, tmp_path_factory.mktemp("reality"), text)


def test_factors_are_recovered_from_counts_of_a_changed_demand(
    town: Territory, reality: Population, tmp_path: Path
) -> None:
    """Commuters come by both gateways, through traffic by the western alone: two counts tell them apart."""
    counted = {gate: comes_in(town, reality, gate) for gate in ("N1 west", "N1 east")}
    fitted = made(town, tmp_path, POPULATION + "".join(count(gate, n) for gate, n in counted.items()))
    told = fitted.report["calibration"]["counts"]
    # what was counted are whole vehicles drawn by chance: some 240 come, so that 1.2 is known to about 0.1
    assert told["factors"] == pytest.approx([1.2, 0.8], abs=0.12)
    assert told["rounds"] < told["rounds_limit"]
    for row in told["rows"]:
        assert row["expected"] == pytest.approx(row["counted"], rel=1e-5)
        assert row["simulated"] == comes_in(town, fitted, row["gate"])
        assert row["met"]
    kinds = fitted.report["kinds"]
    assert kinds["commuter"]["persons"] == round(200 * told["factors"][0])
    assert kinds["through"]["persons"] == round(300 * told["factors"][1])


def test_exact_counts_are_met_exactly(town: Territory, population: Population, tmp_path: Path) -> None:
    """Counts that are what the file expects, times a factor, give that factor."""
    own = made(town, tmp_path, POPULATION + count("N1 west", 1.0) + count("N1 east", 1.0))
    before = [row["before"] for row in own.report["calibration"]["counts"]["rows"]]
    commuters, through = 200.0, 300.0
    residents = [before[0] - commuters / 2.0 - through, before[1] - commuters / 2.0]
    west = residents[0] + 1.2 * commuters / 2.0 + 0.8 * through
    east = residents[1] + 1.2 * commuters / 2.0
    fitted = made(town, tmp_path, POPULATION + count("N1 west", west) + count("N1 east", east))
    assert fitted.report["calibration"]["counts"]["factors"] == pytest.approx([1.2, 0.8], abs=1e-4)


def test_nobody_who_lives_there_is_changed(town: Territory, population: Population, tmp_path: Path) -> None:
    fitted = made(town, tmp_path, POPULATION + count("N1 west", 900.0))
    lives = population.persons.kind == 0
    assert (fitted.persons.person_key[fitted.persons.kind == 0] == population.persons.person_key[lives]).all()
    both = [
        people.trips.depart_s[people.persons.kind[people.trips.person] == 0]
        for people in (fitted, population)
    ]
    assert (both[0] == both[1]).all()
    # who came before still comes, the same persons at the same time
    for kind in (COMMUTER, THROUGH):
        ours, theirs = (
            set(each.persons.person_id[each.persons.kind == kind]) for each in (fitted, population)
        )
        assert ours > theirs


def test_hours_are_counted_apart(town: Territory, reality: Population, tmp_path: Path) -> None:
    """At night there is through traffic alone, so a night count moves it and leaves commuters as they are."""
    night = comes_in(town, reality, "N1 west", (0, 5))
    fitted = made(town, tmp_path, POPULATION + count("N1 west", night, "from_hour = 0\nuntil_hour = 5"))
    told = fitted.report["calibration"]["counts"]
    assert told["factors"][0] == 1.0
    through_at_night = 300.0 * 5 / 24
    assert told["factors"][1] == pytest.approx(night / through_at_night, abs=0.12)


def test_what_cannot_be_met_is_flagged(town: Territory, tmp_path: Path) -> None:
    fitted = made(town, tmp_path, POPULATION + count("N1 east", 1.0))
    told = fitted.report["calibration"]
    (row,) = told["counts"]["rows"]
    assert told["counts"]["factors"][0] == pytest.approx(0.0, abs=1e-6), "residents alone are more than one"
    assert row["simulated"] > 1
    assert not row["met"]
    assert not told["calibrated"]
    assert any(reason.startswith("count at N1 east, 0 to 24 h: ") for reason in told["reasons"])


def test_the_same_travellers_come_on_later_days(town: Territory, tmp_path: Path) -> None:
    text = POPULATION + count("N1 west", 700.0)
    first, later = made(town, tmp_path, text), made(town, tmp_path, text, day=3)
    assert (first.persons.person_id == later.persons.person_id).all()
    assert (
        later.report["calibration"]["counts"]["factors"] == first.report["calibration"]["counts"]["factors"]
    )


def test_a_scaled_demand_meets_no_counts(town: Territory, tmp_path: Path) -> None:
    fitted = made(town, tmp_path, POPULATION + count("N1 west", 700.0))
    told = fitted.scaled(0.5).report["calibration"]
    assert not told["calibrated"]
    assert told["reasons"][-1] == "demand is scaled by 0.5 after counts were met"
    assert len(told["reasons"]) == len(fitted.report["calibration"]["reasons"]) + 1


def test_without_counts_nothing_changes(population: Population) -> None:
    told = population.report["calibration"]
    assert told["counts"] is None
    assert told["reasons"][0] == "no count of traffic is given"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (count("N2 west", 10.0), "count 1: gate: no gateway group 'N2 west'"),
        (count("N1 west", -1.0), "count 1: vehicles: -1.0 is not right; right would be: vehicles within"),
        (count("N1 west", 9.0, "from_hour = 9\nuntil_hour = 9"), "from 9 until 9 is no time"),
        (count("N1 west", 9.0, "hour = 9"), "count 1: hour: unknown key"),
    ],
)
def test_a_bad_count_is_one_line(town: Territory, tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        made(town, tmp_path, POPULATION + text)
    assert line in str(caught.value)
