"""Plain-Python twins of the devices: one vehicle, one passage at a time."""

from __future__ import annotations

import math
from typing import NamedTuple

from tests.oracles import slow_mix, slow_uniform
from twin.kernels.observe import LEAST_TIME_SHARE, ProbeRule


class Passage(NamedTuple):
    """A vehicle that left a link: keys of trip and link, row of the link, moments [ms]."""

    trip_key: int
    link_key: int
    link: int
    enter_ms: int
    exit_ms: int


def slow_word(seed: int, stream: int, who: int, when: int) -> int:
    """64 random bits of (seed, stream, who, when)."""
    return slow_mix(slow_mix(slow_mix(seed ^ stream) ^ who) ^ when)


def slow_bell(word: int) -> float:
    """Sum of twelve 16-bit pieces of three words, made mean 0 and standard deviation 1."""
    pieces = []
    for _ in range(3):
        pieces += [(word >> shift) % 65_536 for shift in (0, 16, 32, 48)]
        word = slow_mix(word)
    return (sum(pieces) - 393_210) / 65_536


def slow_detected(seed: int, stream: int, sensor: int, passed: int, moment_ms: int, miss_share: float) -> int:
    """Vehicles of one step that a counter does not miss."""
    draws = [slow_uniform(seed, stream, sensor, moment_ms * 2**20 + vehicle) for vehicle in range(passed)]
    return sum(draw >= miss_share for draw in draws)


def slow_passages(
    seed: int, stream: int, passages: list[Passage], rule: ProbeRule
) -> list[tuple[int, int, int, int]]:
    """Link, moment left, moment of arrival and measured time [ms] of the passages that are sent."""
    sent = []
    for passage in passages:
        words = [slow_word(seed, stream, passage.trip_key, passage.link_key)]
        for _ in range(4):
            words.append(slow_mix(words[-1]))
        if (words[0] >> 11) / 2**53 >= rule.sent_share:
            continue
        factor = max(1.0 + rule.noise_share * slow_bell(words[1]), LEAST_TIME_SHARE)
        late_ms = math.floor((words[4] >> 11) / 2**53 * 2.0 * rule.mean_delay_ms)
        time_ms = math.floor((passage.exit_ms - passage.enter_ms) * factor + 0.5)
        sent.append((passage.link, passage.exit_ms, passage.exit_ms + late_ms, time_ms))
    return sent
