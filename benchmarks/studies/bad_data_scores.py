"""Scores of the days of `bad_data_days` by every check, hour by hour: what a holder would look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmarks.studies.bad_data_days import (
    FROM_H,
    HOURS,
    PER_HOUR,
    Ground,
    PhoneHours,
    Sensors,
    phone_hours,
)
from twin.knowledge import bad_data_checks as checks
from twin.knowledge.bad_data import ResidualTest
from twin.knowledge.bad_data_flows import FlowSystem, UsualFlows, measurements, residual_tests
from twin.knowledge.datasets import Observations

RESIDUAL = ("chi_square", "largest_residual", "residual_cusum")
"""Checks by residuals of the counters' own equations."""
CROSS = ("subsystems", "usual_flow", "probe_counts", "probe_times", "room")
"""Checks by what stands in none of them."""
SOURCES = ("probe_counts", "room")
"""Those that need no earlier day: two sources that see the same street at the same time."""
TEMPORAL = ("stuck", "noise", "replay")
SLACK = 1.0
RECENT_DAYS = 5
N_PARTS = 4


class Scores(NamedTuple):
    """By check: a score by hour (HOURS,), and the counter, or link, that it points at (HOURS,), -1 none."""

    value: dict[str, np.ndarray]
    named: dict[str, np.ndarray]


