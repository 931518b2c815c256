"""A day's flows of all links from what a city counted, with earlier days as prior: the filter at work.

Earlier days may be days counted everywhere, or days of a model: what they have in common is the usual
day, how they differ from it says which links vary together. Departures are taken per root of the usual
flow, so that quiet and busy hours vary alike (counts vary by about the root of their mean).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.knowledge.flow_filter import FilterRule, FlowFilter

LEAST_VARIANCE = 1e-3
"""Of a departure per root of the usual flow; keeps a link that never varied from being certain."""


LEAST_ERROR_VEH = 0.5
"""Counts are whole vehicles: none is more exact than this."""


class FlowPrior(NamedTuple):
    """What earlier days tell: usual flow and scale (n_slices, n_links), and how departures go on.

    keep: share of a departure that lives on into the next slice; factor (n_links, n_factors) and own_spread
    (n_links,): what links have in common and alone, in units of the scale, of a departure at any moment.
    """

    usual_veh: np.ndarray
    scale_veh: np.ndarray
    keep: float
    factor: np.ndarray
    own_spread: np.ndarray


class FilteredDay(NamedTuple):
    """Flow believed and its standard deviation, both (n_slices, n_links) [veh].

    innovation (n_slices, n_links): by how many of its own deviations a reading differed from what was
    forecast, NaN where none was read; of a filter that is as sure as it should be, white and of variance 1.
    """

    flow_veh: np.ndarray
    spread_veh: np.ndarray
    innovation: np.ndarray


def learn_prior(
    days_veh: np.ndarray, n_factors: int, kind: np.ndarray | None = None, asked: int = 0
) -> FlowPrior:
    """The prior of earlier days (n_days, n_slices, n_links); at most so many common causes.

    Where days have a ``kind`` (n_days,), the usual day is the mean of the kind ``asked`` (of all, where there
    is none of it), and a departure is from the mean of the day's own kind. Departures from a mean of n days
    are too small by the root of n / (n - 1), and are set right; the usual day's own error is part of a
    departure, hence by that of (n + 1) / n.
    """
    days_veh = np.asarray(days_veh, dtype=np.float64)
    n_days, _, n_links = days_veh.shape
    kinds = np.zeros(n_days, dtype=np.int64) if kind is None else np.asarray(kind)
    parts = [_departures(days_veh[kinds == each]) for each in np.unique(kinds).tolist()]
    away = np.concatenate(parts)
    if not len(away):
        raise InputError("earlier days", f"{n_days}", "2 or more of a kind, to see how days differ")
    alike = kinds == asked if kind is not None and (kinds == asked).any() else np.ones(n_days, dtype=bool)
    usual = days_veh[alike].mean(axis=0)
    scale = np.sqrt(usual + 1.0)
    before, after = away[:, :-1].ravel(), away[:, 1:].ravel()
    keep = float(np.clip(before @ after / max(before @ before, 1e-12), 0.0, 0.99))
    flat = away.reshape(-1, n_links)
    _, size, shape = np.linalg.svd(flat, full_matrices=False)
    kept = min(n_factors, len(size))
    factor = (shape[:kept] * size[:kept, None]).T / np.sqrt(len(flat))
    variance = np.mean(flat**2, axis=0) - np.sum(factor**2, axis=1)
    return FlowPrior(usual, scale, keep, factor, np.sqrt(np.maximum(variance, LEAST_VARIANCE)))


def _departures(days_veh: np.ndarray) -> np.ndarray:
    """How days of one kind (n_days, n_slices, n_links) differ from their mean, per root; none of one day."""
    n_days = len(days_veh)
    usual = days_veh.mean(axis=0)
    if n_days < 2:
        return np.empty((0, *usual.shape))
    return np.asarray((days_veh - usual) / np.sqrt(usual + 1.0) * np.sqrt((n_days + 1) / (n_days - 1)))


def filter_day(
    prior: FlowPrior,
    counted_veh: np.ndarray,
    read_spread_veh: np.ndarray | float,
    rule: FilterRule,
    place: tuple[np.ndarray, np.ndarray],
    link_key: np.ndarray,
    seed: int,
) -> FilteredDay:
    """Flows of a day from counts (n_slices, n_links), NaN where none, and the error of a count (sd).

    Of a slice's counts the filter knows those of that slice and earlier, none of later ones.
    """
    n_slices, n_links = counted_veh.shape
    error_veh = np.broadcast_to(np.maximum(read_spread_veh, LEAST_ERROR_VEH), counted_veh.shape)
    flow, spread = np.empty(counted_veh.shape), np.empty(counted_veh.shape)
    innovation = np.full(counted_veh.shape, np.nan)
    zero, wander = np.zeros(n_links), np.sqrt(1.0 - prior.keep**2)
    held = FlowFilter.start(rule, place, link_key, zero, prior.own_spread, seed, prior.factor)
    for slot in range(n_slices):
        usual, scale = prior.usual_veh[slot], prior.scale_veh[slot]
        if slot:
            held.forecast(0.0, 0.0, prior.own_spread * wander, prior.keep, prior.factor * wander)
        link = np.flatnonzero(np.isfinite(counted_veh[slot]))
        away = (counted_veh[slot, link] - usual[link]) / scale[link]
        variance = (error_veh[slot, link] / scale[link]) ** 2
        if len(link):
            ahead = held.states[link]
            total = np.sqrt(ahead.var(axis=1, ddof=1) + variance)
            innovation[slot, link] = (away - ahead.mean(axis=1)) / total
        held.learn(link, away, variance)
        flow[slot] = np.maximum(usual + scale * held.mean_veh, 0.0)
        spread[slot] = scale * held.spread_veh
    return FilteredDay(flow, spread, innovation)
