"""What devices see of the truth: vehicles over counters, and link passages of phones.

Every draw is a function of (seed, stream, device or trip, moment or link), so an observation does not
depend on the rows around it. Noise is made of whole numbers only: the same bits on every machine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import draw_word, mix

_TO_UNIT = 2.0**-53
_PIECES = 12
_PIECE_MEAN = 32_767.5
_PASSAGES_PER_MOMENT = 2**20
LEAST_TIME_SHARE = 0.05
"""A measured passage takes at least this share of the true time, however wrong the positions are."""


class LinkExits(NamedTuple):
    """Vehicles that left a link, one row each: who, which link, when entered, when left [ms]."""

    trip: np.ndarray  # int32 (n_events,)
    link: np.ndarray  # int32 (n_events,)
    enter_ms: np.ndarray  # int32 or int64 (n_events,)
    exit_ms: np.ndarray  # int32 or int64 (n_events,)


class ProbeRule(NamedTuple):
    """How a provider's phones report a passage: share sent [share], relative noise [sd], delay [ms]."""

    sent_share: float
    noise_share: float
    mean_delay_ms: int


class ReportedPassages(NamedTuple):
    """Passages as reported, written by `report_passages`: link, moment left, arrival, time [ms]."""

    link: np.ndarray  # int32
    left_ms: np.ndarray  # int64
    arrived_ms: np.ndarray  # int64
    time_ms: np.ndarray  # int64


@inline_kernel
def bell(word: np.uint64) -> float:
    """Draw of mean 0, standard deviation 1 within ±6, from 64 random bits.

    The sum of twelve uniform numbers less six (Irwin 1927, Hall 1927, Biometrika 19), here twelve
    16-bit whole numbers, because logarithms differ in their last bit from machine to machine.
    """
    total = np.int64(0)
    for _ in range(_PIECES // 4):
        for k in range(4):
            total += np.int64((word >> np.uint64(16 * k)) & np.uint64(0xFFFF))
        word = mix(word)
    return float((total - _PIECES * _PIECE_MEAN) / 65_536.0)


@kernel
def fill_bells(seed: int, stream: np.uint64, who: np.ndarray, when: int, out: np.ndarray) -> None:
    """Bell-shaped draws for many: who (n,) uint64 read, out (n,) float64 written."""
    for i in range(who.shape[0]):
        out[i] = bell(draw_word(seed, stream, who[i], when))


@kernel
def detect_vehicles(
    seed: int,
    stream: np.uint64,
    sensor_key: np.ndarray,
    passed_veh: np.ndarray,
    moment_ms: int,
    miss_share: float,
    seen_veh: np.ndarray,
) -> None:
    """Each vehicle that passed is missed with the same chance; seen_veh (n_sensors,) is added to.

    The draw is that of `uniform(seed, stream, sensor, moment * 2**20 + number of the vehicle)`, so one
    vehicle more never makes a sensor see fewer.
    """
    for sensor in range(sensor_key.shape[0]):
        base = mix(mix(np.uint64(seed) ^ stream) ^ sensor_key[sensor])
        first = np.int64(moment_ms) * _PASSAGES_PER_MOMENT
        for vehicle in range(passed_veh[sensor]):
            word = mix(base ^ np.uint64(first + vehicle))
            if float(word >> np.uint64(11)) * _TO_UNIT >= miss_share:
                seen_veh[sensor] += 1


@kernel
def report_passages(
    seed: int,
    stream: np.uint64,
    events: LinkExits,
    trip_sends: np.ndarray,
    trip_key: np.ndarray,
    link_key: np.ndarray,
    rule: ProbeRule,
    out: ReportedPassages,
) -> int:
    """Passages that reach the provider, in the order of the events; returns how many were written.

    trip_sends (n_trips,) bool, trip_key (n_trips,) uint64 and link_key (n_links,) uint64 read. One word
    for each (trip, link) decides; the next words of its chain give noise and delay.
    """
    n = np.int64(0)
    for i in range(events.trip.shape[0]):
        trip = events.trip[i]
        if not trip_sends[trip]:
            continue
        link = events.link[i]
        word = draw_word(seed, stream, trip_key[trip], link_key[link])
        if float(word >> np.uint64(11)) * _TO_UNIT >= rule.sent_share:
            continue
        word = mix(word)
        factor = max(1.0 + rule.noise_share * bell(word), LEAST_TIME_SHARE)
        word = mix(mix(mix(word)))
        late = float(word >> np.uint64(11)) * _TO_UNIT * 2.0 * rule.mean_delay_ms
        true_ms = events.exit_ms[i] - events.enter_ms[i]
        out.link[n] = link
        out.left_ms[n] = events.exit_ms[i]
        out.arrived_ms[n] = events.exit_ms[i] + np.int64(late)
        out.time_ms[n] = np.int64(np.floor(true_ms * factor + 0.5))
        n += 1
    return n


def bells(seed: int, stream: np.uint64, who: np.ndarray, when: int = 0) -> np.ndarray:
    """Bell-shaped draws of mean 0 and standard deviation 1 for keys ``who`` (n,) at one moment.

    >>> keys = np.arange(10_000, dtype=np.uint64)
    >>> z = bells(7, np.uint64(3), keys)
    >>> bool(abs(z.mean()) < 0.05 and abs(z.std() - 1.0) < 0.05 and abs(z).max() <= 6.0)
    True
    """
    out = np.empty(len(who))
    fill_bells(seed, stream, np.ascontiguousarray(who, dtype=np.uint64), when, out)
    return out
