"""A packet of LoRaWAN: its time on air, and the spreading factor that a link closes with.

Time on air is Semtech's formula (SX1276 datasheet, section 4.1.1.7; AN1200.13).
"""

from __future__ import annotations

import math

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters

SPREADING = (7, 8, 9, 10, 11, 12)
"""Spreading factors of LoRaWAN at 125 kHz."""
N_FACTORS = SPREADING[-1] + 1
"""Columns by spreading factor: 0 is another radio or none, and 1 to 6 there are not."""
BANDWIDTH_HZ = 125_000.0
PREAMBLE_SYMBOLS = 8
LOW_RATE_FROM = 11
"""From this spreading factor on a symbol lasts 16 ms and more, and low data rate optimisation is on."""


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


def spreading_of(lost_db: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Least spreading factor that a link of that loss [dB] closes with, as adaptive rate chooses; 0: none."""
    power_dbm = float(parameters["sensing.radio_power_dbm"])
    floor_dbm = np.array(parameters["sensing.radio_sensitivity_dbm"])
    closes = np.asarray(power_dbm - np.asarray(lost_db)[..., None] >= floor_dbm)
    return np.asarray(np.where(closes.any(axis=-1), np.array(SPREADING)[closes.argmax(axis=-1)], 0))
