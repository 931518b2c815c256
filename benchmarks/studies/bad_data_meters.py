"""Power meters that were tampered with: against the monitor of their feeder, and against their own days.

The village's consumption of lived days (`lived_events`); every building has a meter, every station a monitor.
Of one building in each case the meter reads less from an hour of the morning on. The operator compares what a
station takes in with what its meters read, less the usual difference, and every meter with its own days.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmarks.studies.bad_data_days import LEDGER, Ground
from twin.clock import DAY_MS, MS
from twin.kernels.observe import LinkExits, bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.bad_data_checks import balance_deviation
from twin.scenario.actors import SensorFleet
from twin.security.falsifier import Falsifier, TimeWindow
from twin.sensing.fleets import Fleet, PlaceSite, Site, StepTruth, deploy, observe
from twin.territory.utilities.tables import POWER
from twin.units import H_PER_DAY, MS_PER_H, S_PER_H

_MONITOR = stream_of("study.bad data.monitor")
_CASE = stream_of("study.bad data.meter")
LEAST_KWH = 0.5
MONITOR_ERROR = 0.005
"""Relative error of a monitor on a day, one standard deviation: stated here, a class 0.5 of IEC 62053-22."""
LINE_LOSSES = 0.03
"""Power lost between a station and its meters over what is drawn: stated here, a few per cent."""
METER_CHECKS = ("feeder_balance", "own_days", "balance and own days")


class KeptConsumption(NamedTuple):
    """Power by hour and place of one day that begins at start_ms (24, n_places) [kWh]."""

    start_ms: int
    power_kwh: np.ndarray

    def between(self, utility: str, start_ms: int, end_ms: int) -> np.ndarray:
        """Power drawn by each place in whole hours (n_places,)."""
        hours = slice((start_ms - self.start_ms) // MS_PER_H, (end_ms - self.start_ms) // MS_PER_H)
        return np.asarray(self.power_kwh[hours].sum(axis=0), dtype=np.float64)


@dataclass(eq=False)
class Meters:
    """All power meters of the place for one seed: a meter errs alike on all days."""

    ground: Ground
    seed: int
    learned: np.ndarray

    @cached_property
    def fleet(self) -> Fleet:
        """A meter in every building that draws power."""
        territory = self.ground.territory
        places, layers, streets = territory.places, territory.utilities, territory.streets
        node = layers.rows_for("place", places.place_id, POWER)
        station = [layers.row_of.get(name, -1) for name in layers.nodes.area[node].tolist()]
        used = np.flatnonzero((places.dwellings + places.jobs > 0.0) & (node >= 0))
        stands = PlaceSite(
            used.astype(np.int32),
            keys_of(places.place_id),
            np.maximum(np.ceil(places.dwellings), 1.0).astype(np.int32),
            places.access_link,
            np.array(station, dtype=np.int32),
        )
        site = Site(np.zeros(0, np.int32), streets.link_key, streets.road_class, self.seed, stands)
        order = SensorFleet(name="meters", kind="power_meter", owner="power", interval_s=3_600.0)
        return deploy(order, site, LEDGER)

    @cached_property
    def station(self) -> np.ndarray:
        """Number of the station of each meter (n_meters,)."""
        assert self.fleet.sharing is not None, "meters share sums by station"
        return np.asarray(np.unique(self.fleet.sharing.group, return_inverse=True)[1])

    def readings(self, day: int, falsifier: Falsifier | None = None) -> np.ndarray:
        """Read by hour and meter (24, n_meters) [kWh], NaN where no reading came."""
        start_ms = day * DAY_MS
        none = np.zeros(0, dtype=np.int32)
        truth = StepTruth(
            start_ms, start_ms + DAY_MS, LinkExits(none, none, none, none), none.astype(np.uint64),
            none.astype(np.int8), none.astype(np.uint64),
            consumption=KeptConsumption(start_ms, self.ground.days[day].power_kwh),
        )  # fmt: skip
        rows = observe(self.fleet, truth, self.seed)
        if falsifier is not None:
            rows = falsifier.told(rows, start_ms / MS, (start_ms + DAY_MS) / MS)
        read = np.full((H_PER_DAY, len(self.fleet.place)), np.nan)
        hour = np.rint(rows.phenomenon_time_s / S_PER_H).astype(np.int64) - day * H_PER_DAY - 1
        read[hour, np.searchsorted(self.fleet.place, rows.datastream)] = rows.result
        return read

    def inflow(self, day: int) -> np.ndarray:
        """What monitors read since midnight (24, n_stations) [kWh]: what is drawn, and losses of lines."""
        drawn = self.ground.days[day].power_kwh[:, self.fleet.place].astype(np.float64)
        n = int(self.station.max()) + 1
        keys = np.arange(n, dtype=np.uint64)
        factor = 1.0 + MONITOR_ERROR * bells(self.seed, _MONITOR, keys, day)
        total = np.cumsum(self._by_station(drawn), axis=0) * (1.0 + LINE_LOSSES)
        return np.asarray(total * factor)

    def _by_station(self, of_meters: np.ndarray) -> np.ndarray:
        n = int(self.station.max()) + 1
        return np.array([np.bincount(self.station, row, n) for row in of_meters])

    @cached_property
    def usual(self) -> np.ndarray:
        """Mean reading by hour and meter (24, n_meters)."""
        return np.asarray(np.nanmean([self.readings(int(day)) for day in self.learned], axis=0))

    def _summed(self, read: np.ndarray) -> np.ndarray:
        """Readings since midnight; who is not read counts as usual."""
        return np.cumsum(np.where(np.isfinite(read), read, np.nan_to_num(self.usual)), axis=0)

    @cached_property
    def losses(self) -> tuple[np.ndarray, np.ndarray]:
        """Share that stations take in beyond what is read, and its spread over days (24, n_stations)."""
        shares = []
        for day in self.learned.tolist():
            inflow = self.inflow(day)
            shares.append((inflow - self._by_station(self._summed(self.readings(day)))) / inflow)
        return np.mean(shares, axis=0), np.std(shares, axis=0, ddof=1)

    @cached_property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of the log of each meter's sum (24, n_meters)."""
        logs = [np.log(self._summed(self.readings(int(day))) + LEAST_KWH) for day in self.learned]
        return np.mean(logs, axis=0), np.std(logs, axis=0, ddof=1)

    def scores(self, day: int, falsifier: Falsifier | None = None) -> np.ndarray:
        """Greatest of all stations and meters by hour (3, 24); both: one meter and its own station."""
        read, inflow = self._summed(self.readings(day, falsifier)), self.inflow(day)
        share, spread = self.losses
        balance = balance_deviation(inflow, self._by_station(read), 0.0, share * inflow, spread * inflow)
        mean, own = self.own
        away = (mean - np.log(read + LEAST_KWH)) / np.sqrt(own**2 + 0.02**2)
        both = np.minimum(away, balance[:, self.station])
        return np.array([balance.max(axis=1), away.max(axis=1), both.max(axis=1)])

    def tampered(self, day: int, number: int) -> tuple[Falsifier, int]:
        """One meter drawn, and the hour from which it reads less."""
        key = np.array([number], dtype=np.uint64)
        pick, when = (float(uniforms(self.seed, _CASE, key, 2 * day + k)[0]) for k in range(2))
        row, start = int(pick * len(self.fleet.place)), 6 + int(when * 4)
        begin_s = (day * DAY_MS + start * MS_PER_H) / MS
        size = float(LEDGER["security.tamper_size"])
        place = self.fleet.place[row : row + 1].astype(np.int64)
        return Falsifier(
            "tamper", place, self.fleet.key[row : row + 1], TimeWindow(begin_s), size, self.seed
        ), start


def meter_runs(
    ground: Ground, seed: int, dealt: tuple[np.ndarray, np.ndarray, np.ndarray], n_attacked: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scores (n, 3, 24) of clean days to set by and to judge and of attacked ones, and hours of onset."""
    learned, set_by, judged = dealt
    meters = Meters(ground, seed, learned)
    attacked, onset = [], []
    for k in range(n_attacked):
        day = int(judged[(seed + 7 * k) % len(judged)])
        falsifier, start = meters.tampered(day, k)
        attacked.append(meters.scores(day, falsifier))
        onset.append(start)
    clean = (np.array([meters.scores(int(day)) for day in days]) for days in (set_by, judged))
    return *clean, np.array(attacked), np.array(onset)
