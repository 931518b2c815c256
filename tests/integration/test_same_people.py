"""The same people under another scenario, on a date or at another scale: one budget, one erasure, for all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.integration.commands import ROOT, tree
from tests.model.village import scenario
from twin.errors import InputError
from twin.model.sources import load_population, load_territory
from twin.population.tables import RESIDENT
from twin.scenario.scenario import Scenario
from twin.study.erasure import is_of
from twin.study.erasure_runs import erase_person
from twin.study.habits import keep_day, kept_day
from twin.study.members import WHOLE, RunStore
from twin.study.people import RunPeople, people_digest, person_keys
from twin.study.publication import publish
from twin.study.results import Result
from twin.study.run import run
from twin.study.store import read_manifest, read_sealed, write_sealed
from twin.study.traces import first_day

pytestmark = pytest.mark.one_interpreter("who is drawn is tested on each in the room of population")

LEDGER = '[parameters]\n"behaviour.learning_rounds" = 1\n"conditions.learning_days" = 1\n'
LANE = '[[modification]]\nkind = "bike_lane"\nlinks = { commune = "La Turbie" }\n'
DATE = "2027-01-12"
SCENARIOS = {"usual": "", "lane": LANE, "dated": ""}


def asked(name: str) -> Scenario:
    spec = scenario(LEDGER + SCENARIOS[name])
    return spec.model_copy(update={"date": DATE}) if name == "dated" else spec


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three runs, and a cache with what they learned, the lane's run, and strangers'."""
    home = tmp_path_factory.mktemp("people")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(home / "cache"))
        for name in SCENARIOS:
            result = run(asked(name), 1, out=home / name)
        runs, habits = RunStore(home / "cache/twin/runs"), home / "cache/twin/habits"
        runs.keep("lane", Result.load(home / "lane"), WHOLE)
        runs.keep("strangers", Result.load(home / "lane"), WHOLE)
        strangers = home / "cache/twin/runs/strangers/manifest.json"
        told = read_sealed(strangers)
        about = {**told["provenance"], "people_digest": "0" * 64}
        write_sealed(strangers, {**told, "seed": 2, "provenance": about})
        assert result.record is not None
        some, _ = kept_day(next(habits.glob("*-varied")), 9)
        assert some is not None
        keep_day(habits / "of strangers", 1, some, RunPeople(2, "0" * 64, "1" * 64, "/elsewhere"))
    return home