@dataclass(eq=False)
class Watch:
    """A holder of counts and of phones' reports, with what it learned from earlier days."""

    ground: Ground
    sensors: Sensors
    learned: np.ndarray
    """Rows of the days that it learned from."""

    @cached_property
    def usual(self) -> UsualFlows:
        """Usual flows, and what equations leave over."""
        return UsualFlows.of(self.ground.system, self.ground.main_hours[self.learned])

    @cached_property
    def count_spread_veh(self) -> np.ndarray:
        """Error of an hour's count (HOURS, n_counted): vehicles missed, noise, rounding, reports lost."""
        rule = self.sensors.fleet.settings
        flow = self.usual.flow_veh[:, self.sensors.counted]
        missed = flow * rule.miss_share / (1.0 - rule.miss_share)
        noise = PER_HOUR * ((rule.noise_share * flow / PER_HOUR) ** 2 + 1.0 / 12.0)
        lost = rule.loss_share * flow * (1.0 + 1.0 / PER_HOUR)  # reports that are made up from the others
        return np.asarray(np.sqrt(missed + noise + lost))

    @cached_property
    def tests(self) -> list[ResidualTest]:
        """Of the whole, hour by hour."""
        return residual_tests(self.ground.system, self.usual, self.sensors.counted, self.count_spread_veh)

    @cached_property
    def parts(self) -> list[tuple[np.ndarray, np.ndarray, list[ResidualTest]]]:
        """Subsystems from west to east: places among counters, rows of equations, tests by hour."""
        system, streets = self.ground.system, self.ground.territory.streets
        x_m = streets.node_x_m[streets.head[system.links]]
        part = np.searchsorted(np.quantile(x_m, np.arange(1, N_PARTS) / N_PARTS), x_m)
        made = []
        for number in range(N_PARTS):
            inside = part == number
            rows = np.flatnonzero(
                (system.balance[:, inside] != 0).any(axis=1) & (system.balance[:, ~inside] == 0).all(axis=1)
            )
            own = np.flatnonzero(inside[self.sensors.counted])
            if not len(rows) or not len(own):
                continue
            small = FlowSystem(system.links[inside], system.balance[np.ix_(rows, inside)])
            usual = UsualFlows(
                self.usual.flow_veh[:, inside],
                self.usual.rest_veh[:, rows],
                self.usual.rest_spread_veh[:, rows],
            )
            place = (np.cumsum(inside) - 1)[self.sensors.counted[own]]
            made.append((own, rows, residual_tests(small, usual, place, self.count_spread_veh[:, own])))
        return made

    @cached_property
    def usual_counts(self) -> checks.UsualCounts:
        """Sums since the morning."""
        days = self.ground.main_hours[np.ix_(self.learned, np.arange(HOURS), self.sensors.counted)]
        return checks.UsualCounts.of(days, self.count_spread_veh)

    @cached_property
    def usual_reports(self) -> np.ndarray:
        """Expected reports by interval (HOURS * PER_HOUR, n_counted)."""
        return np.repeat(self.usual.flow_veh[:, self.sensors.counted] / PER_HOUR, PER_HOUR, axis=0)

    @cached_property
    def recent(self) -> np.ndarray:
        """Reports of a few earlier days, against replays."""
        days = self.learned[-RECENT_DAYS:]
        return np.array([self.sensors.reports(self.sensors.counts(int(day))) for day in days])

    @cached_property
    def usual_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Log of the time that phones need (HOURS, n_main), and how it differs from day to day."""
        links = self.ground.system.links
        days = [phone_hours(links, self.sensors.phones(int(day))).time_s for day in self.learned]
        logs = np.log(np.array(days))
        known = np.isfinite(logs).sum(axis=0)
        mean = np.nansum(logs, axis=0) / np.maximum(known, 1)
        variance = np.nansum((logs - mean) ** 2, axis=0) / np.maximum(known - 1, 1)
        return np.where(known >= 3, mean, np.nan), np.sqrt(variance + 0.05**2)

    def scores(self, counts: Observations, phones: PhoneHours) -> Scores:
        """All checks of one day."""
        reports = self.sensors.reports(counts)
        hours = checks.hourly(reports, PER_HOUR)
        filled = np.where(np.isfinite(hours), hours, self.usual.flow_veh[:, self.sensors.counted])
        of_links = {**self._residual(filled), **self._crossed(filled, phones), **self._temporal(reports)}
        value = {name: score.max(axis=1) if score.ndim > 1 else score for name, score in of_links.items()}
        named = {
            name: score.argmax(axis=1) if score.ndim > 1 else np.full(HOURS, -1)
            for name, score in of_links.items()
        }
        return Scores(value, named)

    def _residual(self, hours: np.ndarray) -> dict[str, np.ndarray]:
        z = measurements(self.usual, hours)
        normalised = np.array([test.normalised(z[hour]) for hour, test in enumerate(self.tests)])
        counters = normalised[:, : hours.shape[1]]
        return {
            "chi_square": np.array([float(test.objective(z[hour])) for hour, test in enumerate(self.tests)]),
            "largest_residual": np.abs(normalised),
            "residual_cusum": checks.cusum(counters, SLACK),
            "subsystems": np.array([self._worst_part(hours[hour], hour) for hour in range(HOURS)]),
        }

    def _worst_part(self, counts: np.ndarray, hour: int) -> float:
        tests = [tests[hour] for _, _, tests in self.parts]
        values = [
            np.concatenate([counts[own], self.usual.rest_veh[hour, rows]]) for own, rows, _ in self.parts
        ]
        return float(checks.subsystem_evidence(tests, values)) if tests else 0.0

    def _crossed(self, hours: np.ndarray, phones: PhoneHours) -> dict[str, np.ndarray]:
        counted, streets = self.sensors.counted, self.ground.territory.streets
        storage = streets.storage_veh[self.ground.system.links].astype(np.float64)
        usual, spread = self.usual_times
        with np.errstate(invalid="ignore", divide="ignore"):
            slow = np.nan_to_num((np.log(phones.time_s) - usual) / spread)
        flow = self.usual.flow_veh.copy()
        flow[:, counted] = hours
        full = checks.over_storage(flow / 3_600.0, np.nan_to_num(phones.time_s), storage)
        return {
            "usual_flow": np.abs(self.usual_counts.deviation(hours)),
            "probe_counts": np.abs(checks.against_probes(hours, phones.passages[:, counted])),
            "probe_times": np.abs(slow),
            "room": np.maximum(full, phones.at_once / storage),
        }

    def _temporal(self, reports: np.ndarray) -> dict[str, np.ndarray]:
        n = reports.shape[1]
        stuck = checks.stuck_evidence(reports, self.usual_reports)
        replay = checks.replay_evidence(reports, self.recent, self.usual_reports)
        by_hour = (each.reshape(HOURS, PER_HOUR, n).max(axis=1) for each in (stuck, replay))
        return {
            **dict(zip(("stuck", "replay"), by_hour, strict=True)),
            "noise": checks.noise_evidence(reports, self.usual_reports, PER_HOUR),
        }


def onset_of(start_h: int) -> float:
    """Moment of the day at which an hour of the watch begins [s]."""
    return (FROM_H + start_h) * 3_600.0
