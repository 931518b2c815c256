"""Routes that were driven: how many kinds of them, and what they cost against the best in hindsight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.behaviour.days import ARRIVED
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.once import once
from twin.indicators.records import DayRecord
from twin.kernels.differences import sum_keys

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""Makes one key of a route and its pair: an odd factor keeps pairs apart (Knuth, TAOCP 3, 6.4)."""


@indicator("routes", "none", TRAFFIC)
def route_diversity(record: DayRecord, focus: Focus) -> Groups:
    """Routes in use between one link and another: ``exp(entropy)`` of routes, mean over trips.

    Of the car trips that arrived and drove in the focus, those whose origin and destination link another
    one shares. ``exp(-sum(p ln p))`` is the number of routes alike in use that would be as diverse
    (Hill 1973, Ecology 54(2)); 1 where all drive the same. Two routes are one if they have the same links.
    """
    trips, streets = record.population.trips, record.territory.streets
    passes = np.zeros(record.n_trips, dtype=np.bool_)
    passes[record.event_trip[focus.links(record)[record.event_link]]] = True
    rows = np.flatnonzero(passes & record.by_car & (record.state == ARRIVED))
    if not rows.size:
        return {}
    route = _route_keys(record)
    pair = trips.origin_link[rows].astype(np.int64) * streets.n_links + trips.destination_link[rows]
    pair = np.unique(pair, return_inverse=True)[1]
    of_pair = np.bincount(pair)
    shared = of_pair[pair] > 1
    if not shared.any():
        return {}
    mixed = route[rows[shared]] ^ (pair[shared].astype(np.uint64) * _ODD)
    _, at, n = np.unique(mixed, return_index=True, return_counts=True)
    of_kind = pair[shared][at]
    p = n / of_pair[of_kind]
    entropy = np.bincount(of_kind, weights=-p * np.log(p), minlength=of_pair.shape[0])
    told = np.unique(of_kind)
    total = float((np.exp(entropy[told]) * of_pair[told]).sum())
    return {EVERYBODY: ratio(total, float(of_pair[told].sum()))}


@once
def _route_keys(record: DayRecord) -> NDArray[np.uint64]:
    """(n_trips,) a key of the links that each drove, in whatever order."""
    route = np.zeros(record.n_trips, dtype=np.uint64)
    sum_keys(record.event_trip, record.event_link, record.territory.streets.link_key, route)
    return route


@indicator("s/trip", "lower", (*TRAFFIC, "indicators.hindsight_trips"))
def regret_of_routes(record: DayRecord, focus: Focus) -> Groups:
    """Time on the route taken less that on the best one in hindsight, per car trip of a sample.

    On the times that were lived that day; in all, and of those who consult a provider and the others.
    """
    seen = record.hindsight
    chosen = focus.trips(record)[seen.trip]
    users = record.provider[seen.trip] >= 0
    return {
        EVERYBODY: _mean(seen.regret_s, seen.weight, chosen),
        "app:yes": _mean(seen.regret_s, seen.weight, chosen & users),
        "app:no": _mean(seen.regret_s, seen.weight, chosen & ~users),
    }


def _mean(values: NDArray[np.float64], weight: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    return ratio(float((values * weight)[chosen].sum()), float(weight[chosen].sum()))