@pytest.fixture
def here(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them, to change."""
    shutil.copytree(lived, tmp_path / "copy")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "copy" / "cache"))
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    return tmp_path / "copy"


@pytest.fixture
def person(here: Path) -> int:
    """A resident who travels in all three."""
    parts = [pd.read_parquet(here / name / "trips.parquet") for name in SCENARIOS]
    ids = [set(each.loc[each["kind"] == "resident", "person_id"]) for each in parts]
    both = sorted(set.intersection(*ids))
    return int(both[len(both) // 2])


def habits(here: Path) -> list[str]:
    return sorted(each.name for each in (here / "cache/twin/habits").iterdir())


def test_scenarios_of_the_same_people_share_one_budget(here: Path, tmp_path: Path) -> None:
    """Their trips differ, by mode or by day: that makes no others of them."""
    digests = {read_manifest(here / name, "run")["provenance"]["population_digest"] for name in SCENARIOS}
    assert len(digests) == 3
    state = tmp_path / "state"
    told = publish(here / "usual", tmp_path / "first", days=1, state=state)
    assert told["spent"] == pytest.approx(0.15)
    for name in ("lane", "dated", "usual"):
        with pytest.raises(InputError, match=r"0 of the 0\.15 of these people left|was published already"):
            publish(here / name, tmp_path / name, days=1, state=state)
        assert not (tmp_path / name).exists()
    assert sorted(each.name for each in state.glob("*.json")) == ["budget.json"]


def test_no_scenario_raises_the_limit(here: Path, tmp_path: Path) -> None:
    def with_epsilon(value: float) -> None:
        file = here / "usual" / "manifest.json"
        told = read_sealed(file)
        parameters = {**told["scenario"]["parameters"], "knowledge.privacy_epsilon": value}
        write_sealed(file, {**told, "scenario": {**told["scenario"], "parameters": parameters}})

    def published(name: str) -> float:
        return float(publish(here / name, tmp_path / "out", days=1, state=tmp_path / "state")["spent"])

    with_epsilon(0.3)
    with pytest.raises(
        InputError, match=r"0\.3 is more than is ever spent on the same people; right .*: 0\.15"
    ):
        published("usual")
    assert not (tmp_path / "state").exists()
    with_epsilon(0.05)
    assert published("usual") == pytest.approx(0.05)
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(InputError, match=r"0 of the 0\.05 of these people left"):
        published("lane")


def test_a_person_is_the_same_on_any_day_at_any_scale_and_of_one_seed_only() -> None:
    territory = load_territory(scenario())

    def keys(seed: int = 1, **changed: object) -> set[int]:
        spec = scenario().model_copy(update=changed)
        persons = load_population(spec, territory, seed).persons
        lives = persons.kind == RESIDENT
        found = person_keys(persons, territory, seed)[lives]
        assert len(np.unique(found)) == lives.sum()
        return set(found.tolist())

    usual = keys()
    assert keys(date=DATE) == usual
    assert keys(demand_scale=0.5) < usual < keys(demand_scale=1.5)
    assert keys(parameters={"population.trips_per_person_per_day": 2.5}) == usual
    assert not keys(seed=2) & usual
    persons = load_population(scenario(), territory, 1).persons
    back = persons.take(np.arange(len(persons))[::-1])
    assert people_digest(back, territory, 1) == people_digest(persons, territory, 1)
    assert people_digest(persons, territory, 2) != people_digest(persons, territory, 1)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"people_digest": "q"}, True),  # another scale or date
        ({"territory_digest": "built anew", "people_digest": "q"}, True),
        ({"territory_path": "/moved", "people_digest": "q"}, True),
        ({"territory_path": "/moved", "territory_digest": "with a lane"}, True),
        ({"territory_path": "/moved", "territory_digest": "other", "people_digest": "q"}, False),
        ({"territory_path": "/moved", "territory_digest": "other", "people_digest": ""}, False),
        ({"seed": 2, "people_digest": "q"}, False),
    ],
)
def test_who_are_the_same_people(change: dict[str, object], same: bool) -> None:
    one = RunPeople(1, "p", "t", "/here")
    other = one._replace(**change)
    assert one.are(other) is other.are(one) is same
    unknown = one._replace(people_digest="", territory_path="/x", territory_digest="x")
    assert not unknown.are(one)


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_an_erasure_reaches_every_run_and_all_that_was_learned(here: Path, person: int, name: str) -> None:
    cached, strangers = here / "cache/twin/runs/lane", here / "cache/twin/runs/strangers"
    homes = {each: pd.read_parquet(each / "homes.parquet") for each in (here / name, cached)}
    before, others = tree(strangers), tree(here / "cache/twin/habits/of strangers")
    assert len(habits(here)) == 3
    done = erase_person([here / name], person)
    for folder, was in homes.items():
        trips = pd.read_parquet(folder / "trips.parquet")
        assert len(trips) > 0
        assert not is_of(person, trips).any()
        left = pd.read_parquet(folder / "homes.parquet")
        assert 0 < left["inhabitants"].sum() < was["inhabitants"].sum()
        assert len(left) >= len(was) - 1
        assert Result.load(folder).manifest["erased_persons"] == 1
    assert habits(here) == ["of strangers"]
    assert not (here / name / "checkpoints").exists()
    assert tree(strangers) == before
    assert tree(here / "cache/twin/habits/of strangers") == others
    assert first_day(here / name).erased.sum() == 1
    # asked again there is nothing left to do
    rows = len(done.rows)
    again = erase_person([here / name], person)
    assert rows > 0
    assert (again.rows, again.removed) == ({}, [])


def test_what_does_not_tell_whose_it_is_goes_whole(here: Path, person: int) -> None:
    """Habits and runs of before, and what a stopped write has left in the cache."""
    cached = here / "cache/twin/runs/lane"
    told = read_sealed(cached / "manifest.json")
    about = {key: value for key, value in told["provenance"].items() if key != "people_digest"}
    write_sealed(cached / "manifest.json", {**told, "provenance": about})
    stopped = here / "cache/twin/runs/stopped"
    stopped.mkdir()
    shutil.copy(cached / "trips.parquet", stopped)
    (day,) = (here / "cache/twin/habits/of strangers").iterdir()
    old = read_sealed(day / "manifest.json")
    write_sealed(day / "manifest.json", {key: value for key, value in old.items() if key != "people"})
    erase_person([here / "usual"], person)
    assert not (cached / "homes.parquet").exists()
    assert not is_of(person, pd.read_parquet(cached / "trips.parquet")).any()
    assert not stopped.exists()
    assert habits(here) == []


def test_the_cache_stays_as_it_is_where_that_is_asked_for(here: Path, person: int) -> None:
    before = tree(here / "cache")
    erase_person([here / "usual"], person, cache=False)
    assert tree(here / "cache") == before
