"""What people lose when services fail, and what they do instead, in hours of each person.

A person is without a service while at a place that is. What is done instead takes some of it off: water
that is stored, and fetched by car where others still have some; the battery of the phone; the phone in
place of the line at home, by digital skill; the counter in place of the app, and somebody at home who
helps with the app when the counter is shut. Each is an expectation over people, nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.indicators.accessibility import CAR
from twin.indicators.utilities_record import SERVICES, UtilitiesRecord
from twin.indicators.utilities_stays import Floats, Intervals, stays_of
from twin.population.tables import CONNECTIONS, RESIDENT, Persons
from twin.scenario.basket import SERVICES as BASKET
from twin.scenario.ledger import Parameters
from twin.units import H_PER_DAY, S_PER_H
from twin.utilities.spans import QUARTER_S, RUNNING

if TYPE_CHECKING:
    from twin.indicators.records import DayRecord

PROCEDURES = "procedures"
"""Dealings with administrations, banks and the like, by app or at a counter."""
LOSSES = (*SERVICES, PROCEDURES)
"""Services that people lose."""
STORED, FETCHED, BATTERY = "stored water", "water fetched by car", "phone battery"
PHONE, COUNTER, HELPER = "phone instead of line", "counter instead of app", "helper at home"
WAYS = (STORED, FETCHED, BATTERY, PHONE, COUNTER, HELPER)
"""What is done instead."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PersonHours:
    """Hours (n_persons,): without each of `LOSSES` (`exposed`), bridged by each of `WAYS`, and `lost`.

    `cold_c_h` (n_persons,) are degree-hours below the least comfortable temperature while at home.
    """

    exposed: Mapping[str, Floats]
    bridged: Mapping[str, Floats]
    lost: Mapping[str, Floats]
    cold_c_h: Floats


def person_hours(record: DayRecord, day: UtilitiesRecord) -> PersonHours:
    """What each person of a day loses of each service."""
    return _Coping(record, day).found()


def car_access(persons: Persons, neighbour_helps: float) -> Floats:
    """Chance (n_persons,) of having a car at hand: the household's, or that of a neighbour who helps.

    The neighbour asked is any resident of the zone.
    """
    own = persons.household_cars > 0
    zone = persons.zone.astype(np.int64)
    lives = (persons.kind == RESIDENT) & (zone >= 0)
    n_zones = int(zone.max(initial=0)) + 1
    people = np.bincount(zone[lives], minlength=n_zones)
    with_car = np.bincount(zone[lives & own], minlength=n_zones)
    share = np.append(with_car / np.maximum(people, 1), 0.0)[zone]
    return np.where(own, 1.0, neighbour_helps * share)


def flat_phones(lost: Floats, lasts_s: Floats, battery_s: float) -> Floats:
    """Share (n_spans, n_places) of each span in which phones that stayed at a place without power are flat.

    >>> flat_phones(np.array([[1.0], [1.0], [0.0], [1.0]]), np.full(4, 60.0), 90.0).ravel().tolist()
    [0.0, 0.5, 0.0, 0.0]
    """
    flat = np.zeros_like(lost)
    left_s = np.full(lost.shape[1], battery_s)
    for row, (gone, span_s) in enumerate(zip(lost, lasts_s, strict=True)):
        drained_s = gone * span_s
        flat[row] = np.maximum(drained_s - left_s, 0.0) / span_s
        left_s = np.where(gone > 0.0, np.maximum(left_s - drained_s, 0.0), battery_s)
    return flat


