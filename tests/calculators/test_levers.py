"""The road manager's levers: closed back to the last exit, narrowed, slowed; the territory untouched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import networks
from tests.worlds import Net
from twin.calculators.levers import closed_to_entry, limited_speed, mask_of, narrowed_capacity
from twin.errors import InputError


def slow_closed(net: Net, closed: list[bool]) -> list[bool]:
    """Close one trap at a time until there is none."""
    barred = list(closed)
    while True:
        for link in range(net.n_links):
            onward = net.successors(link)
            if not barred[link] and onward and all(barred[after] for after in onward):
                barred[link] = True
                break
        else:
            return barred


@settings(max_examples=80, deadline=None)
@given(networks(), st.data())
def test_closing_agrees_with_its_slow_twin(net, data):
    closed = data.draw(st.lists(st.booleans(), min_size=net.n_links, max_size=net.n_links))
    barred = closed_to_entry(np.array(closed), net.tail, net.head)
    assert barred.tolist() == slow_closed(net, closed)


def test_a_carriageway_is_closed_back_to_its_last_exit():
    #  0 -> 1 -> 2 -> 3 -> 4 closed -> 5; exit at 1 to 6; an entry from 7 that leads only into the trap
    tail = np.array([0, 1, 2, 3, 4, 1, 7, 5])
    head = np.array([1, 2, 3, 4, 5, 6, 3, 8])
    closed = mask_of(np.array([4]), 8)
    assert np.flatnonzero(closed_to_entry(closed, tail, head)).tolist() == [1, 2, 3, 4, 6]
    assert np.flatnonzero(closed).tolist() == [4]


def test_a_street_that_runs_both_ways_stays_open_up_to_the_closure():
    tail, head = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])  # 0 = 1 = 2, closed from 1 to 2
    assert closed_to_entry(mask_of(np.array([2]), 4), tail, head).tolist() == [False, False, True, False]


def test_nothing_closed_and_nothing_at_all():
    tail, head = np.array([0, 1]), np.array([1, 2])
    assert not closed_to_entry(np.zeros(2, np.bool_), tail, head).any()
    empty = np.empty(0, dtype=np.int32)
    assert closed_to_entry(empty.astype(np.bool_), empty, empty).tolist() == []


def test_capacity_is_narrowed_never_widened():
    capacity_vps = np.array([1.0, 0.5, 0.25])
    links = np.array([0, 2])
    assert narrowed_capacity(capacity_vps, links, 1_800.0, None).tolist() == [0.5, 0.5, 0.25]
    assert narrowed_capacity(capacity_vps, links, None, 0.5).tolist() == [0.5, 0.5, 0.125]
    assert capacity_vps.tolist() == [1.0, 0.5, 0.25]
    with pytest.raises(InputError, match="or close_link"):
        narrowed_capacity(capacity_vps, links, 0.0, None)


def test_a_limit_sets_speeds_and_the_present_one_keeps_their_bits():
    free_mps = np.array([130 / 3.6, 50 / 3.6, 50 * (1 / 3.6)])
    every = np.arange(3)
    assert limited_speed(free_mps, every[:1], 90.0).tolist() == [25.0, *free_mps[1:].tolist()]
    assert limited_speed(free_mps, every[1:], 50.0).tobytes() == free_mps.tobytes()
    round_trip = [limited_speed(free_mps, every[k : k + 1], free_mps[k] * 3.6) for k in range(3)]
    assert all(limited.tobytes() == free_mps.tobytes() for limited in round_trip)
