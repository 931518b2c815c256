"""Fleets of devices of any kind: placed, put on the air, and stepped through their reporting intervals."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from twin.clock import HORIZON_S, MS
from twin.errors import InputError
from twin.kernels.devices import (
    DOWN,
    LOST,
    MAINS,
    NEVER,
    NO_NETWORK,
    NO_POWER,
    DeviceRule,
    Devices,
    DeviceSpan,
    step_devices,
)
from twin.kernels.random import stream_of
from twin.knowledge.datasets import Column, Dataset, Observations, no_observations, observations
from twin.scenario.actors import SensorFleet
from twin.scenario.entry import told_of
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Fleet, Site, Spots, StepTruth, Tally, sensor_keys
from twin.sensing.kinds import KINDS, LORAWAN, DeviceSettings, fleet_settings
from twin.sensing.lorawan import (
    Radios,
    check_gateways,
    gateway_reach_of,
    offered_load,
    place_gateways,
    received,
)
from twin.sensing.placement import place_devices

_STEP = stream_of("sensing.device.step")
NO_CUT = np.empty((0, 0), dtype=np.uint8)
BLOCK = 16_384
"""Devices that one thread takes at a time."""


class DeviceReports(NamedTuple):
    """What devices told (n_devices, n_intervals) float32: results, and delays [s] or why there is none."""

    result: np.ndarray
    late_s: np.ndarray

    @staticmethod
    def room(n_devices: int, n_intervals: int) -> DeviceReports:
        """Room for so many."""
        return DeviceReports(*(np.empty((n_devices, n_intervals), dtype=np.float32) for _ in range(2)))


def new_table(key: np.ndarray, feature: np.ndarray) -> Devices:
    """Devices (n,) on the mains and heard by whoever listens, that never fail: what a fleet starts from."""
    n = len(key)
    return Devices(
        key=np.ascontiguousarray(key, dtype=np.uint64),
        feature=np.ascontiguousarray(feature, dtype=np.int32),
        gateway=np.full(n, -1, dtype=np.int16),
        spreading=np.zeros(n, dtype=np.uint8),
        heard=np.ones(n, dtype=np.float32),
        charge_pah=np.full(n, MAINS, dtype=np.int64),
        drift=np.zeros(n, dtype=np.float32),
        bad=np.zeros(n, dtype=np.uint8),
        fails_at_s=np.full(n, NEVER - 1, dtype=np.int32),
        visit_at_s=np.full(n, NEVER, dtype=np.int32),
        down_since_s=np.full(n, NEVER, dtype=np.int32),
        visited_at_s=np.zeros(n, dtype=np.int32),
        n_visits=np.zeros(n, dtype=np.uint16),
    )


def step_fleet(
    table: Devices,
    rule: DeviceRule,
    truth: np.ndarray,
    intervals: tuple[int, int],
    seed: int,
    out: DeviceReports,
    cut: np.ndarray = NO_CUT,
    threads: int = 1,
) -> None:
    """Step devices through intervals [first, last) of day 0, on several threads; the result is the same.

    truth (n_features, n_rows) float32; out (n_devices, n_intervals) written.
    """
    first, last = intervals
    n = len(table.key)

    def work(begin: int) -> None:
        span = DeviceSpan(begin, min(begin + BLOCK, n), first, last - first, seed, _STEP)
        step_devices(table, rule, truth, cut, span, out.result, out.late_s)

    blocks = range(0, n, BLOCK)
    if threads < 2 or len(blocks) < 2:
        for begin in blocks:
            work(begin)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, blocks))


def share_the_air(fleets: Sequence[tuple[Fleet, Spots]], parameters: Parameters, seed: int) -> dict[str, int]:
    """Gateways for the LoRaWAN fleets of each owner, and what they hear; how many by owner.

    Devices of all owners load the channels, each owner's gateways serve its own.
    """
    sends = [(fleet, spots) for fleet, spots in fleets if _on_lorawan(fleet)]
    if not sends:
        return {}
    parts = [_radios(each, spots, parameters) for each, spots in sends]
    radios = Radios(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    owner = np.concatenate([np.full(each.n_devices, each.dataset.owner) for each, _ in sends])
    asked: dict[str, int | None] = {}
    for each, _ in sends:  # fleets of one owner share its gateways: the most that any of them asks for
        most = max(asked.get(each.dataset.owner) or 0, each.settings.gateways or 0)
        asked[each.dataset.owner] = most or None
    stands, reaches = {}, {}
    spreading = np.zeros(len(owner), dtype=np.uint8)
    for name in sorted(asked):
        mine = owner == name
        stands[name] = place_gateways(Radios(*(each[mine] for each in radios)), parameters, asked[name])
        reaches[name] = gateway_reach_of(radios, stands[name], parameters, seed)
        spreading[mine] = reaches[name].spreading[mine]
    for name, gateways in stands.items():
        reach = reaches[name]._replace(spreading=spreading)
        offered = offered_load(radios, spreading, reach, len(gateways.key), parameters)
        heard = received(reach, offered, parameters)
        at = 0
        for fleet, _ in sends:
            some = slice(at, at := at + fleet.n_devices)
            if fleet.dataset.owner == name and fleet.table is not None:
                for column in ("gateway", "spreading", "heard"):
                    getattr(fleet.table, column)[:] = getattr(heard, column)[some]
    return {name: len(gateways.key) for name, gateways in stands.items()}


def _on_lorawan(fleet: Fleet) -> bool:
    return isinstance(fleet.settings, DeviceSettings) and fleet.settings.radio == LORAWAN


def _radios(fleet: Fleet, spots: Spots, parameters: Parameters) -> Radios:
    assert fleet.table is not None
    rule, row = fleet.settings, fleet.table.feature
    more = float(parameters["sensing.radio_buried_db"]) if rule.kind.buried else 0.0
    n = len(row)
    return Radios(
        np.asarray(spots.x_m)[row].astype(np.float64),
        np.asarray(spots.y_m)[row].astype(np.float64),
        fleet.table.key,
        np.full(n, more),
        np.full(n, float(rule.rule.interval_s)),
    )


class DeviceSensor:
    """The registry's object for every kind in `KINDS`."""

    options = ("radio", "gateways")

    def deploy(self, order: SensorFleet, site: Site, parameters: Parameters, provider: int) -> Fleet:
        """Place devices on the spots of their kind; a day opens all fleets together with air and ages."""
        kind, where = KINDS[order.kind], order.where()
        if order.sampling is not None:
            raise InputError(f"{where}: sampling", f"a {order.kind} observes all before it", "no sampling")
        if site.spots is None:
            raise InputError(where, f"nothing is known of where a {order.kind} may stand", "a territory")
        settings = fleet_settings(order, parameters)
        rows = place_devices(order, site.spots, site.seed, parameters)
        column = Column("result", kind.unit, kind.observed_property)
        dataset = Dataset.of_features(
            order.name, order.owner, column, kind.feature, cadence_s=float(settings.rule.interval_s),
            personal=kind.personal,
        )  # fmt: skip
        table = new_table(sensor_keys(order.name, site.spots.key[rows]), rows)
        nowhere = np.empty(0, dtype=np.int32)
        slots = HORIZON_S // settings.rule.interval_s if site.outages else 0
        fleet = Fleet(
            order.name, order.kind, dataset, nowhere, nowhere.astype(np.uint64), settings, provider,
            table=table, tally=Tally.fresh(len(rows)), units=site.spots.units[rows].astype(np.float32),
            cut=np.zeros((len(rows) if slots else 0, slots), dtype=np.uint8),
        )  # fmt: skip
        with told_of(order, "options", "gateways"):
            check_gateways(_radios(fleet, site.spots, parameters), parameters, settings.gateways)
        return fleet

    def observe(self, fleet: Fleet, truth: StepTruth, seed: int) -> Observations:
        """Results of the intervals that end in the step; of a `late` kind, when the day is over."""
        settings: DeviceSettings = fleet.settings
        interval_ms = settings.rule.interval_s * MS
        if not truth.over:
            note_outages(fleet, truth)
        first, last = truth.start_ms // interval_ms, truth.end_ms // interval_ms
        if settings.kind.late != truth.over or first == last:
            return no_observations()
        if truth.surroundings is None:
            raise ValueError(f"{fleet.name}: the step says nothing of what devices stand before")
        spans = [(k * interval_ms, (k + 1) * interval_ms) for k in range(first, last)]
        seen = _seen(truth, settings.kind.sees, spans)
        table, n = fleet.table, fleet.n_devices
        assert table is not None
        out = DeviceReports.room(n, last - first)
        cut = np.ascontiguousarray(fleet.cut[:, first:last]) if fleet.cut.size else NO_CUT
        dimness = 0.0
        if settings.dim_noise is not None:
            dimness = float(np.mean([truth.surroundings.during("dimness", *span) for span in spans]))
        step_fleet(table, settings.rule_in(dimness), seen, (first, last), seed, out, cut)
        scored = settings.kind.truth
        right = seen if scored == settings.kind.sees else _seen(truth, scored, spans)
        tally(fleet, out, right)
        return rows_of(table, settings.rule.interval_s, first, out)


