"""What an on-demand transport was to those who called it, and what it cost to run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.on_demand_record import OnDemandRecord
from twin.indicators.records import DayRecord
from twin.units import MS_PER_H

CALLED = (*TRAFFIC, "on_demand.*")
"""What became of calls on the streets."""


@indicator("requests", "none", CALLED, extensive=True)
def on_demand_requests(record: DayRecord, focus: Focus) -> Groups:
    """Calls of people of the focus for a shared vehicle; in all, by app and by telephone."""
    service = record.on_demand
    if service is None:
        return {}
    asked = service.asked & focus.trips(record)[service.trip]
    by_app = float((asked & service.by_app).sum())
    return {EVERYBODY: float(asked.sum()), "booking:app": by_app, "booking:phone": asked.sum() - by_app}


@indicator("share", "lower", CALLED)
def on_demand_rejected(record: DayRecord, focus: Focus) -> Groups:
    """Share of those calls that were refused: ``n_refused / n_called``."""
    if record.on_demand is None:
        return {}
    asked, refused = (_of_trips(record, each) for each in (record.on_demand.asked, record.on_demand.refused))
    return ratios(record, focus.trips(record) & asked, refused)


@indicator("s", "lower", CALLED)
def on_demand_wait(record: DayRecord, focus: Focus) -> Groups:
    """Time from the call to getting in, mean over riders."""
    if record.on_demand is None:
        return {}
    wait_s = np.full(record.n_trips, np.nan)
    wait_s[record.on_demand.trip] = record.on_demand.wait_s
    return ratios(record, focus.trips(record) & np.isfinite(wait_s), wait_s)


@indicator("s", "lower", CALLED)
def on_demand_wait_p95(record: DayRecord, focus: Focus) -> Groups:
    """Wait that nineteen in twenty of those riders do not exceed (linear between ranks)."""
    if record.on_demand is None:
        return {}
    wait_s = record.on_demand.wait_s[_rows(record, record.on_demand, focus)]
    return {EVERYBODY: float(np.nanquantile(wait_s, 0.95))} if np.isfinite(wait_s).any() else {}


@indicator("ratio", "lower", CALLED)
def on_demand_detour(record: DayRecord, focus: Focus) -> Groups:
    """Time aboard over that of the direct drives as the operator reckons: ``sum(aboard) / sum(direct)``."""
    service = record.on_demand
    if service is None:
        return {}
    aboard_ms, direct_ms = np.zeros(record.n_trips), np.zeros(record.n_trips)
    aboard_ms[service.trip] = np.where(service.rode, service.set_down_ms - service.picked_ms, 0)
    direct_ms[service.trip] = np.where(service.rode, service.direct_ms, 0)
    return ratios(record, focus.trips(record) & _of_trips(record, service.rode), aboard_ms, direct_ms)


@indicator("veh km", "none", CALLED, extensive=True)
def on_demand_km(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres of shared vehicles on the links of the focus."""
    if record.on_demand is None:
        return {}
    return {EVERYBODY: float(_km(record, record.on_demand)[_on_links(record, record.on_demand, focus)].sum())}


@indicator("share", "lower", CALLED)
def on_demand_empty_km(record: DayRecord, focus: Focus) -> Groups:
    """Share of those kilometres with nobody aboard but the driver."""
    service = record.on_demand
    if service is None:
        return {}
    km = np.where(_on_links(record, service, focus), _km(record, service), 0.0)
    empty = service.aboard[service.event_stop] == 0
    return {EVERYBODY: ratio(float(km[empty].sum()), float(km.sum()))}


@indicator("EUR/trip", "lower", CALLED)
def on_demand_cost_per_trip(record: DayRecord, focus: Focus) -> Groups:
    """Operator's cost of vehicle hours and kilometres over riders set down; of the whole area only.

    Fares are not taken off; ``subsidy`` is what is left when they are.
    """
    service = record.on_demand
    if service is None or not focus.is_whole:
        return {}
    cost_eur, rode = operating_cost_eur(record, service), float(service.rode.sum())
    subsidy_eur = ratio(cost_eur, rode) - service.fare_eur
    return {EVERYBODY: ratio(cost_eur, rode), "part:subsidy": subsidy_eur}


@indicator("riders/h", "higher", CALLED)
def on_demand_productivity(record: DayRecord, focus: Focus) -> Groups:
    """Riders set down for each vehicle hour in service; of the whole area only."""
    service = record.on_demand
    if service is None or not focus.is_whole:
        return {}
    hours = service.n_vehicles * service.service_ms / MS_PER_H
    return {EVERYBODY: ratio(float(service.rode.sum()), hours)}


def operating_cost_eur(record: DayRecord, service: OnDemandRecord) -> float:
    """What a day costs the operator [EUR], by the ledger's cost of hours and of kilometres."""
    hours = service.n_vehicles * service.service_ms / MS_PER_H
    by_hour = float(record.parameters["on_demand.cost_eur_per_h"])
    by_km = float(record.parameters["on_demand.cost_eur_per_km"])
    return hours * by_hour + float(_km(record, service).sum()) * by_km


def _of_trips(record: DayRecord, of_requests: NDArray[np.bool_]) -> NDArray[np.bool_]:
    assert record.on_demand is not None
    out = np.zeros(record.n_trips, dtype=np.bool_)
    out[record.on_demand.trip] = of_requests
    return out


def _rows(record: DayRecord, service: OnDemandRecord, focus: Focus) -> NDArray[np.bool_]:
    return np.asarray(focus.trips(record)[service.trip])


def _km(record: DayRecord, service: OnDemandRecord) -> NDArray[np.float64]:
    """(n_events,) length of each link driven [km]."""
    return np.asarray(record.territory.streets.length_m[service.event_link] / 1_000.0)


def _on_links(record: DayRecord, service: OnDemandRecord, focus: Focus) -> NDArray[np.bool_]:
    return np.asarray(focus.links(record)[service.event_link])
