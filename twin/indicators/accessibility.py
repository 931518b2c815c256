"""How well inhabitants reach the services of everyday life: minutes, numbers, gravity, doctors.

Who can drive a car of the household goes by the quickest of car, feet and bus; everybody else on foot or by
bus: lifts are not counted on, and bicycles, which not all have, are told apart. Only services of the
territory count, so near its edge people reach more than is told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from twin.indicators.reach import Reach, Riding
from twin.population.days.speeds import SPEED_AGE_FROM
from twin.population.tables import RESIDENT, Persons
from twin.routing.journeys import Offer
from twin.scenario.basket import SERVICES
from twin.scenario.ledger import Parameters
from twin.territory.services import Services
from twin.territory.tables import Ints
from twin.territory.territory import Territory
from twin.units import S_PER_H, S_PER_MIN

if TYPE_CHECKING:
    from twin.territory.timetable import Timetable

Floats = NDArray[np.float64]
FOOT, BICYCLE, CAR, BUS, WITHOUT_CAR = "foot", "bicycle", "car", "bus", "foot or bus"
WAYS = (FOOT, BICYCLE, CAR, BUS, WITHOUT_CAR)
AT_ONCE = 1_000_000
"""Pairs of service and kind of person reckoned at one time: this bounds memory."""


@dataclass(frozen=True)
class Cells:
    """Inhabitants who reach the same: of one home, one walking speed, driving or not.

    `home` is the row of the home in `homes` (place rows); `of_person` (n_persons,) the cell, -1 for who does
    not live here.
    """

    homes: Ints
    home: NDArray[np.int64]
    speed: NDArray[np.int64]
    drives: NDArray[np.bool_]
    people: Floats
    of_person: NDArray[np.int64]

    @staticmethod
    def of(persons: Persons) -> Cells:
        """Cells of the residents."""
        rows = np.flatnonzero((persons.kind == RESIDENT) & (persons.home >= 0))
        homes, home = np.unique(persons.home[rows], return_inverse=True)
        speed = np.searchsorted(SPEED_AGE_FROM, persons.age[rows], side="right") - 1
        key = (home.reshape(-1) * len(SPEED_AGE_FROM) + speed) * 2 + drives(persons)[rows]
        cells, cell, people = np.unique(key, return_inverse=True, return_counts=True)
        of_person = np.full(len(persons), -1, dtype=np.int64)
        of_person[rows] = cell.reshape(-1)
        house, speed = np.divmod(cells // 2, len(SPEED_AGE_FROM))
        return Cells(homes, house, speed, cells % 2 == 1, people.astype(np.float64), of_person)


def drives(persons: Persons) -> NDArray[np.bool_]:
    """Who holds a licence and has a car in the household (n_persons,)."""
    return np.asarray(persons.licence & (persons.household_cars > 0))


@dataclass(frozen=True)
class Accessibility:
    """What each cell reaches, by service in the order of `SERVICES` where it has that axis.

    Parameters
    ----------
    nearest_min
        By way, (n_services, n_cells) minutes to the nearest; at most the ledger's limit.
    own_min
        (n_services, n_cells) the same by the quickest of one's own ways.
    within
        By way, (n_reaches, n_cells) services within each of the ledger's numbers of minutes.
    gravity
        (n_services, n_cells) Hansen's measure by one's own ways.
    doctors
        (n_cells,) doctors per inhabitant, by one's own ways.
    known
        (n_services,) bool: the territory has, or had, such a service.
    members
        By focus and group, people of each cell, as they are asked for.
    """

    cells: Cells
    nearest_min: dict[str, Floats]
    own_min: Floats
    within: dict[str, Floats]
    gravity: Floats
    doctors: Floats
    known: NDArray[np.bool_]
    members: dict[str, dict[str, Floats]] = field(default_factory=dict)

    @property
    def ways(self) -> tuple[str, ...]:
        """Ways that there are: none by bus without a timetable."""
        return tuple(self.nearest_min)

    def of_persons(self, who: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Cells of some persons (n_persons,), one entry each; who does not live here has none."""
        cell = self.cells.of_person[who]
        return cell[cell >= 0]


def access_of(
    territory: Territory, persons: Persons, timetable: Timetable | None, parameters: Parameters
) -> Accessibility:
    """What the residents reach of the territory's services, on its streets and paths and by its timetable.

    Days on the same ground, whose traffic alone differs, share it: of the same residents the last is kept.
    """
    ledger = parameters.digest
    kept = _last.get(persons)
    if (
        kept is None
        or kept.territory is not territory
        or kept.timetable is not timetable
        or kept.ledger != ledger
    ):
        found = _worked_out(territory, persons, timetable, parameters)
        kept = _last[persons] = _Kept(territory, timetable, ledger, found)
    return kept.found


@dataclass(frozen=True, eq=False)
class _Kept:
    """What was worked out last of some residents, and of what else it is."""

    territory: Territory
    timetable: Timetable | None
    ledger: str
    found: Accessibility


_last: WeakKeyDictionary[Persons, _Kept] = WeakKeyDictionary()


