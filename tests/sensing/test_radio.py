"""Radio: known times on air, ALOHA by formula and by drawing packets, battery lives by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.sensing.radio import (
    SPREADING,
    Battery,
    airtime_ms,
    alone,
    delivery,
    load,
    path_loss_db,
    simulate_delivery,
    spreading_of,
)

LEDGER = Parameters.defaults()


@pytest.mark.parametrize(
    ("payload", "table"),
    [(20, (56.6, 102.9, 185.3, 370.7, 741.4, 1318.9)), (33, (71.9, 133.6, 246.8, 452.6, 987.1, 1810.4))],
)
def test_time_on_air_is_that_of_the_table(payload, table):
    assert [round(airtime_ms(payload, factor), 1) for factor in SPREADING] == list(table)


@given(st.integers(0, 254), st.sampled_from(SPREADING), st.integers(1, 3))
def test_more_bytes_more_redundancy_or_more_spreading_never_take_less_time(payload, factor, coding):
    here = airtime_ms(payload, factor, coding)
    assert airtime_ms(payload + 1, factor, coding) >= here
    assert airtime_ms(payload, factor, coding + 1) >= here
    assert factor == 12 or airtime_ms(payload, factor + 1, coding) > here


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: airtime_ms(20, 13), "7 to 12"),
        (lambda: airtime_ms(300, 7), "0 to 255"),
        (lambda: airtime_ms(20, 7, 5), "4/5 to 4/8"),
        (lambda: load(5, 60.0, 0.0, 8), "a period above 0"),
        (lambda: simulate_delivery(np.zeros(1, np.uint64), 900.0, 0.5, 1.0, 1, 1), "longer than a packet"),
    ],
)
def test_what_cannot_be_is_refused(call, line):
    with pytest.raises(InputError, match=line):
        call()


@pytest.mark.parametrize("offered", [0.01, 0.05, 0.1, 0.5])
def test_packets_drawn_one_by_one_are_delivered_as_aloha_says(offered):
    n_devices, channels, period_s = 40_000, 8, 600.0
    airtime = offered * 1_000.0 * period_s * channels / n_devices
    assert load(n_devices, airtime, period_s, channels) == pytest.approx(offered)
    found = simulate_delivery(np.arange(n_devices, dtype=np.uint64), airtime, period_s, 6_000.0, channels, 1)
    assert found.sent == 10 * n_devices
    assert found.share == pytest.approx(delivery(offered), abs=4 * 0.5 / math.sqrt(found.sent) + 0.001)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 500), max_size=12), st.integers(1, 60))
def test_packets_alone_agree_with_a_slow_count(starts, air):
    starts.sort()
    slow = sum(all(abs(a - b) >= air for j, b in enumerate(starts) if j != i) for i, a in enumerate(starts))
    assert alone(np.array(starts, dtype=np.int64), air) == slow


@settings(max_examples=30)
@given(st.integers(0, 2**31), st.lists(st.integers(0, 2**63), min_size=1, max_size=5, unique=True))
def test_sendings_lie_within_their_period_and_channel(seed, keys):
    from twin.kernels.radio import draw_sendings

    key, start = np.array(keys, dtype=np.uint64), np.empty(len(keys), dtype=np.int64)
    draw_sendings(seed, stream_of("sensing.radio.send"), key, 3, 1_000, 8, start)
    moment = (uniforms(seed, stream_of("sensing.radio.send"), key, 3) * 1_000).astype(int)
    assert (start % 2_000 == moment).all()
    assert ((start // 2_000 >= 0) & (start // 2_000 < 8)).all()


def test_one_device_more_changes_no_other():
    keys = np.arange(50, dtype=np.uint64)
    two = [simulate_delivery(keys[:n], 60.0, 900.0, 900.0, 8, 7) for n in (49, 50)]
    assert two[1].sent - two[0].sent == 1
    assert two[1].heard - two[0].heard in (-1, 0, 1)
    assert math.isnan(simulate_delivery(keys[:0], 60.0, 900.0, 900.0, 8, 7).share)


def test_battery_lives_are_those_reckoned_by_hand():
    battery = Battery.of(LEDGER, 3_600.0)
    # 3600 mAh x 0.8 = 2880 mAh; sleep 0.005 mA x 8760 h = 43.8 mAh a year
    assert battery.life_years(0, 0.0) == pytest.approx(2_880 / 43.8)
    # 24 packets a day of 56.576 ms at 40 mA: 8760 x 40 x 0.056576 / 3600 = 5.5067 mAh a year
    assert battery.life_years(24, airtime_ms(20, 7)) == pytest.approx(2_880 / (43.8 + 5.506731), rel=1e-6)
    # at spreading factor 12, 1318.912 ms: 128.374 mAh a year
    assert battery.life_years(24, airtime_ms(20, 12)) == pytest.approx(2_880 / (43.8 + 128.374101), rel=1e-6)


def test_the_farther_the_slower_and_at_last_silent():
    exponent, at_1_km = (LEDGER[f"sensing.radio_{name}"] for name in ("path_exponent", "loss_at_1_km_db"))
    distance_m = np.array([100.0, 1_000.0, 1_700.0, 2_400.0, 20_000.0])
    lost = path_loss_db(distance_m, exponent, at_1_km)
    assert lost[1] == at_1_km
    assert lost[0] == pytest.approx(at_1_km - 10 * exponent)
    factor = spreading_of(lost, LEDGER)
    assert factor[0] == 7
    assert factor[-1] == 0
    reached = factor[factor > 0]
    assert (np.diff(reached) >= 0).all()
    assert 7 < reached[-1] <= 12
