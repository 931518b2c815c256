"""Power and water by quarters of an hour, on what stood then; every balance is checked.

Power is solved for every part of a quarter in which no bus comes or goes, so that what a cut of ten
minutes takes is taken for ten minutes. Water is solved by quarters; a main that nothing reaches draws
nothing. What is not reached, not energised or without head is not served.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.errors import WorkError
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.territory import Territory
from twin.territory.utilities.tables import WATER as WATER_LAYER
from twin.utilities.demand import POWER, WATER, DayConsumption
from twin.utilities.failures.laid import RUNNING
from twin.utilities.power.flow import Flow, PowerFlow, power_engine
from twin.utilities.power.laid import LaidPower, laid_power
from twin.utilities.spans import QUARTER_S, Spans
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.engine import epanet
from twin.utilities.water.laid import LaidWater, laid_water

S_PER_H = 3_600.0
MOST_POWER_IMBALANCE, MOST_WATER_IMBALANCE = 1e-6, 1e-5
"""Parts of the throughput by which power and water may fail to add up."""
LPS_PER_STOPPED_PUMP = 1e-4


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
    """What flowed: `place_kw`, `place_lps` (n_quarters, n_places) are what was asked for."""

    place_kw: Floats
    place_lps: Floats
    power: PowerDay
    water: WaterDay
    laid_water: LaidWater

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
    territory: Territory, consumption: DayConsumption, parameters: Parameters, spans: Spans
) -> Physics:
    """Flows of a day on what stood in it; raises `WorkError` where a balance does not close."""
    layers, place_id = territory.utilities, territory.places.place_id
    kw, lps = _asked(consumption, spans.n_quarters)
    n_nodes = layers.nodes.n_nodes
    down = spans.level[:, :n_nodes] < RUNNING
    laid = laid_power(layers, place_id, parameters)
    broken, cut = laid.broken_buses(down), laid.cut_lines(~spans.carries[:, n_nodes:])
    quarter, span, share = spans.segments(np.hstack([broken, cut]))
    flow = PowerFlow(laid.grid).solve(*laid.loads(kw[quarter]), broken[span], cut[span])
    power = PowerDay(laid, flow, quarter, share, spans.n_quarters)
    mains = laid_water(layers, place_id, lps.mean(axis=0), parameters)
    stands = spans.of_quarters(spans.level[:, :n_nodes])
    node = mains.node_of_place
    reached = np.where(layers.nodes.utility == WATER_LAYER, stands, 1.0)
    drawn = lps * np.where(node >= 0, reached[:, node], 0.0)
    water = water_day(mains, drawn, QUARTER_S, stands, float(parameters["utilities.tank_filled"]))
    found = Physics(kw, lps, power, water, mains)
    check_balances(found, stands < 1.0)
    return found


def check_engines() -> None:
    """An `InputError` before anything is reckoned where the engines are not installed."""
    power_engine()
    epanet()


def water_imbalance(water: WaterDay) -> Floats:
    """Part of each step's flow by which inflow, stores, delivery and leaks do not add up (n_steps,)."""
    before = np.vstack([water.start_l, water.stored_l[:-1]])
    gained = (water.stored_l - before).sum(axis=1) / water.step_s
    out = (water.served_lps + water.leaked_lps).sum(axis=1)
    through = np.maximum(np.maximum(water.source_lps, out), 1e-9)
    return np.asarray(np.abs(water.source_lps - out - gained) / through)


def check_balances(found: Physics, stopped: Flags) -> None:
    """Refuse a day of which energy or water does not add up; `stopped` (n_quarters, n_nodes)."""
    off = found.power.imbalance()
    if not (off <= MOST_POWER_IMBALANCE).all():
        raise WorkError(f"power, quarter {int(off.argmax())}: {off.max():.2e} of what comes in is missing")
    water = found.water
    pumps = found.laid_water.zones.pump
    allowed_lps = LPS_PER_STOPPED_PUMP * stopped[:, pumps[pumps >= 0]].sum(axis=1)
    through = np.maximum(water.source_lps, (water.served_lps + water.leaked_lps).sum(axis=1))
    allowed = MOST_WATER_IMBALANCE + allowed_lps / np.maximum(through, 1e-9)
    off = np.maximum(water_imbalance(water), water.engine_imbalance)
    if not (off <= allowed).all():
        raise WorkError(f"water, quarter {int((off - allowed).argmax())}: {off.max():.2e} of it is missing")


def _asked(consumption: DayConsumption, n_quarters: int) -> tuple[Floats, Floats]:
    """Power [kW] and water [l/s] of places (n_quarters, n_places)."""
    ends = [(row * QUARTER_S * MS, (row + 1) * QUARTER_S * MS) for row in range(n_quarters)]
    kwh, litres = [], []
    for each in ends:  # both of a quarter together: who is where then is worked out once
        kwh.append(consumption.between(POWER, *each))
        litres.append(consumption.between(WATER, *each))
    return np.array(kwh) * (S_PER_H / QUARTER_S), np.array(litres) / QUARTER_S
