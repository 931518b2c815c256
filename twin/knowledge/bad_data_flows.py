"""Bad data among road counters by the conservation of vehicles: H of flows on the main streets.

States are the flows of main links in an hour. Measurements are the counts, and at every node where no gate
stands one equation: main flow in less main flow out is what side streets and trip ends take, known from
earlier days within their spread. No prior is put on the flows themselves: they are what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from twin.errors import InputError
from twin.knowledge.bad_data import ResidualTest

LEAST_SPREAD_VEH = 0.5
"""Vehicles are whole: no count and no balance is more exact than this."""


@dataclass(frozen=True, eq=False)
class FlowSystem:
    """Main links (rows of the streets), and which nodes balance: balance (n_equations, n_main).

    Of each equation +1 for a link that comes in, -1 for one that goes out.
    """

    links: np.ndarray
    balance: np.ndarray

    @classmethod
    def of(cls, tail: np.ndarray, head: np.ndarray, links: np.ndarray, open_nodes: np.ndarray) -> FlowSystem:
        """The equations of main links; at ``open_nodes`` (gates) vehicles come and go as they like.

        >>> line = FlowSystem.of(np.array([0, 1]), np.array([1, 2]), np.array([0, 1]), np.array([0, 2]))
        >>> line.balance.tolist()
        [[1.0, -1.0]]
        """
        links = np.unique(np.asarray(links, dtype=np.int64))
        nodes, ends = np.unique(np.concatenate([tail[links], head[links]]), return_inverse=True)
        n = len(links)
        balance = np.zeros((len(nodes), n))
        np.add.at(balance, (ends[n:], np.arange(n)), 1.0)
        np.add.at(balance, (ends[:n], np.arange(n)), -1.0)
        into, out = (balance > 0.0).any(axis=1), (balance < 0.0).any(axis=1)
        return cls(links, balance[into & out & ~np.isin(nodes, open_nodes)])

    @property
    def n_links(self) -> int:
        """Number of main links, hence of states."""
        return len(self.links)

    def matrix(self, counted: np.ndarray) -> np.ndarray:
        """H: a row for each counted main link (indices into ``links``), then one for each equation."""
        return np.vstack([np.eye(self.n_links)[counted], self.balance])

    def unseen(self, owned: np.ndarray, counted: np.ndarray) -> np.ndarray:
        """Flows that break no equation and no count but the owned ones (n_main, n_directions).

        Whoever owns these counters and knows the streets can add any of them and be explained away.
        """
        others = np.setdiff1d(counted, owned)
        return np.asarray(null_space(self.matrix(others)))


@dataclass(frozen=True, eq=False)
class UsualFlows:
    """What earlier days tell of main links: by hour, the usual flow and what each equation leaves over.

    flow_veh (n_hours, n_main); rest_veh and rest_spread_veh (n_hours, n_equations).
    """

    flow_veh: np.ndarray
    rest_veh: np.ndarray
    rest_spread_veh: np.ndarray

    @classmethod
    def of(cls, system: FlowSystem, days_veh: np.ndarray) -> UsualFlows:
        """From earlier days (n_days, n_hours, n_main), counted everywhere or of a model."""
        if len(days_veh) < 2:
            raise InputError("earlier days", f"{len(days_veh)}", "2 or more, to see how days differ")
        rest = days_veh @ system.balance.T
        spread = np.sqrt(rest.var(axis=0, ddof=1) * (len(rest) + 1) / len(rest) + LEAST_SPREAD_VEH**2)
        return cls(days_veh.mean(axis=0), rest.mean(axis=0), spread)


def residual_tests(
    system: FlowSystem, usual: UsualFlows, counted: np.ndarray, count_spread_veh: np.ndarray
) -> list[ResidualTest]:
    """The test of every hour; count_spread_veh (n_hours, n_counted) is the error of a count."""
    matrix = system.matrix(counted)
    spread = np.maximum(count_spread_veh, LEAST_SPREAD_VEH)
    return [
        ResidualTest.of(matrix, np.concatenate([spread[hour], usual.rest_spread_veh[hour]]) ** 2)
        for hour in range(len(usual.flow_veh))
    ]


def measurements(usual: UsualFlows, counts_veh: np.ndarray) -> np.ndarray:
    """z of each hour (..., n_hours, n_counted + n_equations) from counts (..., n_hours, n_counted)."""
    rest = np.broadcast_to(usual.rest_veh, (*counts_veh.shape[:-1], usual.rest_veh.shape[-1]))
    return np.concatenate([counts_veh, rest], axis=-1)
