"""Crews' visits: whom they see, in which order, what it costs, and that devices work again after."""

from __future__ import annotations

import numpy as np

from twin.clock import DAY_S
from twin.kernels.devices import NEVER, Devices
from twin.scenario.ledger import Parameters
from twin.sensing.device_fleets import new_table
from twin.sensing.visits import plan_visits, straight_ways, waiting

LEDGER = Parameters.defaults()


def fleet(n: int, down: list[int]) -> Devices:
    table = new_table(np.arange(n, dtype=np.uint64) + np.uint64(100), np.arange(n, dtype=np.int32))
    table.down_since_s[down] = -np.arange(1, len(down) + 1) * DAY_S
    table.visited_at_s[:] = -10 * DAY_S
    return table


def along(n: int, spacing_m: float = 1_000.0):
    """Sites on a line; the last is the depot, at its beginning."""
    x_m = np.append(spacing_m * (1.0 + np.arange(n)), 0.0)
    return straight_ways(x_m, np.zeros(n + 1), detour=1.0, speed_mps=10.0)


def test_a_crew_drives_to_the_nearest_first_and_home_at_last():
    table = fleet(5, [3, 0, 4])
    site = np.arange(5)
    visits = plan_visits(table, site, 5, along(5), LEDGER)
    assert visits.device.tolist() == [0, 3, 4]
    begins_s = LEDGER["sensing.crew_shift_h"][0] * 3_600.0
    work_s = LEDGER["sensing.visit_h"] * 3_600.0
    ends = begins_s + np.array([100 + work_s, 400 + 2 * work_s, 500 + 3 * work_s])
    assert visits.done_s.tolist() == np.ceil(ends).astype(int).tolist()
    assert visits.km.sum() == 10.0  # five kilometres out and five back
    assert np.isclose(visits.hours.sum(), (1_000.0 + 3 * work_s) / 3_600.0)
    assert table.visit_at_s[[0, 3, 4]].tolist() == visits.done_s.tolist()
    assert (table.visit_at_s[[1, 2]] == NEVER).all()


def test_a_shift_is_limited_and_those_who_waited_longest_come_first():
    n = 40
    table = fleet(n, list(range(n)))  # the last has waited longest
    visits = plan_visits(table, np.arange(n), n, along(n, 10.0), LEDGER)
    begins_h, ends_h = LEDGER["sensing.crew_shift_h"]
    assert 1 < len(visits.device) <= (ends_h - begins_h) / LEDGER["sensing.visit_h"]
    assert visits.device.min() >= n - int((ends_h - begins_h) / LEDGER["sensing.visit_h"])
    assert visits.done_s.max() <= ends_h * 3_600.0
    two = plan_visits(fleet(n, list(range(n))), np.arange(n), n, along(n, 10.0), LEDGER, crews=2)
    assert len(two.device) == 2 * len(visits.device)


def test_the_same_failures_cost_more_where_devices_are_far_apart():
    near = plan_visits(fleet(8, [1, 4, 7]), np.arange(8), 8, along(8, 200.0), LEDGER)
    far = plan_visits(fleet(8, [1, 4, 7]), np.arange(8), 8, along(8, 3_000.0), LEDGER)
    assert len(near.device) == len(far.device) == 3
    assert far.km.sum() == 15.0 * near.km.sum()
    assert far.hours.sum() > near.hours.sum()


def test_calibration_is_due_after_its_days_and_only_of_what_drifts():
    table = fleet(3, [])
    table.visited_at_s[:] = np.array([-200, -100, -181]) * DAY_S
    assert waiting(table, 0, 180.0).tolist() == [0, 2]
    assert len(plan_visits(table, np.arange(3), 3, along(3), LEDGER).device) == 0
    assert len(plan_visits(table, np.arange(3), 3, along(3), LEDGER, drifts=True).device) == 2


def test_who_cannot_be_reached_is_not_visited_and_rows_do_not_matter():
    table = fleet(4, [0, 1, 2])

    def ways(sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spent, metres = along(4)(sites)
        cut = (sites[:, None] == 1) ^ (sites == 1)
        return np.where(cut, np.inf, spent), metres

    visits = plan_visits(table, np.arange(4), 4, ways, LEDGER)
    assert visits.device.tolist() == [0, 2]

    order = np.array([2, 0, 3, 1])
    turned = Devices(*(column[order].copy() for column in fleet(4, [0, 1, 2])))
    again = plan_visits(turned, order, 4, ways, LEDGER)
    assert order[again.device].tolist() == visits.device.tolist()
    assert again.done_s.tolist() == visits.done_s.tolist()
