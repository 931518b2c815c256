"""Signal plans that a scenario orders, laid over those that are there: cycle, offset and green by link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.scenario.road_edits import SignalPlan


class SignalTimes(NamedTuple):
    """Fixed times by link [ms] (n_links,) int32 each; a cycle of 0 is no signal.

    A vehicle may leave a link at moment t iff (t - offset_ms) mod cycle_ms < green_ms.
    """

    cycle_ms: np.ndarray
    offset_ms: np.ndarray
    green_ms: np.ndarray


class Ordered(NamedTuple):
    """A plan and the links (rows) that it is for, in the order of their ids."""

    plan: SignalPlan
    links: np.ndarray


def ordered(plan: SignalPlan, rows: np.ndarray, link_id: np.ndarray) -> Ordered:
    """A plan with the links that it names (rows), in the order in which its lists of times run."""
    return Ordered(plan, rows[np.argsort(link_id[rows], kind="stable")])


def with_plans(times: SignalTimes, orders: Iterable[Ordered]) -> SignalTimes:
    """Times with the ordered plans in place of those that were there; other links keep theirs.

    >>> plan = SignalPlan.model_validate(
    ...     {"links": {"way": 1}, "cycle_s": 60.0, "green_s": [20.0, 35.0], "offset_s": 5.0}
    ... )
    >>> none = SignalTimes(*np.zeros((3, 3), dtype=np.int32))
    >>> with_plans(none, [Ordered(plan, np.array([2, 0]))]).green_ms.tolist()
    [35000, 0, 20000]
    """
    cycle, offset, green = (column.astype(np.int32).copy() for column in times)
    for plan, links in orders:
        cycle_ms = round(plan.cycle_s * MS)
        cycle[links] = cycle_ms
        green[links] = _of_each(plan.greens_s, links.shape[0], plan.where("green_s"))
        offset[links] = _of_each(plan.offsets_s, links.shape[0], plan.where("offset_s")) % cycle_ms
    return SignalTimes(cycle, offset, green)


def _of_each(seconds: tuple[float, ...], n_links: int, where: str) -> np.ndarray:
    """Whole milliseconds of each link (n_links,) int32: one number for all, or one each."""
    if len(seconds) not in (1, n_links):
        what = f"{len(seconds)} numbers for {n_links} links"
        raise InputError(where, what, "one for all, or one a link")
    whole_ms = np.rint(np.array(seconds) * MS).astype(np.int32)
    return np.broadcast_to(whole_ms, n_links)
