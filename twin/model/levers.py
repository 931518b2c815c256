"""Levers: modifications of streets with the links that they name, and when they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.scenario.modification import Modification


@dataclass(frozen=True)
class Lever:
    """A modification of the streets and the link rows that it names."""

    order: Modification
    links: np.ndarray

    def holds(self, moment_s: int) -> bool:
        """Whether it is in force at that moment of the day."""
        return self.order.from_s <= moment_s < self.order.until_s


def holding(levers: Sequence[Lever], moment_s: int) -> np.ndarray:
    """Which levers are in force at that moment of the day (n_levers,) bool."""
    return np.array([lever.holds(moment_s) for lever in levers], dtype=np.bool_)
