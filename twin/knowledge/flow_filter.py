"""Flows of links from counts on some of them: an ensemble Kalman filter that learns only nearby.

Each member is one guess at the flow of all links. Between slices a member follows the usual course of the
day and wanders; at each slice all are drawn to what was counted (Evensen 1994; square root without
perturbed readings, Whitaker & Hamill 2002). Members stand for flows, never for people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np

from twin.errors import InputError
from twin.kernels.assimilate import assimilate
from twin.kernels.observe import bells
from twin.kernels.random import key_of, stream_of
from twin.scenario.ledger import Parameters

_START = stream_of("knowledge.filter.start")
_WANDER = stream_of("knowledge.filter.wander")


class FilterRule(NamedTuple):
    """Members, factor on their spread at each step, distance [m] beyond which nothing is learned."""

    n_members: int
    inflation: float
    reach_m: float

    @classmethod
    def of(cls, parameters: Parameters) -> FilterRule:
        """What the ledger says."""
        return cls(
            int(parameters["knowledge.filter_members"]),
            float(parameters["knowledge.filter_inflation"]),
            float(parameters["knowledge.filter_reach_m"]),
        )


@dataclass
class FlowFilter:
    """The ensemble: states (n_links, n_members) veh; links lie at x_m, y_m and draw by their keys.

    A ``factor`` (n_links, n_factors) says how flows vary together: cov = factor factorᵀ + diag(spread²).
    """

    rule: FilterRule
    x_m: np.ndarray
    y_m: np.ndarray
    link_key: np.ndarray
    seed: int
    states: np.ndarray
    step: int = 0
    _room: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._room = np.empty(self.rule.n_members)

    @classmethod
    def start(
        cls,
        rule: FilterRule,
        place: tuple[np.ndarray, np.ndarray],
        link_key: np.ndarray,
        mean_veh: np.ndarray,
        spread_veh: np.ndarray,
        seed: int,
        factor: np.ndarray | None = None,
    ) -> Self:
        """Members around a first guess (n_links,), with its standard deviation (n_links,)."""
        if rule.n_members < 2 or rule.inflation < 1.0 or rule.reach_m <= 0.0:
            raise InputError("filter", f"{rule}", "2 members or more, inflation of 1 or more, reach above 0")
        x_m, y_m = (np.ascontiguousarray(each, dtype=np.float64) for each in place)
        made = cls(rule, x_m, y_m, link_key, seed, np.empty((len(x_m), rule.n_members)))
        noise = made._drawn(_START, spread_veh, factor)
        made.states = np.ascontiguousarray(np.asarray(mean_veh, dtype=np.float64)[:, None] + noise)
        return made

    @property
    def mean_veh(self) -> np.ndarray:
        """What is believed of each link (n_links,)."""
        return np.asarray(self.states.mean(axis=1))

    @property
    def spread_veh(self) -> np.ndarray:
        """How sure of it: standard deviation over the members (n_links,)."""
        return np.asarray(self.states.std(axis=1, ddof=1))

    def forecast(
        self,
        usual_before: np.ndarray | float,
        usual_now: np.ndarray | float,
        spread_veh: np.ndarray,
        keep: float = 1.0,
        factor: np.ndarray | None = None,
    ) -> None:
        """One slice on: of what differs from the usual flow the share `keep` lives on, and all wander.

        usual_before, usual_now (n_links,) or one number; with 0, 0 and keep 1 it is a random walk.
        """
        self.step += 1
        before, now = (
            np.broadcast_to(np.asarray(each, dtype=np.float64), self.x_m.shape)[:, None]
            for each in (usual_before, usual_now)
        )
        self.states = now + keep * (self.states - before) + self._drawn(_WANDER, spread_veh, factor)

    def learn(self, link: np.ndarray, counted_veh: np.ndarray, variance: np.ndarray) -> None:
        """Draw all members to the counts of some links, each with its error variance."""
        mean = self.states.mean(axis=1, keepdims=True)
        self.states = np.ascontiguousarray(mean + self.rule.inflation * (self.states - mean))
        assimilate(
            self.states, self.x_m, self.y_m, self.rule.reach_m / 2.0,
            np.ascontiguousarray(link, dtype=np.int64), np.ascontiguousarray(counted_veh, dtype=np.float64),
            np.ascontiguousarray(variance, dtype=np.float64), self._room,
        )  # fmt: skip

    def _drawn(self, stream: np.uint64, spread_veh: np.ndarray, factor: np.ndarray | None) -> np.ndarray:
        """Wanders (n_links, n_members): each link's own, and by factors what links have in common."""
        n_members = self.rule.n_members
        salt = np.array([key_of(f"member {m}") for m in range(n_members)], dtype=np.uint64)
        own = bells(self.seed, stream, (self.link_key[:, None] ^ salt).ravel(), self.step)
        noise = np.asarray(spread_veh)[..., None] * own.reshape(-1, n_members)
        if factor is not None:
            name = np.array([key_of(f"factor {k}") for k in range(factor.shape[1])], dtype=np.uint64)
            common = bells(self.seed, stream, (name[:, None] ^ salt).ravel(), self.step)
            noise = noise + factor @ common.reshape(-1, n_members)
        return np.asarray(noise)
