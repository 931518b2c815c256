"""A provider of an itinerary calculator: what it believes comes only from the platform's gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.calculators.agreement import known_closures
from twin.calculators.provider import advice_times_ms, honouring_times_ms
from twin.errors import InputError
from twin.indicators.records import ROAD_MANAGER
from twin.knowledge.day import Estimate
from twin.knowledge.estimates import LinkPicture, Prior, estimate_link_times, publish_traffic
from twin.model.actor import Actor
from twin.model.state import Access
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
    """

    def __init__(
        self, model: Any, order: Provider, row: int, length_m: np.ndarray, free_flow_ms: np.ndarray
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
        self.publishes = False
        self.estimate = Estimate.unknown(order.name, length_m.shape[0])
        self.weight_ms = free_flow_ms.astype(np.int32)

    def learn(self, state: Access, moment_s: int) -> None:
        """Draw a new picture where the refresh interval has passed."""
        if moment_s % int(self.order.refresh_s):
            return
        platform, before = state.platform, state.pictures[self.name]
        rows = platform.visible(self.name, f"{self.name}.probes", moment_s, moment_s - self.window_s)
        picture = estimate_link_times(rows, float(moment_s), self.window_s, self.prior, before)
        state.pictures[self.name] = picture
        self.estimate.note_picture(picture, self.length_m)
        if self.publishes:
            platform.append(f"{self.name}.traffic", publish_traffic(picture, self.least_probes, 0.0))
        self.weight_ms = self._weights(platform, picture, moment_s)

    def _weights(self, platform: Any, picture: LinkPicture, moment_s: int) -> np.ndarray:
        n_links = self.length_m.shape[0]
        closed = known_closures(platform, self.name, ROAD_MANAGER, moment_s, n_links)
        since_s = moment_s - self.report_holds_s
        reported = platform.visible(self.name, f"{self.name}.reports", moment_s, since_s)
        closed[reported.datastream] = True
        return advice_times_ms(picture.travel_time_s, self.free_flow_ms, closed)

    def honouring_ms(self, classified: np.ndarray) -> np.ndarray:
        """Weights for the trips on which it honours the manager's classification, (n_links,) int32."""
        return honouring_times_ms(self.weight_ms, classified, self.penalty_factor)
