"""The search for a leak: in which order a crew visits sectors of mains, on what the operator sees of a night.

The truth: one main of the focus leaks, more or less, on a night on which people draw more or less; heads
and flows are EPANET's. The operator knows its network and what is usual. It weighs each sector by
likelihood (inflow of its district, heads at loggers against those that a leak there would bring, reports)
and visits them by probability over metres, the order that ends soonest on the mean (Smith 1956, Naval
Research Logistics Quarterly 3). It pays for the crew and for the water that runs out meanwhile.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.app_reports import App, would_report
from twin.knowledge.datasets import observations
from twin.knowledge.platform import DataPlatform
from twin.population.population import Population
from twin.population.tables import RESIDENT
from twin.scenario.ledger import Parameters
from twin.study.value_of_data_game import NOW_S, DatasetSource, DecisionDay, NotApplicableError
from twin.study.value_of_data_sectors import sectors_of
from twin.study.value_of_data_sources import datasets_of, lognormal, poisson
from twin.territory.territory import Territory
from twin.units import L_PER_M3, S_PER_H
from twin.utilities.water.engine import epanet
from twin.utilities.water.flow import WaterFlow
from twin.utilities.water.laid import LaidWater, laid_water

Floats = NDArray[np.float64]
NIGHT_HOUR = 3
LEAK_STEPS = np.linspace(-1.5, 1.5, 7)
"""Flows of leaks that are thought of, in spreads from the median."""
_MAIN, _NODE, _FLOW, _DRAW, _METER, _CUSTOMERS, _HEAD, _REPORTS, _STAND = (
    stream_of(f"value.leaks.{name}")
    for name in ("main", "node", "flow", "draw", "meter", "customers", "head", "reports", "stand")
)


class Leak(NamedTuple):
    """The truth: sector of the leak and its flow [l/s]."""

    sector: int
    lps: float


@dataclass(frozen=True)
class Loggers:
    """How many pressure loggers there are, and how often each reads [s]."""

    count: int
    interval_s: float


class LeakSearch:
    """A hidden leak in the mains of a focus (rows of zones)."""

    name, actor = "leak search", "water_operator/network"
    datasets = datasets_of("inlet_flows", "pressures", "meter_sums", "wet_streets")

    def __init__(
        self,
        territory: Territory,
        population: Population,
        parameters: Parameters,
        zones: np.ndarray,
    ) -> None:
        self.parameters = p = parameters
        _need_engine(f"focus: {self.name}")
        persons, places = population.persons, territory.places
        homes = persons.home[(persons.kind == RESIDENT) & (persons.home >= 0)]
        shape = np.array(p["utilities.water_home_shape"])
        people = np.bincount(homes, minlength=places.n_places).astype(np.float64)
        litres: Floats = people * float(p["utilities.litres_per_person_per_day"])
        self.laid: LaidWater = laid_water(territory.utilities, places.place_id, litres / DAY_S, p)
        self.usual_lps = self.laid.asked(litres / DAY_S * shape[NIGHT_HOUR] / shape.mean())
        self.sectors = sectors_of(territory, self.laid, zones, p)
        if not len(self.sectors.metres):
            raise NotApplicableError(f"focus: {self.name}", "no water mains there", "a focus with mains")
        self.flow = WaterFlow(self.laid, 900.0)
        self.runs = np.ones(len(self.laid.zones.name))
        self.usual = self._solved(self.usual_lps)
        self.loggers = Loggers(int(p["value.loggers"]), float(p["value.logger_interval_s"]))
        self.stands = self._stands()
        tells = would_report(persons, App(float(p["data_platform.mediation_share"])), p, 0)
        self.told_share = float(tells[persons.kind == RESIDENT].mean())
        self._falls = self._signatures()
        self._nights: dict[int, tuple[Floats, Floats]] = {}

    def equipped(self, loggers: Loggers) -> LeakSearch:
        """The same decision with other loggers: on the same nights."""
        other = copy(self)
        other.loggers = loggers
        other.stands = other._stands()
        return other

    def day(self, seed: int) -> DecisionDay:
        """A leak, and what meters, loggers and people tell of its night."""
        p, sectors = self.parameters, self.sectors
        u = uniforms(seed, _MAIN, keys_of(np.array(["leak"])))[0]
        cumulative = np.cumsum(sectors.metres)
        sector = int(np.searchsorted(cumulative, u * cumulative[-1], side="right"))
        here = np.flatnonzero(sectors.of_node == sector)
        node = int(here[np.argmin(uniforms(seed, _NODE, self._node_key(here)))])
        bell = float(bells(seed, _FLOW, keys_of(np.array(["leak"])))[0])
        lps = float(p["value.leak_lps"]) * float(np.exp(p["value.leak_spread"] * bell))
        draws = self.usual_lps * self._level(seed)
        leaking = draws.copy()
        leaking[node] += lps
        if seed not in self._nights:
            self._nights[seed] = self._solved(leaking)
        head_m, out_lps = self._nights[seed]
        return DecisionDay(Leak(sector, lps), self._sources(seed, head_m, out_lps, draws, sector))

    def act(self, platform: DataPlatform) -> NDArray[np.int64]:
        """Sectors in the order of the search."""
        found = self.log_likelihood(platform)
        weight = np.exp(found - found.max()) * self.sectors.metres
        return np.argsort(-weight / self.sectors.metres, kind="stable")

    def cost(self, day: DecisionDay, action: NDArray[np.int64]) -> float:
        """Crew and water until the leak is found, times leaks a day [EUR/day]."""
        p, truth = self.parameters, day.truth
        place = int(np.flatnonzero(action == truth.sector)[0])
        metres = self.sectors.metres[action[:place]].sum() + 0.5 * self.sectors.metres[truth.sector]
        hours = float(metres / p["value.search_m_per_h"])
        runs_s = hours / float(p["value.search_h_per_day"]) * DAY_S
        water_eur = truth.lps * runs_s / L_PER_M3 * float(p["value.water_eur_per_m3"])
        crew_eur = hours * float(p["value.crew_eur_per_h"])
        return float(p["value.leaks_per_day"]) * (crew_eur + float(water_eur))

    def log_likelihood(self, platform: DataPlatform) -> Floats:
        """Of what the actor may see, for a leak in each sector (n_sectors,), flows weighed by how likely."""
        p = self.parameters
        spread = float(p["value.leak_spread"])
        flows = float(p["value.leak_lps"]) * np.exp(spread * LEAK_STEPS)
        prior = -0.5 * LEAK_STEPS**2
        rows = np.zeros((len(flows), len(self.sectors.metres)))
        for at, lps in enumerate(flows.tolist()):
            rows[at] = prior[at] + self._of_inflows(platform, lps) + self._of_heads(platform, lps)
        most = rows.max(axis=0)
        return np.asarray(most + np.log(np.exp(rows - most).sum(axis=0)) + self._of_reports(platform))

    def _of_inflows(self, platform: DataPlatform, lps: float) -> Floats:
        """By sector: the inflows of districts, against what is usual there or what customers' meters say."""
        p, sectors = self.parameters, self.sectors
        seen = platform.visible(self.actor, "inlet_flows", NOW_S)
        if not seen.n_rows:
            return np.zeros(len(sectors.metres))
        usual = self._by_district(self.usual_lps)
        losses = self._by_district(self.usual[1]) - usual
        drawn, unsure = usual.copy(), float(p["value.night_spread"]) * usual
        meters = platform.visible(self.actor, "meter_sums", NOW_S)
        drawn[meters.datastream] = meters.result
        unsure[meters.datastream] = float(p["sensing.water_meter_noise_share"]) * meters.result
        district = seen.datastream.astype(np.int64)
        error = np.hypot(unsure, float(p["value.inlet_noise_share"]) * (drawn + losses))
        error += float(p["value.least_inflow_lps"])
        over = seen.result - (drawn + losses)[district]
        without, with_leak = (
            -0.5 * (over / error[district]) ** 2,
            -0.5 * ((over - lps) / error[district]) ** 2,
        )
        gain = np.zeros(sectors.n_districts)
        gain[district] = with_leak - without
        return np.asarray(gain[sectors.district])

    def _of_heads(self, platform: DataPlatform, lps: float) -> Floats:
        """By sector: heads at loggers, against those that a leak there would bring."""
        seen = platform.visible(self.actor, "pressures", NOW_S)
        if not seen.n_rows:
            return np.zeros(len(self.sectors.metres))
        fall = self.usual[0][seen.datastream] - seen.result
        error = np.hypot(self._reading_error_m(), float(self.parameters["value.head_model_m"]))
        expected = self._falls[:, seen.datastream] * lps / float(self.parameters["value.leak_lps"])
        return np.asarray((-0.5 * ((fall - expected) / error) ** 2).sum(axis=1))

    def _of_reports(self, platform: DataPlatform) -> Floats:
        """By sector: more reports than come of themselves speak for a leak there (Poisson).

        How many people report at all, which nobody knows, says the same of all sectors and is left out.
        """
        seen = platform.visible(self.actor, "wet_streets", NOW_S)
        reports = np.zeros(len(self.sectors.metres))
        reports[seen.datastream] = seen.result
        return np.asarray(reports * np.log1p(1.0 / max(self._false_per_leak(), 1e-9)))

    def _false_per_leak(self) -> float:
        """Reports that come of themselves in a sector over those that a leak brings."""
        share = float(self.parameters["value.false_report_share"])
        return share / (1.0 - share) / len(self.sectors.metres)

    def _reading_error_m(self) -> float:
        """Error of the mean of a logger's readings of a night."""
        n = max(float(self.parameters["value.night_hours"]) * S_PER_H / self.loggers.interval_s, 1.0)
        return float(self.parameters["value.pressure_noise_m"]) / float(np.sqrt(n))

    def _sources(
        self, seed: int, head_m: Floats, out_lps: Floats, draws_lps: Floats, sector: int
    ) -> tuple[DatasetSource, ...]:
        p, n = self.parameters, self.sectors.n_districts
        key, at_s = self.sectors.district_key, NOW_S - 0.1 * DAY_S
        inflow = self._by_district(out_lps) * (1.0 + p["value.inlet_noise_share"] * bells(seed, _METER, key))
        customers = self._by_district(draws_lps)
        customers = customers * (1.0 + p["sensing.water_meter_noise_share"] * bells(seed, _CUSTOMERS, key))
        noise = self._reading_error_m() * bells(seed, _HEAD, self._node_key(self.stands))
        leak = float(p["value.wet_street_reports"]) * self.told_share
        rate = np.full(len(self.sectors.key), leak * self._false_per_leak())
        rate[sector] += leak
        reports = poisson(uniforms(seed, _REPORTS, self.sectors.key), rate)
        rows = np.flatnonzero(reports)
        everywhere = np.arange(n)
        return (
            DatasetSource(self.datasets[0], observations(everywhere, at_s, at_s, inflow)),
            DatasetSource(
                self.datasets[1], observations(self.stands, at_s, at_s, head_m[self.stands] + noise)
            ),
            DatasetSource(self.datasets[2], observations(everywhere, at_s, at_s, customers)),
            DatasetSource(self.datasets[3], observations(rows, at_s, at_s, reports[rows])),
        )

    def _solved(self, asked_lps: Floats) -> tuple[Floats, Floats]:
        """Heads [m] and all that leaves (n_nodes,) [l/s] at junctions."""
        found = self.flow.settle(asked_lps, self.runs)
        return found.moment.head, found.served_lps + found.leaked_lps

    def _signatures(self) -> Floats:
        """By how much heads fall with the usual leak in each sector (n_sectors, n_nodes) [m]."""
        falls = np.zeros((len(self.sectors.metres), len(self.usual_lps)), dtype=np.float32)
        for sector, node in enumerate(self.sectors.node.tolist()):
            asked = self.usual_lps.copy()
            asked[node] += float(self.parameters["value.leak_lps"])
            falls[sector] = self.usual[0] - self._solved(asked)[0]
        return np.asarray(falls, dtype=np.float64)

    def _stands(self) -> NDArray[np.int64]:
        """Junctions with a logger, by utility node row; those of fewer are among those of more."""
        nodes = np.flatnonzero(self.sectors.of_node >= 0)
        order = np.lexsort((self._node_key(nodes), uniforms(0, _STAND, self._node_key(nodes))))
        return np.sort(nodes[order[: self.loggers.count]])

    def _level(self, seed: int) -> Floats:
        """What people draw this night over the usual, by node (n_nodes,): alike within a district."""
        level = lognormal(
            bells(seed, _DRAW, self.sectors.district_key), float(self.parameters["value.night_spread"])
        )
        sector = self.sectors.of_node
        return np.where(sector >= 0, level[self.sectors.district[sector]], 1.0)

    def _by_district(self, of_nodes: Floats) -> Floats:
        inside = self.sectors.of_node >= 0
        district = self.sectors.district[self.sectors.of_node[inside]]
        return np.bincount(district, of_nodes[inside], self.sectors.n_districts).astype(np.float64)

    def _node_key(self, nodes: NDArray[np.int64]) -> np.ndarray:
        return keys_of(self.laid.layers.nodes.node_id[nodes])


def _need_engine(where: str) -> None:
    """Heads and flows are EPANET's: without it there is no such decision."""
    try:
        epanet()
    except InputError as error:
        raise NotApplicableError(f"{where}: {error.where}", error.what, error.right) from None
