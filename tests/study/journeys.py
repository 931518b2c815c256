"""Who went from where to where by car on a day that was lived, and by which links."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array

from twin.indicators.records import DayRecord
from twin.population.tables import CAR


class Journeys(NamedTuple):
    """Car trips by pair of ends (n_ends²,), and how many of a pair left a link (n_links, n_pairs).

    Ends are zones, then gates; whoever begins or ends at neither counts with the last gate.
    """

    od: np.ndarray
    passed: csr_array


def journeys_of(record: DayRecord) -> Journeys:
    """Those of a day's record."""
    trips, gates = record.population.trips, record.territory.gateways
    n_zones, n_links = len(record.territory.zones.name), record.territory.streets.n_links
    n = n_zones + len(gates.gate_id)
    zone_from, zone_to = record.ends_in_zone
    ends = []
    for zone, link, at in (
        (zone_from, trips.origin_link, gates.in_link),
        (zone_to, trips.destination_link, gates.out_link),
    ):
        gate_of = np.full(n_links + 1, n - 1)
        known = np.flatnonzero(at >= 0)
        gate_of[at[known]] = n_zones + known
        ends.append(np.where(zone >= 0, zone, gate_of[link]))
    pair = ends[0] * n + ends[1]
    driven = (trips.mode == CAR) & (record.departed_ms >= 0)
    left = (np.ones(len(record.event_link)), (record.event_link, pair[record.event_trip]))
    passed = csr_array(coo_array(left, shape=(n_links, n * n)))
    return Journeys(np.bincount(pair[driven], minlength=n * n), passed)
