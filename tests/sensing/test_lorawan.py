"""LoRaWAN networks: what gateways hear by their slow twins, density, collisions, gateways where they help."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sensing.oracles import slow_bell, slow_word
from tests.sensing.slow_radio import share_alone, slow_load
from twin.errors import InputError
from twin.kernels.radio import Ether, add_loads, fill_heard, fill_losses
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.sensing.lorawan import (
    RadioGateways,
    Radios,
    Reception,
    adaptive,
    air_us_per_day,
    budget_db,
    gateway_reach_of,
    offered_load,
    place_gateways,
    received,
)
from twin.sensing.radio import airtime_ms, spreading_of

LEDGER = Parameters.defaults()
CALM = LEDGER.replaced({"sensing.radio_shadow_db": 0.0})
STREAM = stream_of("tests.lorawan")
ETHER = Ether(3.3, 128.0, 7.5, 5, STREAM)


def radios(n: int, side_m: float = 3_000.0, interval_s: float = 900.0) -> Radios:
    rows = np.arange(n, dtype=np.uint64)
    x_m, y_m = (side_m * uniforms(1, stream_of(axis), rows) for axis in "xy")
    return Radios(x_m, y_m, rows * np.uint64(97) + np.uint64(5), np.zeros(n), np.full(n, interval_s))


def one_gateway(x_m: float = 0.0, y_m: float = 0.0) -> RadioGateways:
    return RadioGateways(np.array([x_m]), np.array([y_m]), np.array([7], dtype=np.uint64))


def on_a_line(*away_m: float) -> Radios:
    """Devices as far from the gateway at the beginning of a line."""
    n = len(away_m)
    return Radios(
        np.array(away_m), np.zeros(n), np.arange(n, dtype=np.uint64), np.zeros(n), np.full(n, 3_600.0)
    )


def heard_by(devices: Radios, gateways: RadioGateways, parameters: Parameters = LEDGER) -> Reception:
    reach = gateway_reach_of(devices, gateways, parameters, 1)
    offered = offered_load(devices, reach.spreading, reach, len(gateways.key), parameters)
    return received(reach, offered, parameters)


pair = st.tuples(st.integers(0, 3), st.floats(0.0, 30_000.0))


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
    st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3),
    st.data(),
)
def test_losses_loads_and_what_is_heard_agree_with_slow_twins(keys, gateway_keys, data):
    n, m = len(keys), 2
    pairs = [[data.draw(pair) for _ in range(m)] for _ in range(n)]
    near = np.array([[each[0] for each in row] for row in pairs], dtype=np.int32)
    away = np.array([[each[1] for each in row] for row in pairs], dtype=np.float32)
    factor = np.array(data.draw(st.lists(st.sampled_from([0, 7, 9, 12]), min_size=n, max_size=n)), np.uint8)
    air = np.array(data.draw(st.lists(st.integers(0, 10**9), min_size=n, max_size=n)), np.int64)
    lost = np.empty((n, m), np.float32)
    fill_losses(ETHER, np.array(keys, np.uint64), np.array(gateway_keys, np.uint64), near, away, lost)
    most, loads, heard = budget_db(LEDGER), np.zeros((3, 13), np.int64), np.empty(n, np.float32)
    add_loads(near, lost, factor, most, air, loads)
    alone = np.exp(-2.0 * loads / 1e10)
    fill_heard(near, lost, factor, most, alone, heard)

    slow_loads: dict[tuple[int, int], int] = {}
    for i in range(n):
        missed = 1.0
        for g, away_m in zip(near[i].tolist(), away[i].tolist(), strict=True):
            if g == 3:
                continue
            shadow = 7.5 * slow_bell(slow_word(5, int(STREAM), keys[i], gateway_keys[g]))
            loss = 128.0 + 33.0 * math.log10(max(away_m, 1.0) / 1_000.0) + shadow
            j = near[i].tolist().index(g) if near[i][0] == g and away_m == away[i][0] else 1
            assert lost[i, j] == pytest.approx(loss, abs=1e-3)
            if float(lost[i, j]) <= most[factor[i]]:
                slow_loads[g, factor[i]] = slow_loads.get((g, factor[i]), 0) + int(air[i])
            if factor[i]:
                fade = 10.0 ** (-(most[factor[i]] - float(lost[i, j])) / 10.0)
                missed *= 1.0 - (math.exp(-fade) if fade < 1_000.0 else 0.0) * alone[g, factor[i]]
        assert heard[i] == pytest.approx(1.0 - missed, abs=1e-5)
    assert {where: loads[where] for where in slow_loads} == slow_loads
    assert loads.sum() == sum(slow_loads.values())


def test_the_load_is_that_of_the_devices_own_factor_and_collisions_are_alohas():
    devices = radios(2_000, side_m=200.0)  # all so near that each sends at factor 7
    found = heard_by(devices, one_gateway(100.0, 100.0), CALM)
    assert set(found.spreading.tolist()) == {7}
    offered = slow_load(2_000, airtime_ms(33, 7), 900.0, 8)
    assert found.heard.max() == pytest.approx(math.exp(-2.0 * offered), abs=0.002)
    # half as often on the air, half the load; another factor is no load
    rare = heard_by(devices._replace(interval_s=np.full(2_000, 1_800.0)), one_gateway(100.0, 100.0), CALM)
    assert rare.heard.max() == pytest.approx(math.exp(-offered), abs=0.002)
    reach = gateway_reach_of(devices, one_gateway(100.0, 100.0), CALM, 1)
    mixed = np.where(np.arange(2_000) < 500, 8, 7).astype(np.uint8)
    loads = offered_load(devices, mixed, reach, 1, CALM)
    assert loads[0, 7] == pytest.approx(0.75 * offered, rel=1e-6)
    assert loads[0, 8] == pytest.approx(slow_load(500, airtime_ms(33, 8), 900.0, 8), rel=1e-6)


@pytest.mark.parametrize("offered", [0.01, 0.05, 0.1, 0.5])
def test_as_much_is_heard_as_of_packets_drawn_one_by_one(offered):
    n, air_ms, n_periods = 40_000, airtime_ms(33, 7), 10
    period_s = n * air_ms / (1_000.0 * offered * 8)
    devices = radios(n, side_m=200.0, interval_s=period_s)
    reach = gateway_reach_of(devices, one_gateway(100.0, 100.0), CALM, 1)
    found = offered_load(devices, reach.spreading, reach, 1, CALM)
    assert found[0, 7] == pytest.approx(offered, rel=1e-5)
    alone = share_alone(n, air_ms, period_s, 8, n_periods)
    chance = 4.0 * 0.5 / math.sqrt(n * n_periods) + 0.001
    assert received(reach, found, CALM).heard.mean() == pytest.approx(alone, abs=chance)


def test_time_on_the_air_keeps_the_duty_cycle():
    devices = radios(1, interval_s=60.0)
    for factor in (7, 12):
        air = air_us_per_day(devices, np.array([factor], np.uint8), LEDGER)[0]
        assert air <= 0.01 * 86_400e6
        assert air % round(1_000.0 * airtime_ms(33, factor)) < 1_500


def test_farther_devices_send_slower_and_are_heard_less():
    devices = on_a_line(100.0, 500.0, 1_000.0, 1_500.0, 2_500.0, 6_000.0)
    n = len(devices.key)
    found = heard_by(devices, one_gateway(), CALM)
    assert found.spreading.tolist() == [*sorted(found.spreading[:-1].tolist()), 0]
    assert 7 == found.spreading[0] < found.spreading[4]
    near = found.spreading == 7
    assert (np.diff(found.heard[near]) < 0.0).all()
    assert found.heard[4] < found.heard[0]
    assert found.heard[-1] == 0.0
    assert found.gateway.tolist() == [0] * (n - 1) + [-1]
    buried = heard_by(devices._replace(more_db=np.full(n, 15.0)), one_gateway(), CALM)
    assert (buried.spreading[:-1] >= found.spreading[:-1])[buried.spreading[:-1] > 0].all()
    assert buried.heard.sum() < found.heard.sum()


def test_the_farther_the_more_is_lost_and_the_slower_until_none_closes():
    exponent, at_1_km = (LEDGER[f"sensing.radio_{name}"] for name in ("path_exponent", "loss_at_1_km_db"))
    devices = on_a_line(100.0, 1_000.0, 1_700.0, 2_400.0, 20_000.0)
    lost = gateway_reach_of(devices, one_gateway(), CALM, 1).lost_db[:, 0]
    assert lost[1] == at_1_km
    assert lost[0] == pytest.approx(at_1_km - 10 * exponent)
    factor = spreading_of(lost, LEDGER)
    assert factor[0] == 7
    assert factor[-1] == 0
    reached = factor[factor > 0]
    assert (np.diff(reached) >= 0).all()
    assert 7 < reached[-1] <= 12


@pytest.mark.parametrize("more_db", [0.0, 5.0])
def test_one_gateway_serves_two_devices_while_the_mean_loss_between_them_leaves_the_margin(more_db):
    all_of_them = LEDGER.replaced({"sensing.gateway_share": 1.0})
    left_db = 14.0 + 133.0 - 10.0 - more_db  # at spreading factor 10
    reach_m = 1_000.0 * 10.0 ** ((left_db - 128.0) / 33.0)
    for away_m, gateways in ((0.999 * reach_m, 1), (1.001 * reach_m, 2)):
        devices = on_a_line(0.0, away_m)._replace(more_db=np.full(2, more_db))
        assert len(place_gateways(devices, all_of_them).key) == gateways


def test_factors_are_the_least_that_leave_a_margin():
    lost = np.array([100.0, 127.9, 128.1, 136.9, 145.0, 152.0])
    assert adaptive(lost, LEDGER).tolist() == [7, 7, 8, 10, 12, 0]


def test_two_gateways_hear_more_than_one_and_the_second_goes_where_devices_are_left():
    devices = radios(3_000, side_m=6_000.0)
    one, two, four = (place_gateways(devices, LEDGER, count) for count in (1, 2, 4))
    assert np.array_equal(four.key[:2], two.key)
    assert np.array_equal(two.key[:1], one.key)
    shares = [float(heard_by(devices, each).heard.mean()) for each in (one, two, four)]
    assert shares[0] < shares[1] < shares[2]
    enough = place_gateways(devices, LEDGER)
    assert heard_by(devices, enough).heard.mean() > 0.8
    sparse = place_gateways(radios(3_000, side_m=20_000.0), LEDGER)
    assert len(sparse.key) > 2 * len(enough.key), "the sparser devices stand, the more gateways for each"


def test_neither_gateways_nor_reception_depend_on_rows():
    devices = radios(1_500, side_m=5_000.0)
    turn = np.argsort(uniforms(9, STREAM, devices.key))
    turned = Radios(*(column[turn] for column in devices))
    a, b = place_gateways(devices, LEDGER), place_gateways(turned, LEDGER)
    assert np.array_equal(a.key, b.key)
    for one, two in zip(heard_by(devices, a), heard_by(turned, b), strict=True):
        assert np.array_equal(one[turn], two)


def test_no_devices_no_gateways_and_too_many_gateways_are_refused():
    assert len(place_gateways(radios(0), LEDGER).key) == 0
    assert (
        heard_by(radios(3), RadioGateways(*(np.empty(0),) * 2, np.empty(0, np.uint64))).heard.tolist()
        == [0] * 3
    )
    with pytest.raises(InputError, match="gateways: 999 for"):
        place_gateways(radios(20), LEDGER, 999)
