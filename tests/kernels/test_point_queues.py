"""Two point queues: the kernels against a slow twin, and what must hold whatever they are fed with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.kernels.keys import stream_of
from twin.kernels.point_queues import RouteChoice, Timing, flow_by_share, flow_by_vehicle
from twin.kernels.random import uniforms

CHOICES = st.builds(
    RouteChoice,
    app_share=st.floats(0.0, 1.0),
    logit_per_step=st.floats(0.0, 0.5),
    ahead_steps=st.floats(-20.0, 20.0),
    habit_share=st.floats(0.0, 1.0),
)
TIMINGS = st.builds(Timing, age=st.integers(0, 12), refresh=st.integers(1, 9), to_queue=st.integers(0, 9))
STARTS = st.tuples(st.floats(0.0, 60.0), st.floats(0.0, 60.0))
SERVED = st.tuples(st.floats(0.1, 3.0), st.floats(0.1, 3.0))
N_STEPS = 60


def slow(start, served, inflow, choice, timing, seed=None):
    """The same by lists and single vehicles: pictures as they are published, choices as they are made."""
    queues = [list(start)]
    picture = {}
    under_way = {}
    come = 0
    for step in range(-timing.to_queue, N_STEPS):
        # who chooses now arrives ``to_queue`` later; the picture in force was published at the last refresh
        published = step - step % timing.refresh
        if published not in picture:
            shown = published - timing.age
            picture[published] = queues[shown] if shown > 0 else queues[0]
        waits = [veh / each for veh, each in zip(picture[published], served, strict=True)]
        gain = choice.logit_per_step * (waits[0] - waits[1] - choice.ahead_steps)
        under_way[step + timing.to_queue] = 1.0 / (1.0 + math.exp(gain))
        if step < 0:
            continue
        share = under_way.pop(step)
        if seed is None:
            mixed = choice.app_share * share + (1.0 - choice.app_share) * choice.habit_share
            joined = [inflow * mixed, inflow * (1.0 - mixed)]
        else:
            joined = [0.0, 0.0]
            while come + 1 <= (step + 1) * inflow + 1e-9:
                key = np.array([come], dtype=np.uint64)
                follows = uniforms(seed, stream_of("point_queues.app"), key)[0] < choice.app_share
                limit = share if follows else choice.habit_share
                first = uniforms(seed, stream_of("point_queues.route"), key)[0] < limit
                joined[0 if first else 1] += 1.0
                come += 1
        now = queues[-1]
        queues.append([max(now[k] + joined[k] - served[k], 0.0) for k in (0, 1)])
    return np.array(queues)


def run(start, served, inflow, choice, timing, seed=None):
    """The kernels with the same arguments."""
    queues = np.zeros((N_STEPS + 1, 2))
    queues[0] = start
    arguments = (queues, np.array(served), inflow, choice, timing)
    if seed is None:
        flow_by_share(*arguments)
    else:
        flow_by_vehicle(*arguments, seed)
    return queues


@pytest.mark.parametrize("seed", [None, 3])
@given(start=STARTS, served=SERVED, inflow=st.floats(0.0, 5.0), choice=CHOICES, timing=TIMINGS)
@settings(max_examples=60, deadline=None)
def test_kernel_agrees_with_twin(seed, start, served, inflow, choice, timing):
    found = run(start, served, inflow, choice, timing, seed)
    np.testing.assert_allclose(found, slow(start, served, inflow, choice, timing, seed), rtol=1e-9, atol=1e-9)


@given(start=STARTS, served=SERVED, inflow=st.floats(0.0, 5.0), choice=CHOICES, timing=TIMINGS)
@settings(max_examples=60, deadline=None)
def test_no_queue_is_negative_and_none_is_lost(start, served, inflow, choice, timing):
    """A step adds the inflow and takes off at most what is served: all of it where no queue empties."""
    queues = run(start, served, inflow, choice, timing)
    assert (queues >= 0.0).all()
    gone = queues[:-1].sum(axis=1) + inflow - queues[1:].sum(axis=1)
    assert (gone <= sum(served) + 1e-9).all()
    full = (queues[1:] > 0.0).all(axis=1)
    np.testing.assert_allclose(gone[full], sum(served), atol=1e-9)


@pytest.mark.parametrize("seed", [None, 3])
@given(start=STARTS, served=SERVED, inflow=st.floats(0.1, 5.0), choice=CHOICES, timing=TIMINGS)
@settings(max_examples=30, deadline=None)
def test_nobody_acts_on_what_has_not_been_published(seed, start, served, inflow, choice, timing):
    """The first steps are those of a start that has stood for long: no choice can know better yet."""
    queues = run(start, served, inflow, choice, timing, seed)
    blind = max(timing.age + timing.to_queue, 0)
    frozen = run(start, served, inflow, choice, Timing(10_000, 1, 0), seed)
    np.testing.assert_array_equal(queues[: blind + 2], frozen[: blind + 2])


def test_each_vehicle_keeps_its_draws():
    """A vehicle's class and route are its own: twice the inflow brings the same vehicles sooner."""
    choice, timing = RouteChoice(0.5, 0.0, 0.0, 0.5), Timing(0, 1, 0)
    one = run((0.0, 0.0), (1e-9, 1e-9), 1.0, choice, timing, seed=7)
    two = run((0.0, 0.0), (1e-9, 1e-9), 2.0, choice, timing, seed=7)
    np.testing.assert_allclose(two[: N_STEPS // 2], one[:N_STEPS:2], atol=1e-6)
    assert not np.array_equal(one, run((0.0, 0.0), (1e-9, 1e-9), 1.0, choice, timing, seed=8))
