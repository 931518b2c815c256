"""Fares: what a journey by the timetable's lines costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.scenario.transit_offers import Fare
from twin.territory.timetable import Timetable
from twin.units import CENTS_PER_EUR


@dataclass(frozen=True, eq=False)
class Fares:
    """Prices by line (n_lines,) int64 [cents]: a journey's, of its dearest line, and each boarding's."""

    journey_cents: np.ndarray
    boarding_cents: np.ndarray

    @staticmethod
    def of(timetable: Timetable, usual_eur: float, orders: Sequence[Fare] = ()) -> Fares:
        """What a feed says, else a usual price by the journey; what orders say, the last, replaces both.

        Raises
        ------
        InputError
            An order names a line that does not run.
        """
        usual_cents = round(usual_eur * CENTS_PER_EUR)
        told, each = timetable.line_fare_cents, timetable.line_fare_by_boarding
        journey = np.where(told < 0, usual_cents, np.where(each, 0, told)).astype(np.int64)
        boarding = np.where((told >= 0) & each, told, 0).astype(np.int64)
        for order in orders:
            chosen = np.ones(timetable.n_lines, dtype=np.bool_)
            if order.lines is not None:
                chosen = np.isin(timetable.line_name, order.lines) | np.isin(timetable.line_id, order.lines)
                _check(order, order.lines, timetable)
            cents = round(order.price_eur * CENTS_PER_EUR)
            journey[chosen] = cents if order.per == "journey" else 0
            boarding[chosen] = cents if order.per == "boarding" else 0
        return Fares(journey, boarding)

    def paid_cents(self, rider: np.ndarray, line: np.ndarray, n_riders: int) -> np.ndarray:
        """What riders pay (n_riders,) int64 for their rides: rider and line of each (n_rides,)."""
        dearest = np.zeros(n_riders, dtype=np.int64)
        np.maximum.at(dearest, rider, self.journey_cents[line])
        each = np.zeros(n_riders, dtype=np.int64)
        np.add.at(each, rider, self.boarding_cents[line])
        return dearest + each


def _check(order: Fare, lines: Sequence[str], timetable: Timetable) -> None:
    for name in lines:
        if name not in timetable.line_name and name not in timetable.line_id:
            known = ", ".join(sorted(set(timetable.line_name.tolist()))[:8])
            raise InputError(order.where("lines"), f"no line {name!r}", f"one of {known}")
