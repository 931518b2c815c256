"""Incidents: a Poisson process over vehicle kilometres, each with what it leaves of capacity and a duration.

How many vehicles are exposed is the usual weekday's by class of road, not the simulated one, so that two
scenarios have the same incidents whatever their traffic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.clock import HORIZON_S, N_HOURS
from twin.conditions.series import normal
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.units import S_PER_H

ROAD_GROUPS = ("motorway", "main", "local")
EARLIER_H = 6
"""Hours before midnight from which an incident may last into the day."""


@dataclass(frozen=True)
class Exposed:
    """Links (n_links,): random key, length [km], capacity [veh/h], index into `ROAD_GROUPS`."""

    link_key: np.ndarray
    length_km: np.ndarray
    capacity_vph: np.ndarray
    group: np.ndarray

    def usual_veh_km_per_h(self, parameters: Parameters) -> np.ndarray:
        """Vehicle kilometres of a usual weekday by hour of the day and link (24, n_links)."""
        load = np.array(parameters["conditions.usual_load"])[self.group]
        profile = np.array(parameters["conditions.usual_profile"])
        return np.outer(24.0 * profile / profile.sum(), load * self.capacity_vph * self.length_km)


@dataclass(frozen=True)
class Incidents:
    """Incidents (n,) by begin: link row, begin and end [s of the day], factor on capacity."""

    link: np.ndarray
    begin_s: np.ndarray
    until_s: np.ndarray
    factor: np.ndarray

    def __len__(self) -> int:
        return len(self.link)


def incidents_on(
    seed: int, ordinal: int, exposed: Exposed, wet: np.ndarray, traffic: float, parameters: Parameters
) -> Incidents:
    """Incidents of a date, those included that began shortly before midnight and last.

    ``wet`` (30,) says in which hours it rains, ``traffic`` how much there is over a usual weekday. One link
    has one incident an hour at most: with chance 1 - exp(-rate), so what comes in a calm hour comes in a
    busier one.
    """
    hour = np.arange(-EARLIER_H, N_HOURS)
    rate = expected_per_h(exposed, wet, traffic, parameters)
    moment = ordinal * 24 + hour
    who = np.tile(exposed.link_key, len(hour))
    when = np.repeat(moment, len(exposed.link_key))

    def draws(name: str, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        return uniforms(seed, stream_of(f"conditions.incident {name}"), who[rows], when[rows])

    rows = np.flatnonzero(draws("occurs") < -np.expm1(-rate.ravel()))
    begin_s = S_PER_H * (hour[rows // len(exposed.link_key)] + draws("begins", rows))
    spread = float(parameters["conditions.incident_log_spread"])
    length_s = (
        60.0 * parameters["conditions.incident_median_min"] * np.exp(spread * normal(draws("lasts", rows)))
    )
    minor = draws("severity", rows) < parameters["conditions.incident_minor_share"]
    factor = np.where(minor, *parameters["conditions.incident_capacity_factor"])
    until_s = begin_s + length_s
    kept = (until_s > 0.0) & (begin_s < HORIZON_S)
    order = np.lexsort((who[rows], begin_s))
    order = order[kept[order]]
    link = rows % len(exposed.link_key)
    return Incidents(link[order], begin_s[order], until_s[order], factor[order])


def expected_per_h(exposed: Exposed, wet: np.ndarray, traffic: float, parameters: Parameters) -> np.ndarray:
    """Incidents to be expected by hour, from 18:00 of the day before, and link (36, n_links)."""
    rate = np.array(parameters["conditions.incidents_per_million_veh_km"])[exposed.group] * 1e-6
    veh_km = exposed.usual_veh_km_per_h(parameters) * traffic
    hours = np.arange(-EARLIER_H, N_HOURS)
    rain = np.where(wet, float(parameters["conditions.rain_incident_factor"]), 1.0)
    before = np.ones(EARLIER_H)  # yesterday's weather is not looked at
    return np.asarray(veh_km[hours % 24] * rate * np.concatenate([before, rain])[:, None])


def rounded_out(begin_s: float, until_s: float, step_s: int) -> tuple[int, int]:
    """An incident's moments on the steps of the model, within the day.

    >>> rounded_out(3_700.0, 3_900.0, 300), rounded_out(-50.0, 200_000.0, 300)
    ((3600, 3900), (0, 108000))
    """
    begin = max(math.floor(begin_s / step_s) * step_s, 0)
    return begin, min(math.ceil(until_s / step_s) * step_s, HORIZON_S)
