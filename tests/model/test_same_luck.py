"""Same luck: what does not matter changes nothing, to the last digit; nested users; added persons."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import SCENARIOS, TABLES, WORKS, scenario, world
from twin.behaviour.habits import Habits, equilibrium_start
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.population.tables import MODES, PERSON_DTYPES, TRIP_DTYPES
from twin.scenario.scenario import Scenario
from twin.study.digests import truth_digest
from twin.study.habits import learned_habits
from twin.study.run import run_in

SAME_SPEED = """
[[modification]]
kind = "speed_limit"
links = {{ link = "{link}" }}
speed_kmh = {speed}
"""


def digest(spec: Scenario, seed: int = 1, threads: int = 1) -> str:
    return run_in(spec, seed, world(), threads=threads).digest


def test_again_and_on_other_threads() -> None:
    assert len({digest(scenario(WORKS), threads=threads) for threads in (1, 1, 2, 3)}) == 1


def test_another_title_and_a_speed_limit_that_stands_already() -> None:
    streets = world().territory.streets
    row = int(np.argmax(streets.length_m))
    limit = SAME_SPEED.format(link=streets.link_id[row], speed=streets.free_speed_mps[row] * 3.6)
    renamed = scenario(limit, TABLES.replace("A day in the village", "Another title"))
    a, b = run_in(scenario(), 1, world()), run_in(renamed, 1, world())
    assert a.digest == b.digest
    assert a.indicators_digest == b.indicators_digest


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_app_share_zero_is_no_provider() -> None:
    alone = Scenario.loads(TABLES.split("[[provider]]")[0].replace("0.4", "0"), folder=SCENARIOS)
    assert digest(scenario(WORKS).varied("app_share", 0.0)) == digest(
        Scenario.loads(TABLES.split("[[provider]]")[0].replace("0.4", "0") + WORKS, folder=SCENARIOS)
    )
    assert alone.providers == ()


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_respect_zero_is_no_class() -> None:
    classification = """
[[modification]]
kind = "classify_secondary"
links = { ref = "D2564" }
respect = 0.0
"""
    assert digest(scenario(WORKS + classification)) == digest(scenario(WORKS))


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_those_who_follow_at_20_are_among_those_at_30() -> None:
    here = world()
    users = []
    for share in (0.2, 0.3):
        model = TwinModel(
            scenario().varied("app_share", share), rng=1,
            territory=here.territory, population=here.population, habits=here.habits,
        )  # fmt: skip
        users.append(set(np.flatnonzero(model.trip_provider >= 0).tolist()))
    assert users[0] < users[1]


def added(population: Population, mode: str) -> Population:
    """The population with one resident more, who makes one trip."""
    persons, trips = population.persons, population.trips
    like = int(trips.person[np.flatnonzero(trips.mode == 0)[0]])
    person = {
        name: getattr(persons, name)[like].item()
        for name in PERSON_DTYPES
        if name not in ("person_key", "person_id")
    } | {"person_id": int(persons.person_id.max()) + 1}
    first = int(np.flatnonzero(trips.person == like)[0])
    trip = {
        name: getattr(trips, name)[first].item()
        for name in TRIP_DTYPES
        if name not in ("trip_id", "trip_key", "person", "sequence", "mode", "duration_s")
    }
    duration = float("nan") if mode == "car" else 900.0
    return population.with_person(person, [trip | {"mode": MODES.index(mode), "duration_s": duration}])


def planned(population: Population, habits: Habits | None) -> TwinModel:
    """A model of the village with nobody guided."""
    spec = scenario().varied("app_share", 0.0)
    return TwinModel(spec, rng=1, territory=world().territory, population=population, habits=habits)


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
@pytest.mark.parametrize("mode", ["walk", "car"])
def test_one_resident_more_changes_no_draw(mode: str) -> None:
    here = world()
    more = added(here.population, mode)
    spec = scenario()
    before, after = (
        TwinModel(spec, rng=1, territory=here.territory, population=p, habits=here.habits)
        for p in (here.population, more)
    )
    n = before.n_trips
    assert after.n_trips == n + 1
    assert len(after.inhabitants) == len(before.inhabitants) + 1
    for name in TRIP_DTYPES:
        a, b = getattr(before.population.trips, name), getattr(after.population.trips, name)
        assert np.array_equal(a, b[:n], equal_nan=a.dtype.kind == "f"), name
    assert np.array_equal(before.trip_provider, after.trip_provider[:n])
    assert np.array_equal(before.trip_sends, after.trip_sends[:n])


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_one_walker_more_changes_nothing_with_habits_learned_anew() -> None:
    here = world()
    more = added(here.population, "walk")
    days = []
    for population in (here.population, more):
        spec = scenario(WORKS)
        habits = learned_habits(spec, here.territory, population, 1)
        model = TwinModel(spec, rng=1, territory=here.territory, population=population, habits=habits)
        model.run_day()
        days.append(record_of(model))
    a, b = days
    for name in ("departed_ms", "entered_ms", "arrived_ms", "state", "guided", "n_reroutes", "route_km"):
        assert np.array_equal(getattr(a, name), getattr(b, name)[: a.n_trips]), name
    assert np.array_equal(a.entries, b.entries)
    assert np.array_equal(a.time_ms, b.time_ms)


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_one_driver_more_changes_no_planned_route_of_others() -> None:
    here = world()
    before = planned(here.population, here.habits)
    after = planned(added(here.population, "car"), here.habits)
    for trip in range(before.n_trips):
        assert np.array_equal(before.habits.routes.of(trip), after.habits.routes.of(trip))
    assert after.habits.routes.of(before.n_trips).size > 0


@pytest.mark.one_interpreter("keys of draws are the same on each; repeats and threads are tried on each")
def test_another_seed_is_another_day() -> None:
    spec = scenario()
    here = world()
    days = []
    for seed in (1, 2):
        model = TwinModel(spec, rng=seed, territory=here.territory, population=here.population)
        assert (
            model.habits.routes.pool.size
            == equilibrium_start(model.drivers(), model.parameters).routes.pool.size
        )
        model.run_day()
        days.append(truth_digest(record_of(model)))
    assert days[0] != days[1]
