"""Insertion into shared vehicles' routes against plain Python: same best place, same moments, same slack."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles_on_demand import Case, inserted, objective, random_case, simulated
from twin.kernels.insertion import Problem, schedule
from twin.mobility.on_demand import empty_problem, improve, insert_best


def problem_of(case: Case) -> Problem:
    return empty_problem(case.fleet, case.requests, case.travel_ms, case.terms)


def routes_of(problem: Problem) -> tuple[tuple[int, ...], ...]:
    plan = problem.plan
    return tuple(tuple(plan.stop[v, : plan.n[v]].tolist()) for v in range(len(plan.n)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 3), st.integers(2, 5))
def test_one_more_request_goes_where_enumeration_puts_it(seed: int, n: int, v: int, seats: int) -> None:
    case = random_case(seed, n, v, seats)
    problem = problem_of(case)
    for r in range(n):
        before = routes_of(problem)
        insert_best(problem, np.array([r]))
        rejected, cost = inserted(case, before, (r,))
        assert (problem.plan.vehicle[r] < 0) == bool(rejected)
        assert problem.plan.cost.sum() == cost


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 2))
def test_two_at_once_go_where_enumeration_puts_them(seed: int, v: int) -> None:
    case = random_case(seed, 4, v)
    problem = problem_of(case)
    insert_best(problem, np.array([0]))
    insert_best(problem, np.array([1]))
    before = routes_of(problem)
    lost = int((problem.plan.vehicle[:2] < 0).sum())
    insert_best(problem, np.array([2, 3]))
    rejected, cost = inserted(case, before, (2, 3))
    assert objective(problem.plan) == (lost + rejected, cost)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 3))
def test_the_slack_is_what_the_route_can_bear_and_no_more(seed: int, n: int, v: int) -> None:
    case = random_case(seed, n, v)
    problem = problem_of(case)
    for r in range(n):
        insert_best(problem, np.array([r]))
    for row, route in enumerate(routes_of(problem)):
        assert problem.plan.cost[row] == simulated(case, row, route)
        if route:
            slack = int(problem.plan.slack_ms[row, 0])
            assert slack >= 0
            for more, holds in ((slack, True), (slack + 1, False)):
                later = case.fleet.ready_ms.copy()
                later[row] += more
                late = Case(case.fleet._replace(ready_ms=later), case.requests, case.travel_ms, case.terms)
                assert (simulated(late, row, route) is not None) == holds


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(1, 3))
def test_the_improvement_never_makes_a_plan_worse_and_keeps_every_promise(seed: int, n: int, v: int) -> None:
    case = random_case(seed, n, v)
    problem = problem_of(case)
    for r in range(n):
        insert_best(problem, np.array([r]))
    before = objective(problem.plan)
    n_better = improve(problem, np.arange(n))
    after = objective(problem.plan)
    assert (after < before) == (n_better > 0)
    assert after <= before
    routes = routes_of(problem)
    costs = [simulated(case, row, route) for row, route in enumerate(routes)]
    assert costs == problem.plan.cost.tolist()
    served = sorted(stop for route in routes for stop in route)
    assert served == sorted(
        stop for r in np.flatnonzero(problem.plan.vehicle >= 0).tolist() for stop in (2 * r, 2 * r + 1)
    )


def test_who_sits_in_a_vehicle_is_set_down_by_it() -> None:
    case = random_case(3, 3, 2)
    sits_in = np.array([1, -1, -1], dtype=np.int32)
    asked = case.requests._replace(sits_in=sits_in, picked_ms=np.zeros(3, dtype=np.int64))
    aboard = np.array([0, case.requests.party[0]], dtype=np.int32)
    problem = problem_of(Case(case.fleet._replace(aboard=aboard), asked, case.travel_ms, case.terms))
    assert insert_best(problem, np.array([0, 1, 2])) >= 1
    assert problem.plan.vehicle[0] == 1
    route = routes_of(problem)[1]
    assert 1 in route
    assert 0 not in route
    schedule(problem, 1)
    assert problem.plan.load[1, problem.plan.n[1] - 1] == 0


@pytest.mark.parametrize("seats", [1, 2, 4])
def test_seats_are_never_exceeded(seats: int) -> None:
    for seed in range(10):
        case = random_case(seed, 8, 2, seats)
        problem = problem_of(case)
        for r in range(8):
            insert_best(problem, np.array([r]))
        improve(problem, np.arange(8))
        for v in range(2):
            assert (problem.plan.load[v, : problem.plan.n[v]] <= seats).all()
        assert (problem.plan.vehicle[case.requests.party > seats] == -1).all()