def _seen(truth: StepTruth, name: str, spans: list[tuple[int, int]]) -> np.ndarray:
    assert truth.surroundings is not None
    columns = [truth.surroundings.during(name, *span) for span in spans]
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float32)


def rows_of(table: Devices, interval_s: int, first: int, out: DeviceReports) -> Observations:
    """Reports that arrive as observations; the datastream is the row of the feature."""
    device, k = np.nonzero(out.late_s >= 0.0)
    end_s = (first + k + 1.0) * interval_s
    late_s = out.late_s[device, k].astype(np.float64)
    return observations(
        table.feature[device], end_s, end_s + late_s, out.result[device, k].astype(np.float64)
    )


def tally(fleet: Fleet, out: DeviceReports, right: np.ndarray) -> None:
    """Count what came of observations, and how wrong they were, for who scores the fleet after the day."""
    counts, table = fleet.tally, fleet.table
    assert counts is not None
    assert table is not None
    counts.n_arrived[:] += (out.late_s >= 0.0).sum(axis=1).astype(np.uint16)
    counts.n_lost[:] += (out.late_s == LOST).sum(axis=1).astype(np.uint16)
    counts.n_down[:] += (out.late_s == DOWN).sum(axis=1).astype(np.uint16)
    wrong = np.where(out.late_s >= 0.0, out.result - right[table.feature], 0.0)
    counts.error_sq[:] += np.nan_to_num(wrong**2).sum(axis=1)


def note_outages(fleet: Fleet, truth: StepTruth) -> None:
    """Remember what outages leave a fleet's devices in this step: power for the mains, sites for reports."""
    settings, table = fleet.settings, fleet.table
    outage = truth.outages.get(settings.kind.feature)
    if not fleet.cut.size or outage is None or table is None:
        return
    slot = truth.start_ms // (settings.rule.interval_s * MS)
    now = np.where(outage.no_network[table.feature], NO_NETWORK, 0)
    if not settings.kind.battery:
        now = np.where(outage.no_power[table.feature], NO_POWER, now)
    worse = np.array([0, 2, 1])  # a device without power is worse off than one that nobody hears
    kept = worse[fleet.cut[:, slot]] >= worse[now]
    fleet.cut[:, slot] = np.where(kept, fleet.cut[:, slot], now)
