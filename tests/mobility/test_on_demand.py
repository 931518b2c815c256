"""Plans of on-demand transport against the enumerated optimum, and what more vehicles do.

Plans compare by (fewest rejections, then least cost): vehicle seconds and weighted rider seconds.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles_on_demand import Case, inserted, objective, optimum, random_case
from twin.errors import WorkError
from twin.kernels.insertion import RoutePlan
from twin.mobility.on_demand import EXACT_UP_TO, empty_problem, improve, insert_best


def planned(case: Case) -> RoutePlan:
    """Routes for requests that are all known: enumerated where they are few, else inserted and improved."""
    if case.n_requests <= EXACT_UP_TO:
        problem = empty_problem(case.fleet, case.requests, case.travel_ms, case.terms)
        insert_best(problem, np.arange(case.n_requests))
        return problem.plan
    plans = []
    order = np.argsort(case.requests.earliest_ms, kind="stable")
    for start in (order, order[::-1]):  # two starts seldom end in the same poor plan
        problem = empty_problem(case.fleet, case.requests, case.travel_ms, case.terms)
        for request in start:
            insert_best(problem, np.array([request]))
        improve(problem, order)
        plans.append(problem.plan)
    return min(plans, key=objective)


@pytest.mark.parametrize("n_vehicles", [1, 2])
@pytest.mark.parametrize("n_requests", [1, 2, 3, 4])
def test_up_to_four_requests_are_planned_at_the_optimum(n_requests: int, n_vehicles: int) -> None:
    for seed in range(25):
        case = random_case(100 * n_requests + seed, n_requests, n_vehicles)
        assert objective(planned(case)) == optimum(case), seed


def test_the_two_slow_twins_find_the_same_optimum() -> None:
    for seed in range(8):
        case = random_case(seed, 3, 1 + seed % 2)
        empty: tuple[tuple[int, ...], ...] = ((),) * len(case.fleet.place)
        assert inserted(case, empty, (0, 1, 2)) == optimum(case)


@pytest.mark.parametrize("n_vehicles", [1, 2])
def test_eight_requests_cost_at_most_a_tenth_above_the_optimum(n_vehicles: int) -> None:
    rejected, gaps = 0, []
    for seed in range(50):
        case = random_case(seed, 8, n_vehicles)
        (lost, cost), (least_lost, least_cost) = objective(planned(case)), optimum(case)
        assert lost == least_lost, seed
        gaps.append(cost / least_cost - 1.0)
        rejected += lost
    assert rejected > 0, "the cases are hard enough that not all can be served"
    assert min(gaps) >= 0.0
    assert max(gaps) <= 0.10


def waits_s(case: Case, plan: RoutePlan) -> np.ndarray:
    served = plan.vehicle >= 0
    return np.asarray((plan.begin_ms - case.requests.earliest_ms)[served] / 1_000.0)


def test_more_vehicles_reject_fewer_and_let_wait_less_and_cost_more_to_run() -> None:
    """Over 20 cases of 12 requests: in sum, not in each, since a plan that serves more is another plan."""
    lost, waited = [], []
    for n_vehicles in (1, 2, 3, 5):
        plans = [(case, planned(case)) for case in (random_case(seed, 12, n_vehicles) for seed in range(12))]
        lost.append(sum(objective(plan)[0] for _, plan in plans))
        waited.append(float(np.concatenate([waits_s(*each) for each in plans]).mean()))
    assert lost == sorted(lost, reverse=True)
    assert lost[0] > lost[-1]
    assert waited[-1] < waited[0]


def test_a_better_plan_serves_more_whatever_it_costs() -> None:
    case = random_case(5, 4, 2)
    nobody = empty_problem(case.fleet, case.requests, case.travel_ms, case.terms).plan
    assert objective(planned(case)) < objective(nobody)
    assert planned(case).cost.sum() > nobody.cost.sum()


def test_the_order_of_requests_and_vehicles_changes_nothing() -> None:
    case = random_case(11, 8, 2)
    order = np.array([3, 0, 7, 1, 6, 2, 5, 4])
    asked = type(case.requests)(*(column[order] for column in case.requests))
    turned = Case(case.fleet, asked, case.travel_ms, case.terms)
    assert objective(planned(turned)) == objective(planned(case))


def test_more_than_are_enumerated_are_not_placed_at_once() -> None:
    case = random_case(1, 6, 1)
    problem = empty_problem(case.fleet, case.requests, case.travel_ms, case.terms)
    with pytest.raises(WorkError):
        insert_best(problem, np.arange(6))
