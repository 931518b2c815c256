"""From observations that came in to counts of links, through the gate of who may see what.

A datastream of a fleet is named FLEET/LINK. What came in is what the fleet's owner holds: it is put on the
data platform under its name, each row from the moment on at which it was there, and read as the owner may.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.clock import N_SLICES, SLICE_S
from twin.errors import InputError
from twin.knowledge.datasets import Dataset, observations
from twin.knowledge.day import CountReading, flows_from_counts
from twin.knowledge.platform import DataPlatform
from twin.live.aggregates import events_of
from twin.live.store import ObservationStore
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.sensing.counters import counter_settings
from twin.territory.territory import Territory

KIND = "road_counter"


class Counted(NamedTuple):
    """Counts as they were known when a slice was over: (N_SLICES, n_links) veh, NaN where none was.

    latency_s: from what was observed until it was there, one a row (n_rows,); n_late: rows that came after
    their slice was told; error_share: standard deviation of a count as a share of it.
    """

    flow_veh: np.ndarray
    latency_s: np.ndarray
    n_late: int
    error_share: float


def fleets_of(scenario: Scenario) -> tuple[SensorFleet, ...]:
    """Fleets of road counters; raises `InputError` where there is none."""
    found = tuple(fleet for fleet in scenario.fleets() if fleet.kind == KIND)
    if not found:
        right = f'a [[sensor_fleet]] of the kind "{KIND}"'
        raise InputError(scenario.where("sensor_fleet"), "nothing counts on roads", right)
    return found


def observed_platform_of(
    store: ObservationStore, territory: Territory, fleets: tuple[SensorFleet, ...], begin_us: int
) -> tuple[DataPlatform, int]:
    """What came in of a day on the platform, and how many rows were of no fleet or link here.

    begin_us: midnight of the day.
    """
    events = events_of(store)
    row_of = {link_id: row for row, link_id in enumerate(territory.streets.link_id.tolist())}
    names = [name.partition("/") for name in store.datastreams]
    link = np.array([row_of.get(rest, -1) for _, _, rest in names] or [-1])[events.datastream]
    fleet = np.array([head for head, _, _ in names] or [""], dtype=object)[events.datastream]
    at_s = (events.event_us - begin_us) / 1e6
    there_s = np.maximum((events.ingested_us - begin_us) / 1e6, at_s)
    today = (at_s >= 0.0) & (at_s <= N_SLICES * SLICE_S)
    platform, n_known = DataPlatform(), 0
    for each in fleets:
        platform.add(Dataset.of_links(each.name, each.owner, "vehicles counted", "veh", cadence_s=0.0))
        mine = (fleet == each.name) & (link >= 0)
        n_known += int(mine.sum())
        rows = mine & today
        platform.append(each.name, observations(link[rows], at_s[rows], there_s[rows], events.result[rows]))
    return platform, len(link) - n_known


def counts_of(
    platform: DataPlatform,
    fleets: tuple[SensorFleet, ...],
    n_links: int,
    parameters: Parameters,
    now_s: float = np.inf,
) -> Counted:
    """Counts of all fleets as their owners knew them at the end of each slice, until a moment."""
    wait_s = float(parameters["live.nowcast_wait_s"])
    total, n_fleets = np.zeros((N_SLICES, n_links)), np.zeros((N_SLICES, n_links))
    latency, n_late, error = [np.empty(0)], 0, 0.0
    for fleet in fleets:
        settings = counter_settings(fleet, parameters)
        rows = platform.visible(fleet.owner, fleet.name, now_s)
        slot = np.floor((rows.phenomenon_time_s - settings.interval_s / 2) / SLICE_S)
        in_time = rows.result_time_s <= (slot + 1.0) * SLICE_S + wait_s
        latency.append(rows.result_time_s - rows.phenomenon_time_s)
        n_late += int((~in_time).sum())
        reading = CountReading(settings.interval_s, settings.miss_share, longest_gap_s=0.0)
        flow = flows_from_counts(rows.at(in_time), n_links, reading)
        total += np.nan_to_num(flow)
        n_fleets += np.isfinite(flow)
        error = max(error, float(settings.noise_share))
    with np.errstate(invalid="ignore"):
        counted = np.where(n_fleets > 0, total / n_fleets, np.nan)
    over = np.arange(N_SLICES) * SLICE_S + SLICE_S + wait_s > now_s
    counted[over] = np.nan
    return Counted(counted, np.concatenate(latency), n_late, error)
