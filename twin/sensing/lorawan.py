"""LoRaWAN networks: where gateways stand, which factor each device sends with, what share they hear.

A device keeps the factor that its strongest gateway closes with; it collides with packets of its own
factor at each gateway by itself, whoever owns the devices, and is heard where one gateway hears it.
Collisions are pure ALOHA (Abramson 1970, AFIPS 37): at load G a packet overlaps no other with e^(-2G).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.radio import Ether, add_loads, fill_heard, fill_losses
from twin.kernels.random import stream_of
from twin.scenario.ledger import Parameters
from twin.sensing.nested import place_by_coverage
from twin.sensing.radio import N_FACTORS, SPREADING, airtime_ms, spreading_of

_SHADOW = stream_of("sensing.radio.shadow")
NEAREST = 8
"""Gateways that a device is reckoned to reach at most; those farther away hear the rest of it too weakly."""
MOST_GATEWAYS = 32_000
CHUNK = 100_000


class Radios(NamedTuple):
    """Devices that send (n,): where [m], key uint64, loss beside that of the way [dB], intervals [s]."""

    x_m: np.ndarray
    y_m: np.ndarray
    key: np.ndarray
    more_db: np.ndarray
    interval_s: np.ndarray


class RadioGateways(NamedTuple):
    """Gateways of one owner (n_gateways,): where [m], and key uint64."""

    x_m: np.ndarray
    y_m: np.ndarray
    key: np.ndarray


class GatewayReach(NamedTuple):
    """Gateways near each device (n, m) int32, losses to them float32 [dB]; factor (n,) uint8, 0: none."""

    near: np.ndarray
    lost_db: np.ndarray
    spreading: np.ndarray


class Reception(NamedTuple):
    """Of each device (n,): its strongest gateway int16, -1 none; factor uint8; share heard float32."""

    gateway: np.ndarray
    spreading: np.ndarray
    heard: np.ndarray


def budget_db(parameters: Parameters) -> np.ndarray:
    """Loss up to which each spreading factor is heard (13,) [dB], -inf for those that there are not."""
    most = np.full(N_FACTORS, -np.inf)
    for factor, floor in zip(SPREADING, parameters["sensing.radio_sensitivity_dbm"], strict=True):
        most[factor] = parameters["sensing.radio_power_dbm"] - floor
    return most


def check_gateways(radios: Radios, parameters: Parameters, count: int | None) -> None:
    """Refuse a count of gateways for which these devices have too few sites; without devices, none stands."""
    if count is None or not len(radios.key):
        return
    site, _ = _squares(radios, float(parameters["sensing.gateway_grid_m"]))
    most = min(len(site), MOST_GATEWAYS)
    if count > most:
        raise InputError("gateways", f"{count} for {most} sites", f"at most {most}")


def place_gateways(radios: Radios, parameters: Parameters, count: int | None = None) -> RadioGateways:
    """Gateways at devices' own sites, one after the other where most devices are not reached yet.

    Without a count, until `sensing.gateway_share` of the devices are within reach of the mean loss at
    spreading factor 10; sites are thinned to one in a square of `sensing.gateway_grid_m`.
    """
    check_gateways(radios, parameters, count)
    if not len(radios.key):
        return RadioGateways(np.empty(0), np.empty(0), np.empty(0, dtype=np.uint64))
    site, things = _squares(radios, float(parameters["sensing.gateway_grid_m"]))
    tree = cKDTree(np.column_stack([radios.x_m[site], radios.y_m[site]]))
    near = tree.query_ball_point(tree.data, _reach_m(radios, parameters))
    start = np.concatenate([[0], np.cumsum([len(each) for each in near])])
    seen = csr_array((np.ones(start[-1]), np.concatenate(near).astype(np.int64), start))
    enough = np.inf if count else float(parameters["sensing.gateway_share"]) * things.sum()
    most = count or min(len(site), MOST_GATEWAYS)
    chosen, _ = place_by_coverage(seen, things.astype(np.float64), most, enough)
    rows = site[chosen]
    return RadioGateways(radios.x_m[rows], radios.y_m[rows], radios.key[rows])


def _squares(radios: Radios, side_m: float) -> tuple[np.ndarray, np.ndarray]:
    """One device of each square of a grid, the one of least key, and how many devices it has."""
    cell = [np.floor(each / side_m).astype(np.int64) for each in (radios.x_m, radios.y_m)]
    order = np.lexsort((radios.key, cell[1], cell[0]))
    moved = np.diff(cell[0][order]).astype(bool) | np.diff(cell[1][order]).astype(bool)
    first = np.flatnonzero(np.append(True, moved))
    return order[first], np.diff(np.append(first, len(order)))


def _reach_m(radios: Radios, parameters: Parameters) -> float:
    """Distance at which the mean loss leaves the installation margin at spreading factor 10."""
    left = budget_db(parameters)[10] - parameters["sensing.radio_margin_db"] - float(radios.more_db.mean())
    tens = (left - parameters["sensing.radio_loss_at_1_km_db"]) / (
        10.0 * parameters["sensing.radio_path_exponent"]
    )
    return float(1_000.0 * 10.0**tens)


def gateway_reach_of(
    radios: Radios, gateways: RadioGateways, parameters: Parameters, seed: int
) -> GatewayReach:
    """Losses to the gateways near each device, shadowing included, and the factor that it sends with."""
    n, m = len(radios.key), min(NEAREST, max(len(gateways.key), 1))
    near, lost = np.full((n, m), len(gateways.key), dtype=np.int32), np.full((n, m), np.inf, np.float32)
    factor = np.zeros(n, dtype=np.uint8)
    if not len(gateways.key):
        return GatewayReach(near, lost, factor)
    tree = cKDTree(np.column_stack([gateways.x_m, gateways.y_m]))
    falls = [float(parameters[f"sensing.radio_{name}"]) for name in ("path_exponent", "loss_at_1_km_db")]
    ether = Ether(falls[0], falls[1], float(parameters["sensing.radio_shadow_db"]), seed, _SHADOW)
    for first in range(0, n, CHUNK):
        some = slice(first, first + CHUNK)
        away_m, rows = tree.query(np.column_stack([radios.x_m[some], radios.y_m[some]]), m)
        near[some] = rows.reshape(-1, m)
        away_m = np.ascontiguousarray(away_m.reshape(-1, m), dtype=np.float32)
        fill_losses(ether, radios.key[some], gateways.key, near[some], away_m, lost[some])
        lost[some] += radios.more_db[some, None].astype(np.float32)
        factor[some] = adaptive(lost[some].min(axis=1), parameters)
    return GatewayReach(near, lost, factor)


def adaptive(lost_db: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Least factor that closes with the installation margin, else the slowest that closes at all; 0: none."""
    easy = spreading_of(lost_db + float(parameters["sensing.radio_margin_db"]), parameters)
    hard = np.where(spreading_of(lost_db, parameters) > 0, SPREADING[-1], 0)
    return np.where(easy > 0, easy, hard).astype(np.uint8)


