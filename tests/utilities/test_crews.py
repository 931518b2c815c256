"""Crews: told of what is reported, in the policy's order, one place at a time; each damage is mended once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utilities.ring_worlds import ring
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.utilities.tables import Utilities
from twin.utilities.failures.crews import RepairCrews, Repairs, Visit, crews_of
from twin.utilities.failures.damages import Damages, join_damages
from twin.utilities.failures.dispatch import DEPOT, RepairRules, straight_travel
from twin.utilities.failures.inventory import inventory_of

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

LEDGER = Parameters.defaults()
MINUTE, HOUR = 60.0, 3_600.0
WORLD = ring(2, 3)
KNOWN = inventory_of(WORLD)


def team(
    n: int, parts: int = 99, skill: str = "power", shift: tuple[float, float] = (0.0, 1e9)
) -> RepairCrews:
    names = np.array([f"crew {row}" for row in range(n)], dtype=np.str_)
    skills = np.full(n, skill, dtype="U20")
    return RepairCrews(
        names, skills, np.full(n, shift[0]), np.full(n, shift[1]), np.full(n, parts, dtype=np.int32)
    )


def damages_at(*rows: tuple[str, float, float]) -> Damages:
    """(element, moment, work) of power damages that last until they are mended."""
    names, at_s, work_s = (np.array(each) for each in zip(*rows, strict=True))
    n = len(rows)
    texts = np.full(n, "power"), np.full(n, "storm")
    return join_damages(Damages(names, at_s.astype(float), np.full(n, np.inf), work_s.astype(float), *texts))


def minutes_of(minutes: float):
    return lambda origin, element, moment_s: minutes * MINUTE


def by_distance(origin: int, element: int, moment_s: float) -> float:
    """A minute for each row apart; the depot is at row 0."""
    node = int(KNOWN.at_node[element])
    return MINUTE * abs(node - max(origin, 0))


def mended(
    damages: Damages,
    crews: RepairCrews,
    travel=None,
    policy: str = "requests",
    layers: Utilities = WORLD,
    n_steps: int = 600,
    hidden: frozenset[int] = frozenset(),
    level: np.ndarray | None = None,
) -> tuple[list[Visit], np.ndarray]:
    """Visits and health (n_steps, n_elements); everything but the hidden rows is reported at once."""
    repairs, way = (
        Repairs(layers, damages, crews, LEDGER, rules=RepairRules(policy)),
        travel or minutes_of(5.0),
    )
    seen = ~np.isin(np.arange(damages.n_damages), list(hidden))
    health = [
        repairs.step(step * MINUTE, MINUTE, seen & (damages.at_s <= step * MINUTE), way, level)
        for step in range(n_steps)
    ]
    return repairs.visits, np.array(health)


@st.composite
def jobs(draw: st.DrawFn, constant: bool = False) -> Damages:
    names = draw(st.lists(st.sampled_from(KNOWN.element_id.tolist()), min_size=1, max_size=7, unique=True))
    at = st.integers(0, 90).map(lambda minute: minute * MINUTE)
    work = st.just(40 * MINUTE) if constant else st.integers(1, 60).map(lambda minute: minute * MINUTE)
    return damages_at(*((name, draw(at), draw(work)) for name in names))


def slowly(damages: Damages, n_crews: int, travel) -> list[tuple[int, str, float, float]]:
    """First come, first served, minute by minute, with a list of crews and a list of who waits."""
    free, at, waiting, found = [0.0] * n_crews, [DEPOT] * n_crews, [], []
    left = sorted(range(damages.n_damages), key=lambda row: (damages.at_s[row], damages.element_id[row]))
    for minute in range(600):
        now = minute * MINUTE
        while left and damages.at_s[left[0]] <= now:
            waiting.append(left.pop(0))
        while waiting and min(free) <= now:
            job = waiting.pop(0)
            element = KNOWN.row_of[str(damages.element_id[job])]
            ready = [crew for crew in range(n_crews) if free[crew] <= now]
            crew = min(ready, key=lambda each: (travel(at[each], element, now), each))
            arrives = now + travel(at[crew], element, now)
            free[crew], at[crew] = arrives + float(damages.work_s[job]), int(KNOWN.at_node[element])
            found.append((job, f"crew {crew}", arrives, free[crew]))
    return found


@given(jobs(), st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_requests_are_served_as_the_slow_twin_serves_them(damages, n_crews):
    visits, health = mended(damages, team(n_crews), by_distance)
    found = [(each.damage, each.crew, each.arrived_at, each.done_at) for each in visits]
    assert found == slowly(damages, n_crews, by_distance)
    for row in range(damages.n_damages):  # every damage lasts from its beginning until its visit is done
        done = next(each.done_at for each in visits if each.damage == row)
        lasts = np.flatnonzero(health[:, KNOWN.row_of[str(damages.element_id[row])]] == 0.0)
        assert lasts[0] == damages.at_s[row] // MINUTE
        assert lasts[-1] == np.ceil(done / MINUTE) - 1


@given(jobs(), st.integers(1, 3), st.sampled_from(["requests", "nearest", "customers", "critical"]))
@settings(max_examples=30, deadline=None)
def test_no_crew_is_in_two_places_and_no_damage_is_mended_twice(damages, n_crews, policy):
    visits, _ = mended(damages, team(n_crews, parts=2), by_distance, policy)
    assert sorted(each.damage for each in visits) == list(range(damages.n_damages))
    for crew in {each.crew for each in visits}:
        mine = [each for each in visits if each.crew == crew]
        assert all(a.done_at <= b.told_at for a, b in pairwise(mine))
    assert all(each.told_at <= each.left_at <= each.arrived_at <= each.done_at for each in visits)


@given(jobs(constant=True), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_more_crews_never_raise_the_total_wait_of_one_depot(damages, n_crews):
    few, many = (
        sum(each.arrived_at - damages.at_s[each.damage] for each in mended(damages, team(n))[0])
        for n in (n_crews, n_crews + 1)
    )
    assert many <= few + 1e-6


@given(jobs())
@settings(max_examples=10, deadline=None)
def test_the_order_of_damages_and_crews_changes_nothing(damages):
    back = Damages(**{name: column[::-1] for name, column in damages.columns().items()})
    crews = team(2)
    turned = RepairCrews(**{name: column[::-1] for name, column in crews.columns().items()})
    plain, other = mended(damages, crews, by_distance)[0], mended(back, turned, by_distance)[0]
    assert [replace(each, damage=0) for each in plain] == [replace(each, damage=0) for each in other]


def test_what_nobody_reports_is_not_mended():
    damages = damages_at(("c1", 0.0, HOUR), ("c2", 0.0, HOUR))
    visits, health = mended(damages, team(2), hidden=frozenset({0}))
    assert [each.element_id for each in visits] == ["c2"]
    assert (health[:, KNOWN.row_of["c1"]] == 0.0).all()


def test_policies_choose_whom_to_serve_first():
    """One crew at row 0: c0 has three houses and the mobile site behind it, l5 the pump, c4 two houses."""
    damages = damages_at(("l1", 0.0, HOUR), ("c3", 0.0, HOUR), ("l5", 0.0, HOUR))
    first = {
        policy: [each.element_id for each in mended(damages, team(1), by_distance, policy)[0]]
        for policy in ("requests", "nearest", "customers", "critical")
    }
    assert first["requests"] == ["c3", "l1", "l5"], "told at once, so by name"
    near = sorted(("l1", "c3", "l5"), key=lambda name: by_distance(DEPOT, KNOWN.row_of[name], 0.0))
    assert first["nearest"][0] == near[0]
    assert first["customers"][0] == "c3", "three houses"
    assert first["critical"] == ["c3", "l5", "l1"], "the pump hangs on both, and c3 has more houses"


def test_a_named_place_comes_first():
    damages = damages_at(("l1", 0.0, HOUR), ("c3", 0.0, HOUR))
    repairs = Repairs(WORLD, damages, team(1), LEDGER, rules=RepairRules("critical", ("p1",)))
    assert repairs._least[damages.element_id.tolist().index("l1")] < 0.0
    plain = Repairs(WORLD, damages, team(1), LEDGER, rules=RepairRules("critical"))
    row = damages.element_id.tolist().index("l1")
    assert plain._least[row] > repairs._least[row]


def test_a_crew_needs_the_skill_its_shift_and_parts():
    damages = damages_at(("c1", 0.0, 30 * MINUTE), ("c2", 0.0, 30 * MINUTE))
    assert mended(damages, team(1, skill="water"))[0] == []
    assert len(mended(damages, team(1, skill="water+power"))[0]) == 2
    late, _ = mended(damages, team(2, shift=(2 * HOUR, 3 * HOUR)))
    assert [each.told_at for each in late] == [2 * HOUR, 2 * HOUR]
    assert mended(damages, team(2, shift=(0.0, 0.0)))[0] == []
    with_parts, without = mended(damages, team(1))[0], mended(damages, team(1, parts=1))[0]
    assert with_parts[1].arrived_at - with_parts[1].left_at == 5 * MINUTE
    assert without[1].arrived_at - without[1].left_at == 10 * MINUTE, "by the depot"


def test_a_crew_that_cannot_be_called_hears_of_its_job_later():
    damages = damages_at(("c1", 0.0, 30 * MINUTE), ("c2", 0.0, 30 * MINUTE))
    silent = np.ones(KNOWN.n_elements)
    silent[KNOWN.row_of["site"]] = 0.0
    visits, _ = mended(damages, team(1), level=silent)
    late = LEDGER["utilities.late_dispatch_min"] * MINUTE
    assert visits[0].told_at == 0.0, "at the depot there is a telephone"
    assert visits[1].told_at == visits[0].done_at + late
    silent[KNOWN.row_of["exchange"]] = 0.0
    assert mended(damages, team(1), level=silent)[0][0].told_at == late
    radio = Repairs(WORLD, damages, team(1), LEDGER, rules=RepairRules(manual_fallback=True))
    radio.step(0.0, MINUTE, np.ones(2, dtype=bool), minutes_of(5.0), silent)
    assert radio.visits[0].told_at == 0.0


def test_slower_streets_make_crews_arrive_later():
    damages = damages_at(*((f"c{row}", row * MINUTE, HOUR) for row in range(6)))
    free, jammed = (mended(damages, team(2), minutes_of(each))[0] for each in (5.0, 25.0))
    assert all(late.arrived_at > soon.arrived_at for soon, late in zip(free, jammed, strict=True))


def test_the_ledgers_crews_and_straight_ways():
    crews = crews_of(LEDGER)
    assert set(crews.skill.tolist()) == {"power", "water", "heat", "telecom"}
    travel = straight_travel(WORLD, LEDGER)
    metres = travel(DEPOT, KNOWN.row_of["s2"], 0.0) * LEDGER["utilities.crew_speed_kmh"] / 3.6
    assert metres == pytest.approx(1.3 * 300.0, rel=0.3), "three stations along the feeder, as the crow flies"
    with pytest.raises(InputError, match="one of requests, nearest"):
        Repairs(WORLD, damages_at(("c1", 0.0, 1.0)), crews, LEDGER, rules=RepairRules("by mood"))
    with pytest.raises(InputError, match="no such utility element"):
        Repairs(WORLD, damages_at(("c99", 0.0, 1.0)), crews, LEDGER)
