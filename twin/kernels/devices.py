"""Devices of any kind through reporting intervals: errors, drift, link, battery, failure, a crew's visit.

One table of columns serves all kinds; what a device stands before comes in as one row a feature. Every
draw is a function of (seed, stream, device, interval), so neither the rows around a device, nor threads,
nor how many intervals go at once change what it reports.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.observe import bell
from twin.kernels.random import mix

_TO_UNIT = 2.0**-53
LOST, DOWN, NOTHING = -1.0, -2.0, -3.0
"""Instead of a delay: lost on the way; the device was down; it had nothing to tell or must not send."""
STANDS, NO_POWER, NO_NETWORK = 0, 1, 2
"""What an outage leaves a device in an interval."""
NEVER = np.int32(2**31 - 1)
MAINS = np.int64(-1)


class Devices(NamedTuple):
    """Columns of a fleet (n_devices,): what each device is, then what changes.

    key uint64; feature int32 the row of truth before it; gateway int16 and spreading uint8 of its radio, 0
    spreading: another radio; heard float32 the share of packets that a gateway hears. charge_pah int64
    left in its battery [pAh], `MAINS` none; drift float32; bad uint8 whether its link is; moments int32
    [s from 00:00 of day 0]: fails_at_s, visit_at_s (`NEVER` none is planned), down_since_s (`NEVER`: it
    works), visited_at_s; n_visits uint16.
    """

    key: np.ndarray
    feature: np.ndarray
    gateway: np.ndarray
    spreading: np.ndarray
    heard: np.ndarray
    charge_pah: np.ndarray
    drift: np.ndarray
    bad: np.ndarray
    fails_at_s: np.ndarray
    visit_at_s: np.ndarray
    down_since_s: np.ndarray
    visited_at_s: np.ndarray
    n_visits: np.ndarray


class DeviceRule(NamedTuple):
    """What all devices of a fleet have in common.

    interval_s; noise [sd] and drift_step [sd per interval], shares of the value if relative, else in its
    unit; step: least difference that it tells; least: no result is below; to_bad, to_good: chances an
    interval that its link changes (Gilbert 1960, Elliott 1963); keeps: intervals that it stores what it
    could not send, 0: it is lost; delay_s; capacity_pah, `MAINS` none, and sleep_pah an interval; by
    spreading factor (13,) int64: send_pah a packet, send_every: a packet each so many intervals;
    life_scale_s and life_shape of the Weibull law.
    """

    interval_s: int
    noise: float
    drift_step: float
    relative: bool
    step: float
    least: float
    to_bad: float
    to_good: float
    keeps: int
    delay_s: float
    capacity_pah: int
    sleep_pah: int
    send_pah: np.ndarray
    send_every: np.ndarray
    life_scale_s: float
    life_shape: float


class DeviceSpan(NamedTuple):
    """Devices [begin, end) through n_intervals from number ``first`` of day 0 on, with their randomness."""

    begin: int
    end: int
    first: int
    n_intervals: int
    seed: int
    stream: np.uint64


@inline_kernel
def _unit(word: np.uint64) -> float:
    return float(word >> np.uint64(11)) * _TO_UNIT


@inline_kernel
def weibull_s(word: np.uint64, scale_s: float, shape: float) -> int:
    """A life [s] drawn from 64 random bits (Weibull 1951), in whole seconds, no longer than 60 years."""
    life_s = scale_s * (-math.log1p(-_unit(word))) ** (1.0 / shape)
    return int(min(life_s, 1.9e9))


@inline_kernel
def _mend(devices: Devices, i: int, rule: DeviceRule, base: np.uint64) -> None:
    """A crew has come: new battery, calibrated, a new life."""
    at_s = np.int64(devices.visit_at_s[i])
    devices.n_visits[i] += 1
    word = mix(mix(base ^ np.uint64(0xFFFFFFFF)) ^ np.uint64(devices.n_visits[i]))
    ends_s = at_s + weibull_s(word, rule.life_scale_s, rule.life_shape)
    devices.fails_at_s[i] = min(ends_s, np.int64(NEVER) - 1)
    devices.charge_pah[i] = rule.capacity_pah
    devices.drift[i] = 0.0
    devices.down_since_s[i] = NEVER
    devices.visited_at_s[i] = at_s
    devices.visit_at_s[i] = NEVER


@inline_kernel
def _works(devices: Devices, i: int, rule: DeviceRule, number: int, has_power: bool) -> bool:
    """Whether a device works until the end of an interval; takes what that costs from its battery."""
    end_s = (number + 1) * rule.interval_s
    if devices.down_since_s[i] != NEVER:
        return False
    if devices.fails_at_s[i] <= end_s:
        devices.down_since_s[i] = max(devices.fails_at_s[i], end_s - rule.interval_s)
        return False
    if rule.capacity_pah == MAINS:
        return has_power
    drawn = np.int64(rule.sleep_pah)
    if number % rule.send_every[devices.spreading[i]] == 0:
        drawn += rule.send_pah[devices.spreading[i]]
    if devices.charge_pah[i] < drawn:
        devices.charge_pah[i] = 0
        devices.down_since_s[i] = end_s
        return False
    devices.charge_pah[i] -= drawn
    return True


@inline_kernel
def _waits(rule: DeviceRule, base: np.uint64, number: int) -> float:
    """Delay of a reading that a device stores while its link is bad [s]; `LOST`: longer than it keeps."""
    for later in range(1, rule.keeps + 1):
        if _unit(mix(base ^ np.uint64(number + later))) < rule.to_good:
            return rule.delay_s + float(later * rule.interval_s)
    return LOST


@inline_kernel
def _read(rule: DeviceRule, truth: float, drift: float, z: float) -> float:
    """What a device shows: off by noise and drift, then in whole steps."""
    off = drift + rule.noise * z
    shown = truth * (1.0 + off) if rule.relative else truth + off
    return max(math.floor(shown / rule.step + 0.5) * rule.step, rule.least)


@kernel
def step_devices(
    devices: Devices,
    rule: DeviceRule,
    truth: np.ndarray,
    cut: np.ndarray,
    span: DeviceSpan,
    result: np.ndarray,
    late_s: np.ndarray,
) -> None:
    """Step devices through intervals; what each reports goes to result and late_s (n_devices, n_intervals).

    Parameters
    ----------
    devices
        Written from ``visit_at_s`` on; a visit begins to count in the interval in which it ends.
    truth
        Read, (n_features, n_rows) float32, NaN nothing to observe; interval k reads its row k % n_rows.
    cut
        Read, (n_devices, n_intervals) uint8: `STANDS`, `NO_POWER` or `NO_NETWORK`; no rows: no outage.
    result, late_s
        Written, float32: NaN and a reason (`LOST`, `DOWN`, `NOTHING`) where nothing arrives.
    """
    stream = mix(np.uint64(span.seed) ^ span.stream)
    has_cut, n_rows = cut.shape[0] > 0, truth.shape[1]
    for i in range(span.begin, span.end):
        base = mix(stream ^ devices.key[i])
        for k in range(span.n_intervals):
            number = span.first + k
            result[i, k], late_s[i, k] = np.nan, DOWN
            word = mix(base ^ np.uint64(number))
            chance = _unit(word)
            if devices.bad[i] == 0:
                devices.bad[i] = chance < rule.to_bad
            else:
                devices.bad[i] = chance >= rule.to_good
            if devices.visit_at_s[i] <= (number + 1) * rule.interval_s:
                _mend(devices, i, rule, base)
            state = cut[i, k] if has_cut else STANDS
            if not _works(devices, i, rule, number, state != NO_POWER):
                continue
            if rule.drift_step > 0.0:
                devices.drift[i] += rule.drift_step * bell(mix(word ^ np.uint64(0xD41F7)))
            seen = truth[devices.feature[i], k % n_rows]
            if np.isnan(seen) or number % rule.send_every[devices.spreading[i]] != 0:
                late_s[i, k] = NOTHING
                continue
            word = mix(word)
            delay_s = rule.delay_s
            if devices.bad[i] != 0:
                delay_s = _waits(rule, base, number)
            if state == NO_NETWORK or delay_s < 0.0 or _unit(word) >= devices.heard[i]:
                late_s[i, k] = LOST
                continue
            result[i, k] = _read(rule, seen, devices.drift[i], bell(mix(word)))
            late_s[i, k] = delay_s
