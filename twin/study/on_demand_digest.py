"""The truth of a day's on-demand transport as tables for the digest: rows by outside ids of trips."""

from __future__ import annotations

import numpy as np

from twin.indicators.on_demand_record import OnDemandRecord
from twin.indicators.records import DayRecord
from twin.study.transit_digest import Column, Tables


def on_demand_tables(record: DayRecord, service: OnDemandRecord) -> Tables:
    """Requests by trip, vehicles' passages by (trip or vehicle, end of it, moment of entry)."""
    trip_id = record.population.trips.trip_id[service.trip]
    order = np.argsort(trip_id, kind="stable")
    requests: list[Column] = [("trip_id", "<i8", trip_id[order])]
    for name in ("asked_ms", "picked_ms", "set_down_ms"):
        requests.append((name, "<i8", getattr(service, name)[order]))
    requests.append(("refused", "<i1", service.refused[order]))
    requests.append(("vehicle", "<i4", service.vehicle[order]))
    n = 2 * service.n_requests
    depots = np.arange(service.reached_ms.shape[0] - n)
    owner = np.concatenate([np.repeat(trip_id, 2), depots])[service.event_stop]
    end = np.concatenate([np.tile([0, 1], service.n_requests), np.full(depots.shape[0], 2)])[
        service.event_stop
    ]
    order = np.lexsort((service.event_enter_ms, owner, end))
    passages: list[Column] = [
        ("owner", "<i8", owner[order]),
        ("end", "<i1", end[order]),
        ("link_key", "<u8", record.territory.streets.link_key[service.event_link[order]]),
        ("enter_ms", "<i8", service.event_enter_ms[order]),
        ("exit_ms", "<i8", service.event_exit_ms[order]),
    ]
    return [("shared rides", requests), ("shared passages", passages)]