def air_us_per_day(radios: Radios, spreading: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Time that each device is on the air in a day (n,), whole [us], its duty cycle kept."""
    payload = int(parameters["sensing.radio_payload_bytes"])
    air = np.zeros(N_FACTORS)
    air[list(SPREADING)] = [1_000.0 * airtime_ms(payload, factor) for factor in SPREADING]
    rest_s = air / 1e6 / float(parameters["sensing.radio_duty_cycle"])
    interval_s = np.asarray(radios.interval_s, dtype=np.float64)
    every = np.maximum(np.ceil(rest_s[spreading] / interval_s), 1.0)
    return np.asarray(np.rint(air[spreading] * DAY_S / (interval_s * every)), dtype=np.int64)


def offered_load(
    radios: Radios, spreading: np.ndarray, reach: GatewayReach, n_gateways: int, parameters: Parameters
) -> np.ndarray:
    """Load G in one channel of each factor at each gateway (n_gateways, 13), of all devices it hears."""
    load_us = np.zeros((n_gateways, N_FACTORS), dtype=np.int64)
    air = air_us_per_day(radios, spreading, parameters)
    add_loads(reach.near, reach.lost_db, spreading, budget_db(parameters), air, load_us)
    return np.asarray(load_us / (1e6 * DAY_S * float(parameters["sensing.radio_channels"])))


def received(reach: GatewayReach, offered: np.ndarray, parameters: Parameters) -> Reception:
    """What gateways hear of the devices of a network, at that load (n_gateways, 13)."""
    heard = np.zeros(len(reach.spreading), dtype=np.float32)
    alone = np.exp(-2.0 * offered)
    fill_heard(reach.near, reach.lost_db, reach.spreading, budget_db(parameters), alone, heard)
    best = reach.near[np.arange(len(heard)), reach.lost_db.argmin(axis=1)]
    return Reception(np.where(reach.spreading > 0, best, -1).astype(np.int16), reach.spreading, heard)
