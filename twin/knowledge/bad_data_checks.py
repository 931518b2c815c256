"""Bad data by what other sources say: earlier days, phones, neighbours in time, space on the street.

Each check gives a score by moment and sensor that is large where something is wrong; thresholds come from
clean days (`twin.knowledge.bad_data.threshold_of`). An error that the residuals of one system cannot show
is one that its equations explain away: only what is not in them can contradict it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from twin.errors import InputError
from twin.knowledge.bad_data import ResidualTest
from twin.knowledge.datasets import Observations

LEAST_VEH = 1.0
LEAST_RELATIVE_SPREAD = 1e-3


def reports_by_interval(rows: Observations, streams: np.ndarray, interval_s: int, ends: int) -> np.ndarray:
    """Results by interval and datastream (ends, n), of ``streams`` ascending; NaN where no report came.

    The time of a report is the end of its interval.
    """
    slot = np.rint(rows.phenomenon_time_s / interval_s).astype(np.int64) - 1
    column = np.searchsorted(streams, rows.datastream)
    known = (slot >= 0) & (slot < ends) & (column < len(streams))
    known &= streams[np.minimum(column, len(streams) - 1)] == rows.datastream
    reports = np.full((ends, len(streams)), np.nan)
    reports[slot[known], column[known]] = rows.result[known]
    return reports


def hourly(reports: np.ndarray, per_hour: int) -> np.ndarray:
    """Sums by hour (n_hours, n) of reports (n_hours * per_hour, n), scaled up for those that did not come.

    An hour without any report is NaN.

    >>> hourly(np.array([[2.0], [np.nan], [4.0], [5.0]]), 2).ravel().tolist()
    [4.0, 9.0]
    """
    blocks = reports.reshape(-1, per_hour, reports.shape[1])
    came = np.isfinite(blocks).sum(axis=1)
    total = np.nansum(blocks, axis=1)
    return np.asarray(np.where(came > 0, total * per_hour / np.maximum(came, 1), np.nan))


def cusum(deviation: np.ndarray, slack: float) -> np.ndarray:
    """Two-sided cumulative sums of standardised deviations along the first axis (Page 1954, Biometrika 41).

    Of each sum what exceeds ``slack`` a step is kept: half of the shift that is to be found soonest.

    >>> cusum(np.array([0.0, 2.0, 2.0, -9.0]), 0.5).tolist()
    [0.0, 1.5, 3.0, 8.5]
    """
    up = down = np.zeros(deviation.shape[1:])
    out = np.empty(deviation.shape)
    for step, value in enumerate(np.nan_to_num(deviation)):
        up = np.maximum(up + value - slack, 0.0)
        down = np.maximum(down - value - slack, 0.0)
        out[step] = np.maximum(up, down)
    return out


@dataclass(frozen=True, eq=False)
class UsualCounts:
    """How counts since the morning differ from those of earlier days, the level of the whole left out.

    mean_veh (n_hours, n) cumulative; spread (n_hours, n): relative, of a day around it.
    """

    mean_veh: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, days_veh: np.ndarray, count_spread_veh: np.ndarray) -> UsualCounts:
        """From earlier days (n_days, n_hours, n) and the error of an hour's count (n_hours, n)."""
        if len(days_veh) < 3:
            raise InputError("earlier days", f"{len(days_veh)}", "3 or more, to see how days differ")
        sums = np.cumsum(days_veh, axis=1, dtype=np.float64)
        mean = np.maximum(sums.mean(axis=0), LEAST_VEH)
        away = _without_level(np.log(np.maximum(sums, LEAST_VEH) / mean))
        error = np.sqrt(np.cumsum(count_spread_veh**2, axis=0)) / mean
        spread = np.sqrt(away.var(axis=0, ddof=1) + error**2 + LEAST_RELATIVE_SPREAD**2)
        return cls(mean, spread)

    def deviation(self, counts_veh: np.ndarray) -> np.ndarray:
        """Standardised relative deviations of the sums since the morning (..., n_hours, n)."""
        sums = np.cumsum(np.nan_to_num(counts_veh), axis=-2)
        away = _without_level(np.log(np.maximum(sums, LEAST_VEH) / self.mean_veh))
        return np.asarray(away / self.spread)


def _without_level(logs: np.ndarray) -> np.ndarray:
    """Less the median over sensors: what the whole day has more or less of."""
    return np.asarray(logs - np.median(logs, axis=-1, keepdims=True))


