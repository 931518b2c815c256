"""What the sensors of one seed see of lived days, true or falsified: the days of `bad_data`.

Traffic, water and power are the simulator's, of days lived once (`lived_events`). By seed vary which main
links have a counter, what each counter misses and mistakes, which drivers' phones report, which sensors are
faulty or owned, and from when. Counters and meters are those of `twin.sensing`, what is wrong with them is
`twin.security`'s.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.studies.lived_events import LivedDay, exits_by, kept_days, school_days
from twin.clock import MS
from twin.kernels.observe import LinkExits
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.bad_data_checks import reports_by_interval
from twin.knowledge.bad_data_flows import FlowSystem
from twin.knowledge.datasets import Observations, observations
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.sensing.fleets import Fleet, Site, StepTruth, deploy, observe
from twin.territory.tables import ROAD_CLASSES
from twin.territory.territory import Territory
from twin.units import MS_PER_H

HOME = Path(__file__).resolve().parents[2]
FIRST = dt.date(2027, 1, 11)
FROM_H, UNTIL_H = 6, 21
HOURS = UNTIL_H - FROM_H
STEP_S = 300
PER_HOUR = 3_600 // STEP_S
BUSY_VEH_PER_H = 20.0
MAIN = ("motorway", "trunk", "primary", "secondary")
CLASSES = [row for row, name in enumerate(ROAD_CLASSES) if name.removesuffix("_link") in MAIN]
LEDGER = Parameters.defaults().replaced({"sensing.counter_good_share": 1.0})
"""Counters that give no sample for months are known to be out: they are no bad data, and are left out."""
_USER = stream_of("study.bad data.user")
_PROBE = stream_of("study.bad data.probe")


class Place(NamedTuple):
    """A part of a territory that is watched: its folder, the zone or all, how many days and seeds."""

    name: str
    territory: str
    zone: str
    days: int
    seeds: int = 30


PLACES = (
    Place("village alone", "la_turbie_crop", "", 120),
    Place("village in the area", "riviera", "la_turbie", 18),
    Place("metropolis", "riviera", "dense", 18, 20),
)


def scenario(place: Place) -> Scenario:
    """What is lived there."""
    if place.territory == "riviera":
        return Scenario.load(HOME / "scenarios" / "riviera.toml")
    return Scenario.loads(f'title = "Days"\nterritory = "{place.territory}"\n', HOME)


@dataclass(eq=False)
class Ground:
    """The main streets of a place, and the days that were lived there."""

    place: Place
    territory: Territory
    days: list[LivedDay]

    @classmethod
    def of(cls, place: Place, folder: Path) -> Ground:
        """Read or live the days."""
        territory = Territory.load(HOME / "networks" / place.territory)
        dates = school_days(FIRST, place.days)
        return cls(place, territory, list(kept_days(scenario(place), dates, 1, folder / place.territory)))

    @cached_property
    def all_hours(self) -> np.ndarray:
        """Vehicles that left each link by day and hour (n_days, HOURS, n_links)."""
        n = self.territory.streets.n_links
        hours = (exits_by(day, 3_600, n, UNTIL_H * 3_600)[FROM_H:] for day in self.days)
        return np.array(list(hours), dtype=np.float64)

    @cached_property
    def system(self) -> FlowSystem:
        """Main links of the place that are in use; where other main links join, anything may come in."""
        streets, zones = self.territory.streets, self.territory.zones
        main = np.isin(streets.road_class, CLASSES)
        here = main & (self.all_hours.mean(axis=(0, 1)) >= BUSY_VEH_PER_H)
        if self.place.zone:
            here &= streets.zone == zones.name.index(self.place.zone)
        outside = main & (streets.zone != zones.name.index(self.place.zone) if self.place.zone else False)
        ends = np.concatenate([streets.tail[outside], streets.head[outside]])
        open_nodes = np.unique(np.concatenate([self.territory.gateways.node, ends]))
        return FlowSystem.of(streets.tail, streets.head, np.flatnonzero(here), open_nodes)

    @cached_property
    def main_hours(self) -> np.ndarray:
        """Of main links alone (n_days, HOURS, n_main)."""
        return np.asarray(self.all_hours[:, :, self.system.links])

    @cached_property
    def on_main(self) -> list[LivedDay]:
        """The days, passages of main links alone."""
        kept = []
        for day in self.days:
            rows = np.isin(day.link, self.system.links) & (day.exit_ms < UNTIL_H * MS_PER_H)
            kept.append(day._replace(**{name: getattr(day, name)[rows] for name in LivedDay._fields[1:5]}))
        return kept


@dataclass(eq=False)
class Sensors:
    """The sensors of one seed at a place: counters on a share of the main links, phones of some drivers."""

    ground: Ground
    seed: int
    coverage: float
    user_share: float

    @cached_property
    def fleet(self) -> Fleet:
        """The counters."""
        streets, links = self.ground.territory.streets, self.ground.system.links
        order = SensorFleet(
            name="city counters", kind="road_counter", owner="city", links=LinkSelector(road_class=MAIN),
            count=round(self.coverage * len(links)), placement="random",
        )  # fmt: skip
        site = Site(links.astype(np.int32), streets.link_key, streets.road_class, self.seed)
        return deploy(order, site, LEDGER)

    @cached_property
    def counted(self) -> np.ndarray:
        """Which main links have a counter, as places among them."""
        return np.searchsorted(self.ground.system.links, self.fleet.link)

    def day_seed(self, day: int) -> int:
        """The seed of a day's errors."""
        return self.seed * 1_009 + day

    def counts(self, day: int) -> Observations:
        """What counters report of a day."""
        lived, streets = self.ground.on_main[day], self.ground.territory.streets
        fleet, parts = self.fleet, []
        fleet.pending_veh[:] = 0
        none = np.zeros(0, dtype=np.uint64)
        edges = np.arange(FROM_H * 3_600, UNTIL_H * 3_600 + 1, STEP_S) * MS
        cuts = np.searchsorted(lived.exit_ms, edges)
        for k in range(len(edges) - 1):
            rows = slice(cuts[k], cuts[k + 1])
            exit_ms = lived.exit_ms[rows]
            events = LinkExits(lived.trip[rows], lived.link[rows], exit_ms - lived.time_ms[rows], exit_ms)
            truth = StepTruth(
                int(edges[k]), int(edges[k + 1]), events, none, none.view(np.int8), streets.link_key
            )
            parts.append(observe(fleet, truth, self.day_seed(day)))
        return Observations.joined(parts)

    def reports(self, rows: Observations) -> np.ndarray:
        """Reports by interval and counter (HOURS * PER_HOUR, n_counted), NaN where none came."""
        ends = UNTIL_H * PER_HOUR
        found = reports_by_interval(rows, self.fleet.link, STEP_S, ends)
        return found[FROM_H * PER_HOUR :] / (1.0 - self.fleet.settings.miss_share)

    def phones(self, day: int) -> Observations:
        """What phones of users report of main links: passages, and at every look where they are.

        The time of a phone under way is that which the link will have taken, known from place and speed.
        """
        lived = self.ground.on_main[day]
        uses = uniforms(self.seed, _USER, lived.trip_key) < self.user_share
        rows = np.flatnonzero(uses[lived.trip] & (lived.exit_ms >= FROM_H * MS_PER_H))
        link, exit_ms, time_ms = lived.link[rows], lived.exit_ms[rows], lived.time_ms[rows]
        key = self.ground.territory.streets.link_key[link]
        noise = 1.0 + float(LEDGER["sensing.probe_noise_share"]) * _bell(self.day_seed(day), key, exit_ms)
        said_s = np.maximum(time_ms * noise, 1.0) / MS
        look_ms = STEP_S * MS
        look = (exit_ms - 1) // look_ms * look_ms  # the last look before it left
        at = np.flatnonzero(look > exit_ms - time_ms)
        passed_s = exit_ms / MS + 0.0005  # a passage never ends at a look
        return observations(
            np.concatenate([link, link[at]]),
            np.concatenate([passed_s, look[at] / MS]),
            np.concatenate([passed_s, look[at] / MS]),
            np.concatenate([said_s, said_s[at]]),
        )


