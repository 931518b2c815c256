"""Actors that read truth, each in another way: the gate must catch them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twin.calculators.agreement import notices
from twin.model.manager import RoadManager
from twin.model.operator import Operator
from twin.model.provider import ProviderAgent
from twin.model.state import Access, Advice, AdviceRequests, Belief, Bookings, Dispatch
from twin.model.twin_model import TwinModel


def _by_link(model: TwinModel, links: np.ndarray) -> np.ndarray:
    return np.bincount(links, minlength=model.territory.streets.n_links)


def _of_nobody(model: TwinModel, rows: np.ndarray) -> np.ndarray:
    """Those of trips (rows) whose drivers consult nobody."""
    return rows[model.trip_provider[rows] < 0]


def _driving_alone(model: TwinModel) -> np.ndarray:
    loader = model.state.loader
    return _by_link(model, loader.link_of(_of_nobody(model, loader.driving)))


def _ahead_alone(model: TwinModel) -> np.ndarray:
    loader = model.state.loader
    return _by_link(model, loader.ahead_of(_of_nobody(model, loader.driving)).pool)


def _arrived_alone(model: TwinModel) -> int:
    arrived = np.flatnonzero(model.state.loader.vehicles.arrived_ms[: model.n_trips] >= 0)
    return int(_of_nobody(model, arrived).size)


READINGS: dict[str, Callable[[TwinModel], np.ndarray | int]] = {
    "queues": lambda model: model.state.loader.on_link_veh,
    "where those are who consult nobody": _driving_alone,
    "where those drive who consult nobody": _ahead_alone,
    "how many of those have arrived": _arrived_alone,
    "who waits to enter": lambda m: _by_link(m, m.state.loader.link_of(m.state.loader.waiting)),
    "how many are under way": lambda model: model.state.loader.under_way.size,
    "how many were let go": lambda model: model.state.loader.n_released,
    "passages of the day": lambda m: sum(_by_link(m, part.link) for part in m.state.log.parts),
    "passages of the last step": lambda model: _by_link(model, model.state.log.last.link),
    "who is at home": lambda model: int((model.state.itineraries.state == 0).sum()),
    "capacities": lambda model: model.state.supply.headway_ms,
    "modes": lambda model: int((model.state.shared.mode == 0).sum()),
}
"""What of truth may be read, by link or as one number."""


def learning_from(read: Callable[[TwinModel], np.ndarray | int]) -> type[ProviderAgent]:
    """A provider that adds what it reads to its weights."""

    class PeepingLearner(ProviderAgent):
        def learn(self, state: Access, moment_s: int) -> None:
            super().learn(state, moment_s)
            belief = state.pictures[self.name]
            belief.plain_ms = (belief.plain_ms + 1_000 * (read(self.model) % 1_000)).astype(np.int32)

    return PeepingLearner


class PeepingAdviser(ProviderAgent):
    """Its picture is honest; it tells arrivals by the real queue on the link that each is on."""

    def advise(self, belief: Belief, requests: AdviceRequests, moment_s: int) -> Advice:
        advice = super().advise(belief, requests, moment_s)
        here = requests.routes.pool[requests.routes.start[np.isin(requests.trip, advice.told)]]
        advice.promised_ms += self.model.state.loader.on_link_veh[here]
        return advice


class PeepingClassifier(RoadManager):
    """Classes as secondary whatever has a real queue longer than most."""

    def act(self, state: Access, moment_s: int) -> None:
        super().act(state, moment_s)
        queues = self.model.state.loader.on_link_veh
        state.orders.classified[:] = queues > queues.mean()


class PeepingAnnouncer(RoadManager):
    """Announces as closed what is really full, and orders nothing."""

    def act(self, state: Access, moment_s: int) -> None:
        super().act(state, moment_s)
        full = self.model.state.loader.full_since_s >= 0
        state.platform.append(f"{self.name}.closures", notices(np.zeros_like(full), full, float(moment_s)))


class PeepingReckoner(Operator):
    """Reckons with a minute for each stop that a vehicle has really come to."""

    def assign(self, bookings: Bookings, dispatch: Dispatch, moment_s: int) -> None:
        bookings.ready_ms += 60_000 * self.model.state.shared.n_reached.astype(np.int64)
        super().assign(bookings, dispatch, moment_s)


class PeepingRefuser(Operator):
    """Refuses who calls from a link with an odd number of vehicles on it."""

    def assign(self, bookings: Bookings, dispatch: Dispatch, moment_s: int) -> None:
        new = (bookings.asked_ms >= 0) & (dispatch.vehicle < 0)
        origin = self.service.fleet.stop_link[: 2 * new.size : 2]
        dispatch.refused |= new & (self.model.state.loader.on_link_veh[origin] % 2 == 1)
        super().assign(bookings, dispatch, moment_s)
