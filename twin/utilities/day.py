"""A day of power, water and telecom together: what people draw, what fails, and what they lose.

Failures are passed on in steps of a minute, by whoever drives the day; the physics of power and water is
reckoned by quarters of an hour on what stood then, all at once when the day is over: nothing in traffic
hangs on a voltage or a pressure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats
from twin.territory.territory import Territory
from twin.territory.utilities.tables import POWER, Utilities
from twin.units import S_PER_H, S_PER_MIN
from twin.utilities.demand import DayConsumption
from twin.utilities.failures.cascade import Cascade, Fall
from twin.utilities.failures.crews import RepairCrews, Travel
from twin.utilities.failures.damages import Damages, no_damages
from twin.utilities.failures.dispatch import BY_REPORT, RepairRules
from twin.utilities.failures.faults import Faults
from twin.utilities.failures.laid import PlaceSupply, laid_cascade, outage, services
from twin.utilities.failures.switching import TIE
from twin.utilities.physics import Physics, physics_of
from twin.utilities.power.flow import Flow
from twin.utilities.reliability import Interruptions, interruptions, not_delivered
from twin.utilities.spans import QUARTER_S, RUNNING, SpanLog, Spans
from twin.utilities.water.day import WaterDay
from twin.utilities.water.laid import LaidWater


class NetworkDay:
    """Networks driven step by step: what breaks, who mends, who is without; every change is kept.

    `stores` says how many times as long batteries and fuel last; it may be infinite. Without crews and
    rules those of the ledger hold. `expects` are the dispatcher's own travel times, as in `Repairs`.
    """

    def __init__(
        self,
        layers: Utilities,
        parameters: Parameters,
        seed: int,
        damages: Damages | None = None,
        crews: RepairCrews | None = None,
        rules: RepairRules = BY_REPORT,
        stores: float = 1.0,
        expects: Travel | None = None,
    ) -> None:
        self.step_s = step_of(parameters)
        self.faults = Faults(layers, parameters, seed, damages or no_damages(), crews, rules, expects)
        self.faults.cascade = _with_stores(self.faults.cascade, stores)
        self._log = SpanLog(self.step_s)

    @property
    def n_elements(self) -> int:
        """Elements that can fail: utility nodes, then utility edges."""
        return self.faults.known.n_elements

    @property
    def falls(self) -> list[Fall]:
        """Who fell and who came back so far."""
        return self.faults.cascade.falls

    def step(self, moment_s: float, travel_s: Travel | None = None) -> Floats:
        """Levels (n_elements,) through the next step; crews drive as `travel_s` says, else straight on."""
        level = self.faults.step(moment_s, self.step_s, travel_s)
        self._log.note(level, self.faults.carrying)
        return level

    def spans(self) -> Spans:
        """Levels of all steps so far."""
        return self._log.spans()


def step_of(parameters: Parameters) -> float:
    """Length of a cascade step [s], whole ones of which make a quarter of an hour."""
    step_s = float(parameters["utilities.cascade_step_s"])
    if QUARTER_S % step_s:
        raise InputError(
            "utilities.cascade_step_s", f"{step_s:g} s", "seconds that divide a quarter of an hour"
        )
    return step_s


def _with_stores(cascade: Cascade, times: float) -> Cascade:
    """The same cascade, with stores of power that last so many times as long."""
    if times == 1.0:
        return cascade
    longer = cascade.elements.store_s.copy()
    has = longer[POWER] > 0.0
    longer[POWER, has] = longer[POWER, has] * times if np.isfinite(times) else np.inf
    return Cascade(replace(cascade.elements, store_s=longer), cascade.needs, cascade.layers, cascade.recharge)


@dataclass(frozen=True)
class UtilityDay:
    """What the networks did: `spans` are levels of elements, `physics` what flowed by quarter."""

    territory: Territory
    parameters: Parameters
    spans: Spans
    falls: list[Fall]
    physics: Physics

    @property
    def level(self) -> Floats:
        """Levels of elements by cascade step (n_steps, n_elements)."""
        return self.spans.of_steps(self.spans.level)

    @cached_property
    def services_by_span(self) -> PlaceSupply:
        """Services of places (n_spans, n_places)."""
        return services(self.territory.utilities, self.territory.places.place_id, self.spans.level)

    @property
    def services(self) -> PlaceSupply:
        """Services of places by cascade step (n_steps, n_places)."""
        return PlaceSupply(*(self.spans.of_steps(each) for each in vars(self.services_by_span).values()))

    @property
    def power(self) -> Flow:
        """Power flow by quarter, or part of one where buses come or go within it."""
        return self.physics.power.flow

    @property
    def water(self) -> WaterDay:
        """Water by quarter."""
        return self.physics.water

    @property
    def laid_water(self) -> LaidWater:
        """The water network as laid."""
        return self.physics.laid_water

    def power_cuts(self, rows: Flags) -> Interruptions:
        """Interruptions of power at some places; a customer is a dwelling, or a place without any."""
        places = self.territory.places
        customers = np.maximum(places.dwellings.astype(np.float64), 1.0)
        sustained_s = self.parameters["utilities.sustained_min"] * S_PER_MIN
        without = self.spans.of_steps(self.services_by_span.power[:, rows]) < RUNNING
        return interruptions(without, customers[rows], self.spans.step_s, sustained_s)

    def indicators(self, rows: Flags) -> dict[str, float]:
        """Losses of the places of a part of the territory, each with its unit in its name."""
        cuts, got, flows = self.power_cuts(rows), self.services_by_span, self.physics
        mean = self.spans.of_quarters(got.power[:, rows])
        hours = QUARTER_S / S_PER_H
        water, node = flows.water, flows.laid_water.node_of_place
        served = np.flatnonzero(rows & (node >= 0))
        weight = np.maximum(self.territory.places.dwellings.astype(np.float64), 1.0)
        people = np.zeros(water.asked_lps.shape[1])
        np.add.at(people, node[served], weight[served])
        lost_l = (flows.place_lps - flows.served_lps())[:, served] * QUARTER_S
        full_m = float(self.parameters["utilities.full_pressure_m"])
        return {
            "saidi_min": cuts.saidi_min,
            "saifi": cuts.saifi,
            "energy_asked_kwh": float(flows.place_kw[:, rows].sum() * hours),
            "energy_not_served_kwh": not_delivered(flows.place_kw[:, rows] * hours, mean),
            "water_asked_m3": float(flows.place_lps[:, rows].sum() * QUARTER_S / 1000.0),
            "water_not_served_m3": float(lost_l.sum() / 1000.0),
            "pressure_deficit_m": water.pressure_deficit(people, full_m),
            "fibre_lost_place_h": self._lost_h(got.fibre[:, rows]),
            "mobile_lost_place_h": self._lost_h(got.mobile[:, rows]),
        }

    def _lost_h(self, share: Floats) -> float:
        lasts_h = np.diff(self.spans.edges) * self.spans.step_s / S_PER_H
        return float(np.nansum((1.0 - share) * lasts_h[:, None]))


def utility_day(
    territory: Territory,
    consumption: DayConsumption,
    parameters: Parameters,
    seed: int = 1,
    broken: Mapping[str, tuple[float, float]] | None = None,
    hours: float = 24.0,
    damages: Damages | None = None,
    outside_c: Floats | None = None,
) -> UtilityDay:
    """A day of the networks with what people draw, without traffic; heat where it is known how cold it is.

    Elements may be broken from a second until another, and nobody mends; or damages are reported, switched
    and mended by the ledger's crews, who drive along the straight line.
    """
    layers, step_s = territory.utilities, step_of(parameters)
    n_steps = round(hours * S_PER_H / step_s)
    if damages is not None:
        day = NetworkDay(layers, parameters, seed, damages)
        for step in range(n_steps):
            day.step(step * step_s)
        spans, falls = day.spans(), day.falls
    else:
        cascade, log = laid_cascade(layers, parameters, seed), SpanLog(step_s)
        closed = ~np.concatenate([np.zeros(layers.nodes.n_nodes, dtype=bool), layers.edges.kind == TIE])
        for health in outage(layers, broken or {}, n_steps, step_s):
            carries = (health >= RUNNING) & closed
            log.note(cascade.step(health, step_s, closed.astype(np.float64)), carries)
        spans, falls = log.spans(), cascade.falls
    return UtilityDay(
        territory, parameters, spans, falls, physics_of(territory, consumption, parameters, spans, outside_c)
    )
