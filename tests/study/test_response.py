"""Residents who respond: nobody without a cause, away from what got worse, until they have settled."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS, TABLES, WORKS, scenario, world
from twin.cli.main import run_command
from twin.model.choices import DayModes, Felt
from twin.model.twin_model import TwinModel
from twin.population.days.tours import tour_modes
from twin.population.tables import CAR, MODES, PASSENGER, WALK
from twin.study.driving_times import driving_times
from twin.study.response import Response, respond_in

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

NARROW = WORKS.replace("150", "60").replace("10:00", "19:00")


@cache
def response(more: str) -> Response:
    return respond_in(scenario(more), 1, world(), (3, 1))


def opened(felt: Felt) -> TwinModel:
    here = world()
    return TwinModel(
        scenario(), rng=1, territory=here.territory, population=here.population, habits=here.habits, felt=felt
    )


def test_where_nothing_is_modified_nobody_responds() -> None:
    found = response("")
    assert found.settled
    assert len(found.days) == 2
    for day in found.days:
        assert day.gap == day.changed_share == day.shifted_share == 0.0
        assert day.car_hours == day.usual_car_hours
    assert (found.mode == found.usual).all()


def test_a_jam_sends_drivers_elsewhere_and_nobody_into_a_car() -> None:
    found = response(NARROW)
    first, last = found.days[0], found.days[-1]
    assert first.changed_share == 0.0
    assert last.mode_shares["car"] < 0.9 * first.mode_shares["car"]
    assert last.car_hours < first.car_hours
    assert last.gap < first.gap
    in_cars = np.isin(found.mode, (CAR, PASSENGER))
    assert not (in_cars & ~np.isin(found.usual, (CAR, PASSENGER))).any()
    assert found.moves["car"]["walk"] > 0
    assert sum(sum(row.values()) for row in found.moves.values()) == len(found.mode)
    persons = world().population.persons
    modes = tour_modes(world().population, world().territory, scenario().ledger())
    drivers = modes.tours.person[found.mode == CAR]
    assert (persons.licence & (persons.household_cars > 0))[drivers].all()


def test_a_larger_jam_is_answered_by_more() -> None:
    assert response(WORKS).days[1].changed_share < response(NARROW).days[1].changed_share


def test_only_those_choose_again_whose_options_changed() -> None:
    usual = DayModes.of(opened(nothing_felt()), world().population)
    saved_min = np.zeros(len(usual.mode))
    saved_min[::3] = -120.0
    after = usual.with_saved([CAR], saved_min)
    kept = np.ones(len(saved_min), dtype=np.bool_)
    kept[::3] = False
    assert (after.mode[kept] == usual.mode[kept]).all()
    assert (after.mode[::3] != usual.mode[::3]).any()
    more = usual.with_saved([WALK], saved_min)
    assert not ((more.mode == WALK) & (usual.mode != WALK)).any(), "who is asked leaves what got worse"


def nothing_felt() -> Felt:
    n = len(tour_modes(world().population, world().territory, scenario().ledger()).mode)
    return Felt(np.zeros(n), np.zeros(n, dtype=np.int64))


def test_who_drives_anew_has_a_way_and_who_sets_out_earlier_leaves_earlier() -> None:
    felt = nothing_felt()
    plain = opened(felt)
    assert plain.population is world().population
    modes = DayModes.of(plain, world().population)
    shift_min = np.where(modes.mode == CAR, -15, 0)
    model = opened(Felt(np.full(len(modes.mode), 60.0), shift_min))
    new = (model.population.trips.mode == CAR) & (world().population.trips.mode != CAR)
    assert new.sum() > 20
    assert (model.habits.routes.start[new] >= 0).all()
    first = modes.usual.row[np.searchsorted(modes.usual.legs.tour, np.flatnonzero(shift_min))]
    earlier_s = (world().population.trips.depart_s - model.population.trips.depart_s)[first]
    assert (earlier_s == np.minimum(900.0, world().population.trips.depart_s[first])).all()
    model.run_until(9 * 3_600)
    assert (model.state.itineraries.departed_ms[new] >= 0).any()


def test_what_setting_out_at_another_time_takes_is_told_from_the_plan_whatever_they_did_today() -> None:
    plain = opened(nothing_felt())
    modes = tour_modes(world().population, world().territory, scenario().ledger())
    earlier = opened(Felt(np.zeros(len(modes.mode)), np.where(modes.mode == CAR, -60.0, 0.0)))
    assert (earlier.plan_ms != plain.plan_ms).any()
    usual, now = (driving_times(model, plain.habits, modes).first_min for model in (plain, earlier))
    assert np.isfinite(usual).all(axis=1).sum() > 100
    assert np.array_equal(usual, now, equal_nan=True)


def test_who_is_held_up_on_the_way_to_work_leaves_earlier() -> None:
    shift_min = response(NARROW).felt.shift_min
    assert (shift_min < 0.0).sum() > 3 * (shift_min > 0.0).sum()
    assert response(WORKS).days[-1].shifted_share < response(NARROW).days[-1].shifted_share


def test_modes_are_remade_as_the_population_made_them() -> None:
    """What trips by another mode take is what they would have taken had it been chosen at first."""
    model = opened(nothing_felt())
    modes = DayModes.of(model, world().population)
    away = modes.with_saved([modes_index("car")], np.full(len(modes.mode), -1e6))
    assert not (away.mode == CAR).any()
    back = away.with_saved([modes_index("car")], np.full(len(modes.mode), 1e6))
    assert back.population() is world().population
    trips = away.population().trips
    assert np.isfinite(trips.duration_s[trips.mode != CAR]).all()
    others = np.setdiff1d(np.arange(len(trips)), modes.usual.row)
    for name, column in trips.columns().items():
        assert np.array_equal(column[others], getattr(world().population.trips, name)[others], equal_nan=True)


def modes_index(name: str) -> int:
    return MODES.index(name)


def test_the_command_says_who_moved(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    file = tmp_path / "village.toml"
    quick = '[parameters]\n"behaviour.learning_rounds" = 1\n'
    folder = SCENARIOS.parent / "networks" / "la_turbie_crop"
    file.write_text(TABLES.replace('"la_turbie_crop"', f'"{folder}"') + quick + NARROW)
    assert run_command(["respond", str(file), "--days", "1", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settled"] is False
    assert len(told["days"]) == 1
    assert told["days"][0]["gap"] > 0.1
    assert run_command(["respond", str(file), "--days", "1", "--quiet"]) == 0
    assert "not settled after 1 days" in capsys.readouterr().out
    assert run_command(["respond", str(file), "--days", "0"]) == 2
