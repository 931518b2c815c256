"""Homes: every household lives in a real building of its area, buildings filled by their dwellings."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.population.draws import Draws
from twin.population.marginals import MarginalsArea
from twin.population.residents.households import Households
from twin.territory.territory import Territory


def choose_homes(
    territory: Territory, areas: tuple[MarginalsArea, ...], households: Households, draws: Draws, where: str
) -> np.ndarray:
    """Place row of each household (n_households,) int32.

    Systematic sampling: the households of an area, in an order drawn from their keys, are spread evenly over
    its dwellings, so a building has its share of households to within one, and all kinds of household mix.
    """
    home = np.full(len(households.key), -1, dtype=np.int32)
    order_of_places = np.argsort(territory.places.place_id, kind="stable")
    u = draws.uniform("home", households.key)
    for row, area in enumerate(areas):
        mine = np.flatnonzero(households.area == row)
        candidates = order_of_places[_in_area(territory, area)[order_of_places]]
        weight = _dwellings(territory, candidates)
        if not weight.sum() > 0.0:
            right = "buildings of that area in the territory, or no inhabitants there"
            raise InputError(where, f"area {area.name} has inhabitants but no building on a street", right)
        ladder = np.cumsum(weight)
        rungs = (np.arange(len(mine)) + 0.5) * (ladder[-1] / len(mine))
        seats = candidates[np.minimum(np.searchsorted(ladder, rungs, side="right"), len(ladder) - 1)]
        home[mine[np.lexsort((households.key[mine], u[mine]))]] = seats
    return home


def _in_area(territory: Territory, area: MarginalsArea) -> np.ndarray:
    places = territory.places
    inside = (places.zone == area.zone) & (places.access_link >= 0)
    if area.commune >= 0:
        inside &= places.commune == area.commune
    return np.asarray(inside)


def _dwellings(territory: Territory, candidates: np.ndarray) -> np.ndarray:
    """Dwellings of the candidates, or their floor area where no building has a dwelling."""
    places = territory.places
    dwellings = places.dwellings[candidates].astype(np.float64)
    return (
        dwellings if dwellings.sum() > 0.0 else np.asarray(places.floor_area_m2[candidates], dtype=np.float64)
    )
