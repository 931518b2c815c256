"""How old devices are when a day begins, and which are down: as in a fleet that has long been there.

Lives are Weibull's, cut off where a battery is empty; a device that is down waits for a crew. The share
that is down and the ages of the others are those of that renewal process in the long run (Cox 1962,
Renewal Theory, ch. 5 and 7).
"""

from __future__ import annotations

import numpy as np
from scipy.special import gamma, gammainc, gammaincinv

from twin.clock import DAY_S
from twin.kernels.devices import MAINS, NEVER, DeviceRule, Devices
from twin.kernels.observe import bells
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters

_DOWN = stream_of("sensing.device.down")
_AGE = stream_of("sensing.device.age")
_LIFE = stream_of("sensing.device.life")
_LINK = stream_of("sensing.device.link")
_DRIFT = stream_of("sensing.device.drift")
_CALIBRATED = stream_of("sensing.device.calibrated")
LONGEST_S = 1.9e9


def battery_life_s(rule: DeviceRule, spreading: np.ndarray) -> np.ndarray:
    """Seconds that a full battery lasts at a spreading factor (n,); infinite on the mains."""
    if rule.capacity_pah == MAINS:
        return np.full(np.shape(spreading), np.inf)
    drawn = rule.sleep_pah + rule.send_pah[spreading] / rule.send_every[spreading]
    return np.asarray(rule.capacity_pah / drawn * rule.interval_s)


def mean_life_s(rule: DeviceRule, spreading: np.ndarray) -> np.ndarray:
    """Mean time until a device fails or its battery is empty (n,) [s]."""
    k, scale_s = rule.life_shape, rule.life_scale_s
    cut = gammainc(1.0 / k, (battery_life_s(rule, spreading) / scale_s) ** k)
    return np.asarray(scale_s * gamma(1.0 + 1.0 / k) * cut)


def new_devices(table: Devices, rule: DeviceRule, seed: int, moment_s: int = 0) -> None:
    """All devices begin at a moment, with full batteries."""
    table.charge_pah[:] = rule.capacity_pah
    table.drift[:], table.bad[:], table.n_visits[:] = 0.0, 0, 0
    table.visited_at_s[:] = moment_s
    table.visit_at_s[:] = table.down_since_s[:] = NEVER
    left = -np.log1p(-uniforms(seed, _LIFE, table.key))
    life_s = np.minimum(rule.life_scale_s * left ** (1.0 / rule.life_shape), LONGEST_S)
    table.fails_at_s[:] = (moment_s + life_s).astype(np.int32)


def grown_devices(table: Devices, rule: DeviceRule, seed: int, month: int, parameters: Parameters) -> None:
    """Devices as a month's representative day finds them: of all ages, some of them down."""
    k, scale_s = rule.life_shape, rule.life_scale_s
    wait_s = float(parameters["sensing.repair_wait_days"]) * DAY_S
    share = gammainc(1.0 / k, (battery_life_s(rule, table.spreading) / scale_s) ** k)
    draw = uniforms(seed, _AGE, table.key, month)
    age_s = scale_s * gammaincinv(1.0 / k, draw * share) ** (1.0 / k)
    age_s = np.minimum(np.floor(age_s), LONGEST_S)
    left = (age_s / scale_s) ** k - np.log1p(-uniforms(seed, _LIFE, table.key, month))
    fails_s = np.minimum(scale_s * left ** (1.0 / k) - age_s, LONGEST_S)
    u = uniforms(seed, _DOWN, table.key, month)
    chance = wait_s / (wait_s + mean_life_s(rule, table.spreading))
    down = u < chance
    since_s = -np.floor(np.where(down, u / chance, 0.0) * wait_s)
    table.down_since_s[:] = np.where(down, since_s, NEVER).astype(np.int32)
    table.fails_at_s[:] = np.where(down, since_s, np.maximum(fails_s, 0.0)).astype(np.int32)
    table.visit_at_s[:], table.n_visits[:] = NEVER, 0
    table.bad[:] = uniforms(seed, _LINK, table.key, month) < bad_share(rule)
    _empty_batteries(table, rule, age_s, down)
    _drift(table, rule, np.where(down, since_s - age_s, -age_s), (seed, month), parameters)


def bad_share(rule: DeviceRule) -> float:
    """Share of time in which a link is bad, in the long run."""
    change = rule.to_bad + rule.to_good
    return rule.to_bad / change if change > 0.0 else 0.0


def _empty_batteries(table: Devices, rule: DeviceRule, age_s: np.ndarray, down: np.ndarray) -> None:
    if rule.capacity_pah == MAINS:
        table.charge_pah[:] = MAINS
        return
    left = 1.0 - age_s / battery_life_s(rule, table.spreading)
    table.charge_pah[:] = np.where(down, 0.0, np.clip(left, 0.0, 1.0) * rule.capacity_pah).astype(np.int64)


def _drift(
    table: Devices, rule: DeviceRule, built_s: np.ndarray, draw: tuple[int, int], parameters: Parameters
) -> None:
    """When each was last calibrated, and how far it has walked since."""
    seed, month = draw
    every_s = float(parameters["sensing.calibration_days"]) * DAY_S
    last_s = -np.floor(uniforms(seed, _CALIBRATED, table.key, month) * every_s)
    visited_s = np.maximum(built_s, last_s) if rule.drift_step > 0.0 else built_s
    table.visited_at_s[:] = np.maximum(visited_s, -LONGEST_S).astype(np.int32)
    steps = np.maximum(-visited_s, 0.0) / rule.interval_s
    table.drift[:] = rule.drift_step * np.sqrt(steps) * bells(seed, _DRIFT, table.key, month)
