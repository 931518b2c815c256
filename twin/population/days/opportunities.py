"""Opportunities: where each purpose can be met, and how distance deters.

Gravity in two steps: a cell of the map by its capacity times exp(-beta * distance) from the anchor's cell
(Wilson 1971, Environment and Planning 3(1), origin-constrained), then a building by its capacity.
"""

from __future__ import annotations

import numpy as np

from twin.population.tables import (
    BUSINESS,
    COUNTER,
    ESCORT,
    HEALTH,
    LEISURE,
    SCHOOL,
    SHOP,
    VISIT,
    WORK,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

CAPACITY_OF = {
    WORK: "jobs",
    BUSINESS: "jobs",
    SCHOOL: "school_places",
    SHOP: "shop",
    HEALTH: "health",
    COUNTER: "counter",
    LEISURE: "leisure",
    VISIT: "dwellings",
    ESCORT: "school_places",
}
"""Purpose -> column of the places whose capacity attracts."""
DETERRED = tuple(CAPACITY_OF)
"""Order of the ledger's list of deterrences."""
SMALLEST_CELL_M = 250.0
CELLS_LIMIT = 1_000
"""Destinations are chosen by square first; squares are as small as memory allows: at most so many, doubled in
width until they fit. The finer, the nearer to choosing among buildings at once."""


class Opportunities:
    """Places in cells, with their capacities as ladders; cells grow until there are at most 1,000."""

    def __init__(self, territory: Territory, parameters: Parameters) -> None:
        places = territory.places
        usable = np.flatnonzero(places.access_link >= 0)
        cell, self.cell_m = _cells(places.x_m[usable], places.y_m[usable])
        # by cell and outside id: the order of rows in the file decides nothing
        order = np.lexsort((places.place_id[usable], cell))
        self.place = usable[order]
        self.cell_of_sorted = cell[order]
        self.n_cells = int(cell.max(initial=-1)) + 1
        self.cell_of_place = np.full(len(places.place_id), -1, dtype=np.int64)
        self.cell_of_place[usable] = cell
        self.first = np.searchsorted(self.cell_of_sorted, np.arange(self.n_cells + 1))
        self.ladder = {
            purpose: np.concatenate(
                [[0.0], np.cumsum(getattr(places, column)[self.place].astype(np.float64))]
            )
            for purpose, column in CAPACITY_OF.items()
        }
        deterrence = dict(zip(DETERRED, parameters["population.deterrence_per_km"], strict=True))
        detour = parameters["population.detour_factor_car"]
        distance_km = self._cell_distances(places.x_m, places.y_m) * detour / 1_000.0
        self.cumulative = {
            purpose: np.cumsum(
                self._cell_totals(purpose) * np.exp(-deterrence[purpose] * distance_km), axis=1
            )
            for purpose in CAPACITY_OF
        }

    def exists(self, purpose: int) -> bool:
        """Whether any place serves the purpose."""
        return bool(self.ladder[purpose][-1] > 0.0)

    def place_in(self, purpose: int, cell: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Place row in each cell (n,) by capacity, for draws u (n,) in [0, 1)."""
        ladder = self.ladder[purpose]
        low, high = ladder[self.first[cell]], ladder[self.first[cell + 1]]
        rung = np.searchsorted(ladder, low + u * (high - low), side="right") - 1
        return np.asarray(self.place[np.clip(rung, self.first[cell], self.first[cell + 1] - 1)])

    def roomiest(self, purpose: int, but: tuple[int, ...]) -> int:
        """Place row with the most capacity that is none of ``but``; of equals the first by cell and id."""
        room = np.where(np.isin(self.place, but), -1.0, np.diff(self.ladder[purpose]))
        return int(self.place[np.argmax(room)])

    def _cell_totals(self, purpose: int) -> np.ndarray:
        return np.diff(self.ladder[purpose][self.first])

    def _cell_distances(self, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
        """Straight lines between the cells' mean places; within a cell, half its width."""
        n = np.maximum(np.diff(self.first), 1)
        middle_x = np.add.reduceat(x_m[self.place], self.first[:-1]) / n
        middle_y = np.add.reduceat(y_m[self.place], self.first[:-1]) / n
        dx, dy = middle_x[:, None] - middle_x, middle_y[:, None] - middle_y
        return np.asarray(np.maximum(np.sqrt(dx * dx + dy * dy), 0.5 * self.cell_m))


def _cells(x_m: np.ndarray, y_m: np.ndarray) -> tuple[np.ndarray, float]:
    """Number of the occupied square each place lies in, and the width of the squares [m]."""
    width_m = SMALLEST_CELL_M
    while True:
        column = np.floor(x_m / width_m).astype(np.int64)
        row = np.floor(y_m / width_m).astype(np.int64)
        occupied, cell = np.unique(column * 4_194_304 + row, return_inverse=True)
        if len(occupied) <= CELLS_LIMIT:
            return cell.reshape(-1), width_m
        width_m *= 2.0
