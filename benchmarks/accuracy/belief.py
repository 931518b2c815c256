"""What travellers of a case are told: a provider's picture, by its own arithmetic, of what phones report.

Three ways of seeing, named in a case: ``passages``, mean times of those who left each link since the last
update; ``phones``, these and all who stand in queues, as the model's providers see; ``tails``, the time that
the last of each queue expects, which is the instantaneous time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.calculators.provider import advice_times_ms
from twin.errors import InputError
from twin.knowledge.datasets import Observations, observations
from twin.knowledge.estimates import Prior, estimate_link_times, prior_picture
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages

WAYS = ("passages", "phones", "tails")


def passed(left: Passages) -> Observations:
    """One report for each link left."""
    return observations(
        left.link, left.exit_ms / 1_000.0, left.exit_ms / 1_000.0, (left.exit_ms - left.enter_ms) / 1_000.0
    )


def held(queued: Passages, now_s: float) -> Observations:
    """One report of each vehicle that stands in a queue: the time that its link will have taken."""
    return observations(queued.link, now_s, now_s, (queued.exit_ms - queued.enter_ms) / 1_000.0)


def tails(queued: Passages) -> Passages:
    """Of each queue the vehicle that expects to leave it last."""
    order = np.lexsort((queued.enter_ms, queued.exit_ms, queued.link))
    last = np.flatnonzero(np.diff(queued.link[order], append=-1))
    rows = order[last]
    return Passages(queued.trip[rows], queued.link[rows], queued.enter_ms[rows], queued.exit_ms[rows])


def reports(loader: Loader, left: Passages, since_s: int, now_s: int, sees: str) -> Observations:
    """What has been told by now of the time since the last update, in one of the ways."""
    if sees not in WAYS:
        raise InputError("choice: sees", f"{sees!r} is not known", "one of " + ", ".join(WAYS))
    rows = passed(left)
    if sees == "passages":
        return rows
    queued = loader.queued(now_s, since_s, left)
    if sees == "tails":
        queued = tails(queued)
        free = ~np.isin(rows.datastream, queued.link)
        rows = rows.at(free)
    return Observations.joined([rows, held(queued, now_s)])


def believed_ms(
    rows: Observations, now_s: float, window_s: float, free_ms: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Travel times that a provider without a prior believes (n_links,): free flow where nobody reported."""
    prior = Prior(free_ms / 1_000.0, weight=0.0)
    before = prior_picture("provider", now_s, prior)
    picture = estimate_link_times(rows, now_s, window_s, prior, before)
    return advice_times_ms(picture.travel_time_s, free_ms)