class PhoneHours(NamedTuple):
    """Phones by hour and main link (HOURS, n_main): passages, mean time said [s], most at one look."""

    passages: np.ndarray
    time_s: np.ndarray
    at_once: np.ndarray


def phone_hours(links: np.ndarray, rows: Observations) -> PhoneHours:
    """What a holder of phones' reports makes of them; NaN where nobody said a time."""
    n = len(links)
    hour = np.ceil(rows.phenomenon_time_s / 3_600.0).astype(np.int64) - 1 - FROM_H
    kept = (hour >= 0) & (hour < HOURS)
    cell = (hour * n + np.searchsorted(links, rows.datastream))[kept]
    at_look = (rows.phenomenon_time_s % STEP_S == 0.0)[kept]
    passages = np.bincount(cell[~at_look], minlength=HOURS * n)
    said = np.bincount(cell, weights=rows.result[kept], minlength=HOURS * n)
    with np.errstate(invalid="ignore", divide="ignore"):
        time_s = said / np.bincount(cell, minlength=HOURS * n)
    look = (rows.phenomenon_time_s[kept][at_look] // STEP_S).astype(np.int64)
    which, n_at = np.unique(look * (HOURS * n) + cell[at_look], return_counts=True)
    at_once = np.zeros(HOURS * n)
    np.maximum.at(at_once, which % (HOURS * n), n_at)
    return PhoneHours(*(each.reshape(HOURS, n).astype(np.float64) for each in (passages, time_s, at_once)))


def _bell(seed: int, key: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Mean 0, standard deviation 1 by link and moment."""
    draws = [uniforms(seed + 7_919 * k, _PROBE, key, when) for k in range(3)]
    return np.asarray(2.0 * (np.sum(draws, axis=0) - 1.5))
