"""Radio of many devices: how far signals reach, what loads a gateway, what it hears.

Draws belong to a device and a gateway, so that no device changes another's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.observe import bell
from twin.kernels.random import draw_word


class Ether(NamedTuple):
    """How signals fall: tens of decibels a tenfold distance, loss at 1 km and spread of shadowing [dB]."""

    exponent: float
    at_1_km_db: float
    shadow_db: float
    seed: int
    stream: np.uint64


@kernel
def fill_losses(
    ether: Ether,
    key: np.ndarray,
    gateway_key: np.ndarray,
    near: np.ndarray,
    distance_m: np.ndarray,
    lost_db: np.ndarray,
) -> None:
    """Path loss from each device to gateways near it (n, m) [dB], shadowing by the pair's own draw.

    The mean goes by the logarithm of distance (Rappaport 2002, Wireless Communications, eq. 4.68).
    key (n,) and gateway_key uint64, near (n, m) rows of gateways, `len(gateway_key)` none, and distance_m
    read; lost_db float32 written, infinite where there is no gateway.
    """
    for i in range(near.shape[0]):
        for j in range(near.shape[1]):
            gateway = near[i, j]
            if gateway >= gateway_key.shape[0]:
                lost_db[i, j] = np.inf
                continue
            km = max(distance_m[i, j], 1.0) / 1_000.0
            shadow = ether.shadow_db * bell(draw_word(ether.seed, ether.stream, key[i], gateway_key[gateway]))
            lost_db[i, j] = ether.at_1_km_db + 10.0 * ether.exponent * math.log10(km) + shadow


@kernel
def add_loads(
    near: np.ndarray,
    lost_db: np.ndarray,
    spreading: np.ndarray,
    most_db: np.ndarray,
    air_us_per_day: np.ndarray,
    load_us: np.ndarray,
) -> None:
    """Time on the air that gateways hear of each spreading factor, in whole us a day.

    near (n, m), lost_db (n, m), spreading (n,) uint8 and most_db (13,), the loss up to which a factor is
    heard, read; air_us_per_day (n,) int64 read; load_us (n_gateways, 13) int64 added to.
    """
    for i in range(near.shape[0]):
        for j in range(near.shape[1]):
            if near[i, j] < load_us.shape[0] and lost_db[i, j] <= most_db[spreading[i]]:
                load_us[near[i, j], spreading[i]] += air_us_per_day[i]


@kernel
def fill_heard(
    near: np.ndarray,
    lost_db: np.ndarray,
    spreading: np.ndarray,
    most_db: np.ndarray,
    alone: np.ndarray,
    heard: np.ndarray,
) -> None:
    """Share of each device's packets that at least one gateway hears (n,) float32.

    A packet is heard where no other of its factor overlaps, alone (n_gateways, 13), and fading leaves
    enough: exp(-10^(-margin/10)) of a Rayleigh channel (Rappaport 2002, Wireless Communications, 5.6).
    """
    for i in range(near.shape[0]):
        missed = 1.0
        for j in range(near.shape[1]):
            if near[i, j] < alone.shape[0] and spreading[i] > 0:
                margin_db = most_db[spreading[i]] - lost_db[i, j]
                if margin_db > -30.0:
                    strong = math.exp(-(10.0 ** (-margin_db / 10.0)))
                    missed *= 1.0 - strong * alone[near[i, j], spreading[i]]
        heard[i] = 1.0 - missed
