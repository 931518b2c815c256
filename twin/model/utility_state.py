"""What the utility networks leave the streets and whose servers answer, as groups of the day's state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class UtilityState:
    """What stands of the utility networks; all arrays are empty where they are not reckoned.

    Levels (n_elements,) float64 of utility nodes and edges. Of links (n_links,): whether lamps and sensors
    have no power, whether a signal is dark, whether no mobile site answers, bool; for how long there has
    been no power, float64 [s]. Of places (n_places,) bool: no power or no mobile site for a meter.
    """

    level: np.ndarray
    unlit: np.ndarray
    dark: np.ndarray
    silent: np.ndarray
    unpowered_s: np.ndarray
    place_silent: np.ndarray

    @staticmethod
    def none() -> UtilityState:
        """Networks that are not reckoned."""
        unlit, dark, silent, place_silent = np.zeros((4, 0), dtype=np.bool_)
        level, unpowered_s = np.zeros((2, 0))
        return UtilityState(level, unlit, dark, silent, unpowered_s, place_silent)

    @property
    def known(self) -> bool:
        """Whether the networks are reckoned."""
        return bool(self.level.size)


@dataclass
class Servers:
    """Whose data centre answers, as its owner knows: of providers (n_providers,) and the city (1,), bool."""

    provider: np.ndarray
    city: np.ndarray

    @staticmethod
    def all_up(n_providers: int) -> Servers:
        """Every data centre answers."""
        return Servers(np.ones(n_providers, dtype=np.bool_), np.ones(1, dtype=np.bool_))
