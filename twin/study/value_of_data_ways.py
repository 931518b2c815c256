"""Ways from homes to sites of a service: each inhabitant's own, and as who knows no inhabitant has them.

Who only knows where homes are takes people there for those of the ledger: as many of each age, as quick on
foot at that age, and as many with a licence and a car in the household as in the density class of the area.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.indicators.accessibility import Cells
from twin.indicators.reach import Reach
from twin.knowledge.app_reports import NEED_AGE_GROUPS, need_age_group
from twin.population.days.speeds import SPEED_AGE_FROM
from twin.population.file import DENSITY_CLASSES
from twin.population.residents.equipment import LICENCE_AGES, by_age, car_shares
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.units import S_PER_MIN

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AGE_BANDS = (0, 6, 11, 15, 18, 25, 40, 60, 75, 95)
"""Ends of the ages of the ledger's shares of inhabitants; the last band is taken to end there."""
ADULTS = (1, 2, 2, 1, 2)
"""Adults of a household by its type, as the ledger orders them."""


class SitingGround(NamedTuple):
    """From each home: metres on foot and minutes by car to each site (n_sites, n_homes), and to the nearest
    counter that is there now (n_homes,); infinite beyond the limit.
    """

    foot_m: Floats
    car_min: Floats
    now_foot_m: Floats
    now_car_min: Floats


class NearestMinutes(NamedTuple):
    """Minutes to the nearest counter with one more at each site (..., n_sites, n), and now (..., n)."""

    minutes: Floats
    now_min: Floats


class Known(NamedTuple):
    """Ways by age group (n_groups, n_sites, n_homes) and shares of the age groups in each home
    (n_homes, n_groups), as who knows no inhabitant has them.
    """

    ways: NearestMinutes
    age_share: Floats


def siting_ground_of(
    territory: Territory,
    homes: NDArray[np.int32],
    sites: NDArray[np.int32],
    counters: NDArray[np.int32],
    parameters: Parameters,
) -> SitingGround:
    """Ways from homes to sites and to the counters that are there, all as rows of places."""
    reach, limit_min = Reach(territory, homes, parameters), float(parameters["indicators.access_limit_min"])
    most_m = limit_min * float(_walk_m_per_min(parameters).max())
    access_min = float(parameters["indicators.car_access_min"])

    def car_min(places: NDArray[np.int32]) -> Floats:
        return np.asarray(reach.drive_seconds(places, S_PER_MIN * limit_min) / S_PER_MIN + access_min)

    if not counters.size:
        nowhere = np.full(homes.shape[0], np.inf)
        return SitingGround(reach.foot_metres(sites, most_m), car_min(sites), nowhere, nowhere)
    now = reach.foot_metres(counters, most_m).min(axis=0), car_min(counters).min(axis=0)
    return SitingGround(reach.foot_metres(sites, most_m), car_min(sites), *now)


def true_ways(ground: SitingGround, cells: Cells, parameters: Parameters) -> NearestMinutes:
    """Ways of each cell of inhabitants who reach the same (n_sites, n_cells), (n_cells,)."""
    there = SitingGround(*(each[..., cells.home] for each in ground))
    return _ways(there, _walk_m_per_min(parameters)[cells.speed], cells.drives, parameters)


def known_ways(ground: SitingGround, density: NDArray[np.int8], parameters: Parameters) -> Known:
    """Ways and ages from homes in areas of that density class (n_homes,), by the ledger's shares."""
    shares = np.array([_shares(row, parameters) for row in range(len(DENSITY_CLASSES))])
    n_groups, n_bands, _ = shares.shape[1:]
    usual = shares.sum(axis=(2, 3))
    within = (shares / np.maximum(usual, 1e-12)[:, :, None, None])[density]
    minutes = np.zeros((n_groups, *ground.foot_m.shape))
    now_min = np.zeros((n_groups, ground.foot_m.shape[1]))
    walk = _walk_m_per_min(parameters)
    for band in range(n_bands):
        for drives in range(2):
            one = _ways(ground, walk[band], np.bool_(drives), parameters)
            for group in range(n_groups):
                part = within[:, group, band, drives]
                minutes[group] += part * one.minutes
                now_min[group] += part * one.now_min
    return Known(NearestMinutes(minutes, now_min), np.asarray(usual[density]))


def _ways(
    ground: SitingGround, walk: Floats | float, drives: NDArray[np.bool_] | np.bool_, parameters: Parameters
) -> NearestMinutes:
    limit_min = float(parameters["indicators.access_limit_min"])

    def own(foot_m: Floats, car_min: Floats) -> Floats:
        return np.minimum(np.minimum(foot_m / walk, np.where(drives, car_min, np.inf)), limit_min)

    now_min = own(ground.now_foot_m, ground.now_car_min)
    return NearestMinutes(np.minimum(own(ground.foot_m, ground.car_min), now_min), now_min)


def _shares(density: int, parameters: Parameters) -> Floats:
    """Shares of inhabitants (n_groups, n_bands, 2) by age group, age of walking speed, and driving or not."""
    label = DENSITY_CLASSES[density]
    width = np.diff(AGE_BANDS)
    age = np.arange(AGE_BANDS[0], AGE_BANDS[-1])
    people = np.repeat(np.array(parameters[f"population.age_shares_{label}"]) / width, width)
    types = np.array(parameters[f"population.household_types_{label}"]) * np.array(ADULTS)
    alone = types[np.array(ADULTS) == 1].sum() / types.sum()
    car = 1.0 - car_shares(density, parameters)[:, 0]
    licence = by_age(age, LICENCE_AGES, parameters["population.licence_share"], 0.0)
    drive = licence * (alone * car[0] + (1.0 - alone) * car[1])
    found = np.zeros((len(NEED_AGE_GROUPS), len(SPEED_AGE_FROM), 2))
    band = np.searchsorted(SPEED_AGE_FROM, age, side="right") - 1
    group = need_age_group(age.astype(np.int16))
    for column, share in enumerate((1.0 - drive, drive)):
        np.add.at(found[..., column], (group, band), people * share)
    return np.asarray(found / found.sum())


def _walk_m_per_min(parameters: Parameters) -> Floats:
    """Walking speed by age band (n_bands,)."""
    factor = np.array(parameters["population.walk_age_factor"])
    return np.asarray(S_PER_MIN * float(parameters["population.walk_speed_mps"]) * factor)
