"""What is done to the sensors of `bad_data_days`: one case of every class, drawn by seed and number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.studies.bad_data_days import (
    FROM_H,
    LEDGER,
    PER_HOUR,
    STEP_S,
    UNTIL_H,
    PhoneHours,
    phone_hours,
)
from benchmarks.studies.bad_data_scores import Watch, onset_of
from twin.clock import DAY_S
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Observations
from twin.security.falsifier import Falsifier, Queue, TimeWindow
from twin.security.stealthy import hidden_stream

GROSS_SIGMAS = 10.0
LATEST_START = 5
CLASSES = ("gross", "stealthy", "stuck", "drift", "noise", "replay", "spoof", "ghosts", "sybil")
OF_PHONES = ("spoof", "ghosts", "sybil")
_CASE = stream_of("study.bad data.case")


@dataclass(eq=False)
class Case:
    """One attack: its class, the hour of the watch in which it begins, and what it is aimed at.

    target: place of the counter among the counted, or of the link among the main ones, -1 several.
    sensitivity: how much of the error of that counter the residuals show.
    """

    name: str
    start: int
    target: int
    sensitivity: float
    falsifier: Falsifier

    def applied(
        self, counts: Observations, phones: Observations, links: np.ndarray
    ) -> tuple[Observations, PhoneHours]:
        """What holders get instead."""
        begin_s, end_s = FROM_H * 3_600.0, UNTIL_H * 3_600.0
        if self.name in OF_PHONES:
            return counts, phone_hours(links, self.falsifier.told(phones, begin_s, end_s))
        return self.falsifier.told(counts, begin_s, end_s), phone_hours(links, phones)


def draw(watch: Watch, day: int, number: int, what: int) -> float:
    """One uniform number of a case."""
    seed = watch.sensors.day_seed(day)
    return float(uniforms(seed, _CASE, np.array([number], dtype=np.uint64), what)[0])


def cases_of(watch: Watch, day: int, number: int, names: Sequence[str] = CLASSES) -> Iterator[Case]:
    """One case of every class named; a class draws the same whichever others are."""
    for row, name in enumerate(CLASSES):
        if name not in names:
            continue
        start = 1 + int(draw(watch, day, number, 3 * row) * LATEST_START)
        place = draw(watch, day, number, 3 * row + 1)
        if name in OF_PHONES:
            yield _of_phones(watch, name, start, place)
        elif name == "stealthy":
            yield _stealthy(watch, start, place)
        else:
            yield _of_a_counter(watch, name, start, place, draw(watch, day, number, 3 * row + 2))


def _of_a_counter(watch: Watch, name: str, start: int, place: float, more: float) -> Case:
    """A fault of one counter, or a replay of what it reported on a day before."""
    sensors = watch.sensors
    target = int(place * len(sensors.counted))
    way = "offset" if name == "gross" else name
    worst_veh = float(watch.count_spread_veh[:, target].max())
    sizes = {"gross": np.ceil(GROSS_SIGMAS * worst_veh / PER_HOUR), "stuck": 1.0, "replay": DAY_S}
    size = sizes[name] if name in sizes else float(LEDGER[f"security.{name}_size"])
    made = Falsifier(
        way,
        sensors.fleet.link[target : target + 1].astype(np.int64),
        sensors.fleet.key[target : target + 1],
        TimeWindow(onset_of(start)),
        float(size),
        sensors.seed,
        step=1.0,
    )
    if name == "replay":
        recent = watch.learned[-len(watch.recent) :]
        rows = sensors.counts(int(recent[int(more * len(recent))]))
        own = rows.datastream == sensors.fleet.link[target]
        heard = rows.at(own)
        made.heard = heard._replace(phenomenon_time_s=heard.phenomenon_time_s - DAY_S)
    shown = np.mean([test.sensitivity[target] for test in watch.tests])
    return Case(name, start, target, float(shown), made)


def _stealthy(watch: Watch, start: int, place: float) -> Case:
    """A stream from gate to gate through a counter drawn; all counters on it are owned.

    So strong that every count on it is wrong by ten standard deviations of its error at least.
    """
    ground, sensors = watch.ground, watch.sensors
    streets, system = ground.territory.streets, ground.system
    tail, head = streets.tail[system.links], streets.head[system.links]
    at_ends = np.union1d(tail, head)
    open_nodes = at_ends[~_has_equation(watch)[at_ends]]
    none = np.zeros(system.n_links, dtype=np.bool_)
    first = int(place * len(sensors.counted))
    for k in range(len(sensors.counted)):
        through = none.copy()
        through[sensors.counted[(first + k) % len(sensors.counted)]] = True
        stream = hidden_stream(tail, head, open_nodes, none, through)
        if stream.any():
            break
    passes = stream[sensors.counted]
    owned = np.flatnonzero(passes)
    size = GROSS_SIGMAS * float(watch.count_spread_veh[:, owned].max())
    made = Falsifier(
        "stealthy", sensors.fleet.link[owned].astype(np.int64), sensors.fleet.key[owned],
        TimeWindow(onset_of(start)), size, sensors.seed,
        step=1.0, stream_veh=passes[owned], interval_s=STEP_S,
    )  # fmt: skip
    assert np.abs(system.balance @ stream).max(initial=0.0) == 0.0, "a stream balances everywhere"
    return Case("stealthy", start, -1, 0.0, made)


def _has_equation(watch: Watch) -> np.ndarray:
    """Nodes of the streets at which main flow balances (n_nodes,) bool."""
    system, streets = watch.ground.system, watch.ground.territory.streets
    has = np.zeros(streets.n_nodes, dtype=np.bool_)
    for row in system.balance:
        into, out = system.links[row > 0], system.links[row < 0]
        has[np.intersect1d(streets.head[into], streets.tail[out])] = True
    return has


def _of_phones(watch: Watch, name: str, start: int, place: float) -> Case:
    """Phones on one main link with a counter."""
    ground, sensors = watch.ground, watch.sensors
    streets = ground.territory.streets
    target = int(place * len(sensors.counted))
    link = sensors.fleet.link[target : target + 1].astype(np.int64)
    pace = float(LEDGER["security.ghost_pace_mps"]) if name == "ghosts" else streets.free_speed_mps[link]
    queue = Queue(streets.length_m[link] / pace, float(STEP_S), float(LEDGER["security.ghost_delay_s"]))
    share = float(LEDGER["security.spoof_share"]) if name == "spoof" else 1.0
    size = float(LEDGER[f"security.{name}_size"])
    made = Falsifier(
        name,
        link,
        streets.link_key[link],
        TimeWindow(onset_of(start)),
        size,
        sensors.seed,
        queue=queue,
        share=share,
    )
    return Case(name, start, target, 0.0, made)
