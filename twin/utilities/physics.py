"""Power, water and heat by quarters of an hour, on what stood then; every balance is checked.

Power is solved for every part of a quarter in which no bus comes or goes, so that what a cut of ten
minutes takes is taken for ten minutes. Water is solved by quarters; a main that nothing reaches draws
nothing. What is not reached, not energised or without head is not served.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.errors import WorkError
from twin.population.presence import Presence
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Ints, Texts
from twin.territory.territory import Territory
from twin.territory.utilities.tables import Utilities
from twin.units import S_PER_H
from twin.utilities.demand import POWER, WATER, DayConsumption
from twin.utilities.heat.day import HeatDay, TownHeat
from twin.utilities.power.flow import Flow, PowerFlow, power_engine
from twin.utilities.power.laid import LaidPower, laid_power
from twin.utilities.spans import QUARTER_S, RUNNING, Spans
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.engine import epanet
from twin.utilities.water.laid import LaidWater, laid_water

CLOSES = {"power": 1e-6, "water": 1e-5, "heat": 1e-6}
"""Parts of the throughput by which each may fail to add up; water's stopped pumps are allowed for besides."""


@dataclass(frozen=True)
class PowerDay:
    """Power flow of parts of quarters: `quarter`, `share` of it (n_parts,), and `flow` of each part."""

    laid: LaidPower
    flow: Flow
    quarter: Ints
    share: Floats
    n_quarters: int

    def by_quarter(self, of_parts: Floats) -> Floats:
        """Means over quarters (n_quarters, ...) of values of parts (n_parts, ...)."""
        weight = np.zeros((self.n_quarters, len(self.quarter)))
        weight[self.quarter, np.arange(len(self.quarter))] = self.share
        return np.asarray(weight @ of_parts)

    def served_share(self) -> Floats:
        """Share of each quarter in which places have power (n_quarters, n_places), 0 where there is none."""
        load = self.laid.load_of_place
        alive = self.by_quarter(self.flow.energised[:, self.laid.grid.load_bus].astype(np.float64))
        return np.where(load >= 0, alive[:, load], 0.0)

    def node_voltage(self) -> Floats:
        """Voltage at utility nodes (n_quarters, n_nodes) [pu], the mean while there is any, 0 without."""
        on = self.by_quarter((self.flow.u_pu > 0.0).astype(np.float64))
        mean = self.by_quarter(self.flow.u_pu) / np.maximum(on, 1e-12)
        return self.laid.node_voltage(mean)

    def imbalance(self) -> Floats:
        """Part of what comes in that is neither served nor lost (n_quarters,), the largest of its parts."""
        flow = self.flow
        missing = np.abs(flow.supplied_w - flow.loss_w - flow.served_w.sum(axis=1))
        off = np.zeros(self.n_quarters)
        np.maximum.at(off, self.quarter, missing / np.maximum(flow.supplied_w, 1.0))
        return off


@dataclass(frozen=True)
class Physics:
    """What flowed: `place_kw`, `place_lps` (n_quarters, n_places) are what was asked for.

    `reached` (n_quarters, n_nodes) is the share of each quarter in which nodes stand.
    """

    place_kw: Floats
    place_lps: Floats
    power: PowerDay
    water: WaterDay
    laid_water: LaidWater
    heat: HeatDay | None
    reached: Floats

    def balance(self) -> dict[str, Floats]:
        """By network, what does not add up over its throughput (n_quarters,)."""
        found = {"power": self.power.imbalance(), "water": self.water.amiss_lps / _through(self.water)}
        return found if self.heat is None else {**found, "heat": self.heat.network.imbalance}

    def pressure_m(self) -> Floats:
        """Pressure at utility nodes (n_quarters, n_nodes) [m], 0 where no water comes, NaN at no junction."""
        dry = (self.reached < RUNNING) & np.isfinite(self.water.pressure_m)
        return np.where(dry, 0.0, self.water.pressure_m)

    def served_kw(self) -> Floats:
        """Power that places got (n_quarters, n_places)."""
        return self.place_kw * self.power.served_share()

    def served_lps(self) -> Floats:
        """Water that places got (n_quarters, n_places): all at a node alike."""
        node = self.laid_water.node_of_place
        wanted = np.zeros_like(self.water.served_lps)
        np.add.at(wanted.T, node[node >= 0], self.place_lps[:, node >= 0].T)
        share = np.clip(self.water.served_lps / np.maximum(wanted, 1e-12), 0.0, 1.0)
        return np.where(node >= 0, self.place_lps * share[:, node], 0.0)


