"""A provider of an itinerary calculator: what it believes comes only from the platform's gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.calculators.agreement import known_classes, known_closures
from twin.calculators.objectives import View, link_weights_ms, objective_of
from twin.calculators.prediction import PREDICTED, by_profile_s, by_trend_s
from twin.calculators.provider import advice_times_ms, honouring_times_ms, honours_class
from twin.clock import MS
from twin.indicators.records import ROAD_MANAGER
from twin.kernels import advice
from twin.kernels.advice import Answer, Asking, Counsel
from twin.kernels.search import SearchGround
from twin.knowledge.day import DayEstimate
from twin.knowledge.estimates import (
    LinkPicture,
    Prior,
    estimate_link_times,
    prior_picture,
    publish_traffic,
)
from twin.mobility.mean_car import mean_car_co2_curve
from twin.model import proposals
from twin.model.actor import Actor
from twin.model.state import Access, Advice, AdviceRequests, Belief
from twin.routing.pieces import in_one, in_pools
from twin.routing.search import NO_DRAWS, static_weights
from twin.scenario.actors import Provider
from twin.scenario.ledger import Parameters
from twin.scenario.modifications import LOCAL_CLASSES
from twin.territory.tables import ROAD_CLASSES, Streets

LOCAL = np.isin(ROAD_CLASSES, LOCAL_CLASSES)


class ProviderAgent(Actor):
    """A provider with a market share, an objective and a picture of its own.

    Parameters
    ----------
    order
        The provider as the scenario describes it.
    row
        Its row among the providers.
    streets, free_flow_ms
        The map that it holds; legal free-flow times (n_links,).
    publishes
        Whether an agreement has it give traffic back.
    """

    def __init__(
        self,
        model: Any,
        order: Provider,
        row: int,
        streets: Streets,
        free_flow_ms: np.ndarray,
        publishes: bool,
    ) -> None:
        super().__init__(model)
        parameters: Parameters = model.parameters
        self.name, self.order, self.row = order.name, order, row
        self.objective = objective_of(order.objective, order.where("objective"))
        self.reader = ROAD_MANAGER if order.owner == "city" else order.name
        self.streets, self.length_m, self.free_flow_ms = streets, streets.length_m, free_flow_ms
        self.local = LOCAL[streets.road_class]
        self.co2_curve = mean_car_co2_curve(parameters)
        self.prior = Prior(free_flow_ms / 1_000.0, order.prior_weight)
        self.window_s = float(parameters["calculators.window_s"])
        self.report_holds_s = float(parameters["calculators.report_holds_s"])
        self.penalty_factor = float(parameters["calculators.class_penalty_factor"])
        self.least_probes = int(parameters["calculators.least_probes_returned"])
        self.least_saving_ms = round(float(parameters["calculators.least_saving_s"]) * MS)
        self.indifference = proposals.indifference_of(order, self.objective, parameters)
        self.publishes = publishes

    def first_belief(self) -> Belief:
        """What it holds before it has seen anything: its map."""
        n_links = self.length_m.shape[0]
        map_ms = self.free_flow_ms.astype(np.int32)
        picture = prior_picture(self.name, 0.0, self.prior)
        closed, classed = np.zeros((2, n_links), dtype=np.bool_)
        unknown = DayEstimate.unknown(self.name, n_links)
        return Belief(picture, map_ms, closed, classed, map_ms, map_ms, unknown)

    def learn(self, state: Access, moment_s: int) -> None:
        """Draw a new picture where the refresh interval has passed."""
        if moment_s % int(self.order.refresh_s):
            return
        platform, belief = state.platform, state.pictures[self.name]
        rows = platform.visible(self.name, f"{self.name}.probes", moment_s, moment_s - self.window_s)
        before = belief.picture
        picture = estimate_link_times(rows, float(moment_s), self.window_s, self.prior, before)
        belief.picture = picture
        belief.estimate.note_picture(picture, self.length_m)
        if self.publishes:
            published = publish_traffic(picture, rows, self.model.step_s, self.least_probes)
            platform.append(f"{self.name}.traffic", published)
        n_links = self.length_m.shape[0]
        expected_s = self._expected_s(picture, before)
        belief.time_ms = advice_times_ms(expected_s, self.free_flow_ms)
        belief.closed = self._closed(platform, moment_s)
        belief.classed = known_classes(platform, self.name, ROAD_MANAGER, moment_s, n_links)
        belief.plain_ms, belief.honouring_ms = self.weights_ms(belief)

    def _expected_s(self, now: LinkPicture, before: LinkPicture) -> np.ndarray:
        """Travel times by which it advises (n_links,) [s]: those of now, or predicted ones."""
        if self.order.times != PREDICTED:
            return now.travel_time_s
        ahead_s = float(self.model.parameters["calculators.prediction_ahead_s"])
        earlier = self.model.earlier
        if earlier is not None and self.name in earlier.profile_s:
            return by_profile_s(now, earlier.profile_s[self.name], ahead_s)
        return by_trend_s(now, before, ahead_s, float(self.model.parameters["calculators.trend_damping"]))

    def view(self, belief: Belief, sent_veh: np.ndarray | None = None) -> View:
        """What its objective sees."""
        return View(
            time_ms=belief.time_ms,
            free_ms=self.free_flow_ms,
            length_m=self.length_m,
            n_lanes=self.streets.lanes,
            minor=self.local | belief.classed,
            sent_veh=np.zeros(self.length_m.shape[0], dtype=np.int64) if sent_veh is None else sent_veh,
            co2_curve=self.co2_curve,
        )

    def weights_ms(self, belief: Belief, sent_veh: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Weights by its objective, plain and honouring classes, with so many own users on their way."""
        view = self.view(belief, sent_veh)
        plain_ms = link_weights_ms(self.objective, view, belief.closed, self.model.parameters)
        return plain_ms, honouring_times_ms(plain_ms, belief.classed, self.penalty_factor)

    def _closed(self, platform: Any, moment_s: int) -> np.ndarray:
        """Links that it knows to be closed: from the road manager's notices, and from its own users."""
        closed = known_closures(platform, self.reader, ROAD_MANAGER, moment_s, self.length_m.shape[0])
        since_s = moment_s - self.report_holds_s
        reported = platform.visible(self.name, f"{self.name}.reports", moment_s, since_s)
        closed[reported.datastream] = True
        return closed

    def advise(self, belief: Belief, requests: AdviceRequests, moment_s: int) -> Advice:
        """Better routes for those who asked, where there is one by its lights, and arrivals to the new."""
        if self.objective.in_turn:
            found = proposals.in_turn(self, belief, requests, moment_s)
        else:
            found = self.answer(belief, requests, (belief.plain_ms, belief.honouring_ms), moment_s)
        return proposals.with_promises(requests, found, belief.time_ms)

    def answer(
        self,
        belief: Belief,
        requests: AdviceRequests,
        weights_ms: tuple[np.ndarray, np.ndarray],
        moment_s: int,
    ) -> Advice:
        """Routes for those who asked under weights, plain and honouring classes.

        Rules for vehicles are published: who asks says which hold for his, and links cost him accordingly.
        """
        rules = self.model.rules
        parts = []
        for group in np.unique(requests.group).tolist():
            asking = requests if not rules.any else requests.of(requests.group == group)
            plain_ms, honouring_ms = (rules.felt_ms(each, group, moment_s) for each in weights_ms)
            part = self._advise(asking, plain_ms, honouring_ms, moment_s)
            weighed = proposals.Weighed(plain_ms, honouring_ms, self._honours(asking, moment_s))
            parts.append(proposals.reconsidered(self, belief, asking, weighed, part))
        return proposals.joined(parts)

    def _honours(self, requests: AdviceRequests, moment_s: int) -> np.ndarray:
        """Trips on which it honours the road manager's classes (n,) bool."""
        respect = self.model.manager.respect(self.order.respect, moment_s)
        return honours_class(requests.key, respect, self.model.seed_)

    def _advise(
        self, requests: AdviceRequests, plain_ms: np.ndarray, honouring_ms: np.ndarray, moment_s: int
    ) -> Advice:
        """Better routes for those who asked, where links cost them all the same."""
        model, n = self.model, requests.trip.shape[0]
        asking = Asking(
            pool=requests.routes.pool,
            start=requests.routes.start,
            end=requests.routes.end,
            person=requests.person,
            honours=self._honours(requests, moment_s),
        )
        counsel = Counsel(
            plain=static_weights(plain_ms),
            honouring=static_weights(honouring_ms),
            indifference=self.indifference,
            least_saving_ms=self.least_saving_ms,
        )
        answer = Answer(*(np.full(n, -1, dtype=np.int64) for _ in range(4)))
        ground = SearchGround(model.roads.topology, model.bounds, model.workspace, NO_DRAWS)

        def fill(done: int, pool: np.ndarray) -> int:
            return advice.advise(ground, counsel, asking, done, pool, answer)

        found = in_one(in_pools(ground.topology, np.arange(n), fill), answer.start, answer.end)
        better = np.flatnonzero(found.start >= 0)
        return Advice(requests.trip[better], found.taken(better))