def _worked_out(
    territory: Territory, persons: Persons, timetable: Timetable | None, parameters: Parameters
) -> Accessibility:
    cells = Cells.of(persons)
    ground = _Ground(territory, cells, timetable, parameters)
    limit_min = float(parameters["indicators.access_limit_min"])
    reaches = np.array(parameters["indicators.access_reach_min"])
    shape = len(SERVICES), cells.people.shape[0]
    nearest = {way: np.full(shape, limit_min) for way in ground.ways}
    own_min, gravity = np.full(shape, limit_min), np.zeros(shape)
    within = {way: np.zeros((reaches.shape[0], shape[1])) for way in ground.ways}
    doctors = np.zeros(shape[1])
    for row, rows in _parts(territory.services, shape[1]):
        minutes = ground.minutes(territory.services.place[rows])
        own = np.where(cells.drives, np.minimum(minutes[CAR], minutes[WITHOUT_CAR]), minutes[WITHOUT_CAR])
        own_min[row] = np.minimum(own_min[row], own.min(axis=0))
        gravity[row] += hansen(own, float(parameters["indicators.hansen_half_min"]))
        for way, each in minutes.items():
            nearest[way][row] = np.minimum(nearest[way][row], each.min(axis=0))
            for place, reach in enumerate(reaches):
                within[way][place] += (each <= reach).view(np.uint8).sum(axis=0, dtype=np.uint32)
        if SERVICES[row] == "doctor":
            supply = np.array(parameters["indicators.doctors_per_practice"])
            doctors += floating_catchments(
                own, supply[territory.services.provenance[rows]], cells.people,
                np.array(parameters["indicators.catchment_min"]),
                np.array(parameters["indicators.catchment_weights"]),
            )  # fmt: skip
    known = np.bincount(territory.services.service, minlength=len(SERVICES)) > 0
    return Accessibility(cells, nearest, own_min, within, gravity, doctors, known)


def hansen(minutes: Floats, half_min: float) -> Floats:
    """Potential of services (n_services, n) for each column: each counts 2^(-minutes / half_min).

    Hansen 1959, J. American Institute of Planners 25(2), with an exponential decay.

    >>> hansen(np.array([[0.0, 10.0], [10.0, np.inf]]), 10.0).tolist()
    [1.5, 0.5]
    """
    return np.asarray(np.exp2(-minutes / half_min).sum(axis=0))


def floating_catchments(
    minutes: Floats, supply: Floats, people: Floats, ends_min: Floats, weights: Floats
) -> Floats:
    """Supply per head that each group reaches (n,), shared with all who reach it too (E2SFCA).

    Luo & Qi 2009, Health & Place 15(4): the weight of each supply (m,) for a group is that of the zone,
    ending at ``ends_min``, in which it lies; supply over weighted people, summed with the same weights. Over
    all people it sums to the supply that anybody reaches.

    Parameters
    ----------
    minutes, people
        From each group to each supply (m, n), and how many people a group is (n,).
    """
    zone = np.searchsorted(ends_min, minutes, side="left")
    weight = np.append(weights, 0.0)[zone]
    demand = (weight * people).sum(axis=1)
    ratio = np.divide(supply, demand, out=np.zeros(supply.shape[0]), where=demand > 0.0)
    return np.asarray((ratio[:, None] * weight).sum(axis=0))


def _parts(services: Services, n_cells: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Rows of open services of one kind, as many at once as memory allows."""
    size = max(1, AT_ONCE // max(n_cells, 1))
    for kind in range(len(SERVICES)):
        rows = np.flatnonzero((services.service == kind) & (services.place >= 0))
        for first in range(0, rows.shape[0], size):
            yield kind, rows[first : first + size]


class _Ground:
    """Minutes from cells to places, by way."""

    def __init__(
        self, territory: Territory, cells: Cells, timetable: Timetable | None, parameters: Parameters
    ) -> None:
        self.cells, self.path_node = cells, territory.places.path_node
        self.limit_min = float(parameters["indicators.access_limit_min"])
        walk_mps = parameters["population.walk_speed_mps"] * np.array(
            parameters["population.walk_age_factor"]
        )
        cycle_mps = np.array(parameters["population.cycle_age_factor"]) * (
            1_000.0 * parameters["population.cycle_speed_kmh"] / S_PER_H
        )
        self.walk_m_per_min, self.cycle_m_per_min = S_PER_MIN * walk_mps, S_PER_MIN * cycle_mps
        self.reach = Reach(territory, cells.homes, parameters)
        self.car_access_min = float(parameters["indicators.car_access_min"])
        self.riding = None
        if timetable is not None and timetable.n_stops and cells.homes.shape[0]:
            offer = Offer.of(timetable, territory.paths, parameters)
            self.riding = Riding.of(territory, cells.homes, offer, parameters)

    @property
    def ways(self) -> tuple[str, ...]:
        return tuple(way for way in WAYS if way != BUS or self.riding is not None)

    def minutes(self, places: Ints) -> dict[str, Floats]:
        """By way, minutes from each cell to each place (n_places, n_cells); infinite beyond the limit."""
        home = self.cells.home
        walk_m = self.reach.foot_metres(places, self.limit_min * float(self.walk_m_per_min.max()))
        ride_m = self.reach.flat_metres(places, self.limit_min * float(self.cycle_m_per_min.max()))
        drive_s = self.reach.drive_seconds(places, S_PER_MIN * self.limit_min)
        speed = self.cells.speed
        found = {
            FOOT: walk_m[:, home] / self.walk_m_per_min[speed],
            BICYCLE: ride_m[:, home] / self.cycle_m_per_min[speed],
            CAR: (drive_s / S_PER_MIN + self.car_access_min)[:, home],
        }
        if self.riding is not None:
            found[BUS] = self.riding.minutes(self.path_node[places])[:, home]
        return found | {WITHOUT_CAR: np.minimum(found[FOOT], found.get(BUS, np.inf))}
