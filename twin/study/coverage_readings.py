"""What a city is told of a day that was kept: counts of its own, and a provider's passages by contract.

All goes through the data platform: the city reads what is its own or granted, and nothing else of the day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from twin.clock import DAY_S, HORIZON_S, N_HOURS, N_SLICES, SLICE_MS, SLICE_S, SLICES_PER_H
from twin.kernels.observe import LinkExits
from twin.kernels.random import key_of, keys_of
from twin.knowledge.datasets import Column, Dataset
from twin.knowledge.day import CountReading, flows_from_counts
from twin.knowledge.platform import DataPlatform
from twin.knowledge.probe_flows import passages_seen, publish_links_per_phone, publish_passages
from twin.knowledge.rights import Right
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.counters import CounterSettings, counters_work, observe_counters
from twin.sensing.devices import Fleet, Site
from twin.sensing.fleets import deploy
from twin.sensing.placement import place
from twin.sensing.probes import observe_probes
from twin.study.coverage_days import KeptDay
from twin.territory.tables import Streets
from twin.units import S_PER_H

CITY, PROVIDER = "city", "provider"
COUNTERS = "counters of the city"
PASSAGES, LINKS_PER_PHONE = "provider.passages", "provider.links_per_phone"
LATER_S = 2.0 * HORIZON_S
"""By then every report of a day has come."""


class Luck(NamedTuple):
    """What a seed decides of sensors and phones: seed, and the links that get counters, best first."""

    seed: int
    order: np.ndarray


def drawn_order(
    streets: Streets, links: np.ndarray, count: int, seed: int, parameters: Parameters
) -> np.ndarray:
    """Links (count,) that get counters one after another, drawn by seed: 20 are among 30."""
    site = Site(links.astype(np.int32), streets.link_key, streets.road_class, seed)
    found = np.empty(0, dtype=np.int64)
    for n in range(1, count + 1):
        chosen = place(_order(n), site, parameters)
        found = np.append(found, np.setdiff1d(chosen, found))
    return found


def counters_on(
    streets: Streets, links: np.ndarray, seed: int, parameters: Parameters
) -> tuple[Fleet, CountReading]:
    """A fleet of counters on some links, and how its owner reads it."""
    site = Site(links.astype(np.int32), streets.link_key, streets.road_class, seed)
    fleet = deploy(_order(len(links)), site, parameters)
    # a slice that is not known by its end is not known to who estimates it then
    return fleet, CountReading(fleet.settings.interval_s, fleet.settings.miss_share, 0.0)


def counter_readings(
    day: KeptDay, streets: Streets, luck: Luck, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Vehicles by hour and link and their variances (30, n_links) as the counters tell; NaN elsewhere."""
    n_links = streets.n_links
    if not len(luck.order):
        return np.full((N_HOURS, n_links), np.nan), np.full((N_HOURS, n_links), np.nan)
    fleet, reading = counters_on(streets, luck.order, luck.seed, parameters)
    platform = DataPlatform()
    platform.add(fleet.dataset)
    sound = _sound(fleet, luck.seed, _month(day.date))
    seed = luck.seed ^ (int(key_of(day.date)) & 0x7FFF_FFFF)  # other vehicles are missed on another date
    for slot in range(N_SLICES):
        start_ms = slot * SLICE_MS
        rows = observe_counters(sound, day.exits[slot], start_ms, start_ms + SLICE_MS, seed)
        platform.append(fleet.dataset.name, rows)
    quarter = flows_from_counts(platform.visible(CITY, fleet.dataset.name, LATER_S), n_links, reading)
    return _by_hour(quarter, fleet.settings)


class Phones(NamedTuple):
    """What a provider gives by contract: phones by hour and link (30, n_links), NaN if few, and the links of
    an area that a phone passes, the mean of the day.
    """

    seen: np.ndarray
    links_per_phone: float


