"""A provider of an itinerary calculator: what it believes comes only from the platform's gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.calculators.agreement import known_classes, known_closures
from twin.calculators.provider import advice_times_ms, honouring_times_ms, honours_class
from twin.clock import MS
from twin.errors import InputError
from twin.indicators.records import ROAD_MANAGER
from twin.kernels import advice
from twin.kernels.advice import Answer, Asking, Counsel
from twin.kernels.search import Ground
from twin.knowledge.day import Estimate
from twin.knowledge.estimates import Prior, estimate_link_times, prior_picture, publish_traffic
from twin.model.actor import Actor
from twin.model.state import Access, Advice, Belief, Requests
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, static_weights
from twin.scenario.actors import Provider
from twin.scenario.ledger import Parameters


class ProviderAgent(Actor):
    """A provider with a market share, an objective and a picture of its own.

    Parameters
    ----------
    order
        The provider as the scenario describes it.
    row
        Its row among the providers.
    length_m, free_flow_ms
        The map that it holds, (n_links,): lengths and legal free-flow times.
    publishes
        Whether an agreement has it give traffic back.
    """

    def __init__(
        self,
        model: Any,
        order: Provider,
        row: int,
        length_m: np.ndarray,
        free_flow_ms: np.ndarray,
        publishes: bool,
    ) -> None:
        super().__init__(model)
        parameters: Parameters = model.parameters
        if order.refresh_s % model.step_s:
            raise InputError(
                f"provider {order.name!r}: refresh_s",
                f"{order.refresh_s:g} s is no whole number of the model's steps",
                f"a multiple of {model.step_s} s",
            )
        self.name, self.order, self.row = order.name, order, row
        self.length_m, self.free_flow_ms = length_m, free_flow_ms
        self.prior = Prior(free_flow_ms / 1_000.0, order.prior_weight)
        self.window_s = float(parameters["calculators.window_s"])
        self.report_holds_s = float(parameters["calculators.report_holds_s"])
        self.penalty_factor = float(parameters["calculators.class_penalty_factor"])
        self.least_probes = int(parameters["calculators.least_probes_returned"])
        self.least_saving_ms = round(float(parameters["calculators.least_saving_s"]) * MS)
        self.publishes = publishes

    def first_belief(self) -> Belief:
        """What it holds before it has seen anything: its map."""
        n_links = self.length_m.shape[0]
        map_ms = self.free_flow_ms.astype(np.int32)
        picture = prior_picture(self.name, 0.0, self.prior)
        return Belief(picture, map_ms, map_ms, Estimate.unknown(self.name, n_links))

    def learn(self, state: Access, moment_s: int) -> None:
        """Draw a new picture where the refresh interval has passed."""
        if moment_s % int(self.order.refresh_s):
            return
        platform, belief = state.platform, state.pictures[self.name]
        rows = platform.visible(self.name, f"{self.name}.probes", moment_s, moment_s - self.window_s)
        picture = estimate_link_times(rows, float(moment_s), self.window_s, self.prior, belief.picture)
        belief.picture = picture
        belief.estimate.note_picture(picture, self.length_m)
        if self.publishes:
            published = publish_traffic(picture, rows, self.model.step_s, self.least_probes)
            platform.append(f"{self.name}.traffic", published)
        belief.plain_ms = advice_times_ms(
            picture.travel_time_s, self.free_flow_ms, self._closed(platform, moment_s)
        )
        classes = known_classes(platform, self.name, ROAD_MANAGER, moment_s, self.length_m.shape[0])
        belief.honouring_ms = honouring_times_ms(belief.plain_ms, classes, self.penalty_factor)

    def _closed(self, platform: Any, moment_s: int) -> np.ndarray:
        """Links that it knows to be closed: from the road manager's notices, and from its own users."""
        closed = known_closures(platform, self.name, ROAD_MANAGER, moment_s, self.length_m.shape[0])
        since_s = moment_s - self.report_holds_s
        reported = platform.visible(self.name, f"{self.name}.reports", moment_s, since_s)
        closed[reported.datastream] = True
        return closed

    def advise(self, belief: Belief, requests: Requests, moment_s: int) -> Advice:
        """Better routes for those who asked, where there is one by its lights.

        Rules for vehicles are published: who asks says which hold for his, and links cost him accordingly.
        """
        rules = self.model.rules
        parts = []
        for group in np.unique(requests.group).tolist():
            asking = requests if not rules.any else requests.of(requests.group == group)
            plain_ms = rules.felt_ms(belief.plain_ms, group, moment_s)
            honouring_ms = rules.felt_ms(belief.honouring_ms, group, moment_s)
            parts.append(self._advise(asking, plain_ms, honouring_ms, moment_s))
        parts = [part for part in parts if part.trip.size] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        trips = [part.trip for part in parts]
        routes = Routes.joined([part.routes.of(k) for part in parts for k in range(part.trip.shape[0])])
        return Advice(np.concatenate(trips), routes)

    def _advise(
        self, requests: Requests, plain_ms: np.ndarray, honouring_ms: np.ndarray, moment_s: int
    ) -> Advice:
        """Better routes for those who asked, where links cost them all the same."""
        model, n = self.model, requests.trip.shape[0]
        respect = model.manager.respect(self.order.respect, moment_s)
        asking = Asking(
            pool=requests.routes.pool,
            start=requests.routes.start,
            end=requests.routes.end,
            person=requests.person,
            honours=honours_class(requests.key, respect, model.seed_),
        )
        counsel = Counsel(
            plain=static_weights(plain_ms),
            honouring=static_weights(honouring_ms),
            indifference=float(self.order.indifference),
            least_saving_ms=self.least_saving_ms,
        )
        answer = Answer(*(np.full(n, -1, dtype=np.int64) for _ in range(4)))
        ground = Ground(model.roads.topology, model.bounds, model.workspace, NO_DRAWS)
        pools: list[np.ndarray] = []
        done, shift = 0, 0
        while done < n:
            out = np.empty((n - done) * 64 + model.roads.topology.first_out.shape[0] + 2, dtype=np.int32)
            upto = advice.advise(ground, counsel, asking, done, out, answer)
            piece = done + np.flatnonzero(answer.start[done:upto] >= 0)
            used = int(answer.end[piece].max()) if piece.size else 0
            answer.start[piece] += shift
            answer.end[piece] += shift
            shift += used
            pools.append(out[:used])
            done = upto
        better = np.flatnonzero(answer.start >= 0)
        found = Routes(np.concatenate(pools), answer.start, answer.end)
        return Advice(requests.trip[better], found.taken(better))
