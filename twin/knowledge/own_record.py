"""What a city's own record of counts teaches of a usual day that its model has wrong.

A model's days differ among each other as days do, but its usual day may be wrong, by more than that: streets
that people of the model take, and people of the town do not. How much more is read off links with counters:
there the mean of n days differs from the model's usual by its error and an n-th of a day's variance. What the
record says there is learned for the links around by the filter itself, which then tells how sure that is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.knowledge.filtered_day import FlowPrior, filter_day
from twin.knowledge.flow_filter import FilterRule
from twin.scenario.ledger import Parameters


class ModelError(NamedTuple):
    """Variance of a model's error of usual flows over that between days, and how much lives on by slice.

    A record beyond most_deviations is believed where it was counted, and tells links around no more.
    """

    ratio: float
    keep: float
    most_deviations: float


class Sites(NamedTuple):
    """Where links lie and draw by: (x_m, y_m), keys, and the seed of the ensemble."""

    place: tuple[np.ndarray, np.ndarray]
    key: np.ndarray
    seed: int


def model_error(prior: FlowPrior, record_veh: np.ndarray, parameters: Parameters) -> ModelError:
    """The error seen in a record (n_days, n_slices, n_links), NaN where nothing was counted; else assumed."""
    assumed = float(parameters["knowledge.model_error_ratio"])
    worth_links = float(parameters["knowledge.model_error_worth_links"])
    left_out = float(parameters["knowledge.model_error_left_out"])
    kept = (
        float(parameters["knowledge.model_error_keep"]),
        float(parameters["knowledge.model_error_most_deviations"]),
    )
    n = np.isfinite(record_veh).sum(axis=0)
    seen = n > 0
    n_links = float(seen.any(axis=0).sum())
    if not n_links:
        return ModelError(assumed, *kept)
    away = (_mean(record_veh, n) - prior.usual_veh) / prior.scale_veh
    by_chance = _between_days(prior) / np.maximum(n, 1)
    times = np.nanmean(np.where(seen, away**2 - by_chance, np.nan)[:, seen.any(axis=0)], axis=0)
    times /= _error_shape(prior)[seen.any(axis=0)]
    usual = np.sort(times)[: max(round(len(times) * (1.0 - left_out)), 1)]
    ratio = max(float(usual.mean()), 0.0)
    return ModelError((n_links * ratio + worth_links * assumed) / (n_links + worth_links), *kept)


def unsure(prior: FlowPrior, error: ModelError) -> FlowPrior:
    """The prior whose departures have the model's error in them: wider, and longer-lived.

    >>> one = np.ones((1, 1))
    >>> wide = unsure(FlowPrior(one, one, 0.2, one, np.ones(1)), ModelError(3.0, 0.6, 3.0))
    >>> float(wide.factor[0, 0]), float(wide.own_spread[0]), round(wide.keep, 6)
    (2.0, 2.0, 0.5)
    """
    own = np.sqrt(prior.own_spread**2 + error.ratio * _own_error(prior) ** 2)
    keep = (prior.keep + error.ratio * error.keep) / (1.0 + error.ratio)
    return prior._replace(keep=keep, factor=prior.factor * np.sqrt(1.0 + error.ratio), own_spread=own)


def learn_record(
    prior: FlowPrior, record_veh: np.ndarray, error: ModelError, rule: FilterRule, sites: Sites
) -> FlowPrior:
    """The prior after the record: its usual day moved there and around, and as unsure as is left."""
    n = np.isfinite(record_veh).sum(axis=0)
    if not n.any():
        return unsure(prior, error)
    between, root = _between_days(prior), np.sqrt(error.ratio)
    only_error = prior._replace(
        keep=error.keep, factor=prior.factor * root, own_spread=_own_error(prior) * root + 1e-6
    )
    mean = np.where(n > 0, _mean(record_veh, n), np.nan)
    spread = prior.scale_veh * np.sqrt(between / np.maximum(n, 1))
    most = error.most_deviations * np.hypot(prior.scale_veh * root * np.sqrt(_error_shape(prior)), spread)
    near = np.clip(mean, prior.usual_veh - most, prior.usual_veh + most)
    learned = filter_day(only_error, near, spread, rule, sites.place, sites.key, sites.seed)
    left = np.mean((learned.spread_veh / prior.scale_veh) ** 2, axis=0)
    beyond = np.where(mean == near, 0.0, np.nan_to_num(mean - near))
    keep = float(np.mean((prior.keep * between + error.keep * left) / (between + left)))
    own = np.sqrt(prior.own_spread**2 + left)
    return prior._replace(usual_veh=learned.flow_veh + beyond, keep=keep, own_spread=own)


def _own_error(prior: FlowPrior) -> np.ndarray:
    """Deviation of each link's own part of the error: a model errs no less where its own days never vary."""
    return np.asarray(np.sqrt(np.maximum(prior.own_spread**2, np.mean(prior.own_spread**2))))


def _error_shape(prior: FlowPrior) -> np.ndarray:
    """Variance of the error of each link (n_links,), of ratio 1."""
    return np.asarray(np.sum(prior.factor**2, axis=1) + _own_error(prior) ** 2)


def _between_days(prior: FlowPrior) -> np.ndarray:
    """Variance between days of a link's departures (n_links,)."""
    return np.asarray(np.sum(prior.factor**2, axis=1) + prior.own_spread**2)


def _mean(record_veh: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.asarray(np.nansum(record_veh, axis=0) / np.maximum(n, 1))