def phones_of(
    day: KeptDay, streets: Streets, links: np.ndarray, share: float, luck: Luck, parameters: Parameters
) -> Phones:
    """What a provider with that share of car drivers gives the city of a day; links are those of its area."""
    n_links = streets.n_links
    order = SensorFleet(name="phones", kind="probe", owner=PROVIDER)
    nowhere = Site(np.empty(0, dtype=np.int32), streets.link_key, streets.road_class, luck.seed)
    fleet = deploy(order, nowhere, parameters, 0)
    trips, trip = np.unique(day.phone_trip, return_inverse=True)
    sends = np.zeros(len(trips), dtype=np.bool_)
    sends[trip[day.phone_draw < share]] = True
    key = keys_of(np.array([f"{day.date} {each}" for each in trips.tolist()]))
    left_ms = day.phone_left_ms.astype(np.int64)
    events = LinkExits(trip.astype(np.int32), day.phone_link, left_ms - day.phone_time_ms, left_ms)
    rows = observe_probes(fleet, events, sends, key, streets.link_key, luck.seed)
    platform = DataPlatform()
    platform.add(fleet.dataset)
    for given in _contract():
        platform.add(given)
        platform.rights.grant(given, CITY, Right(lag_s=float(parameters["scenario.provider_delay_s"])))
    platform.append(fleet.dataset.name, rows)
    own = platform.visible(PROVIDER, fleet.dataset.name, LATER_S)
    least = int(parameters["calculators.least_probes_returned"])
    platform.append(PASSAGES, publish_passages(own, S_PER_H, n_links, least))
    told = platform.visible(CITY, PASSAGES, LATER_S)
    seen = passages_seen(told, S_PER_H, (N_HOURS, n_links), 2.0 * least)
    inside = np.zeros(n_links, dtype=np.bool_)
    inside[links] = True
    # each phone that sends says at the end of a trip that it was in the area; its passages stay unnamed
    n_trips = np.unique(day.phone_trip[(day.phone_draw < share) & inside[day.phone_link]]).size
    platform.append(LINKS_PER_PHONE, publish_links_per_phone(own, inside, n_trips, HORIZON_S, least))
    each = platform.visible(CITY, LINKS_PER_PHONE, LATER_S)
    return Phones(seen, float(each.result[0]) if each.n_rows else 1.0)


def _contract() -> tuple[Dataset, Dataset]:
    """What a provider gives the city: sums of passages, and how far one phone's passages go together."""
    passes = Column("result", "links", "links of the area that a phone passes on a trip, mean of the day")
    return (
        Dataset.of_links(PASSAGES, PROVIDER, "phones that left the link", "veh", cadence_s=S_PER_H),
        Dataset.of_features(LINKS_PER_PHONE, PROVIDER, passes, "area", cadence_s=DAY_S),
    )


def _order(count: int) -> SensorFleet:
    return SensorFleet(
        name=COUNTERS, kind="road_counter", owner=CITY, count=count, interval_s=float(SLICE_S),
        placement="random",
    )  # fmt: skip


def _by_hour(quarter_veh: np.ndarray, settings: CounterSettings) -> tuple[np.ndarray, np.ndarray]:
    """Hours of which two quarters or more are known, scaled up, and how far that may be off."""
    parts = quarter_veh.reshape(N_HOURS, SLICES_PER_H, -1)
    known = np.isfinite(parts).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        flow = np.nansum(parts, axis=1) * SLICES_PER_H / known
        flow = np.where(known >= SLICES_PER_H // 2, flow, np.nan)
        miss, noise = settings.miss_share, settings.noise_share
        # vehicles missed by chance, wrong counts of quarters, and what passed in quarters not known
        variance = miss * flow + (noise * flow) ** 2 / known + flow * (SLICES_PER_H - known) / known
    return flow, np.maximum(variance, 0.25)


def _month(date: str) -> int:
    day = dt.date.fromisoformat(date)
    return day.year * 12 + day.month - 1


def _sound(fleet: Fleet, seed: int, month: int) -> Fleet:
    """Those of a fleet that work that month; who is out is drawn by seed and month, whatever the date."""
    works = counters_work(fleet, seed, month)
    link, key, pending = fleet.link[works], fleet.key[works], fleet.pending_veh[works]
    settings = fleet.settings._replace(good_share=1.0)
    return replace(fleet, link=link, key=key, pending_veh=pending, settings=settings)
