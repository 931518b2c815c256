"""Days lived one after another: where they settle, that trust falls with broken promises, and the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from tests.model.village import WORKS, scenario, world
from twin.calculators.adoption import Subscriptions
from twin.cli.main import run_command
from twin.errors import InputError
from twin.study.adoption import OUTCOMES, Adoption, Course, adopt, course_of, cycle_of
from twin.study.lived_days import LivedDay

pytestmark = pytest.mark.one_interpreter(
    "days one after another, that are lived on each in the room of the model"
)

BLIND = WORKS.replace("reduce_capacity", "incident")
STARTS = (0.1, 0.6)


@cache
def course(more: str, share: float) -> Course:
    """Three days of the village."""
    return course_of(scenario(more), 1, world(), share, (3, True, 1))


def states(providers: Sequence[Sequence[int]], trust: float = 0.8) -> list[Subscriptions]:
    n = len(providers[0])
    return [
        Subscriptions(np.array(each, dtype=np.int8), np.full(n, trust), np.zeros(n)) for each in providers
    ]


@pytest.mark.parametrize(
    ("days", "cycle"),
    [
        ([[0, 1], [0, 0]], 0),
        ([[0, 1], [0, 0], [0, 0]], 0),
        ([[0, 1], [0, 0], [0, 0], [0, 0], [0, 0]], 1),
        ([[1, 1], [0, 0], [0, 1], [0, 0], [0, 1]], 2),
        ([[0, 0], [0, 1], [1, 1], [0, 0], [0, 1], [1, 1]], 3),
        ([[0, 0], [0, 1], [1, 1], [1, 0]], 0),
    ],
)
def test_a_fixed_point_and_a_cycle_are_told_from_what_goes_on(days: list[list[int]], cycle: int) -> None:
    assert cycle_of(states(days), 0.01) == cycle


def test_trust_that_goes_on_falling_is_not_settled() -> None:
    steady = [states([[0, 0]], trust)[0] for trust in (0.8, 0.7, 0.6, 0.5, 0.4)]
    assert cycle_of(steady, 0.01) == 0
    assert cycle_of(steady, 0.2) == 1


def test_trust_falls_when_an_incident_breaks_promises_and_adoption_responds() -> None:
    usual, incident = course("", 0.1), course(BLIND, 0.1)
    assert usual.days[-1].mean_trust > usual.days[0].mean_trust
    assert incident.days[0].late_s > usual.days[0].late_s + 60.0
    assert incident.days[1].mean_trust < usual.days[1].mean_trust
    assert incident.days[1].mean_trust < incident.days[0].mean_trust
    assert incident.days[0].switching_share > 5 * usual.days[0].switching_share
    users = incident.states[0].provider >= 0
    moved = users & (incident.states[-1].provider != incident.states[0].provider)
    assert moved.any()
    trust = incident.states[-2].trust
    assert trust[moved].mean() < trust[users & ~moved].mean() - 0.1, "who was let down goes"


def test_many_users_see_more_and_promise_better() -> None:
    few, many = course(BLIND, 0.1), course(BLIND, 0.6)
    assert many.days[0].late_s < few.days[0].late_s


def test_the_first_day_is_that_of_its_app_share() -> None:
    assert course("", 0.6).days[0].user_share == pytest.approx(0.6, abs=0.02)
    assert course("", 0.1).days[0].user_share == pytest.approx(0.1, abs=0.02)


def test_what_depends_on_the_start_is_reported() -> None:
    courses = (course(BLIND, 0.1), course(BLIND, 0.6))
    found = Adoption(scenario(BLIND), 1, courses, 0.5)
    low, high = (each.end("user_share") for each in courses)
    assert found.from_start("user_share") == pytest.approx((high - low) / high)
    assert all(0.0 <= found.from_start(name) <= 1.0 for name in OUTCOMES)
    told = json.loads(json.dumps(found.summary()))
    assert [each["verdict"] for each in told["courses"]] == ["not settled"] * 2
    assert [len(each["days"]) for each in told["courses"]] == [3, 3]


def test_a_cycle_ends_in_its_mean_and_a_fixed_point_in_its_last_day() -> None:
    days = tuple(LivedDay(share, 0.8, 10.0, 300.0, 310.0, 1.0, 0.0, 0.0, 0.0) for share in (0.1, 0.2, 0.4))
    assert Course(0.1, days, (), 2).end("user_share") == pytest.approx(0.3)
    assert Course(0.1, days, (), 1).end("user_share") == 0.4
    assert (Course(0.1, days, (), 2).verdict, Course(0.1, days, (), 1).verdict) == (
        "cycle of 2 days",
        "fixed point",
    )


def test_habits_stay_where_drivers_do_not_learn() -> None:
    kept = course_of(scenario(BLIND), 1, world(), 0.1, (1, False, 1))
    assert kept.days[0].habit_share == 0.0
    assert course(BLIND, 0.1).days[0].habit_share > 0.0
    assert kept.days[0].car_hours == course(BLIND, 0.1).days[0].car_hours


def test_nobody_to_take_up_is_told() -> None:
    with pytest.raises(InputError, match="nobody offers a calculator"):
        adopt(scenario().model_copy(update={"providers": ()}))


def test_the_command_lives_days_from_two_starts(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    from tests.model.village import SCENARIOS, TABLES

    file = tmp_path / "village.toml"
    quick = '[parameters]\n"behaviour.learning_rounds" = 1\n'
    file.write_text(
        TABLES.replace('"la_turbie_crop"', f'"{SCENARIOS.parent / "networks" / "la_turbie_crop"}"') + quick
    )
    arguments = ["adopt", str(file), "--days", "1", "--low", "0.1", "--high", "0.6", "--json", "--quiet"]
    assert run_command(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["start_share"] for each in told["courses"]] == [0.1, 0.6]
    assert told["from_start"]["user_share"] > 0.5
    assert run_command([*arguments[:4], "--low", "0.1"]) == 2
