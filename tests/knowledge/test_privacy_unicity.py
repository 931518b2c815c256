"""Unicity: against a slow count, growing with points, falling with coarser grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.people import townspeople
from twin.errors import InputError
from twin.knowledge.privacy_unicity import crowds, drawn_points, unicity
from twin.knowledge.traces import Sightings, Traces, traces_of

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")


pairs = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 8)), min_size=1)


def traces(points: set[tuple[int, int]]) -> Traces:
    person, point = (np.array(column) for column in zip(*sorted(points), strict=True))
    return Traces(person, point, 24)


@given(pairs, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=5))
def test_crowds_agree_with_a_slow_count(points, asked):
    found = crowds(traces(points), np.array(asked))
    people = {person for person, _ in points}
    assert found.tolist() == [
        sum(all((person, point) in points for point in known) for person in people) for known in asked
    ]


@given(pairs, st.integers(1, 4))
def test_known_points_are_distinct_and_the_person_s_own(points, n_points):
    person, known = drawn_points(traces(points), n_points, 99, seed=1)
    has = {each: sum(who == each for who, _ in points) for each, _ in points}
    assert person.tolist() == sorted(each for each, n in has.items() if n >= n_points)
    for who, own in zip(person.tolist(), known.tolist(), strict=True):
        assert len(set(own)) == n_points
        assert all((who, point) in points for point in own)


def test_people_with_the_same_trace_are_never_singled_out():
    assert unicity(traces({(k, p) for k in (0, 1) for p in range(6)}), 4, seed=1) == 0.0
    assert np.isnan(unicity(traces({(0, 1)}), 4, seed=1))


def test_unicity_grows_with_points_and_falls_as_cells_and_hours_coarsen():
    seen = townspeople()
    fine = traces_of(seen, 200.0, 1.0)
    by_points = [unicity(fine, n, seed=1, most=400) for n in (1, 2, 3, 4)]
    assert by_points == sorted(by_points)
    assert by_points[-1] >= 0.9
    by_grid = [
        unicity(traces_of(seen, *grid), 4, seed=1, most=400) for grid in ((200, 1), (1000, 4), (3000, 12))
    ]
    assert by_grid == sorted(by_grid, reverse=True)
    assert by_grid[-1] < 0.5


def test_days_may_lie_on_one_another():
    seen = Sightings(np.zeros(2, int), np.full(2, 50.0), np.full(2, 50.0), np.array([3_600.0, 90_000.0]))
    assert len(traces_of(seen, 100.0, 1.0).point) == 2
    assert len(traces_of(seen, 100.0, 1.0, by_day=False).point) == 1
    with pytest.raises(InputError, match="above 0"):
        traces_of(seen, 0.0, 1.0)
