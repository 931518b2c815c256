"""Devices of any kind: the kernel against its slow twin, batteries, links, drift, failures, visits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.slow_devices import SlowDevice, slow_table
from tests.sensing.slow_radio import slow_life_years
from twin.clock import DAY_S
from twin.kernels.devices import (
    DOWN,
    LOST,
    MAINS,
    NEVER,
    NOTHING,
    DeviceRule,
    Devices,
    DeviceSpan,
    step_devices,
)
from twin.kernels.random import stream_of, uniforms
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.device_fleets import NO_CUT, DeviceReports, new_table, step_fleet
from twin.sensing.devices import Tally
from twin.sensing.kinds import (
    LORAWAN,
    fleet_settings,
    link_chances,
    packet_pah,
    send_every,
)
from twin.sensing.lives import battery_life_s, grown_devices, mean_life_s, new_devices
from twin.sensing.radio import airtime_ms

LEDGER = Parameters.defaults()
STREAM = stream_of("tests.devices")
YEAR_S = 365.0 * DAY_S


def order(kind: str, **more: object) -> SensorFleet:
    return SensorFleet.model_validate({"name": "f", "kind": kind, "owner": "city", **more})


def rule_of(kind: str = "bin_sensor", parameters: Parameters = LEDGER, **more: object) -> DeviceRule:
    return fleet_settings(order(kind, **more), parameters).rule


def sound(rule: DeviceRule, **more: object) -> DeviceRule:
    """A rule without noise, loss, drift and failure, and with what else a test asks for."""
    quiet = {"noise": 0.0, "drift_step": 0.0, "to_bad": 0.0, "to_good": 1.0, "life_scale_s": 1e12}
    return rule._replace(**{**quiet, **more})


def table_of(n: int, rule: DeviceRule, factor: int = 0) -> Devices:
    """New devices of one factor, all of one feature."""
    table = new_table(np.arange(n, dtype=np.uint64) * np.uint64(2654435761), np.zeros(n, dtype=np.int32))
    table.spreading[:] = factor
    table.charge_pah[:] = rule.capacity_pah
    return table


def run(
    table: Devices, rule: DeviceRule, truth: float | np.ndarray, n: int, first: int = 0, seed: int = 1
) -> DeviceReports:
    """n intervals of all devices; truth is one number, or (n_features, n_rows)."""
    seen = np.full((1, 1), truth, dtype=np.float32) if np.isscalar(truth) else truth.astype(np.float32)
    out = DeviceReports.room(len(table.key), n)
    span = DeviceSpan(0, len(table.key), first, n, seed, STREAM)
    step_devices(table, rule, seen, NO_CUT, span, out.result, out.late_s)
    return out


chance = st.floats(0.0, 1.0)
rules = st.builds(
    DeviceRule,
    interval_s=st.sampled_from([300, 900]),
    noise=st.floats(0.0, 1.0),
    drift_step=st.sampled_from([0.0, 0.1]),
    relative=st.booleans(),
    step=st.sampled_from([0.1, 1.0]),
    least=st.just(0.0),
    to_bad=chance,
    to_good=chance,
    keeps=st.integers(0, 4),
    delay_s=st.floats(0.0, 60.0),
    capacity_pah=st.sampled_from([int(MAINS), 10, 60]),
    sleep_pah=st.integers(0, 5),
    send_pah=st.just(np.arange(13)),
    send_every=st.sampled_from([np.ones(13, np.int64), np.full(13, 3)]),
    life_scale_s=st.floats(900.0, 20_000.0),
    life_shape=st.floats(0.7, 2.0),
)  # fmt: skip
devices = st.builds(
    SlowDevice,
    key=st.integers(0, 2**64 - 1),
    factor=st.sampled_from([0, 7, 12]),
    heard=chance,
    charge=st.just(0),
    fails_at=st.integers(0, 12_000),
    visit_at=st.none() | st.integers(0, 9_000),
)


@settings(max_examples=60)
@given(rules, st.lists(devices, min_size=1, max_size=5), st.data())
def test_the_kernel_agrees_with_its_slow_twin(rule, fleet, data):
    n, seed = 12, data.draw(st.integers(0, 2**31))
    values = st.lists(st.floats(0.0, 100.0, width=32) | st.just(math.nan), min_size=n, max_size=n)
    truth = np.array([data.draw(values) for _ in fleet], dtype=np.float32)
    cut = np.array([data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)) for _ in fleet], np.uint8)
    table = new_table(
        np.array([each.key for each in fleet], np.uint64), np.arange(len(fleet), dtype=np.int32)
    )
    for row, each in enumerate(fleet):
        each.charge = rule.capacity_pah
        table.spreading[row], table.heard[row] = each.factor, each.heard
        each.heard = float(table.heard[row])
        table.fails_at_s[row] = each.fails_at
        table.visit_at_s[row] = NEVER if each.visit_at is None else each.visit_at
    table.charge_pah[:] = rule.capacity_pah
    out = DeviceReports.room(len(fleet), n)
    step_devices(
        table, rule, truth, cut, DeviceSpan(0, len(fleet), 0, n, seed, STREAM), out.result, out.late_s
    )
    luck = seed, int(STREAM)
    slow = [[each.step(rule, k, float(truth[row, k]), int(cut[row, k]), luck) for k in range(n)]
            for row, each in enumerate(fleet)]  # fmt: skip
    shown, late = np.array(slow).transpose(2, 0, 1)
    assert np.array_equal(out.late_s, late.astype(np.float32))
    assert np.array_equal(out.result, shown.astype(np.float32), equal_nan=True)
    for name, column in slow_table(fleet).items():
        assert np.array_equal(getattr(table, name), column), name


def mixed(n: int = 4_000) -> tuple[Devices, DeviceRule, np.ndarray]:
    """Devices with everything switched on, and a truth of three features."""
    rule = rule_of("bin_sensor", interval_s=900.0, loss=0.1)._replace(drift_step=0.01, life_scale_s=3e5)
    table = table_of(n, rule, 9)
    table.heard[:] = 0.9
    table.feature[:] = np.arange(n) % 3
    new_devices(table, rule, 3)
    table.visit_at_s[:] = np.where(np.arange(n) % 5 == 0, 40_000, NEVER)
    return table, rule, uniforms(1, STREAM, np.arange(288, dtype=np.uint64)).reshape(3, 96)


def test_rows_threads_and_the_length_of_a_step_change_no_bit():
    table, rule, truth = mixed()
    whole = run(table, rule, truth, 96)
    assert {-1.0, -2.0} <= set(np.unique(whole.late_s).tolist())
    assert (table.n_visits > 0).any()

    again, *_ = mixed()
    parts = [run(again, rule, truth[:, k : k + 1], 1, first=k) for k in range(96)]
    for name in ("result", "late_s"):
        joined = np.concatenate([getattr(each, name) for each in parts], axis=1)
        assert np.array_equal(joined, getattr(whole, name), equal_nan=True), name
    for a, b in zip(table, again, strict=True):
        assert np.array_equal(a, b)

    order_ = np.argsort(uniforms(5, STREAM, table.key))
    turned = Devices(*(column[order_].copy() for column in mixed()[0]))
    assert np.array_equal(run(turned, rule, truth, 96).result, whole.result[order_], equal_nan=True)

    found = []
    for threads in (1, 2, 4):
        many, rule, truth = mixed(40_000)
        out = DeviceReports.room(40_000, 8)
        step_fleet(
            many, rule, np.ascontiguousarray(truth[:, :8], np.float32), (0, 8), 1, out, threads=threads
        )
        found.append((out, many))
    for out, many in found[1:]:
        assert np.array_equal(out.result, found[0][0].result, equal_nan=True)
        assert np.array_equal(out.late_s, found[0][0].late_s)
        assert all(np.array_equal(a, b) for a, b in zip(many, found[0][1], strict=True))


def test_battery_lives_are_those_reckoned_by_hand():
    small = LEDGER.replaced({"sensing.bin_sensor_idle_ua": 5.0, "sensing.radio_payload_bytes": 20.0})
    rule = rule_of("bin_sensor", small, interval_s=3_600.0)
    years = battery_life_s(rule, np.array([0, 7, 12])) / YEAR_S
    # 3600 mAh x 0.8 = 2880 mAh; sleep 0.005 mA x 8760 h = 43.8 mAh a year
    assert years[0] == pytest.approx(2_880 / 43.8)
    # 24 packets a day of 56.576 ms at 40 mA: 8760 x 40 x 0.056576 / 3600 = 5.5067 mAh a year
    assert years[1] == pytest.approx(2_880 / (43.8 + 5.506731), rel=1e-6)
    # at spreading factor 12, 1318.912 ms: 128.374 mAh a year
    assert years[2] == pytest.approx(2_880 / (43.8 + 128.374101), rel=1e-6)


@pytest.mark.parametrize("kind", ["parking_sensor", "bin_sensor", "pressure_logger"])
@pytest.mark.parametrize("factor", [7, 10, 12])
def test_batteries_die_within_an_interval_of_what_the_hand_reckons(kind, factor):
    rule = sound(rule_of(kind, interval_s=3_600.0))
    usable_mah = LEDGER["sensing.battery_usable_share"] * LEDGER[f"sensing.{kind}_battery_mah"]
    air_ms = airtime_ms(int(LEDGER["sensing.radio_payload_bytes"]), factor)
    packet_mah = LEDGER["sensing.radio_send_ma"] * air_ms / 3_600_000.0
    years = slow_life_years(usable_mah, LEDGER[f"sensing.{kind}_idle_ua"], 24.0, packet_mah)
    assert 4.0 < years < 12.0
    table = table_of(1, rule, factor)
    assert battery_life_s(rule, table.spreading)[0] == pytest.approx(years * YEAR_S, rel=1e-6)
    last = int(years * YEAR_S // 3_600)
    run(table, rule, 0.5, last - 1)
    assert table.down_since_s[0] == NEVER
    run(table, rule, 0.5, 4, first=last - 1)
    assert abs(table.down_since_s[0] - years * YEAR_S) <= 3_600.0


def test_a_battery_that_only_sleeps_lasts_as_reckoned_and_one_on_the_mains_for_ever():
    rule = sound(rule_of(interval_s=3_600.0))
    table = table_of(1, rule, 0)  # spreading 0: it is never heard, nor sends
    hours = 3_600.0 * 0.8 / (LEDGER["sensing.bin_sensor_idle_ua"] / 1_000.0)
    run(table, rule, 0.5, int(hours) + 2)
    assert abs(table.down_since_s[0] / 3_600.0 - hours) <= 1.0
    mains = rule._replace(capacity_pah=int(MAINS))
    assert (run(table_of(1, mains), mains, 0.5, 100_000).late_s >= 0.0).all()


@pytest.mark.parametrize("heard", [0.98, 0.9, 0.8, 0.4])
def test_a_fleet_delivers_the_share_that_is_heard(heard):
    rule = sound(rule_of())
    table = table_of(3_000, rule, 7)
    table.heard[:] = heard
    late = run(table, rule, 0.5, 96).late_s
    share = float((late >= 0.0).mean())
    assert share == pytest.approx(heard, abs=4.0 * 0.5 / math.sqrt(late.size))


@pytest.mark.parametrize(("share", "burst_s"), [(0.01, 1_800.0), (0.1, 900.0), (0.4, 900.0), (0.2, 7_200.0)])
def test_links_are_bad_for_as_long_and_as_often_as_said(share, burst_s):
    to_bad, to_good = link_chances(share, burst_s, 900.0)
    rule = sound(rule_of(), to_bad=to_bad, to_good=to_good, capacity_pah=int(MAINS))
    lost = run(table_of(600, rule, 7), rule, 0.5, 2_000).late_s == LOST
    assert lost.mean() == pytest.approx(share, rel=0.15)
    begins = (lost[:, 1:] & ~lost[:, :-1]).sum()
    assert lost.sum() / begins * 900.0 == pytest.approx(burst_s, rel=0.15)


def test_what_is_stored_comes_late_and_what_is_not_is_lost():
    rule = sound(rule_of("noise_sensor"), to_bad=0.1, to_good=0.25, keeps=96)
    stored = run(table_of(500, rule), rule, 50.0, 96)
    lost = run(table_of(500, rule._replace(keeps=0)), rule._replace(keeps=0), 50.0, 96)
    waited = stored.late_s > rule.delay_s
    assert (stored.late_s >= 0.0).all()
    assert np.array_equal(waited, lost.late_s == LOST)
    assert waited.mean() == pytest.approx(0.1 / 0.35, rel=0.1)
    assert set(((stored.late_s[waited] - rule.delay_s) % rule.interval_s).tolist()) == {0.0}


def test_who_sends_slowly_must_rest_between_packets():
    every = send_every(LORAWAN, 60, LEDGER)
    for factor in (7, 12):
        air_s = airtime_ms(int(LEDGER["sensing.radio_payload_bytes"]), factor) / 1_000.0
        assert every[factor] == math.ceil(air_s / 0.01 / 60.0)
    rule = sound(rule_of())._replace(interval_s=60, send_every=every)
    sent = run(table_of(1, rule, 12), rule, 0.5, 60).late_s[0] != NOTHING
    assert every[12] == 4
    assert np.flatnonzero(sent).tolist() == list(range(0, 60, 4))
    assert (send_every("mobile", 60, LEDGER) == 1).all()
    assert (packet_pah("mobile", LEDGER) == 0).all()


def test_results_are_off_by_noise_and_come_in_steps():
    rule = sound(rule_of(), noise=0.05)
    shown = run(table_of(2_000, rule, 7), rule, 0.5, 20).result
    assert np.allclose(shown * 100.0, np.round(shown * 100.0), atol=1e-3)
    assert shown.mean() == pytest.approx(0.5, abs=0.002)
    assert shown.std() == pytest.approx(0.05, rel=0.03)
    relative = sound(rule_of("air_quality_sensor"), noise=0.3)
    assert run(table_of(2_000, relative), relative, 40.0, 20).result.std() == pytest.approx(12.0, rel=0.03)


def test_drift_walks_as_the_root_of_time_and_a_visit_takes_it_off():
    rule = sound(rule_of("air_quality_sensor"))
    rule = rule._replace(drift_step=rule_of("air_quality_sensor").drift_step)
    table = table_of(1_500, rule)
    n = round(30.4375 * 96)
    run(table, rule, 40.0, n)
    month = float(table.drift.std())
    assert month == pytest.approx(LEDGER["sensing.air_quality_sensor_drift_per_month"], rel=0.06)
    run(table, rule, 40.0, 3 * n, first=n)
    assert table.drift.std() == pytest.approx(2.0 * month, rel=0.1)
    table.visit_at_s[:] = (4 * n + 1) * rule.interval_s
    run(table, rule, 40.0, 2, first=4 * n)
    assert np.abs(table.drift).max() <= 7.0 * rule.drift_step
    assert (table.n_visits == 1).all()


def test_devices_fail_by_weibulls_law_and_work_again_from_the_visit_on():
    rule = sound(rule_of("camera"))._replace(life_scale_s=20.0 * 300.0, life_shape=1.5, interval_s=300)
    table = table_of(8_000, rule)
    new_devices(table, rule, 1)
    works = (run(table, rule, 10.0, 40).late_s != DOWN).mean(axis=0)
    for k in (4, 9, 19, 39):
        assert works[k] == pytest.approx(math.exp(-(((k + 1) / 20.0) ** 1.5)), abs=0.02)
    table.visit_at_s[:] = 41 * 300
    after = run(table, rule, 10.0, 2, first=40).late_s
    assert (after[:, 0] >= 0.0).mean() > 0.97
    assert (table.n_visits == 1).all()


@pytest.mark.parametrize("kind", ["parking_sensor", "camera"])
def test_a_fleet_that_has_long_been_there_is_as_renewal_theory_says(kind):
    rule = rule_of(kind)
    table = table_of(40_000, rule, 9)
    grown_devices(table, rule, 1, 24_000, LEDGER)
    down = table.down_since_s != NEVER
    wait_s, mean_s = 10.0 * DAY_S, float(mean_life_s(rule, table.spreading)[0])
    assert down.mean() == pytest.approx(wait_s / (wait_s + mean_s), rel=0.15)
    assert (table.down_since_s[down] <= 0).all()
    assert (table.fails_at_s[~down] >= 0).all()
    up = ~down
    year = YEAR_S  # in the long run as many go down in a year as lives begin: 1 / mean
    battery_s = battery_life_s(rule, table.spreading)
    left_s = np.where(np.isinf(battery_s), np.inf, table.charge_pah / rule.capacity_pah * battery_s)
    gone = (np.minimum(table.fails_at_s, left_s) < year / 10.0) & up
    assert gone.mean() == pytest.approx(year / 10.0 / mean_s, rel=0.12)


def test_a_device_keeps_at_most_64_bytes():
    columns = (*new_table(np.zeros(10, np.uint64), np.zeros(10, np.int32)), *Tally.fresh(10))
    assert sum(column.nbytes for column in columns) / 10 + np.float32().itemsize <= 64.0
