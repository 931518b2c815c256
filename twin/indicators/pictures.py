"""What owners believe against what was: coverage, errors, blind spots, observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.clock import MS, N_SLICES, SLICE_MS, SLICES_PER_H
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, mean, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import KNOWLEDGE
from twin.indicators.once import once
from twin.indicators.records import ROAD_MANAGER, DayRecord

LATE_PERCENTILE = 95.0
"""Which percentile of lateness is told: a choice of report, no assumption."""


@indicator("share", "higher", KNOWLEDGE)
def sensor_coverage(record: DayRecord, focus: Focus) -> Groups:
    """Share of the link-km of the focus whose flow the road manager knew in at least one slice."""
    length_m = record.territory.streets.length_m
    counted = _counted(record) & focus.links(record)
    return {EVERYBODY: ratio(length_m[counted].sum(), length_m[focus.links(record)].sum())}


@indicator("veh/h", "lower", KNOWLEDGE)
def flow_error_of_city(record: DayRecord, focus: Focus) -> Groups:
    """Root mean square of (believed - true) flow, over the slices and links that the road manager knows."""
    if ROAD_MANAGER not in record.knowledge:
        return {}
    links = focus.links(record)
    error = (record.knowledge[ROAD_MANAGER].flow_veh - record.exits)[:, links] * SLICES_PER_H
    return {EVERYBODY: float(np.sqrt(mean(error[np.isfinite(error)] ** 2)))}


@indicator("share", "higher", KNOWLEDGE)
def completeness_of_counts(record: DayRecord, focus: Focus) -> Groups:
    """Share of quarters of an hour in which the flow of a counted link is known."""
    if ROAD_MANAGER not in record.knowledge:
        return {}
    known = np.isfinite(record.knowledge[ROAD_MANAGER].flow_veh)[:, _counted(record) & focus.links(record)]
    return {EVERYBODY: ratio(float(known.sum()), known.size)}


@indicator("share", "lower", KNOWLEDGE)
def time_error_of_providers(record: DayRecord, focus: Focus) -> Groups:
    """Mean of |believed / true - 1| of link travel times, each vehicle that left a link counting one.

    Slices in which nobody left the link, or whose time the provider does not know, are left out.
    """
    links = focus.links(record)
    true_s = _true_time_s(record)[:, links]
    vehicles = record.exits[:, links]
    errors = {}
    for name in record.providers:
        if name not in record.knowledge:
            continue
        believed_s = record.territory.streets.length_m[links] / record.knowledge[name].speed_mps[:, links]
        known = (vehicles > 0) & np.isfinite(believed_s)
        error = np.abs(believed_s[known] / true_s[known] - 1.0)
        errors[f"provider:{name}"] = ratio(
            float((error * vehicles[known]).sum()), float(vehicles[known].sum())
        )
    return errors


@indicator("share", "lower", KNOWLEDGE)
def links_without_probe(record: DayRecord, focus: Focus) -> Groups:
    """Share of used (link, quarter of an hour) pairs in which no user of the provider was seen.

    Sparse probes make the village's blind spot: with a Poisson number of probes of mean m it is exp(-m).
    """
    links = focus.links(record)
    used = record.exits[:, links] > 0
    shares = {}
    for name in record.providers:
        if name in record.probe_datasets:
            unseen = used & ~_probed(record, name)[:, links]
            shares[f"provider:{name}"] = ratio(float(unseen.sum()), float(used.sum()))
    return shares


@indicator("observations", "none", KNOWLEDGE, extensive=True)
def observations_made(record: DayRecord, focus: Focus) -> Groups:
    """Observations that reached their owner during the day; of the whole area only."""
    return {EVERYBODY: float(len(record.observations["result"]))} if focus.is_whole else {}


@indicator("s", "lower", KNOWLEDGE)
def lateness_of_observations(record: DayRecord, focus: Focus) -> Groups:
    """Time from phenomenon to result that 95 % of observations do not exceed; of the whole area only."""
    late_s = record.observations["result_time_s"] - record.observations["phenomenon_time_s"]
    if not focus.is_whole or not late_s.shape[0]:
        return {}
    return {EVERYBODY: float(np.percentile(late_s, LATE_PERCENTILE, method="inverted_cdf"))}


def _counted(record: DayRecord) -> NDArray[np.bool_]:
    """(n_links,) links whose flow the road manager knew at some time."""
    if ROAD_MANAGER not in record.knowledge:
        return np.zeros(record.territory.streets.n_links, dtype=np.bool_)
    return np.asarray(np.isfinite(record.knowledge[ROAD_MANAGER].flow_veh).any(axis=0))


@once
def _probed(record: DayRecord, provider: str) -> NDArray[np.bool_]:
    """(N_SLICES, n_links) whether a user of the provider was seen to leave the link in the slice."""
    columns = record.observations
    own = columns["dataset"] == record.datasets.index(record.probe_datasets[provider])
    seen = np.zeros(record.exits.shape, dtype=np.bool_)
    moment_ms = np.rint(columns["phenomenon_time_s"][own] * MS).astype(np.int64)
    slices = np.minimum(moment_ms // SLICE_MS, N_SLICES - 1)
    seen[slices, columns["datastream"][own]] = True
    return seen


def _true_time_s(record: DayRecord) -> NDArray[np.float64]:
    """(N_SLICES, n_links) mean travel time of those that left in the slice [s], NaN where nobody did."""
    total_s = record.time_ms / MS
    unknown = np.full(total_s.shape, np.nan)
    mean_s: NDArray[np.float64] = np.divide(total_s, record.exits, out=unknown, where=record.exits > 0)
    return mean_s
