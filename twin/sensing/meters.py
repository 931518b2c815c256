"""Water and power meters: what buildings draw in an interval, read from afar, late and now and then never.

The reading of a building tells when its people are at home: it is personal data and stays with its
operator (GDPR art. 4). What may leave is summed over a street or a transformer station, and only where
enough delivery points stand behind the sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.clock import DAY_MS, DAY_S, MS
from twin.errors import InputError
from twin.kernels.observe import bells
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Column, Dataset, Observations, no_observations, observations
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Fleet, PlaceSite, Sharing, Site, StepTruth, sensor_keys

_PLACE = stream_of("sensing.meter.placement")
_NOISE = stream_of("sensing.meter.noise")
_LOSS = stream_of("sensing.meter.loss")


class MeterSettings(NamedTuple):
    """How a meter reads: interval and delay [s], relative error [sd], share of days lost, least step."""

    utility: str
    interval_s: int
    noise_share: float
    loss_share: float
    delay_s: float
    step: float


class WaterMeter:
    """The kind ``water_meter``: litres by building, shared by street."""

    utility, unit, step, shared_by = "water", "l", 1.0, "street"
    options: tuple[str, ...] = ()

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Put meters into the named buildings, or a share or a number of them."""
        settings = _settings(self, order, parameters)
        chosen = place_meters(order, site)
        assert site.places is not None, "checked where meters are placed"
        return _fleet(self, order, settings, (chosen, site.places), parameters)

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """Readings of the intervals that end in the step."""
        return read_meters(fleet, truth, seed)


class PowerMeter(WaterMeter):
    """The kind ``power_meter``: kilowatt-hours by building, shared by transformer station."""

    utility, unit, step, shared_by = "power", "kWh", 0.001, "station"


def _settings(kind: WaterMeter, order: SensorFleet, parameters: Parameters) -> MeterSettings:
    def either(given: float | None, name: str) -> float:
        return float(parameters[f"sensing.{name}"]) if given is None else float(given)

    interval_s = either(order.interval_s, f"{kind.utility}_meter_interval_s")
    if interval_s != int(interval_s) or DAY_S % int(interval_s):
        raise InputError(order.where("interval_s"), f"{interval_s:g} s",
                         f"a whole divisor of {DAY_S} s")  # fmt: skip
    return MeterSettings(
        utility=kind.utility,
        interval_s=int(interval_s),
        noise_share=either(order.noise, f"{kind.utility}_meter_noise_share"),
        loss_share=either(order.loss, f"{kind.utility}_meter_loss_share"),
        delay_s=either(order.delay_s, "meter_delay_s"),
        step=kind.step,
    )


def place_meters(order: SensorFleet, site: Site) -> np.ndarray:
    """Rows of the places that get a meter, ascending (n_sensors,) int32.

    All that are named, or a share or a number of them in the order of their keys' draws: the places of a
    smaller share are among those of a larger one, whatever the rows.
    """
    where = order.where()
    for key, given in (("links", order.links), ("sampling", order.sampling)):
        if given is not None:
            raise InputError(
                f"{where}: {key}", f"a {order.kind} stands in a building", "places, share or count"
            )
    if order.placement not in (None, "random"):
        raise InputError(f"{where}: placement", f"a {order.kind} is placed at random", "random, or nothing")
    if order.share is not None and order.count is not None:
        raise InputError(f"{where}: count", "a share is given too", "either share or count")
    if site.places is None or not len(site.places.candidates):
        raise InputError(where, "the territory has no places for meters", "a territory with buildings")
    candidates = np.unique(np.asarray(site.places.candidates, dtype=np.int32))
    keys = site.places.place_key[candidates]
    draw = uniforms(site.seed, _PLACE, keys)
    if order.share is not None:
        return candidates[draw < order.share]
    if order.count is None:
        return candidates
    if order.count > len(candidates):
        raise InputError(f"{where}: count", f"{order.count} meters for {len(candidates)} places",
                         f"at most {len(candidates)}")  # fmt: skip
    return np.sort(candidates[np.lexsort((keys, draw))[: order.count]])


def _fleet(
    kind: WaterMeter,
    order: SensorFleet,
    settings: MeterSettings,
    stand: tuple[np.ndarray, PlaceSite],
    parameters: Parameters,
) -> Fleet:
    chosen, site = stand
    column = Column("result", kind.unit, f"{kind.utility} drawn in the interval")
    cadence_s = float(settings.interval_s)
    dataset = Dataset.of_features(
        order.name, order.owner, column, "place", cadence_s=cadence_s, personal=True
    )
    feature = "link" if kind.shared_by == "street" else "node"
    name = f"{order.name}.by_{kind.shared_by}"
    group = site.street if kind.shared_by == "street" else site.station
    sharing = Sharing(
        Dataset.of_features(name, order.owner, column, feature, cadence_s=cadence_s),
        group[chosen],
        site.points[chosen],
        int(parameters["sensing.meter_least_points"]),
    )
    key = sensor_keys(order.name, site.place_key[chosen])
    nowhere = np.empty(0, dtype=np.int32)
    return Fleet(order.name, order.kind, dataset, nowhere, key, settings, place=chosen, sharing=sharing)


def read_meters(fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
    """Readings of all intervals that end in (start, end] of a step.

    A meter errs by the same share all day; of a day in which it cannot be read, no reading arrives.
    """
    rule: MeterSettings = fleet.settings
    interval_ms = rule.interval_s * MS
    first = (truth.start_ms // interval_ms + 1) * interval_ms
    ends = range(first, truth.end_ms + 1, interval_ms)
    if not ends:
        return no_observations()
    if truth.consumption is None:
        raise ValueError(f"{fleet.name}: the step says nothing of consumption")
    factor = np.maximum(1.0 + rule.noise_share * bells(seed, _NOISE, fleet.key), 0.0)
    reports = []
    for end_ms in ends:
        drawn = truth.consumption.between(rule.utility, end_ms - interval_ms, end_ms)[fleet.place]
        read = np.floor(drawn * factor / rule.step + 0.5) * rule.step
        arrives = uniforms(seed, _LOSS, fleet.key, (end_ms - 1) // DAY_MS) >= rule.loss_share
        at_s = end_ms / MS
        reports.append(observations(fleet.place[arrives], at_s, at_s + rule.delay_s, read[arrives]))
    return Observations.joined(reports)


def shared_readings(fleet: Fleet, rows: Observations) -> Observations:
    """Readings summed by street or station and interval, where enough delivery points stand behind."""
    sharing = fleet.sharing
    if sharing is None or not rows.n_rows:
        return no_observations()
    meter = np.searchsorted(fleet.place, rows.datastream)
    group, points = sharing.group[meter].astype(np.int64), sharing.points[meter]
    ends, which = np.unique(rows.phenomenon_time_s, return_inverse=True)
    known = group >= 0
    cell, row = np.unique(group[known] * len(ends) + which[known], return_inverse=True)
    behind = np.bincount(row, weights=points[known], minlength=len(cell))
    total = np.bincount(row, weights=rows.result[known], minlength=len(cell))
    at_s = ends[cell % len(ends)]
    late_s = float((rows.result_time_s - rows.phenomenon_time_s).max())
    kept = behind >= sharing.least_points
    return observations(
        (cell // len(ends))[kept].astype(np.int32), at_s[kept], at_s[kept] + late_s, total[kept]
    )
