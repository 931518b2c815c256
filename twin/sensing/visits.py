"""Crews' visits to devices: who is visited on a day, in which order, with what hours and kilometres.

A crew knows of devices that were silent when the day began, and of those whose calibration is due. It
takes those that have waited longest, as many as a shift may hold, and drives to the nearest of them each
time (Rosenkrantz, Stearns & Lewis 1977, SIAM Journal on Computing 6), by the map's times, until the shift
is over. Times and ways between links come from whoever knows the streets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from twin.clock import DAY_S
from twin.kernels.devices import Devices
from twin.scenario.ledger import Parameters
from twin.units import M_PER_KM, S_PER_H

Ways = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Seconds and metres between sites (n,), each (n, n), infinite where there is no way."""


class Visits(NamedTuple):
    """Visits of a day (n,): row of the device, when the crew is done [s], its hours and kilometres.

    Hours and kilometres are the visit's part of its tour, the way home shared out evenly.
    """

    device: np.ndarray
    done_s: np.ndarray
    hours: np.ndarray
    km: np.ndarray

    @staticmethod
    def none() -> Visits:
        """Nobody drives out."""
        return Visits(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


def waiting(table: Devices, day: int, calibration_days: float) -> np.ndarray:
    """Devices that a crew should see on a day (n,), those down first, the longest wait first."""
    now_s = day * DAY_S
    down = table.down_since_s <= now_s
    due = ~down & (table.visited_at_s <= now_s - calibration_days * DAY_S)
    rows = np.flatnonzero(down | due)
    since = np.where(down, table.down_since_s, table.visited_at_s)[rows]
    return rows[np.lexsort((table.key[rows], since, ~down[rows]))]


def plan_visits(
    table: Devices,
    site: np.ndarray,
    depot: int,
    ways: Ways,
    parameters: Parameters,
    day: int = 0,
    drifts: bool = False,
    crews: int = 1,
) -> Visits:
    """Visits of a day, written into the devices; site (n_devices,) and depot are what `ways` knows."""
    begins_h, ends_h = parameters["sensing.crew_shift_h"]
    work_s = float(parameters["sensing.visit_h"]) * S_PER_H
    shift_s = (ends_h - begins_h) * S_PER_H
    most = int(shift_s // work_s)
    rows = waiting(table, day, float(parameters["sensing.calibration_days"]) if drifts else np.inf)
    tours = []
    for crew in range(crews):
        mine = rows[crew * most : (crew + 1) * most]
        if len(mine):
            spent_s, metres = ways(np.append(site[mine], depot))
            tours.append(_tour(mine, spent_s, metres, (work_s, shift_s), day * DAY_S + begins_h * S_PER_H))
    if not tours:
        return Visits.none()
    visits = Visits(*(np.concatenate(columns) for columns in zip(*tours, strict=True)))
    table.visit_at_s[visits.device] = visits.done_s
    return visits


def _tour(
    rows: np.ndarray, spent_s: np.ndarray, metres: np.ndarray, lasts: tuple[float, float], begins_s: float
) -> Visits:
    """One crew's tour from its depot, the last of the sites, and back."""
    work_s, shift_s = lasts
    depot = at = len(rows)
    clock_s, way_m, left = 0.0, 0.0, set(range(len(rows)))
    stops: list[int] = []
    done: list[float] = []
    while left:
        to = min(left, key=lambda each: (spent_s[at, each], each))
        until_s = clock_s + spent_s[at, to] + work_s
        if not until_s + spent_s[to, depot] <= shift_s:
            break
        left.remove(to)
        stops.append(to)
        done.append(until_s)
        clock_s, way_m, at = until_s, way_m + metres[at, to], to
    if not stops:
        return Visits.none()
    n = len(stops)
    hours = np.diff(np.append(0.0, done)) / S_PER_H + spent_s[at, depot] / S_PER_H / n
    km = np.full(n, (way_m + metres[at, depot]) / M_PER_KM / n)
    done_s = np.ceil(begins_s + np.array(done)).astype(np.int64)
    return Visits(rows[stops], done_s, hours, km)


def straight_ways(x_m: np.ndarray, y_m: np.ndarray, detour: float, speed_mps: float) -> Ways:
    """Ways where no streets are known: longer than the straight line by a factor, at one speed."""

    def ways(sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        away = np.hypot(x_m[sites][:, None] - x_m[sites], y_m[sites][:, None] - y_m[sites]) * detour
        return away / speed_mps, away

    return ways