class _Coping:
    """One day's people, their stays, and the rates at which services are lost."""

    def __init__(self, record: DayRecord, day: UtilitiesRecord) -> None:
        self.record, self.day = record, day
        self.parameters: Parameters = record.parameters
        self.persons = record.population.persons
        hours = np.array(self.parameters["indicators.counter_hours"])
        days = np.arange(np.ceil(day.edges_s[-1] / S_PER_H / H_PER_DAY)) * H_PER_DAY
        self.spans, row = Intervals(day.edges_s).split((days[:, None] + hours).ravel() * S_PER_H)
        self.lost = {name: day.lost(name)[row] for name in SERVICES}
        clock_h = self.spans.middle_s / S_PER_H % H_PER_DAY
        opens, shuts = hours.reshape(-1, 2).T
        self.open = np.asarray(((clock_h[:, None] >= opens) & (clock_h[:, None] < shuts)).any(axis=1))
        self.works = self._counters_work()
        battery_s = S_PER_H * float(self.parameters["indicators.phone_battery_h"])
        self.flat = flat_phones(self.lost["power"], np.diff(self.spans.edges_s), battery_s)
        self.water_somewhere = np.asarray((self.lost["water"] < RUNNING).any(axis=1))
        trips = record.population.trips
        self.stays = stays_of(
            self.persons, trips, record.departed_ms, record.arrived_ms, float(day.edges_s[-1])
        )
        self.at_hand = car_access(self.persons, float(self.parameters["indicators.neighbour_helps"]))

    def found(self) -> PersonHours:
        power = self._of(self.lost["power"])
        heat = self._of(self.lost["heat"])
        water, by_water = self._water()
        mobile, by_phone = self._mobile()
        fibre, by_line = self._fibre()
        procedures, by_counter = self._procedures()
        exposed = dict(zip(LOSSES, (power, water, heat, fibre, mobile, procedures), strict=True))
        bridged = by_water | by_phone | by_line | by_counter
        ways = {"water": (STORED, FETCHED), "fibre": (PHONE,), "mobile": (BATTERY,)}
        ways[PROCEDURES] = (COUNTER, HELPER)
        lost = {
            name: hours - sum((bridged[way] for way in ways.get(name, ())), np.zeros(len(hours)))
            for name, hours in exposed.items()
        }
        return PersonHours(exposed, bridged, lost, self._cold())

    def _of(self, rate: Floats, at_home: bool | None = None) -> Floats:
        """Hours of each person, over all stays or those at home, or away."""
        stays = self.stays if at_home is None else self.stays.chosen(self.stays.at_home == at_home)
        return stays.by_person(self.spans.hours(rate, stays), len(self.persons))

    def _cold(self) -> Floats:
        """Degree-hours of each person while at home; each quarter is as cold as at its end."""
        indoor_c = self.day.indoor_c.astype(np.float64)
        if not indoor_c.shape[1]:
            return np.zeros(len(self.persons))
        below = float(self.parameters["utilities.comfort_c"]) - indoor_c
        cold = np.maximum(np.nan_to_num(below, nan=0.0), 0.0)
        home = self.stays.chosen(self.stays.at_home)
        quarters = Intervals(QUARTER_S * np.arange(len(cold) + 1, dtype=np.float64))
        return home.by_person(quarters.hours(cold, home), len(self.persons))

    def _water(self) -> tuple[Floats, dict[str, Floats]]:
        """At home the stored water is drunk first; then a car fetches some while others have any."""
        lost, parameters = self.lost["water"], self.parameters
        store_h = H_PER_DAY * parameters["indicators.stored_water_l"]
        store_h /= parameters["indicators.least_water_l_per_day"]
        home, away = self._of(lost, True), self._of(lost, False)
        stored = np.minimum(home, store_h)
        while_others = self._of(lost * self.water_somewhere[:, None], True)
        share = np.divide(while_others, home, out=np.zeros(len(home)), where=home > 0.0)
        fetched = (home - stored) * share * self.at_hand * parameters["indicators.fetched_water_share"]
        return home + away, {STORED: stored, FETCHED: fetched}

    def _mobile(self) -> tuple[Floats, dict[str, Floats]]:
        """Without power where one is the phone lasts as long as its battery."""
        phone = self.persons.smartphone.astype(np.float64)
        exposed = phone * self._of(np.maximum(self.lost["mobile"], self.lost["power"]))
        return exposed, {BATTERY: exposed - phone * self._of(np.maximum(self.lost["mobile"], self.flat))}

    def _fibre(self) -> tuple[Floats, dict[str, Floats]]:
        """Who has a line at home, and all elsewhere; a phone replaces it by skill while it has a site."""
        persons, lost = self.persons, self.lost["fibre"]
        line = self._line().astype(np.float64)
        exposed = line * self._of(lost, True) + self._of(lost, False)
        on_air = lost * (1.0 - np.maximum(self.lost["mobile"], self.flat))
        bridged = line * self._of(on_air, True) + self._of(on_air, False)
        switches = np.array(self.parameters["indicators.phone_for_line_by_skill"])[persons.skill]
        return exposed, {PHONE: bridged * switches * persons.smartphone}

    def _procedures(self) -> tuple[Floats, dict[str, Floats]]:
        """By app or at the counter, by skill; each may take the other's place."""
        persons, parameters = self.persons, self.parameters
        resident = ((persons.kind == RESIDENT) & (persons.home >= 0)).astype(np.float64)
        line, phone = self._line(), persons.smartphone.astype(bool)
        app = np.array(parameters["indicators.app_share_by_skill"])[persons.skill] * (line | phone) * resident
        at_counter = (resident - app) * self._reach()
        fibre, mobile = self.lost["fibre"], self.lost["mobile"]
        open_ = (self.open * self.works)[:, None]
        app_h, open_h = np.zeros(len(persons)), np.zeros(len(persons))
        for who, down in ((line & phone, fibre * mobile), (line & ~phone, fibre), (~line & phone, mobile)):
            if who.any():
                app_h = np.where(who, self._of(down), app_h)
                open_h = np.where(who, self._of(down * open_), open_h)
        shut = np.broadcast_to((self.open * (1.0 - self.works))[:, None], fibre.shape)
        shut_h = self._of(shut)
        helped_h = np.where(persons.helper_at_home & line, self._of(shut * (1.0 - fibre), True), 0.0)
        goes = app * self._reach() * float(parameters["indicators.counter_for_app_share"])
        exposed = app * app_h + at_counter * shut_h
        return exposed, {COUNTER: goes * open_h, HELPER: at_counter * helped_h}

    def _line(self) -> Flags:
        """Who has internet at home by a line (n_persons,)."""
        persons = self.persons
        over_air = persons.connection == CONNECTIONS.index("mobile_only")
        return np.asarray(persons.home_internet & ~over_air, dtype=np.bool_)

    def _reach(self) -> Floats:
        """Chance (n_persons,) to reach a counter in time: by own ways, else by a car at hand."""
        access, service = self.record.access, BASKET.index("counter")
        limit_min = float(self.parameters["indicators.counter_reach_min"])
        cell = access.cells.of_person
        if not access.known[service] or not len(access.cells.people):
            return np.zeros(len(self.persons))
        own = access.own_min[service][cell] <= limit_min
        by_car = access.nearest_min[CAR][service][cell] <= limit_min
        return np.where(cell < 0, 0.0, np.where(own, 1.0, by_car * self.at_hand))

    def _counters_work(self) -> Floats:
        """Share (n_spans,) of the counters that work: on paper, or with power and a line."""
        services = self.record.territory.services
        rows = services.place[(services.service == BASKET.index("counter")) & (services.place >= 0)]
        if self.day.counters_on_paper or not len(rows):
            return np.ones(len(self.open))
        down = np.maximum(self.lost["power"][:, rows], self.lost["fibre"][:, rows])
        return np.asarray(1.0 - down.mean(axis=1))
