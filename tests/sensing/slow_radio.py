"""Radio and batteries by hand: packets drawn one by one, a load and a life by a line of arithmetic each."""

from __future__ import annotations

import numpy as np

from twin.kernels.random import stream_of, uniforms

MOMENT, CHANNEL = stream_of("tests.radio.moment"), stream_of("tests.radio.channel")


def share_alone(n_devices: int, air_ms: float, period_s: float, n_channels: int, n_periods: int) -> float:
    """Share of packets that overlap no other, of devices that each send once a period, at a drawn moment."""
    key = np.arange(n_devices, dtype=np.uint64)
    n_alone = 0
    for period in range(n_periods):
        moment_ms = 1_000.0 * period_s * uniforms(1, MOMENT, key, period)
        channel = np.floor(n_channels * uniforms(1, CHANNEL, key, period))
        for each in range(n_channels):
            free = np.diff(np.sort(moment_ms[channel == each])) >= air_ms
            n_alone += int(np.count_nonzero(np.append(True, free) & np.append(free, True)))
    return n_alone / (n_devices * n_periods)


def slow_load(n_devices: int, air_ms: float, period_s: float, n_channels: int) -> float:
    """Packets on the air at once, on average, in one channel."""
    return n_devices * air_ms / (1_000.0 * period_s * n_channels)


def slow_life_years(usable_mah: float, idle_ua: float, packets_per_day: float, packet_mah: float) -> float:
    """Years until a battery is empty: its charge over what sleep and packets take in a year."""
    return usable_mah / (idle_ua / 1_000.0 * 8_760.0 + packets_per_day * 365.0 * packet_mah)
