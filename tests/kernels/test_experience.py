"""Sums over the log of passages: the kernels and their slow twins."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import SLICE_MS
from twin.kernels.experience import count_moments, sum_passages
from twin.kernels.picture import sum_by_owner

N_SLICES, N_LINKS = 4, 3
MOMENT = st.one_of(
    st.sampled_from([0, SLICE_MS - 1, SLICE_MS, N_SLICES * SLICE_MS]), st.integers(0, 2 * N_SLICES * SLICE_MS)
)
PASSAGES = st.lists(st.tuples(st.integers(0, N_LINKS - 1), MOMENT, st.integers(1_000, 10**7)), max_size=40)


def slot_of(moment_ms: int) -> int:
    """Slice of 15 minutes; what comes after the last slice counts in it."""
    return min(moment_ms // SLICE_MS, N_SLICES - 1)


@settings(max_examples=50)
@given(PASSAGES)
def test_times_are_summed_by_slice_of_entry(passages: list[tuple[int, int, int]]) -> None:
    count = np.ones((N_SLICES, N_LINKS), dtype=np.int32)
    total_ms = np.ones((N_SLICES, N_LINKS), dtype=np.int64)
    link = np.array([link for link, _, _ in passages], dtype=np.int32)
    enter_ms = np.array([enter_ms for _, enter_ms, _ in passages], dtype=np.int64)
    took_ms = np.array([took_ms for *_, took_ms in passages], dtype=np.int64)
    sum_passages(link, enter_ms, enter_ms + took_ms, SLICE_MS, count, total_ms)
    narrow_ms = np.ones_like(total_ms)
    moments = (each.astype(np.int32) for each in (enter_ms, enter_ms + took_ms))
    sum_passages(link, *moments, SLICE_MS, np.ones_like(count), narrow_ms)
    assert (narrow_ms == total_ms).all(), "the log's moments are 32 bits wide, sums are not"
    for slot in range(N_SLICES):
        for row in range(N_LINKS):
            mine = [took for at, enter, took in passages if (slot_of(enter), at) == (slot, row)]
            assert (count[slot, row], total_ms[slot, row]) == (1 + len(mine), 1 + sum(mine))


@settings(max_examples=50)
@given(PASSAGES, st.lists(st.integers(-1, 1), min_size=40, max_size=40))
def test_owners_see_their_own_trips_only(passages: list[tuple[int, int, int]], owners: list[int]) -> None:
    """One trip a passage, some of nobody's; what was there before stays."""
    n_probes, total_ms = np.ones((2, N_LINKS), dtype=np.int32), np.ones((2, N_LINKS), dtype=np.int64)
    link, enter_ms, took_ms = (np.array([row[k] for row in passages], dtype=np.int32) for k in range(3))
    trip, owner = np.arange(len(passages), dtype=np.int32), np.array(owners, dtype=np.int8)
    sum_by_owner(trip, link, enter_ms, enter_ms + took_ms, owner, n_probes, total_ms)
    for whose in range(2):
        for row in range(N_LINKS):
            mine = [took for k, (at, _, took) in enumerate(passages) if (owners[k], at) == (whose, row)]
            assert (n_probes[whose, row], total_ms[whose, row]) == (1 + len(mine), 1 + sum(mine))


def test_sums_go_beyond_32_bits() -> None:
    n = 300
    link, enter_ms = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
    count = np.zeros((N_SLICES, 1), dtype=np.int32)
    total_ms = np.zeros((N_SLICES, 1), dtype=np.int64)
    sum_passages(link, enter_ms, enter_ms + 100_000_000, SLICE_MS, count, total_ms)
    assert total_ms[0, 0] == n * 100_000_000


@settings(max_examples=50)
@given(PASSAGES)
def test_moments_are_counted_by_slice(passages: list[tuple[int, int, int]]) -> None:
    count = np.zeros((N_SLICES, N_LINKS), dtype=np.int32)
    link = np.array([link for link, _, _ in passages], dtype=np.int32)
    moment_ms = np.array([moment_ms for _, moment_ms, _ in passages], dtype=np.int64)
    count_moments(link, moment_ms, SLICE_MS, count)
    expected = Counter((slot_of(moment_ms), link) for link, moment_ms, _ in passages)
    assert {at: int(count[at]) for at in np.ndindex(count.shape) if count[at]} == dict(expected)