def physics_of(
    territory: Territory,
    consumption: DayConsumption,
    parameters: Parameters,
    spans: Spans,
    outside_c: Floats | None = None,
) -> Physics:
    """Flows of a day on what stood in it; raises `WorkError` where a balance does not close.

    Heat is reckoned where temperatures outside are given (n_quarters,) [degC].
    """
    layers, place_id = territory.utilities, territory.places.place_id
    n_nodes = layers.nodes.n_nodes
    kw, lps, people = _asked(consumption, spans.n_quarters)
    power = _power(layers, place_id, kw, parameters, spans)
    mains = laid_water(layers, place_id, lps.mean(axis=0), parameters)
    stands = spans.of_quarters(spans.level[:, :n_nodes])
    node = mains.node_of_place
    drawn = lps * np.where(node >= 0, stands[:, node], 0.0)  # a main that nothing reaches draws nothing
    whole = spans.of_quarters(spans.carries[:, n_nodes:].astype(np.float64))
    filled = float(parameters["utilities.tank_filled"])
    water = water_day(mains, drawn, QUARTER_S, stands, filled, edge_level=whole)
    heat = None
    if outside_c is not None:
        heat = _heat(territory, consumption, parameters, (people, outside_c, stands, power.served_share()))
    found = Physics(kw, lps, power, water, mains, heat, stands)
    check_balances(found)
    return found


def _power(layers: Utilities, place_id: Texts, kw: Floats, parameters: Parameters, spans: Spans) -> PowerDay:
    """Power flow of every part of a quarter in which nothing is switched."""
    n_nodes = layers.nodes.n_nodes
    laid = laid_power(layers, place_id, parameters)
    broken = laid.broken_buses(spans.level[:, :n_nodes] < RUNNING)
    cut = laid.cut_lines(~spans.carries[:, n_nodes:])
    quarter, span, share = spans.segments(np.hstack([broken, cut]))
    flow = PowerFlow(laid.grid).solve(*laid.loads(kw[quarter]), broken[span], cut[span])
    return PowerDay(laid, flow, quarter, share, spans.n_quarters)


def _heat(
    territory: Territory,
    consumption: DayConsumption,
    parameters: Parameters,
    by_quarter: tuple[list[Presence], Floats, Floats, Floats],
) -> HeatDay:
    """Heat of buildings and of the network; without power nobody heats."""
    town = TownHeat(territory, consumption.demand, parameters, float(by_quarter[1][0]))
    rows = zip(*by_quarter, strict=True)
    return HeatDay.of([
        town.step(people, row, float(outside_c), stands, lit)
        for row, (people, outside_c, stands, lit) in enumerate(rows)
    ])  # fmt: skip


def check_engines() -> None:
    """An `InputError` before anything is reckoned where the engines are not installed."""
    power_engine()
    epanet()


def check_balances(found: Physics) -> None:
    """Refuse a day of which power, water or heat does not add up in some quarter of an hour."""
    for name, off in found.balance().items():
        allowed = np.full_like(off, CLOSES[name])
        if name == "water":
            allowed = found.water.allowed_lps / _through(found.water)
        if not (off <= allowed).all():
            quarter = int((off - allowed).argmax())
            raise WorkError(f"{name}, quarter {quarter}: {off[quarter]:.2e} of its throughput is missing")


def _through(water: WaterDay) -> Floats:
    out = (water.served_lps + water.leaked_lps).sum(axis=1)
    return np.asarray(np.maximum(np.maximum(water.source_lps, out), 1e-9))


def _asked(consumption: DayConsumption, n_quarters: int) -> tuple[Floats, Floats, list[Presence]]:
    """Power [kW] and water [l/s] of places (n_quarters, n_places), and who is there."""
    ends = [(row * QUARTER_S * MS, (row + 1) * QUARTER_S * MS) for row in range(n_quarters)]
    kwh, litres, people = [], [], []
    for each in ends:  # all of a quarter together: who is where then is worked out once
        kwh.append(consumption.between(POWER, *each))
        litres.append(consumption.between(WATER, *each))
        people.append(consumption.presence(*each))
    return np.array(kwh) * (S_PER_H / QUARTER_S), np.array(litres) / QUARTER_S, people
