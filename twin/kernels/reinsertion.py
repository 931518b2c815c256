"""Requests placed at their best by enumeration, and routes improved by placing requests again.

One request, then pairs, and so on: exchanges between routes are among these. Requests that nobody serves
are tried along with those that are, so that one may make room for another.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.insertion import (
    DELAY,
    FRESH,
    PICK_UP,
    PLACED,
    SET_DOWN,
    SKIPPED,
    STATE,
    VEHICLE,
    Problem,
    RoutePlan,
    insert,
    next_place,
    remove,
    schedule,
)
from twin.kernels.jit import inline_kernel, kernel


@inline_kernel
def reset(cursor: np.ndarray) -> None:
    """Before the first place."""
    cursor[VEHICLE], cursor[PICK_UP], cursor[SET_DOWN] = 0, 0, -1
    cursor[DELAY], cursor[STATE] = 0, FRESH


@inline_kernel
def cost_of(plan: RoutePlan) -> int:
    """Cost of all routes."""
    total = np.int64(0)
    for v in range(plan.n.shape[0]):
        total += plan.cost[v]
    return total


@kernel
def place_best(problem: Problem, n_items: int, served_before: int, cost_before: int) -> bool:
    """Place the requests ``search.item[:n_items]`` at their best by enumeration; whether that is better.

    Better are more of them served, then less cost of all routes, than (served_before, cost_before). Only
    then are they placed. After ``search.steps[1]`` places the best so far counts.
    """
    plan, search = problem.plan, problem.search
    cursor, item, monotone = search.cursor, search.item, problem.travel.terms[3] == 1
    best_served, best_cost, found = served_before, cost_before, False
    level, served, search.steps[0] = 0, 0, 0
    reset(cursor[0])
    while level >= 0:
        state = cursor[level, STATE]
        if state == PLACED:
            remove(problem, item[level])
            served -= 1
        search.steps[0] += 1
        hopeless = served + n_items - level < best_served or search.steps[0] > search.steps[1]
        if state != SKIPPED and not hopeless and next_place(problem, item[level], cursor[level]):
            v = cursor[level, VEHICLE]
            insert(problem, item[level], v, cursor[level, PICK_UP], cursor[level, SET_DOWN])
            cursor[level, STATE] = PLACED
            served += 1
        elif state != SKIPPED and not hopeless and served + n_items - level - 1 >= best_served:
            cursor[level, STATE] = SKIPPED
        else:
            level -= 1
            continue
        cost = cost_of(plan)
        no_worse = served + n_items - level - 1 > best_served or cost < best_cost
        if level < n_items - 1:
            if no_worse or not monotone:
                level += 1
                reset(cursor[level])
        elif served > best_served or (served == best_served and cost < best_cost):
            best_served, best_cost, found = served, cost, True
            for k in range(n_items):
                for column in range(cursor.shape[1]):
                    search.best[k, column] = cursor[k, column]
    if found:
        for k in range(n_items):
            at = search.best[k]
            if at[STATE] == PLACED:
                insert(problem, item[k], at[VEHICLE], at[PICK_UP], at[SET_DOWN])
    return found


@kernel
def keep(problem: Problem) -> None:
    """Set the routes aside."""
    plan, search = problem.plan, problem.search
    for v in range(plan.n.shape[0]):
        search.kept_n[v] = plan.n[v]
        for k in range(plan.n[v]):
            search.kept_stop[v, k] = plan.stop[v, k]
    for r in range(plan.vehicle.shape[0]):
        search.kept_vehicle[r] = plan.vehicle[r]


@kernel
def restore(problem: Problem) -> None:
    """Take up the routes that were set aside."""
    plan, search = problem.plan, problem.search
    for r in range(plan.vehicle.shape[0]):
        plan.vehicle[r] = search.kept_vehicle[r]
    for v in range(plan.n.shape[0]):
        plan.n[v] = search.kept_n[v]
        for k in range(plan.n[v]):
            plan.stop[v, k] = search.kept_stop[v, k]
        schedule(problem, v)


@kernel
def place_again(problem: Problem, n_items: int) -> bool:
    """Take ``search.item[:n_items]`` out and place them at their best; False: they stay as they were."""
    plan, item = problem.plan, problem.search.item
    keep(problem)
    cost, served = cost_of(plan), 0
    for k in range(n_items):
        if plan.vehicle[item[k]] >= 0:
            remove(problem, item[k])
            served += 1
    if place_best(problem, n_items, served, cost):
        return True
    restore(problem)
    return False


@kernel
def improve(problem: Problem, movable: np.ndarray, most: int) -> int:
    """Place again every set of up to ``most`` of the movable requests (n,) until none gets better.

    Sets of one first; after a better one it begins anew. Returns how often one was better.
    """
    item, at = problem.search.item, problem.search.at
    n, n_better, size = movable.shape[0], 0, 1
    while size <= min(most, n):
        better = False
        for k in range(size):
            at[k] = k
        while True:
            for k in range(size):
                item[k] = movable[at[k]]
            if place_again(problem, size):
                better = True
                n_better += 1
            k = size - 1  # the next set, in order of places
            while k >= 0 and at[k] == n - size + k:
                k -= 1
            if k < 0:
                break
            at[k] += 1
            for following in range(k + 1, size):
                at[following] = at[following - 1] + 1
        size = 1 if better else size + 1
    return n_better
