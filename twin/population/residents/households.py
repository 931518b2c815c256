"""Households and their members, drawn so that the marginals of every area are met.

Each area (a zone, or a commune's part of it) gets whole numbers of compositions: raked to household types
and ages, integerised, mended. Slots 0, 1, 2 ... of the area then have a composition each, and with the
slot's number its key: what a member is drawn to be depends on that key alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.population.draws import Draws, derive_keys, member_keys
from twin.population.marginals import MarginalsArea
from twin.population.residents.archetypes import AGE_BANDS, N_BANDS, archetypes
from twin.population.residents.compositions import count_compositions

MEMBERS_LIMIT = 16
AREA_IDS = 100_000_000
"""Outside ids that an area has for its persons: household slot * 16 + member."""


@dataclass(frozen=True)
class HouseholdMembers:
    """Residents (n,) by household, before they have a home or a day."""

    area: np.ndarray  # index into the areas
    household: np.ndarray  # row of the household
    person_id: np.ndarray
    key: np.ndarray
    household_key: np.ndarray
    band: np.ndarray  # age band
    is_child: np.ndarray
    age: np.ndarray
    female: np.ndarray
    n_adults: np.ndarray  # of the household, 18 and over
    has_young: np.ndarray  # the household has a child under 15
    eldest_age_band: np.ndarray  # of the household


@dataclass(frozen=True)
class Households:
    """Households (n,): area, outside id, key, composition."""

    area: np.ndarray
    household_id: np.ndarray
    key: np.ndarray
    kind: np.ndarray


def build_households(areas: tuple[MarginalsArea, ...]) -> tuple[Households, list[dict[str, Any]]]:
    """Slots of all areas with their compositions."""
    area_rows, ids, keys, kinds, fits = [], [], [], [], []
    for row, area in enumerate(areas):
        numbers, fit = count_compositions(area)
        kind = np.repeat(np.arange(len(numbers)), numbers)
        slot = np.arange(len(kind), dtype=np.int64)
        area_rows.append(np.full(len(kind), row))
        ids.append(row * AREA_IDS + slot * MEMBERS_LIMIT)
        keys.append(derive_keys(f"household {area.name}", slot))
        kinds.append(kind)
        fits.append(fit)
    parts = [np.concatenate(each) for each in (area_rows, ids, keys, kinds)]
    return Households(*parts), fits


def build_members(households: Households, draws: Draws) -> HouseholdMembers:
    """One row for each member of each household, adults first, with age and sex."""
    kinds = archetypes()
    sizes = np.array([len(kind.members) for kind in kinds])
    bands = np.zeros((len(kinds), MEMBERS_LIMIT), dtype=np.int64)
    for row, each in enumerate(kinds):
        bands[row, : sizes[row]] = each.members
    size = sizes[households.kind]
    household = np.repeat(np.arange(len(size)), size)
    member = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    kind = households.kind[household]
    band = bands[kind, member]
    n_first = np.array([len(each.adults) for each in kinds])
    is_child = member >= n_first[kind]
    young = np.array([any(band < 3 for band in each.children) for each in kinds])
    grown = np.array([sum(band >= 4 for band in each.members) for each in kinds])
    eldest = np.array([max(each.members) for each in kinds])
    area = households.area[household]
    key = member_keys(households.key[household], member)
    return HouseholdMembers(
        area=area,
        household=household,
        person_id=households.household_id[household] + member,
        key=key,
        household_key=households.key[household],
        band=band,
        is_child=is_child,
        age=_ages(key, kind, band, is_child, draws),
        female=_sexes(key, households.key[household], kind, member, draws),
        n_adults=grown[kind],
        has_young=young[kind] & (band >= 4) & ~is_child,
        eldest_age_band=eldest[kind],
    )


def _ages(
    key: np.ndarray, kind: np.ndarray, band: np.ndarray, is_child: np.ndarray, draws: Draws
) -> np.ndarray:
    """Age drawn evenly within the band; a parent is 20 years older than the oldest child's band begins."""
    edges = np.array(AGE_BANDS)
    oldest_child = np.array([max(each.children, default=-1) for each in archetypes()])[kind]
    least = np.where(oldest_child >= 0, edges[np.maximum(oldest_child, 0)] + 20, 0)
    low, high = edges[band], edges[band + 1]
    low = np.where(is_child, low, np.clip(least, low, high - 1))
    u = draws.uniform("age", key)
    # the last band thins out with age: its ages are drawn towards 75
    u = np.where(band == N_BANDS - 1, u * u, u)
    return np.asarray(low + np.floor(u * (high - low)).astype(np.int64))


def _sexes(
    key: np.ndarray, household_key: np.ndarray, kind: np.ndarray, member: np.ndarray, draws: Draws
) -> np.ndarray:
    """Sex; the two adults of a couple have one each, so that both draw it from the household's key."""
    in_couple = np.array([each.type in (1, 2) for each in archetypes()])[kind] & (member < 2)
    own = draws.uniform("sex", key) < 0.5
    first = draws.uniform("sex", household_key) < 0.5
    return np.asarray(np.where(in_couple, first == (member == 0), own))
