"""A provider and its users in a small world: the real agent, the real loading, streets worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import mesa
import numpy as np

from tests.kernels.loading_door import loader_of
from tests.worlds import Case, Demand, Net, Street, even_flow, net_of
from twin.calculators.agreement import classes_dataset, closures_dataset
from twin.clock import MS
from twin.indicators.records import ROAD_MANAGER
from twin.kernels.random import keys_of
from twin.knowledge.datasets import Dataset, observations
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right
from twin.mobility.passages import Passages
from twin.model.provider import ProviderAgent
from twin.model.state import AdviceRequests
from twin.routing.search import bounds_to
from twin.routing.topology import build_topology, workspace_for
from twin.scenario.actors import Provider
from twin.scenario.ledger import Parameters
from twin.territory.tables import ROAD_CLASSES

STEP_S = 30


class Lived(NamedTuple):
    """A day: passages, and time from release to arrival by vehicle [ms]."""

    passages: Passages
    time_ms: np.ndarray

    def veh_on(self, link: int) -> int:
        """Vehicles that left a link."""
        return int((self.passages.link == link).sum())


class SmallModel(mesa.Model):  # type: ignore[misc]
    """What a provider asks of its model."""

    def __init__(
        self, net: Net, destinations: np.ndarray, parameters: Parameters, ranking: tuple[float, float]
    ):
        super().__init__(rng=1)
        self.parameters, self.step_s, self.seed_, self.threads, self.earlier = parameters, STEP_S, 1, 1, None
        topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
        self.roads = SimpleNamespace(topology=topology)
        self.bounds = bounds_to(topology, net.free_ms, destinations)
        self.workspace = workspace_for(topology)
        self.rules = SimpleNamespace(any=False, felt_ms=lambda weight_ms, group, moment_s: weight_ms)
        self.manager = SimpleNamespace(respect=lambda own, moment_s: 0.0, ghg_ranking=lambda own: ranking)


def live(
    net: Net,
    demand: Demand,
    objective: str = "time",
    *,
    until_s: int,
    users: float = 1.0,
    road_class: tuple[str, ...] = (),
    ranking: tuple[float, float] = (0.0, 0.0),
    **ledger: float,
) -> Lived:
    """The vehicles of a demand; a share of them send their traces to one provider, and are guided by it."""
    names = {f"calculators.{name}": value for name, value in ledger.items()}
    parameters = Parameters.defaults().replaced({"calculators.least_saving_s": 5.0, **names})
    model = SmallModel(net, np.array([route[-1] for route in demand.routes]), parameters, ranking)
    order = Provider(
        name="Guide", market_share=1.0, objective=objective, refresh_s=STEP_S, delay_s=0, indifference=0.02,
        prior_weight=0.5,
    )  # fmt: skip
    classes = [ROAD_CLASSES.index(name) for name in road_class] or [
        ROAD_CLASSES.index("primary")
    ] * net.n_links
    streets = SimpleNamespace(
        length_m=net.length_m, lanes=np.ones(net.n_links), road_class=np.array(classes, dtype=np.int8),
        node_x_m=net.node_x_m, node_y_m=net.node_y_m,
    )  # fmt: skip
    agent = ProviderAgent(model, order, 0, streets, net.free_ms, False)
    state = SimpleNamespace(platform=_platform(), pictures={"Guide": agent.first_belief()})
    is_user = np.arange(demand.n_trips) % 100 < 100 * users
    return _days_end(net, demand, agent, state, is_user, until_s)


def _days_end(
    net: Net, demand: Demand, agent: ProviderAgent, state: SimpleNamespace, is_user: np.ndarray, until_s: int
) -> Lived:
    loader, left, last = loader_of(Case(net, demand, until_s)), [], None
    guided, told = np.zeros((2, demand.n_trips), dtype=np.bool_)
    for now_s in range(0, until_s, STEP_S):
        agent.learn(state, now_s)
        active = np.sort(np.concatenate([loader.driving, loader.waiting]))
        soon = loader.vehicles.release_ms[active] < (now_s + STEP_S) * MS
        rows = active[is_user[active] & soon]
        if rows.size:
            key, group = demand.trip_key[rows], np.zeros(rows.shape[0], dtype=np.int64)
            requests = AdviceRequests(rows, key, key, group, guided[rows], told[rows], loader.ahead_of(rows))
            advice = agent.advise(state.pictures["Guide"], requests, now_s)
            assert (advice.promised_ms > 0).all()
            told[advice.told] = True
            if advice.trip.size:
                loader.take_routes(advice.trip, advice.routes)
                guided[advice.trip] = True
        last = loader.advance(now_s, now_s + STEP_S)
        left.append(last)
        for seen in (last, loader.queued(now_s + STEP_S, now_s, last)):
            _tell(state.platform, seen, is_user, now_s + STEP_S)
    arrived_ms = loader.vehicles.arrived_ms
    assert (arrived_ms >= 0).all(), "the day is too short"
    return Lived(Passages.join(left), arrived_ms - demand.release_ms)


def _tell(platform: DataPlatform, seen: Passages, is_user: np.ndarray, now_s: int) -> None:
    own = seen.of(is_user[seen.trip])
    at_s = np.minimum(own.exit_ms / MS, float(now_s))
    rows = observations(own.link, at_s, float(now_s), (own.exit_ms - own.enter_ms) / MS)
    platform.append("Guide.probes", rows)


def _platform() -> DataPlatform:
    platform = DataPlatform()
    platform.add(closures_dataset(ROAD_MANAGER))
    platform.add(classes_dataset(ROAD_MANAGER))
    for name in ("Guide.probes", "Guide.reports"):
        platform.add(Dataset.of_links(name, "Guide", "seen", "s", cadence_s=0.0))
    platform.rights.grant(platform.dataset(f"{ROAD_MANAGER}.classes"), "Guide", Right())
    return platform


def parallel(*ways: tuple[float, float]) -> Net:
    """Ways between two nodes, (free time [s], capacity behind it [veh/h]) each: 0 leads there, 1 away.

    Way k is links 2 + 2k, on which its queue stands, and 3 + 2k behind the bottleneck.
    """
    streets = [Street(0, 1, 500, 72, 3_600, 2), Street(2, 3, 2_000, 72, 7_200, 4)]
    at = [(0.0, 0.0), (500.0, 0.0), (9_000.0, 0.0), (9_500.0, 0.0)]
    for row, (free_s, capacity_vph) in enumerate(ways):
        length_m = free_s * 20.0
        streets += [Street(1, 4 + row, length_m, 72, 3_600, 2), Street(4 + row, 2, 20, 72, capacity_vph, 9)]
        at.append((8_900.0, 100.0 * row))
    return net_of(streets, at)


def flow_on_first(net: Net, flow_vph: float, until_s: float) -> Demand:
    """An even flow that all mean to take the first way."""
    moments = even_flow(flow_vph, 0, until_s)
    return Demand(
        trip_key=keys_of(np.array([f"trip {row}" for row in range(len(moments))])),
        routes=((0, 2, 3, 1),) * len(moments),
        release_ms=np.array([round(each * MS) for each in moments], dtype=np.int64),
    )


def routes_in(lived: Lived) -> set[tuple[int, ...]]:
    """The routes driven."""
    ordered = lived.passages.in_order()
    routes: dict[int, list[int]] = {}
    for trip, link in zip(ordered.trip.tolist(), ordered.link.tolist(), strict=True):
        routes.setdefault(trip, []).append(link)
    return {tuple(route) for route in routes.values()}
