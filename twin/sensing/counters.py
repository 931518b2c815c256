"""Road counters: inductive loops at the end of a link that add up vehicles and report by interval.

Errors of a loop are mostly whole months without good samples (Chen, Kwon & Varaiya, PeMS), then
vehicles that are missed, a few counted wrong, and reports that get lost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.clock import MS, SLICE_S
from twin.errors import InputError
from twin.kernels.observe import bells, detect_vehicles
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Dataset, Observations, no_observations, observations
from twin.knowledge.day import CountReading
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Fleet, Site, StepTruth, sensor_keys
from twin.sensing.placement import place

_MISS = stream_of("sensing.counter.miss")
_NOISE = stream_of("sensing.counter.noise")
_LOSS = stream_of("sensing.counter.loss")
_OUTAGE = stream_of("sensing.counter.outage")


class CounterSettings(NamedTuple):
    """How a counter errs: interval and delay [s], shares missed, good, lost, relative noise [sd]."""

    interval_s: int
    miss_share: float
    noise_share: float
    good_share: float
    loss_share: float
    delay_s: float


def counter_settings(order: SensorFleet, parameters: Parameters) -> CounterSettings:
    """Settings of a fleet: what the order says, else the ledger."""

    def either(given: float | None, name: str) -> float:
        return float(parameters[f"sensing.counter_{name}"]) if given is None else float(given)

    interval_s = either(order.interval_s, "interval_s")
    if interval_s != int(interval_s) or SLICE_S % int(interval_s):
        raise InputError(order.where("interval_s"), f"{interval_s:g} s",
                         f"a whole divisor of {SLICE_S} s")  # fmt: skip
    return CounterSettings(
        interval_s=int(interval_s),
        miss_share=1.0 - order.sampling if order.sampling is not None else either(None, "miss_share"),
        noise_share=either(order.noise, "noise_share"),
        good_share=float(parameters["sensing.counter_good_share"]),
        loss_share=either(order.loss, "loss_share"),
        delay_s=either(order.delay_s, "delay_s"),
    )


def count_reading(fleet: Fleet, parameters: Parameters) -> CountReading:
    """How the owner reads this fleet: it knows what share a sound counter misses, not which are sound."""
    gap_s = float(parameters["sensing.counter_longest_gap_s"])
    return CountReading(fleet.settings.interval_s, fleet.settings.miss_share, gap_s)


def observe_counters(
    fleet: Fleet, passed_veh: np.ndarray, start_ms: int, end_ms: int, seed: int, period: int = 0
) -> Observations:
    """Counters see the vehicles that left each link in [start, end), passed_veh (n_links,), and may report.

    A report comes when end_ms closes an interval: its phenomenon time is that end, its result whole
    vehicles. The part of an interval must not reach beyond it (``end_ms - start_ms`` at most).
    """
    rule: CounterSettings = fleet.settings
    interval_ms = rule.interval_s * MS
    if start_ms // interval_ms != (end_ms - 1) // interval_ms:
        raise ValueError(f"{fleet.name}: {start_ms}..{end_ms} ms is not within one counting interval")
    passed = np.asarray(passed_veh)[fleet.link].astype(np.int64)
    detect_vehicles(seed, _MISS, fleet.key, passed, start_ms, rule.miss_share, fleet.pending_veh)
    if end_ms % interval_ms:
        return no_observations()
    noise = 1.0 + rule.noise_share * bells(seed, _NOISE, fleet.key, end_ms)
    counted = np.maximum(np.floor(fleet.pending_veh * noise + 0.5), 0.0)
    fleet.pending_veh[:] = 0
    arrives = uniforms(seed, _LOSS, fleet.key, end_ms) >= rule.loss_share
    arrives &= counters_work(fleet, seed, period)
    end_s = end_ms / MS
    return observations(fleet.link[arrives], end_s, end_s + rule.delay_s, counted[arrives])


def counters_work(fleet: Fleet, seed: int, period: int = 0) -> np.ndarray:
    """Which counters give good samples in a month (n_sensors,) bool; the same all month."""
    return np.asarray(uniforms(seed, _OUTAGE, fleet.key, period) < fleet.settings.good_share)


class RoadCounter:
    """The kind ``road_counter``."""

    options: tuple[str, ...] = ()

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Place counters on the named links, or some of them."""
        settings = counter_settings(order, parameters)
        link = place(order, site, parameters)
        dataset = Dataset.of_links(order.name, order.owner, "vehicles that left the link in the interval",
                                   "veh", cadence_s=settings.interval_s)  # fmt: skip
        key = sensor_keys(order.name, site.link_key[link])
        pending = np.zeros(len(link), dtype=np.int64)
        return Fleet(order.name, order.kind, dataset, link, key, settings, provider, pending)

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """Count the step's events, interval by interval where several end in it."""
        interval_ms = fleet.settings.interval_s * MS
        first = (truth.start_ms // interval_ms + 1) * interval_ms
        ends = np.append(np.arange(first, truth.end_ms, interval_ms), truth.end_ms)
        part = np.minimum(np.searchsorted(ends, truth.events.exit_ms, side="right"), len(ends) - 1)
        n_links = len(truth.link_key)
        start_ms, reports = truth.start_ms, []
        for k, end_ms in enumerate(ends.tolist()):
            passed = np.bincount(truth.events.link[part == k], minlength=n_links)
            reports.append(observe_counters(fleet, passed, start_ms, end_ms, seed, truth.period))
            start_ms = end_ms
        return Observations.joined(reports)
