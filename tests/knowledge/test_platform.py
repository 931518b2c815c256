"""One gate: nothing is seen before its result time, or without a right; rows keep one order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.knowledge.oracles import rows_of, slow_visible
from tests.knowledge.strategies import N_LINKS, chunks, moments_s
from twin.errors import InputError
from twin.knowledge.datasets import Dataset, Observations, observations
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right, Rights

JAMS = Dataset.of_links("jams", "swift", "travel time", "s", cadence_s=120)
TRACES = Dataset.of_links("traces", "swift", "travel time", "s", cadence_s=0, personal=True)


def platform_of(content: list[Observations], right: Right | None = None) -> DataPlatform:
    platform = DataPlatform()
    platform.add(JAMS)
    if right is not None:
        platform.rights.grant(JAMS, "city", right)
    for chunk in content:
        platform.append("jams", chunk)
    return platform


rights = st.one_of(
    st.none(),
    st.builds(
        Right,
        since_s=st.integers(0, 20).map(float),
        until_s=st.integers(21, 60).map(float),
        lag_s=st.sampled_from([0.0, 3.0, 20.0]),
        datastreams=st.one_of(st.none(), st.just((0, 2))),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(chunks(), max_size=5), rights, moments_s, st.one_of(moments_s, st.just(-np.inf)))
def test_gate_agrees_with_asking_every_row(content, right, moment_s, since_s):
    platform = platform_of(content, right)
    seen = platform.visible("city", "jams", moment_s, since_s)
    assert rows_of(seen) == slow_visible(content, right, moment_s, since_s)
    own = platform.visible("swift", "jams", moment_s, since_s)
    assert rows_of(own) == slow_visible(content, Right(), moment_s, since_s)


@settings(max_examples=60, deadline=None)
@given(st.lists(chunks(), max_size=4), st.lists(moments_s, min_size=1, max_size=5))
def test_reads_since_the_last_read_hand_out_every_row_once(content, stops):
    platform = platform_of(content)
    before, parts = -np.inf, []
    for moment_s in [*sorted(stops), 1_000.0]:
        parts += rows_of(platform.visible("swift", "jams", moment_s, before))
        before = moment_s
    assert sorted(parts) == sorted(row for chunk in content for row in rows_of(chunk))


@settings(max_examples=60, deadline=None)
@given(chunks(), st.randoms(use_true_random=False))
def test_stored_rows_do_not_depend_on_the_order_they_came_in(chunk, shuffler):
    order = list(range(chunk.n_rows))
    shuffler.shuffle(order)
    shuffled = chunk.at(order)
    first, second = (platform_of([rows]).record().rows for rows in (chunk, shuffled))
    assert rows_of(first) == rows_of(second) == sorted(rows_of(chunk))


def test_nothing_is_there_before_its_result_time_plus_the_lag():
    platform = platform_of([observations(np.array([1]), 300.0, 360.0, 17.0)], Right(lag_s=120.0))
    moments = (359.999, 360.0, 479.999, 480.0)
    assert [platform.visible("swift", "jams", moment).n_rows for moment in moments] == [0, 1, 1, 1]
    assert [platform.visible("city", "jams", moment).n_rows for moment in moments] == [0, 0, 0, 1]
    assert platform.visible("rival", "jams", 10_000.0).n_rows == 0


def test_what_is_read_cannot_be_written():
    chunk = observations(np.array([1, 0]), 0.0, np.array([2.0, 1.0]), 5.0)
    platform = platform_of([chunk, chunk], Right(datastreams=(1,)))
    reads = [
        platform.visible(reader, "jams", moment) for reader in ("swift", "city") for moment in (1.5, 9.0)
    ]
    for rows in [*reads, platform.record().rows]:
        for column in rows:
            with pytest.raises(ValueError, match="read-only"):
                column[:1] = 0
    chunk.result[:] = -1.0
    assert set(platform.visible("swift", "jams", 9.0).result) == {5.0}


def test_a_result_before_what_it_describes_is_refused():
    for seen_s, arrived_s in ((300.0, 299.0), (np.nan, 300.0), (300.0, np.nan)):
        with pytest.raises(ValueError, match="before the moment"):
            platform_of([observations(np.array([1]), seen_s, arrived_s, 1.0)])
    with pytest.raises(ValueError, match="different length"):
        platform_of([Observations(np.zeros(2, np.int32), np.zeros(2), np.zeros(2), np.zeros(3))])


def test_unknown_and_repeated_names_are_one_line():
    platform = platform_of([])
    with pytest.raises(InputError, match="no such dataset; right would be: one of jams"):
        platform.visible("swift", "jam", 0.0)
    with pytest.raises(InputError, match="stands already"):
        platform.add(JAMS)
    with pytest.raises(InputError, match="name or owner is empty"):
        Dataset.of_links("jams", "", "travel time", "s", cadence_s=120)


def test_personal_data_stay_with_their_owner():
    with pytest.raises(InputError, match="personal data"):
        Rights().grant(TRACES, "city", Right())


def test_one_right_per_reader_and_dataset():
    granted = Rights()
    granted.grant(JAMS, "city", Right(lag_s=120.0))
    for reader in ("city", "swift"):
        with pytest.raises(InputError, match="already"):
            granted.grant(JAMS, reader, Right())
    for wrong in (Right(lag_s=-1.0), Right(since_s=5.0, until_s=5.0)):
        with pytest.raises(InputError, match="since before until"):
            granted.grant(JAMS, "rival", wrong)
    assert granted.table() == [("city", "jams", Right(lag_s=120.0))]


def test_record_names_the_dataset_of_every_row():
    platform = platform_of([observations(np.arange(N_LINKS), 0.0, 1.0, 1.0)])
    platform.add(TRACES)
    platform.append("traces", observations(np.array([2]), 0.0, 0.5, 9.0))
    record = platform.record()
    assert record.names == ("jams", "traces")
    assert record.dataset.tolist() == [0] * N_LINKS + [1]
    assert record.rows.result[-1] == 9.0
    assert [dataset.personal for dataset in platform.datasets()] == [False, True]


def test_a_right_hands_over_results_from_its_start_to_before_its_end():
    rows = observations(np.arange(4), 0.0, np.array([99.0, 100.0, 199.0, 200.0]), 1.0)
    platform = platform_of([rows], Right(since_s=100.0, until_s=200.0))
    assert platform.visible("city", "jams", 1_000.0).datastream.tolist() == [1, 2]
