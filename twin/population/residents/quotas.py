"""Sex, occupation and cars where a census counts them: as many of each as it says, chosen by the usual draws.

The usual weights are raked to the census, turned into whole numbers, and handed out in the order of each
person's or household's usual draw; so who would have a car anyway is among the last to lose it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.population.draws import Draws
from twin.population.marginals import MarginalsArea
from twin.population.residents.archetypes import archetypes
from twin.population.residents.census import ADULT_FROM_BAND, ADULT_OCCUPATIONS, CARS, SEXES
from twin.population.residents.equipment import car_shares, occupation_shares
from twin.population.residents.fit import WITHIN, integerise, rake_closely
from twin.population.residents.households import HouseholdMembers, Households
from twin.population.residents.rounding import SLACK, mended_numbers, reachable_targets
from twin.population.tables import STUDENT
from twin.scenario.ledger import Parameters


def share_out(
    weights: np.ndarray, row: np.ndarray, totals: np.ndarray, u: np.ndarray, key: np.ndarray
) -> np.ndarray:
    """A category for each of n so that each total is met to within one, if the weights allow.

    Parameters
    ----------
    weights
        (n_rows, n_categories) usual shares of the categories in each row; 0 stays 0.
    row
        (n,) row of each.
    totals
        (n_categories,) how many there are to be, brought to the sum n.
    u, key
        (n,) in each row the lowest draws get the first category; the key tells equal draws apart.

    Examples
    --------
    >>> u = np.array([0.9, 0.1, 0.5, 0.3])
    >>> share_out(np.ones((1, 2)), np.zeros(4, int), np.array([3, 1]), u, np.arange(4)).tolist()
    [1, 0, 0, 0]
    """
    (n_rows, n_categories), n = weights.shape, len(row)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    in_row = np.bincount(row, minlength=n_rows)
    aims = np.concatenate([integerise(totals, n), in_row])
    cell_row, cell_category = (each.ravel() for each in np.indices(weights.shape))
    counts = np.vstack(
        [cell_category == np.arange(n_categories)[:, None], cell_row == np.arange(n_rows)[:, None]]
    ).astype(np.int64)
    prior = (weights * in_row[:, None]).ravel()
    used = prior > 0.0
    fitted, miss = rake_closely(prior, counts, aims)
    if miss > WITHIN:
        is_row = np.arange(len(aims)) >= n_categories
        reach = reachable_targets(prior, counts, aims.astype(float), is_row)
        fitted, _ = rake_closely(prior, counts, reach)
        aims = np.rint(reach).astype(np.int64)
    numbers = np.zeros(len(prior), dtype=np.int64)
    columns = slice(0, n_categories)
    numbers[used] = mended_numbers(fitted[used], cell_row[used], counts[columns, used], aims[columns])
    code = np.repeat(cell_category, numbers)
    out = np.empty(n, dtype=np.int64)
    out[np.lexsort((key, u, row))] = code
    return out


def census_sexes(
    members: HouseholdMembers, households: Households, areas: tuple[MarginalsArea, ...], draws: Draws
) -> np.ndarray:
    """Whether each member (n,) is female; who makes a couple stays as drawn, one of each sex."""
    female = members.female.copy()
    in_type = np.array([kind.type for kind in archetypes()])[households.kind[members.household]]
    number = members.person_id - households.household_id[members.household]
    free = ~(np.isin(in_type, (1, 2)) & (number < 2))
    for row, area in enumerate(areas):
        if area.census is None or area.census.sex is None:
            continue
        here = members.area == row
        wanted = int(integerise(np.array(area.census.sex), int(here.sum()))[SEXES.index("female")])
        mine = np.flatnonzero(here & free)
        n = int(np.clip(wanted - female[here & ~free].sum(), 0, len(mine)))
        order = mine[np.lexsort((members.key[mine], draws.uniform("sex", members.key[mine])))]
        female[mine] = False
        female[order[:n]] = True
    return female


def census_occupations(
    occupation: np.ndarray,
    members: HouseholdMembers,
    areas: tuple[MarginalsArea, ...],
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Occupation of each member (n,): adults' by age band and the census, others' as they are."""
    made = occupation.copy()
    shares = occupation_shares(parameters)[:, STUDENT:]
    for row, area in enumerate(areas):
        if area.census is None or area.census.occupation is None:
            continue
        mine = np.flatnonzero((members.area == row) & (members.band >= ADULT_FROM_BAND))
        band = members.band[mine] - ADULT_FROM_BAND
        key, totals = members.key[mine], np.array(area.census.occupation)
        made[mine] = STUDENT + share_out(shares, band, totals, draws.uniform("occupation", key), key)
    return made


def census_cars(
    cars: np.ndarray,
    n_adults: np.ndarray,
    households: Households,
    areas: tuple[MarginalsArea, ...],
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Cars of each household (n,), by its adults and the census: 0, 1 or 2 (two and more)."""
    made = cars.copy()
    for row, area in enumerate(areas):
        if area.census is None or area.census.cars is None:
            continue
        mine = np.flatnonzero(households.area == row)
        key, several = households.key[mine], (n_adults[mine] > 1).astype(np.int64)
        shares = car_shares(area.density, parameters)[:, ::-1]
        totals = np.array(area.census.cars)[::-1]
        made[mine] = len(CARS) - 1 - share_out(shares, several, totals, draws.uniform("cars", key), key)
    return made


def census_misses(
    columns: dict[str, np.ndarray], area_of: dict[str, np.ndarray], areas: tuple[MarginalsArea, ...]
) -> list[dict[str, dict[str, float]]]:
    """By how many persons or households each area misses its census by more than one, by category.

    ``columns`` holds the codes of each variable, ``area_of`` the area of each of its rows.
    """
    labels = {"sex": SEXES, "occupation": ADULT_OCCUPATIONS, "cars": CARS}
    found: list[dict[str, dict[str, float]]] = []
    for row, area in enumerate(areas):
        missed: dict[str, dict[str, float]] = {}
        for name, names in labels.items():
            asked: Any = getattr(area.census, name, None)
            if asked is None:
                continue
            code = columns[name][area_of[name] == row]
            made = np.bincount(code[code >= 0], minlength=len(names))[: len(names)]
            error = made - np.array(asked)
            if np.abs(error).max() > SLACK:
                missed[name] = {
                    each: float(off)
                    for each, off in zip(names, error.tolist(), strict=True)
                    if abs(off) > SLACK
                }
        found.append(missed)
    return found
