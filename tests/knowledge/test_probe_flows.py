"""Flows that follow at nodes, and behind phones: what is right on average, and as sure as it says."""

from __future__ import annotations

import numpy as np
import pytest

from tests.knowledge.test_inference import nguyen_dupuis
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import observations
from twin.knowledge.inference import infer_at_nodes, infer_flows, node_balances, plan_counters
from twin.knowledge.probe_flows import (
    flows_from_phones,
    joined_readings,
    penetration,
    publish_links_per_phone,
)
from twin.knowledge.scores import whiteness

pytestmark = pytest.mark.one_interpreter("arithmetic of NumPy, the same on each")


def test_what_follows_node_by_node_is_what_conservation_says():
    tail, head, ends_at, flow = nguyen_dupuis()
    plan = plan_counters(tail, head, ends_at)
    counts = np.full((1, len(flow)), np.nan)
    counts[0, plan.counted] = flow[plan.counted]
    days = np.repeat(flow[None, None, :], 2, axis=0)
    balances = node_balances((tail, head), np.arange(len(flow)), days, np.zeros(2, dtype=int), 0)
    told, variance = infer_at_nodes(counts, np.where(np.isnan(counts), np.nan, 4.0), balances)
    known = np.isfinite(told[0])
    assert known.sum() > len(plan.counted)
    assert told[0, known] == pytest.approx(infer_flows(plan, flow[plan.counted])[known])
    added = known & np.isnan(counts[0])
    assert (variance[0, added] > 4.0).all()  # what is inferred is less sure than what was read


def test_a_node_with_two_links_open_tells_nothing():
    tail, head = np.array([0, 1, 1]), np.array([1, 2, 3])
    days = np.array([[[10.0, 4.0, 6.0]], [[10.0, 4.0, 6.0]]])
    balances = node_balances((tail, head), np.arange(3), days, np.zeros(2, dtype=int), 0)
    assert balances.matrix.shape == (1, 3)
    one = infer_at_nodes(np.array([[10.0, np.nan, np.nan]]), np.ones((1, 3)), balances)[0]
    assert np.isnan(one[0, 1:]).all()
    two = infer_at_nodes(np.array([[10.0, 3.0, np.nan]]), np.array([[1.0, 1.0, np.nan]]), balances)
    assert two[0][0, 2] == pytest.approx(7.0)
    assert two[1][0, 2] == pytest.approx(3.0)  # one of each count, one of what does not balance


def test_a_link_from_a_node_to_itself_tells_nothing_of_it():
    tail, head = np.array([0, 1, 1]), np.array([1, 2, 1])
    days = np.array([[[10.0, 10.0, 5.0]], [[12.0, 12.0, 6.0]]])
    balances = node_balances((tail, head), np.arange(3), days, np.zeros(2, dtype=int), 0)
    told, _ = infer_at_nodes(np.array([[11.0, np.nan, np.nan]]), np.ones((1, 3)), balances)
    assert told[0, 1] == pytest.approx(11.0)
    assert np.isnan(told[0, 2])


def test_penetration_and_flows_are_right_on_average_and_as_sure_as_they_say():
    """Two hundred links, 100 to 1,000 vehicles an hour, 8 % with a phone; twenty of them counted."""
    key = np.arange(200, dtype=np.uint64)
    flow = np.rint(100.0 + 900.0 * uniforms(1, stream_of("test.flow"), key))
    phones = np.array(
        [np.sum(uniforms(2, stream_of("test.phone"), np.arange(n, dtype=np.uint64), k) < 0.08)
         for k, n in enumerate(flow.astype(int).tolist())], dtype=float,
    )[None, :]  # fmt: skip
    counts = np.where(key < 20, flow, np.nan)[None, :]
    share = penetration(phones, counts, np.full((1, 200), np.nan))
    assert abs(share.share[0] / 0.08 - 1.0) < 3.0 * share.error_share[0] < 0.15
    value, variance = flows_from_phones(phones, share)
    z = (value[0] - flow) / np.sqrt(variance[0])
    assert abs(z.mean()) < 0.3
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.2)
    wide = flows_from_phones(phones, share, links_per_phone=9.0)[1]
    assert (wide > 4.0 * variance).all()


def test_links_per_phone_are_told_of_an_area_and_never_of_few_trips():
    passages = observations(np.repeat(np.arange(4), 30), 100.0, 200.0, 9.0)
    area = np.array([True, True, True, False])
    told = publish_links_per_phone(passages, area, 45, 86_400.0, 3)
    assert told.result.tolist() == [2.0]
    assert told.result_time_s.tolist() == [86_400.0], "once a day, at its end"
    assert publish_links_per_phone(passages, area, 2, 86_400.0, 3).n_rows == 0
    assert publish_links_per_phone(passages, area, 0, 86_400.0, 0).n_rows == 0
    lost = publish_links_per_phone(passages, area, 900, 86_400.0, 3)
    assert lost.result.tolist() == [1.0], "where most passages are lost a phone still makes one reading"


def test_without_a_count_phones_are_held_against_the_usual_day():
    phones = np.array([[np.nan, np.nan], [10.0, 20.0]])
    nothing = np.full((2, 2), np.nan)
    share = penetration(phones, nothing, np.array([[100.0, 200.0], [100.0, 200.0]]))
    assert np.isnan(share.share[0])
    assert share.share[1] == pytest.approx(0.1)


def test_two_readings_are_surer_than_either():
    value, variance = joined_readings(
        (np.array([10.0, np.nan]), np.array([4.0, np.nan])),
        (np.array([20.0, np.nan]), np.array([4.0, np.nan])),
    )
    assert value[0] == pytest.approx(15.0)
    assert variance[0] == pytest.approx(2.0)
    assert np.isnan(value[1])


def test_innovations_of_one_sign_are_not_white():
    away = np.array([[1.0, 2.0], [1.0, 2.0], [np.nan, 2.0]])
    assert whiteness(away) == pytest.approx(1.0)
    assert np.isnan(whiteness(np.full((3, 2), np.nan)))
