"""What flows now: the filter's estimate of all links from the counts that are there, and the next slices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.clock import N_SLICES, SLICE_S
from twin.errors import InputError
from twin.knowledge.filtered_day import FilteredDay, FlowPrior, filter_day, learn_prior
from twin.knowledge.flow_filter import FilterRule
from twin.live.observed import Counted
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

N_FACTORS = 8
"""Common causes by which flows of earlier days vary together; there are never more than such days."""


class Nowcast(NamedTuple):
    """Flows by slice and link (N_SLICES, n_links) veh, with standard deviations.

    filtered: once a slice was counted. ahead_veh, ahead_spread_veh: one slice before, by what was known;
    slot: the last slice that was over; prior: what earlier days told; counts as they were known.
    """

    prior: FlowPrior
    counted: Counted
    filtered: FilteredDay
    ahead_veh: np.ndarray
    ahead_spread_veh: np.ndarray
    slot: int

    def forecast(self, n_slices: int) -> FilteredDay:
        """The next slices (n_slices, n_links), without more counts: departures fade as they used to."""
        first = self.slot + 1
        last = min(first + n_slices, N_SLICES)
        return _ahead(self.prior, self.filtered, self.slot, np.arange(first, last))


def nowcast(
    days_veh: np.ndarray,
    counted: Counted,
    territory: Territory,
    parameters: Parameters,
    now_s: float,
    seed: int,
) -> Nowcast:
    """The nowcast at a moment of the day, with earlier days (n_days, N_SLICES, n_links) as prior."""
    slot = int(now_s - float(parameters["live.nowcast_wait_s"])) // SLICE_S - 1
    if not 0 <= slot < N_SLICES:
        raise InputError("now", f"{now_s:g} s", "a moment after the first slice of the day was counted")
    streets = territory.streets
    middle = tuple(
        (each[streets.tail] + each[streets.head]) / 2.0 for each in (streets.node_x_m, streets.node_y_m)
    )
    prior = learn_prior(days_veh, N_FACTORS)
    known = counted.flow_veh.copy()
    known[slot + 1 :] = np.nan
    error = np.maximum(counted.error_share * np.nan_to_num(known), 0.5)
    rule = FilterRule.of(parameters)
    filtered = filter_day(prior, known, error, rule, (middle[0], middle[1]), streets.link_key, seed)
    ahead, ahead_spread = np.full(known.shape, np.nan), np.full(known.shape, np.nan)
    for before in range(slot + 1):
        step = _ahead(prior, filtered, before, np.arange(before + 1, min(before + 2, N_SLICES)))
        ahead[before + 1 : before + 2] = step.flow_veh
        ahead_spread[before + 1 : before + 2] = step.spread_veh
    return Nowcast(prior, counted, filtered, ahead, ahead_spread, slot)


def _ahead(prior: FlowPrior, filtered: FilteredDay, slot: int, later: np.ndarray) -> FilteredDay:
    """Flows of later slices by what was known at one: departures from the usual, in its units, fade."""
    away = (filtered.flow_veh[slot] - prior.usual_veh[slot]) / prior.scale_veh[slot]
    sure = (filtered.spread_veh[slot] / prior.scale_veh[slot]) ** 2
    any_moment = prior.own_spread**2 + np.sum(prior.factor**2, axis=1)
    keep = prior.keep ** (later - slot)[:, None]
    scale = prior.scale_veh[later]
    flow = np.maximum(prior.usual_veh[later] + scale * keep * away, 0.0)
    spread = scale * np.sqrt(keep**2 * sure + (1.0 - keep**2) * any_moment)
    return FilteredDay(flow, spread, np.full(flow.shape, np.nan))
