"""What a provider believes of every link: its users' probes, and what it knew before.

The estimate shrinks the mean of n probes towards a prior that weighs as much as n0 probes,

    tau = (n * mean + n0 * prior) / (n + n0),

the posterior mean of a normal mean with known variances (Gelman et al. 2013, Bayesian Data Analysis,
section 2.5, with n0 = variance of one probe over variance of the prior). Few users on a link leave
the prior standing: sparse knowledge follows from sparse probes and is no setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.clock import SLICE_S
from twin.kernels.picture import sum_recent_passages
from twin.knowledge.datasets import Observations, observations
from twin.variables import Variable, register

BLIND_AFTER_S = float(SLICE_S)
"""A link without a probe for one slice of the day is not seen: a definition, as pictures go by slice."""

register(
    Variable("pictures.travel_time_s", ("link",), "float64", "s", "travel time an actor believes",
             "knowledge", "provider"),
    Variable("pictures.n_probes", ("link",), "int32", "passages", "probes behind the belief",
             "knowledge", "provider"),
    Variable("pictures.newest_s", ("link",), "float64", "s", "moment of the newest probe",
             "knowledge", "provider"),
)  # fmt: skip


class Prior(NamedTuple):
    """What was believed before any probe: travel time (n_links,) [s], and its weight in probes."""

    time_s: np.ndarray
    weight: float


@dataclass(frozen=True)
class LinkPicture:
    """One actor's belief about every link at one moment; arrays (n_links,), read-only.

    travel_time_s [s]; n_probes in the window; newest_s moment of the newest probe, -inf if none.
    """

    owner: str
    moment_s: float
    travel_time_s: np.ndarray
    n_probes: np.ndarray
    newest_s: np.ndarray

    @property
    def age_s(self) -> np.ndarray:
        """Time since the newest probe (n_links,) [s]; inf where there never was one."""
        return self.moment_s - self.newest_s

    def blind_share(self, horizon_s: float = BLIND_AFTER_S, links: np.ndarray | slice = slice(None)) -> float:
        """Share of links (of all, or of some) without a probe for the horizon."""
        age_s = self.age_s[links]
        return float(np.mean(age_s > horizon_s)) if len(age_s) else 0.0


def prior_picture(owner: str, moment_s: float, prior: Prior) -> LinkPicture:
    """What an actor believes that has seen nothing yet: the prior."""
    n_links = len(prior.time_s)
    empty = (np.zeros(n_links, dtype=np.int32), np.full(n_links, -np.inf))
    return _picture(owner, moment_s, np.array(prior.time_s, dtype=np.float64), *empty)


def estimate_link_times(
    rows: Observations, moment_s: float, window_s: float, prior: Prior, before: LinkPicture
) -> LinkPicture:
    """The picture at a moment from probes of links left in (moment - window, moment].

    ``rows`` are what `DataPlatform.visible` hands to the picture's owner; give it
    ``since_s = moment_s - window_s`` to read no more than needed. ``before`` is the owner's last
    picture: it carries the moment of the newest probe over.

    >>> rows = observations(np.array([0, 0]), np.array([50.0, 60.0]), 70.0, np.array([20.0, 40.0]))
    >>> prior = Prior(np.array([10.0, 5.0]), weight=1.0)
    >>> picture = estimate_link_times(rows, 100.0, 900.0, prior, prior_picture("swift", 0.0, prior))
    >>> picture.travel_time_s.tolist(), picture.n_probes.tolist(), picture.age_s.tolist()
    ([23.333333333333332, 5.0], [2, 0], [40.0, inf])
    """
    n_links = len(prior.time_s)
    n_probes = np.zeros(n_links, dtype=np.int32)
    total_ms = np.zeros(n_links, dtype=np.int64)
    newest_s = before.newest_s.copy()
    sum_recent_passages(rows.datastream, rows.phenomenon_time_s, rows.result, moment_s - window_s, moment_s,
                 n_probes, total_ms, newest_s)  # fmt: skip
    return _picture(before.owner, moment_s, shrunk_times_s(n_probes, total_ms, prior), n_probes, newest_s)


def shrunk_times_s(n_probes: np.ndarray, total_ms: np.ndarray, prior: Prior) -> np.ndarray:
    """Travel times (n_links,) [s] from the number of probes and the sum of their times [ms] (n_links,).

    >>> shrunk_times_s(np.array([2, 0]), np.array([60_000, 0]), Prior(np.array([10.0, 5.0]), 1.0)).tolist()
    [23.333333333333332, 5.0]
    """
    time_s = np.array(prior.time_s, dtype=np.float64)
    seen = n_probes > 0
    weighed = total_ms[seen] / 1_000.0 + prior.weight * time_s[seen]
    time_s[seen] = weighed / (n_probes[seen] + prior.weight)
    return time_s


def publish_traffic(
    picture: LinkPicture, rows: Observations, look_s: float, least_trips: int
) -> Observations:
    """Filtered traffic that a provider gives back: its travel times of links with enough trips behind them.

    ``rows`` are those behind the picture. Phones in a queue report at every look, at whole multiples of
    ``look_s``, the same phone many times; a passage that ended is one trip. Only those are counted, so at
    least ``least_trips`` trips stand behind what is published, and no row is one person's trace.
    """
    ended = rows.phenomenon_time_s % look_s != 0.0
    n_trips = np.bincount(rows.datastream[ended], minlength=picture.n_probes.shape[0])
    links = np.flatnonzero(n_trips >= max(least_trips, 1))
    return observations(links, picture.moment_s, picture.moment_s, picture.travel_time_s[links])


def latest_results(rows: Observations, n_links: int, otherwise: float) -> np.ndarray:
    """Last known result of every link (n_links,), by phenomenon time and then result time.

    >>> closed = observations(np.array([1, 1]), np.array([0.0, 60.0]), 60.0, np.array([1.0, 0.0]))
    >>> latest_results(closed, 3, otherwise=0.0)
    array([0., 0., 0.])
    """
    latest = np.full(n_links, otherwise)
    order = np.lexsort((rows.result, rows.result_time_s, rows.phenomenon_time_s))
    latest[rows.datastream[order]] = rows.result[order]
    return latest


def _picture(
    owner: str, moment_s: float, time_s: np.ndarray, n_probes: np.ndarray, newest_s: np.ndarray
) -> LinkPicture:
    for column in (time_s, n_probes, newest_s):
        column.flags.writeable = False
    return LinkPicture(owner, moment_s, time_s, n_probes, newest_s)
