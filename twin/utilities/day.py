"""A day of power, water and telecom together: what people draw, what fails, and what they lose.

Failures are passed on in steps of a minute, the physics of power and water is reckoned every quarter of
an hour on what stands then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats
from twin.territory.territory import Territory
from twin.utilities.demand import POWER, WATER, DayConsumption
from twin.utilities.failures.cascade import Fall, run
from twin.utilities.failures.laid import RUNNING, S_PER_MIN, Services, laid_cascade, outage, services
from twin.utilities.power.flow import Flow, PowerFlow
from twin.utilities.power.laid import laid_power
from twin.utilities.reliability import Interruptions, interruptions, not_delivered
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.laid import LaidWater, laid_water

QUARTER_S = 900
S_PER_H = 3_600.0


@dataclass(frozen=True)
class UtilityDay:
    """What the networks did: `level` (n_minutes, n_nodes), and services of places (n_minutes, n_places).

    `place_kw`, `place_lps` (n_quarters, n_places) are what was asked for; `n_per_quarter` minutes make one.
    """

    territory: Territory
    parameters: Parameters
    step_s: float
    level: Floats
    falls: list[Fall]
    services: Services
    place_kw: Floats
    place_lps: Floats
    power: Flow
    water: WaterDay
    laid_water: LaidWater

    @property
    def n_per_quarter(self) -> int:
        """Cascade steps in a quarter of an hour."""
        return round(QUARTER_S / self.step_s)

    def power_cuts(self, rows: Flags) -> Interruptions:
        """Interruptions of power at some places; a customer is a dwelling, or a place without any."""
        places = self.territory.places
        customers = np.maximum(places.dwellings.astype(np.float64), 1.0)
        sustained_s = self.parameters["utilities.sustained_min"] * S_PER_MIN
        without = self.services.power[:, rows] < RUNNING
        return interruptions(without, customers[rows], self.step_s, sustained_s)

    def indicators(self, rows: Flags) -> dict[str, float]:
        """Losses of the places of a part of the territory, each with its unit in its name."""
        cuts = self.power_cuts(rows)
        mean = self._by_quarter(self.services.power[:, rows])
        hours = QUARTER_S / S_PER_H
        water = self.water
        nodes = np.where(rows & (self.laid_water.node_of_place >= 0), self.laid_water.node_of_place, -1)
        served = np.flatnonzero(nodes >= 0)
        weight = np.maximum(self.territory.places.dwellings.astype(np.float64), 1.0)
        people = np.zeros(water.asked_lps.shape[1])
        np.add.at(people, nodes[served], weight[served])
        share = water.served_lps / np.maximum(water.asked_lps, 1e-12)
        lost_l = self.place_lps[:, served] * (1.0 - np.clip(share[:, nodes[served]], 0.0, 1.0)) * QUARTER_S
        full_m = float(self.parameters["utilities.full_pressure_m"])
        return {
            "saidi_min": cuts.saidi_min,
            "saifi": cuts.saifi,
            "energy_asked_kwh": float(self.place_kw[:, rows].sum() * hours),
            "energy_not_served_kwh": not_delivered(self.place_kw[:, rows] * hours, mean),
            "water_asked_m3": float(self.place_lps[:, rows].sum() * QUARTER_S / 1000.0),
            "water_not_served_m3": float(lost_l.sum() / 1000.0),
            "pressure_deficit_m": water.pressure_deficit(people, full_m),
            "fibre_lost_place_h": self._lost_h(self.services.fibre[:, rows]),
            "mobile_lost_place_h": self._lost_h(self.services.mobile[:, rows]),
        }

    def _by_quarter(self, of_steps: Floats) -> Floats:
        return np.asarray(of_steps.reshape(-1, self.n_per_quarter, of_steps.shape[1]).mean(axis=1))

    def _lost_h(self, share: Floats) -> float:
        return float(np.nansum(1.0 - share) * self.step_s / S_PER_H)


def utility_day(
    territory: Territory,
    consumption: DayConsumption,
    parameters: Parameters,
    seed: int = 1,
    broken: Mapping[str, tuple[float, float]] | None = None,
    hours: float = 24.0,
) -> UtilityDay:
    """A day of the networks with what people draw; nodes may be broken from a second until another."""
    step_s = float(parameters["utilities.cascade_step_s"])
    if QUARTER_S % step_s:
        raise InputError(
            "utilities.cascade_step_s", f"{step_s:g} s", "seconds that divide a quarter of an hour"
        )
    layers, place_id = territory.utilities, territory.places.place_id
    n_quarters = round(hours * S_PER_H / QUARTER_S)
    per_quarter = round(QUARTER_S / step_s)
    kw, lps = _asked(consumption, n_quarters)
    cascade = laid_cascade(layers, parameters, seed)
    health = outage(layers, broken or {}, n_quarters * per_quarter, step_s)
    level = run(cascade, health, step_s)
    laid = laid_power(layers, place_id, parameters)
    stands = health.reshape(n_quarters, per_quarter, -1).mean(axis=1) >= RUNNING
    flow = PowerFlow(laid.grid).solve(*laid.loads(kw), laid.broken_buses(~stands[:, : layers.nodes.n_nodes]))
    mains = laid_water(layers, place_id, lps.mean(axis=0), parameters)
    pumps = level.reshape(n_quarters, per_quarter, -1).mean(axis=1)
    water = water_day(mains, lps, QUARTER_S, pumps, float(parameters["utilities.tank_filled"]))
    got = services(layers, place_id, level)
    return UtilityDay(territory, parameters, step_s, level, cascade.falls, got, kw, lps, flow, water, mains)


def _asked(consumption: DayConsumption, n_quarters: int) -> tuple[Floats, Floats]:
    """Power [kW] and water [l/s] of places (n_quarters, n_places)."""
    ends = [(row * QUARTER_S * MS, (row + 1) * QUARTER_S * MS) for row in range(n_quarters)]
    kwh = np.array([consumption.between(POWER, *each) for each in ends])
    litres = np.array([consumption.between(WATER, *each) for each in ends])
    return kwh * (S_PER_H / QUARTER_S), litres / QUARTER_S
