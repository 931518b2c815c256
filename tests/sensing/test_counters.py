"""Counters: right on average, wrong as the ledger says, the same for any order of rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.oracles import slow_bell, slow_detected, slow_word
from tests.sensing.worlds import LEDGER, counters, random_events, site, step
from twin.errors import InputError
from twin.kernels.observe import LinkExits, bells, detect_vehicles
from twin.knowledge.day import flows_from_counts
from twin.sensing.counters import count_reading, counters_work, observe_counters
from twin.sensing.fleets import observe

words = st.integers(0, 2**64 - 1)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    words,
    st.lists(st.tuples(words, st.integers(0, 20)), min_size=1, max_size=4),
    st.integers(0, 108_000_000),
    st.floats(0, 1),
)
def test_detection_agrees_with_its_slow_twin(seed, stream, sensors, moment_ms, miss_share):
    keys = np.array([key for key, _ in sensors], dtype=np.uint64)
    passed = np.array([n for _, n in sensors], dtype=np.int64)
    seen = np.full(len(keys), 100)
    detect_vehicles(seed, np.uint64(stream), keys, passed, moment_ms, miss_share, seen)
    slow = [100 + slow_detected(seed, stream, key, n, moment_ms, miss_share) for key, n in sensors]
    assert seen.tolist() == slow


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31 - 1), words, st.lists(words, min_size=1, max_size=4), st.integers(0, 108_000_000))
def test_noise_agrees_with_its_slow_twin(seed, stream, who, when):
    drawn = bells(seed, np.uint64(stream), np.array(who, dtype=np.uint64), when)
    assert drawn.tolist() == [slow_bell(slow_word(seed, stream, key, when)) for key in who]


def test_a_perfect_counter_tells_the_truth_after_its_delay():
    fleet = counters(3)
    rows = observe_counters(fleet, np.array([5, 0, 17]), 300_000, 600_000, seed=1)
    assert rows.datastream.tolist() == [0, 1, 2]
    assert rows.result.tolist() == [5.0, 0.0, 17.0]
    assert set(rows.phenomenon_time_s) == {600.0}
    assert set(rows.result_time_s) == {660.0}


def test_counts_of_an_interval_add_up_over_steps():
    fleet = counters(2, interval_s=900.0)
    reports = [
        observe_counters(fleet, np.array([n, 1]), 300_000 * k, 300_000 * (k + 1), seed=1)
        for k, n in enumerate((4, 5, 6))
    ]
    assert [report.n_rows for report in reports] == [0, 0, 2]
    assert reports[2].result.tolist() == [15.0, 3.0]
    assert fleet.pending_veh.tolist() == [0, 0]
    with pytest.raises(ValueError, match="within one counting interval"):
        observe_counters(fleet, np.array([1, 1]), 600_000, 1_200_000, seed=1)


def test_intervals_shorter_than_a_step_get_their_own_events():
    moments_ms = np.array([0, 59_999, 60_000, 299_999, 299_999])
    events = LinkExits(np.zeros(5, np.int32), np.zeros(5, np.int32), moments_ms - 1_000, moments_ms)
    rows = observe(counters(1, interval_s=60.0), step(events, 1, 1), seed=1)
    assert rows.phenomenon_time_s.tolist() == [60.0, 120.0, 180.0, 240.0, 300.0]
    assert rows.result.tolist() == [2.0, 1.0, 0.0, 0.0, 2.0]


def test_every_event_handed_over_is_counted_once():
    events = random_events(2_000, 50, 7)
    for interval_s in (60.0, 300.0):
        rows = observe(counters(7, interval_s=interval_s), step(events, 50, 7), seed=1)
        by_link = np.bincount(rows.datastream, weights=rows.result)
        assert by_link.tolist() == np.bincount(events.link, minlength=7).tolist()


def test_flow_is_unbiased_once_misses_are_put_back():
    n_links, passed, miss = 2_000, 40, 0.1
    fleet = counters(n_links, sampling=1.0 - miss, noise=0.05)
    rows = observe_counters(fleet, np.full(n_links, passed), 0, 300_000, seed=3)
    spread = np.sqrt(passed * miss * (1 - miss) + (0.05 * passed * (1 - miss)) ** 2 + 1 / 12)
    standard_error = spread / np.sqrt(n_links)
    assert rows.result.mean() == pytest.approx(passed * (1 - miss), abs=4 * standard_error)
    assert rows.result.std() == pytest.approx(spread, rel=0.08)
    flow_veh = flows_from_counts(rows, n_links, count_reading(fleet, LEDGER))
    assert np.nanmean(flow_veh[0]) == pytest.approx(3 * passed, abs=12 * standard_error / (1 - miss))


def test_good_share_and_loss_are_shares_of_reports():
    n_links, good, loss = 4_000, 0.565, 0.1
    parameters = LEDGER.replaced({"sensing.counter_good_share": good})
    fleet = counters(n_links, parameters, loss=loss)
    first, later, next_month = (
        set(observe_counters(fleet, np.ones(n_links), moment, moment + 300_000, 1, month).datastream.tolist())
        for moment, month in ((0, 0), (300_000, 0), (0, 1))
    )
    expected = good * (1 - loss)
    assert len(first) / n_links == pytest.approx(
        expected, abs=4 * np.sqrt(expected * (1 - expected) / n_links)
    )
    works = set(np.flatnonzero(counters_work(fleet, seed=1)).tolist())
    assert first | later <= works
    assert len(first & later) / len(works) == pytest.approx((1 - loss) ** 2, abs=0.03)
    assert not next_month <= works


def test_observations_do_not_depend_on_the_order_of_events_or_sensors():
    events = random_events(3_000, 60, 8)
    backwards = LinkExits(*(column[::-1] for column in events))
    options = {"sampling": 0.9, "noise": 0.1, "loss": 0.2}
    first, second = (
        observe(counters(8, **options), step(each, 60, 8), seed=5) for each in (events, backwards)
    )
    for one, other in zip(first, second, strict=True):
        assert one.tobytes() == other.tobytes()


def test_one_vehicle_more_never_makes_a_counter_see_fewer():
    def seen(n: int) -> float:
        return observe_counters(counters(1, sampling=0.5), np.array([n]), 0, 300_000, seed=2).result[0]

    counts = [seen(n) for n in range(40)]
    assert all(before <= after <= before + 1 for before, after in pairwise(counts))


def test_counters_stand_on_the_links_named_or_on_the_greatest_roads():
    assert counters(5).link.tolist() == [0, 1, 2, 3, 4]
    ten = counters(30, links=None, count=10)
    assert set(site(30).road_class[ten.link]) == {0}
    fifteen = counters(30, links=None, count=15)
    assert set(ten.link) < set(fifteen.link)
    scattered = counters(30, links=None, count=15, placement="random")
    assert len(set(site(30).road_class[scattered.link])) == 3


def test_wrong_orders_are_one_line():
    for order, sentence in (
        ({"count": 6}, "6 sensors for 5 links"),
        ({"links": None}, "links, count, or both"),
        ({"interval_s": 420.0}, "a whole divisor of 900 s"),
        ({"kind": "eye"}, "one of air_quality_sensor, .*, water_meter"),
    ):
        with pytest.raises(InputError, match=sentence):
            counters(5, **order)
