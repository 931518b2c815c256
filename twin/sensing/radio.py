"""Radio of battery devices: LoRaWAN time on air, collisions, reach, and how long a battery lasts.

Time on air is Semtech's formula (SX1276 datasheet, section 4.1.1.7; AN1200.13); collisions are pure ALOHA
among devices of one spreading factor (Abramson 1970, AFIPS 37): whoever overlaps is lost.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.kernels.radio import draw_sendings
from twin.kernels.random import stream_of
from twin.scenario.ledger import Parameters
from twin.units import DAYS_PER_YEAR, MS_PER_H

SPREADING = (7, 8, 9, 10, 11, 12)
"""Spreading factors of LoRaWAN at 125 kHz."""
BANDWIDTH_HZ = 125_000.0
PREAMBLE_SYMBOLS = 8
LOW_RATE_FROM = 11
"""From this spreading factor on a symbol lasts 16 ms and more, and low data rate optimisation is on."""
YEAR_H = 8_760.0
_SEND = stream_of("sensing.radio.send")


def airtime_ms(payload_bytes: int, spreading: int, coding: int = 1) -> float:
    """Time on air of a packet [ms]; payload of the physical layer, explicit header, checksum on.

    >>> [round(airtime_ms(20, factor), 1) for factor in SPREADING]
    [56.6, 102.9, 185.3, 370.7, 741.4, 1318.9]
    """
    if spreading not in SPREADING:
        raise InputError("radio: spreading factor", f"{spreading}", "7 to 12")
    if not 0 <= payload_bytes <= 255:
        raise InputError("radio: payload", f"{payload_bytes} bytes", "0 to 255")
    if coding not in (1, 2, 3, 4):
        raise InputError("radio: coding rate", f"4/{4 + coding}", "4/5 to 4/8")
    symbol_ms: float = 1_000.0 * 2**spreading / BANDWIDTH_HZ
    low_rate = 2 if spreading >= LOW_RATE_FROM else 0
    bits = 8 * payload_bytes - 4 * spreading + 28 + 16
    symbols = 8 + max(math.ceil(bits / (4 * (spreading - low_rate))) * (coding + 4), 0)
    return (PREAMBLE_SYMBOLS + 4.25 + symbols) * symbol_ms


def load(n_devices: float, airtime: float, period_s: float, n_channels: int) -> float:
    """Offered load G: packets on the air at once, on average, in one channel of one spreading factor.

    >>> round(load(1_000, 56.576, 900.0, 8), 6)
    0.007858
    """
    if period_s <= 0.0 or n_channels < 1 or n_devices < 0:
        raise InputError("radio: load", f"{n_devices:g} devices, {period_s:g} s, {n_channels} channels",
                         "devices, a period above 0 and a channel or more")  # fmt: skip
    return n_devices * airtime / (1_000.0 * period_s * n_channels)


def delivery(offered: float) -> float:
    """Share of packets that no other overlaps, pure ALOHA: e^(-2G).

    >>> [round(delivery(g), 3) for g in (0.01, 0.05, 0.1)]
    [0.98, 0.905, 0.819]
    """
    return math.exp(-2.0 * offered)


class Sent(NamedTuple):
    """What came of the packets of a fleet: sent, and of these heard alone."""

    sent: int
    heard: int

    @property
    def share(self) -> float:
        """Share of packets heard; NaN if none was sent."""
        return self.heard / self.sent if self.sent else math.nan


def simulate_delivery(
    key: np.ndarray, airtime: float, period_s: float, duration_s: float, n_channels: int, seed: int
) -> Sent:
    """Packets of devices (n,) uint64 that each send once a period, at a drawn moment on a drawn channel.

    What overlaps on a channel is lost, both of it. A device costs 16 bytes beyond its key.
    """
    air_us = round(1_000.0 * airtime)
    period_us = round(1e6 * period_s)
    if air_us >= period_us:
        raise InputError("radio: period", f"{period_s:g} s", f"longer than a packet, {airtime:g} ms")
    start, order = np.empty(len(key), dtype=np.int64), np.empty(len(key), dtype=np.int64)
    sent = heard = 0
    for turn in range(max(int(duration_s // period_s), 0)):
        draw_sendings(seed, _SEND, key, turn, period_us, n_channels, start)
        order[:] = np.sort(start)
        heard += alone(order, air_us)
        sent += len(key)
    return Sent(sent, heard)


def alone(start_us: np.ndarray, air_us: int) -> int:
    """How many of packets sorted by start overlap no other; channels lie far apart on one line.

    >>> alone(np.array([0, 50, 200, 301]), 100)
    2
    """
    if not len(start_us):
        return 0
    free = np.diff(start_us) >= air_us
    before, after = np.append(True, free), np.append(free, True)
    return int(np.count_nonzero(before & after))


class Battery(NamedTuple):
    """A battery and what draws on it: capacity [mAh], usable share, sleep [µA], sending [mA]."""

    capacity_mah: float
    usable_share: float
    sleep_ua: float
    send_ma: float

    @classmethod
    def of(cls, parameters: Parameters, capacity_mah: float) -> Battery:
        """A battery of that capacity, and what the ledger says of the rest."""
        return cls(
            capacity_mah,
            float(parameters["sensing.battery_usable_share"]),
            float(parameters["sensing.radio_sleep_ua"]),
            float(parameters["sensing.radio_send_ma"]),
        )

    def life_years(self, packets_per_day: float, airtime: float) -> float:
        """Years until it is empty: usable charge over what sleep and packets take in a year.

        >>> round(Battery(2_400.0, 0.8, 5.0, 40.0).life_years(0.0, 0.0), 2)
        43.84
        """
        sleep_mah = self.sleep_ua / 1_000.0 * YEAR_H
        sent_mah = packets_per_day * DAYS_PER_YEAR * self.send_ma * airtime / MS_PER_H
        return self.capacity_mah * self.usable_share / (sleep_mah + sent_mah)


def path_loss_db(distance_m: np.ndarray, exponent: float, at_1_km_db: float) -> np.ndarray:
    """Mean loss by the logarithm of distance [dB] (Rappaport 2002, Wireless Communications, eq. 4.68)."""
    tens = np.log10(np.maximum(distance_m, 1.0) / 1_000.0)
    return np.asarray(at_1_km_db + 10.0 * exponent * tens)


def spreading_of(lost_db: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Least spreading factor that a link of that loss [dB] closes with, as adaptive rate chooses; 0: none."""
    power_dbm = float(parameters["sensing.radio_power_dbm"])
    floor_dbm = np.array(parameters["sensing.radio_sensitivity_dbm"])
    closes = np.asarray(power_dbm - np.asarray(lost_db)[..., None] >= floor_dbm)
    return np.asarray(np.where(closes.any(axis=-1), np.array(SPREADING)[closes.argmax(axis=-1)], 0))