def against_probes(counts_veh: np.ndarray, probes_veh: np.ndarray) -> np.ndarray:
    """Phones that passed against vehicles counted, since the morning: standardised (..., n_hours, n).

    The share of vehicles whose phones report is one for all links at a time, the pooled ratio; on a link
    their number is binomial.
    """
    counts = np.maximum(np.cumsum(np.nan_to_num(counts_veh), axis=-2), LEAST_VEH)
    probes = np.cumsum(probes_veh, axis=-2)
    share = probes.sum(axis=-1, keepdims=True) / counts.sum(axis=-1, keepdims=True)
    share = np.clip(share, 1.0 / counts.sum(axis=-1, keepdims=True), 0.5)
    return np.asarray((probes - share * counts) / np.sqrt(share * (1.0 - share) * counts))


def stuck_evidence(reports: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How unlikely it is that reports stay the same so long (n_times, n) [nats], the run up to each moment.

    usual (n_times, n): expected reports. Two Poisson counts of mean m are equal with chance about
    1 / (2 √(π m)); where none is expected, nought repeats nought. A lost report neither adds nor ends.
    """
    surprise = _surprise_of_equal(usual)
    out, run = np.zeros(reports.shape), np.zeros(reports.shape[1])
    held = np.full(reports.shape[1], np.nan)
    for step, value in enumerate(reports):
        came = np.isfinite(value)
        same = came & (value == held)
        run = np.where(same, run + surprise[step], np.where(came, 0.0, run))
        held = np.where(came, value, held)
        out[step] = run
    return out


def _surprise_of_equal(usual: np.ndarray) -> np.ndarray:
    """Minus the log of the chance that two counts of a mean are equal; 0 where nothing is expected."""
    chance = np.minimum(1.0 / (2.0 * np.sqrt(np.pi * np.maximum(usual, 0.1))), 0.95)
    return np.asarray(np.where(usual > 0.0, -np.log(chance), 0.0))


def noise_evidence(reports: np.ndarray, usual: np.ndarray, per_hour: int) -> np.ndarray:
    """Spread of reports within an hour over what counts have (n_hours, n): mean square over mean, log.

    The hour's own level is left out, so that a busy day is no noise.
    """
    blocks = reports.reshape(-1, per_hour, reports.shape[1])
    shape = np.maximum(usual.reshape(blocks.shape), 0.1)
    level = np.nansum(blocks, axis=1) / np.where(np.isfinite(blocks), shape, 0.0).sum(axis=1).clip(0.1)
    expected = np.maximum(shape * level[:, None], 0.1)
    square = np.nansum((blocks - expected) ** 2 / expected, axis=1) / np.isfinite(blocks).sum(axis=1).clip(1)
    return np.asarray(np.log(np.maximum(square, 1e-3)))


def replay_evidence(reports: np.ndarray, before: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How unlikely it is that reports equal those of an earlier day so long (n_times, n) [nats].

    before (n_days, n_times, n): of each earlier day the run of equal reports up to each moment; the longest
    counts. Chances as in `stuck_evidence`.
    """
    surprise = _surprise_of_equal(usual)
    best = np.zeros(reports.shape)
    for earlier in before:
        run = np.zeros(reports.shape[1])
        for step, value in enumerate(reports):
            known = np.isfinite(value) & np.isfinite(earlier[step])
            same = known & (value == earlier[step])
            run = np.where(same, run + surprise[step], np.where(known, 0.0, run))
            best[step] = np.maximum(best[step], run)
    return best


def over_storage(flow_vps: np.ndarray, time_s: np.ndarray, storage_veh: np.ndarray) -> np.ndarray:
    """Vehicles that flow and travel time together put on a link, over those that find room on it.

    Little's law (Little 1961, Operations Research 9): L = λ W, whatever happens on the link. A queue told
    where traffic flows as usual would have to stand in less room than there is.

    >>> over_storage(np.array([0.2]), np.array([300.0]), np.array([30.0])).tolist()
    [2.0]
    """
    return np.asarray(flow_vps * time_s / storage_veh)


def subsystem_evidence(tests: list[ResidualTest], values: list[np.ndarray]) -> np.ndarray:
    """Largest evidence of parts of a system (...,): minus the decimal log of each chi-square's chance.

    In a part an error is not diluted by the rest's degrees of freedom. A part of a = H c is H c of the part,
    so exact knowledge of H hides it here as well.
    """
    parts = [
        -np.log10(np.maximum(chdtrc(max(test.freedom, 1), test.objective(part)), 1e-300))
        for test, part in zip(tests, values, strict=True)
        if test.freedom
    ]
    return np.asarray(np.max(parts, axis=0))


def balance_deviation(
    inflow: np.ndarray, metered: np.ndarray, inflow_share: float, loss: np.ndarray, loss_spread: np.ndarray
) -> np.ndarray:
    """Inflow of a district less what its meters read, less usual losses, standardised (..., n).

    inflow_share: relative error of the inflow meter; loss, loss_spread (n,): usual difference and its spread.
    """
    spread = np.sqrt((inflow_share * inflow) ** 2 + loss_spread**2)
    return np.asarray((inflow - metered - loss) / np.maximum(spread, 1e-9))
