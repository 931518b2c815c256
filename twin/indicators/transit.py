"""What the day was to those who ride: buses on time or late, journeys from door to door, lines used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, mean, ratio, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.records import DayRecord
from twin.indicators.transit_record import TransitRecord
from twin.population.tables import TRANSIT

RIDING = (*TRAFFIC, "timetable.*", "transit.*")
"""What became of the timetable on the streets."""


@indicator("s", "lower", RIDING)
def bus_lateness(record: DayRecord, focus: Focus) -> Groups:
    """How late buses leave stops of the focus, and come to their last ones; in all and by line."""
    if record.transit is None:
        return {}
    calls = _calls(record.transit, record, focus)
    late_s, line = record.transit.lateness_s[calls], record.transit.line_of_call[calls]
    names = record.transit.timetable.line_name
    by_line = {f"line:{names[row]}": mean(late_s[line == row]) for row in np.unique(line).tolist()}
    return {EVERYBODY: mean(late_s), **by_line}


@indicator("s", "lower", RIDING)
def bus_lateness_p90(record: DayRecord, focus: Focus) -> Groups:
    """Lateness that nine in ten of those departures do not exceed (linear between ranks)."""
    if record.transit is None:
        return {}
    late_s = record.transit.lateness_s[_calls(record.transit, record, focus)]
    return {EVERYBODY: float(np.quantile(late_s, 0.9))} if late_s.size else {}


@indicator("share", "higher", RIDING)
def buses_on_time(record: DayRecord, focus: Focus) -> Groups:
    """Share of those departures not late by the ledger's limit: ``n_on_time / n``; no run leaves early."""
    if record.transit is None:
        return {}
    late_s = record.transit.lateness_s[_calls(record.transit, record, focus)]
    on_time = late_s <= record.parameters["transit.late_s"]
    return {EVERYBODY: ratio(float(on_time.sum()), float(late_s.shape[0]))}


@indicator("s/trip", "lower", RIDING)
def transit_time(record: DayRecord, focus: Focus) -> Groups:
    """Time from door to door of trips by the timetable's lines, walks and waits counted."""
    if record.transit is None:
        return {}
    riding = _riding(record, record.transit) & focus.trips(record) & (record.departed_ms >= 0)
    return ratios(record, riding, record.elapsed_s)


@indicator("persons", "none", RIDING, extensive=True)
def passengers_boarded(record: DayRecord, focus: Focus) -> Groups:
    """Passengers who got on at all stops, in all and by line; of the whole area only."""
    transit = record.transit
    if transit is None or not focus.is_whole:
        return {}
    names = transit.timetable.line_name
    by_line = np.bincount(transit.line_of_call, weights=transit.boarded, minlength=names.shape[0])
    lines = {f"line:{name}": float(n) for name, n in zip(names.tolist(), by_line, strict=True)}
    return {EVERYBODY: float(transit.boarded.sum()), **lines}


@indicator("persons", "lower", RIDING, extensive=True)
def missed_last_run(record: DayRecord, focus: Focus) -> Groups:
    """Passengers of the focus who came to a stop after the last run had left."""
    if record.transit is None:
        return {}
    chosen = focus.trips(record)[record.transit.trip]
    return {EVERYBODY: float((record.transit.stranded & chosen).sum())}


@indicator("share", "higher", RIDING)
def transit_trips_by_line(record: DayRecord, focus: Focus) -> Groups:
    """Share of transit trips that ride the timetable's lines; the others keep their planned durations."""
    if record.transit is None:
        return {}
    by_transit = focus.trips(record) & (record.population.trips.mode == TRANSIT)
    riding = _riding(record, record.transit) & by_transit
    return {EVERYBODY: ratio(float(riding.sum()), float(by_transit.sum()))}


@indicator("veh km", "none", RIDING, extensive=True)
def bus_km(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres of buses on the links of the focus."""
    if record.transit is None:
        return {}
    length_m = record.territory.streets.length_m
    flow = np.bincount(record.transit.event_link, minlength=length_m.shape[0])
    return {EVERYBODY: float((flow * length_m)[focus.links(record)].sum()) / 1_000.0}


def _riding(record: DayRecord, transit: TransitRecord) -> NDArray[np.bool_]:
    """(n_trips,) trips by public transport that ride the timetable's lines."""
    rides = np.zeros(record.n_trips, dtype=np.bool_)
    rides[transit.trip] = True
    return np.asarray(rides & (record.population.trips.mode == TRANSIT))


def _calls(transit: TransitRecord, record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    """(n_calls,) calls on the road, at links of the focus, that have a lateness."""
    here = np.isfinite(transit.lateness_s) & (transit.call_link >= 0)
    return np.asarray(here & focus.links(record)[np.maximum(transit.call_link, 0)])
