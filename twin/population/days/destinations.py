"""Destinations: the place of every stop, or the gateway group by which it is reached outside the area.

Work and school are one place all day, near home as distance deters. Other stops are near home or near the
stop before. What nothing inside serves lies outside, and where no gate leads there it is given up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.activities import Chains
from twin.population.days.opportunities import CAPACITY_OF, Opportunities
from twin.population.draws import Draws, picks
from twin.population.file import OUTSIDE_PURPOSES
from twin.population.tables import BUSINESS, HOME, PURPOSES, SCHOOL, WORK
from twin.scenario.ledger import Parameters

OUTSIDE = -1
AGAIN = 1_000
"""Moment of the second draw, where the first gave the place the person is at."""


@dataclass(frozen=True)
class Residents:
    """What destinations depend on, for persons (n,)."""

    home: np.ndarray
    area: np.ndarray
    outside_shares: np.ndarray  # (n_areas, len(OUTSIDE_PURPOSES))
    gate_ladder: np.ndarray  # (n_areas, n_groups) running sums of the groups' weights


@dataclass(frozen=True)
class Stops:
    """Where each stop of the chains is (n,): place row or `OUTSIDE`, and the gateway group or -1."""

    place: np.ndarray
    group: np.ndarray


def choose_destinations(
    chains: Chains, residents: Residents, opportunities: Opportunities, parameters: Parameters, draws: Draws
) -> Stops:
    """Place or gateway group of each stop."""
    place = np.full(len(chains.person), OUTSIDE, dtype=np.int64)
    here = residents.home.astype(np.int64)
    leaves, given_up = _leave_the_area(chains, residents, opportunities, draws)
    near_home = draws.uniform("near_home", chains.key, chains.sequence)
    near_home = near_home < parameters["population.stop_near_home_share"]
    for k in range(int(chains.sequence.max(initial=-1)) + 1):
        rows = np.flatnonzero(chains.sequence == k)
        person, purpose = chains.person[rows], chains.purpose[rows]
        home = residents.home[person]
        from_home = (near_home[rows] & (purpose != BUSINESS)) | (here[person] < 0) | is_fixed(purpose)
        anchor = np.where(from_home, home, here[person])
        avoid = np.where(is_fixed(purpose), home, here[person])
        chosen = _choose_inside(chains, rows, anchor, avoid, opportunities, draws)
        chosen = np.where(purpose == HOME, home, np.where(leaves[rows], OUTSIDE, chosen))
        place[rows] = np.where(given_up[rows], here[person], chosen)
        here[person] = place[rows]
    group = np.full(len(chains.person), -1, dtype=np.int64)
    away = np.flatnonzero(place == OUTSIDE)
    u = draws.uniform("gate_group", chains.key[away], _moments(chains)[away])
    group[away] = picks(residents.gate_ladder, residents.area[chains.person[away]], u)
    return Stops(place, group)


def is_fixed(purpose: np.ndarray) -> np.ndarray:
    """Purposes that have one place in a person's life."""
    return np.asarray((purpose == WORK) | (purpose == SCHOOL))


def _moments(chains: Chains) -> np.ndarray:
    """Moments of the draws of each stop: one for all of the day where the place is fixed."""
    return np.asarray(np.where(is_fixed(chains.purpose), 0, chains.sequence + 1))


def _leave_the_area(
    chains: Chains, residents: Residents, opportunities: Opportunities, draws: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """Which stops lie outside, by the share of their purpose; which are given up, served nowhere."""
    leaves = np.zeros(len(chains.person), dtype=bool)
    served = np.ones(len(chains.person), dtype=bool)
    area = residents.area[chains.person]
    can_leave = np.any(residents.gate_ladder[:, -1:] > 0.0, axis=1)[area]
    moment = _moments(chains)
    for purpose in CAPACITY_OF:
        rows = np.flatnonzero(chains.purpose == purpose)
        served[rows] = opportunities.exists(purpose)
        if PURPOSES[purpose] in OUTSIDE_PURPOSES:
            share = residents.outside_shares[area[rows], OUTSIDE_PURPOSES.index(PURPOSES[purpose])]
            u = draws.uniform(f"outside.{PURPOSES[purpose]}", chains.key[rows], moment[rows])
            leaves[rows] = u < share
    leaves = (leaves | ~served) & can_leave
    return leaves, ~served & ~leaves


def _choose_inside(
    chains: Chains,
    rows: np.ndarray,
    anchor: np.ndarray,
    avoid: np.ndarray,
    opportunities: Opportunities,
    draws: Draws,
) -> np.ndarray:
    """Place by gravity from the anchor; drawn once more where it is the place to avoid."""
    chosen = avoid.copy()
    cell = opportunities.cell_of_place[anchor]
    moment = _moments(chains)[rows]
    for purpose in CAPACITY_OF:
        if not opportunities.exists(purpose):
            continue
        name = PURPOSES[purpose]
        for again in (0, AGAIN):
            part = np.flatnonzero((chains.purpose[rows] == purpose) & (chosen == avoid))
            key, when = chains.key[rows[part]], moment[part] + again
            to_cell = picks(
                opportunities.cumulative[purpose], cell[part], draws.uniform(f"cell.{name}", key, when)
            )
            chosen[part] = opportunities.place_in(purpose, to_cell, draws.uniform(f"place.{name}", key, when))
    return chosen
