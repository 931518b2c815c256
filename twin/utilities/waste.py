"""How full bins are: waste of the people at home, since they were last emptied.

A day's waste of an inhabitant falls in the hours that people spend at home, so that a house whose people
are out fills its bins later. Bins are emptied every few days, each place on days of its own.
"""

from __future__ import annotations

import numpy as np

from twin.clock import DAY_MS, MS
from twin.kernels.random import stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.units import S_PER_H
from twin.utilities.demand import DayConsumption

_DAY = stream_of("utilities.bins.day")


class Bins:
    """Bins of places: residents (n_places,) and place_key uint64; days count from the seed's own start."""

    def __init__(
        self, residents: np.ndarray, place_key: np.ndarray, parameters: Parameters, seed: int
    ) -> None:
        def of(name: str) -> float:
            return float(parameters[f"utilities.{name}"])

        self.residents = np.asarray(residents, dtype=np.float64)
        self.kg_per_day = of("waste_kg_per_person_per_day")
        self.every = int(of("bin_days"))
        self.emptied_ms = round(of("bin_emptied_h") * S_PER_H * MS)
        at_home_s = float(np.sum(parameters["utilities.home_presence"])) * S_PER_H
        self.kg_per_s = self.kg_per_day / at_home_s
        held_kg = of("bin_litres") * of("bin_kg_per_litre")
        most_kg = self.residents * self.kg_per_day * self.every
        self.capacity_kg = np.maximum(np.ceil(most_kg / (of("bin_fill_planned") * held_kg)), 1.0) * held_kg
        self.days_ago = np.floor(uniforms(seed, _DAY, place_key) * self.every)
        """Whole days at 00:00 since the morning on which each was last emptied; 0: it is today's turn."""

    def fill(self, people: DayConsumption, moment_ms: int) -> np.ndarray:
        """Share of the bins that is full (n_places,), NaN where nobody lives."""
        home_s = people.presence(0, moment_ms).at_home_s if moment_ms else np.zeros(len(self.residents))
        ago = np.where(self.days_ago == 0.0, float(self.every), self.days_ago)
        before = 1.0 - self.emptied_ms / DAY_MS
        kg = self.residents * self.kg_per_day * (ago - 1.0 + before) + home_s * self.kg_per_s
        if moment_ms >= self.emptied_ms:
            since_s = home_s - people.presence(0, self.emptied_ms).at_home_s
            kg = np.where(self.days_ago == 0.0, since_s * self.kg_per_s, kg)
        return np.where(self.residents > 0.0, np.minimum(kg / self.capacity_kg, 1.0), np.nan)
