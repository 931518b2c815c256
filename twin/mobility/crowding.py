"""Crowding: how many a vehicle holds, how long it stands to take them up, what a minute among them counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.scenario.ledger import Parameters
from twin.territory.timetable import LINE_MODES, Timetable

COMFORTABLE, ALL_SEATED = 0.6, 1.0
"""Load factors (passengers over seats) at which a minute begins to count more (Wardman & Whelan 2011)."""


@dataclass(frozen=True, eq=False)
class Capacity:
    """Seats and places, standing room included, of the vehicle of each run (n_runs,) int32."""

    seats: np.ndarray
    places: np.ndarray

    @staticmethod
    def of(timetable: Timetable, parameters: Parameters) -> Capacity:
        """By the mode of each run's line: seats, and floor to stand on times the density that is borne."""
        mode = np.array([LINE_MODES.index(each) for each in timetable.line_mode.tolist()], dtype=np.int64)
        seats = np.array(parameters["transit.seats"])
        standing = np.array(parameters["transit.standing_m2"]) * parameters["transit.standees_per_m2"]
        of_run = mode[timetable.run_line]
        whole = np.floor(seats), np.floor(seats) + np.floor(standing)
        return Capacity(*(column[of_run].astype(np.int32) for column in whole))


def dwells_ms(passengers: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Stay at stops where so many get on and off (n,) [ms], never under the least (Levinson 1983).

    >>> dwells_ms(np.array([0, 3, 20]), Parameters.defaults()).tolist()
    [15000, 15000, 60000]
    """
    per_passenger_s = float(parameters["transit.dwell_per_passenger_s"])
    stay_s = float(parameters["transit.dwell_fixed_s"]) + per_passenger_s * passengers
    least_s = float(parameters["transit.least_dwell_s"])
    return np.asarray(np.rint(np.maximum(stay_s, least_s) * MS).astype(np.int64))


def perceived_factor(load: np.ndarray, seats: np.ndarray, parameters: Parameters) -> np.ndarray:
    """What a minute counts as, on the mean over who sits and who stands (n,) (Wardman & Whelan 2011).

    >>> seats = np.array([40, 40, 40, 40])
    >>> perceived_factor(np.array([10, 30, 40, 60]), seats, Parameters.defaults()).round(4).tolist()
    [1.0, 1.15, 1.15, 1.7733]
    """
    factor = load / np.maximum(seats, 1)
    free, full, packed = parameters["transit.crowding_seated"]
    seated = np.select([factor <= COMFORTABLE, factor <= ALL_SEATED], [free, full], packed)
    sitting = np.minimum(load, seats) / np.maximum(load, 1)
    standing = float(parameters["transit.crowding_standing"])
    return np.asarray(np.where(load > 0, sitting * seated + (1.0 - sitting) * standing, 1.0))


def planned_crowding_s(
    timetable: Timetable, board: np.ndarray, alight: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """What the time from the first call to each counts more than it takes (n_calls + 1,) [s], summed.

    From one call to a later one it counts more by the difference. Full are the runs as planned:

    Parameters
    ----------
    board, alight
        Calls at which those who ride mean to get on and off (n_rides,).
    """
    change = np.zeros(timetable.n_calls + 1, dtype=np.int64)
    np.add.at(change, board, 1)
    np.add.at(change, alight, -1)
    load = np.cumsum(change)[:-1]
    run = np.repeat(np.arange(timetable.n_runs), np.diff(timetable.call_start))
    factor = perceived_factor(load, Capacity.of(timetable, parameters).seats[run], parameters)
    goes_on = np.append(run[1:] == run[:-1], False)[: run.shape[0]]
    rides_s = np.append(timetable.call_arrival_s[1:], 0.0)[: run.shape[0]] - timetable.call_departure_s
    more_s = np.where(goes_on, rides_s * (factor - 1.0), 0.0)
    return np.concatenate([[0.0], np.cumsum(more_s)])
