"""One fault or attack on one dataset: a chunk of observations in, a chunk out.

Whoever falsifies has the datastreams named and what they have reported so far; it sees no other dataset and
nothing that is true. Chunks may be steps or whole days: what comes out is the same. All is simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.clock import MS
from twin.kernels.observe import bells
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Observations, no_observations, observations
from twin.units import S_PER_H

_NOISE = stream_of("security.noise")
_SPOOF = stream_of("security.spoof")
_SYBIL = stream_of("security.sybil")
NEVER = float("inf")


class TimeWindow(NamedTuple):
    """A time of the day in which it holds: [from_s, until_s) of phenomenon times."""

    from_s: float = 0.0
    until_s: float = NEVER


class Queue(NamedTuple):
    """What invented phones say: a travel time on each link (n,) [s], how often [s], how late [s]."""

    time_s: np.ndarray
    look_s: float = 300.0
    delay_s: float = 60.0


@dataclass(eq=False)
class Falsifier:
    """What is done to the observations of some datastreams.

    Parameters
    ----------
    way
        One of `WAYS`.
    streams
        Datastreams that are owned (n,), ascending.
    key
        Their random keys (n,) uint64.
    size
        How strong, as the way has it.
    step
        Results are whole multiples of it; 0: any number.
    queue
        What invented phones say, for ghosts and sybil.
    stream_veh
        How often a stealthy stream passes each datastream (n,).
    interval_s
        Time over which a result adds up.
    share
        Share of the phones on a link that are spoofed.
    """

    way: str
    streams: np.ndarray
    key: np.ndarray
    span: TimeWindow
    size: float
    seed: int
    step: float = 0.0
    queue: Queue | None = None
    stream_veh: np.ndarray | None = None
    interval_s: float = 300.0
    share: float = 1.0
    heard: Observations = field(default_factory=no_observations)
    """What the devices themselves have reported, for stuck and replay."""

    def told(self, rows: Observations, start_s: float, end_s: float) -> Observations:
        """The chunk of [start_s, end_s) as it reaches the platform."""
        if self.way in INVENTED:
            return Observations.joined([rows, INVENTED[self.way](self, start_s, end_s)])
        place = np.minimum(np.searchsorted(self.streams, rows.datastream), max(len(self.streams) - 1, 0))
        owned = np.flatnonzero(self.streams[place] == rows.datastream) if len(self.streams) else place[:0]
        if not owned.size:
            return rows
        mine, which = rows.at(owned), place[owned]
        now = (mine.phenomenon_time_s >= self.span.from_s) & (mine.phenomenon_time_s < self.span.until_s)
        if self.way in REMEMBERING:
            self.heard = Observations.joined([self.heard, mine])
        if not now.any():
            return rows
        said = CHANGED[self.way](self, mine, which)
        result = rows.result.copy()
        result[owned[now]] = self._whole(said[now])
        return rows._replace(result=result)

    def _whole(self, result: np.ndarray) -> np.ndarray:
        """As the device's display has it: no less than 0, in whole steps."""
        result = np.maximum(result, 0.0)
        return np.floor(result / self.step + 0.5) * self.step if self.step else result


def _stuck(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    """The last result before it began; without one, the first since."""
    at = np.searchsorted(by.streams, by.heard.datastream)
    order = np.argsort(by.heard.phenomenon_time_s, kind="stable")
    before = by.heard.phenomenon_time_s < by.span.from_s
    held = np.full(len(by.streams), np.nan)
    first = order[~before[order]][::-1]
    last = order[before[order]]
    for rows in (first, last):  # of rows named twice the last one stays
        held[at[rows]] = by.heard.result[rows]
    return np.where(np.isnan(held[which]), mine.result, held[which])


def _drift(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    hours = (mine.phenomenon_time_s - by.span.from_s) / S_PER_H
    return np.asarray(mine.result * (1.0 + by.size * hours))


def _noise(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    draw = np.empty(mine.n_rows)
    for moment_s in np.unique(mine.phenomenon_time_s).tolist():
        rows = np.flatnonzero(mine.phenomenon_time_s == moment_s)
        draw[rows] = bells(by.seed, _NOISE, by.key[which[rows]], round(moment_s * MS))
    return np.asarray(mine.result * (1.0 + by.size * draw))


def _offset(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    return np.asarray(mine.result + by.size)


def _tamper(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    return np.asarray(mine.result * by.size)


def _replay(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    """What the same device reported so long before; where it reported nothing then, what it reports now."""
    heard = np.round(np.column_stack([by.heard.datastream, by.heard.phenomenon_time_s]) * MS).astype(np.int64)
    code = heard[:, 0] * (1 << 24) + heard[:, 1] // 10
    order = np.argsort(code, kind="stable")
    ago = np.rint((mine.phenomenon_time_s - by.size) * MS).astype(np.int64)
    asked = mine.datastream.astype(np.int64) * MS * (1 << 24) + ago // 10
    at = np.minimum(np.searchsorted(code[order], asked), len(code) - 1)
    known = code[order][at] == asked
    return np.where(known, by.heard.result[order][at], mine.result)


def _spoof(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    """Phones with spoofed positions seem to crawl: of those on the links that are named, a share."""
    left_ms = np.rint(mine.phenomenon_time_s * MS).astype(np.int64)
    spoofed = uniforms(by.seed, _SPOOF, by.key[which], left_ms) < by.share
    return np.where(spoofed, mine.result * by.size, mine.result)


def _stealthy(by: Falsifier, mine: Observations, which: np.ndarray) -> np.ndarray:
    """A stream of vehicles that enters and leaves as streams do: every node balances, every moment."""
    assert by.stream_veh is not None, "made with its way through the counters"
    per_report = by.size * by.interval_s / S_PER_H
    n = np.rint((mine.phenomenon_time_s - by.span.from_s) / by.interval_s)
    more = np.floor((n + 1.0) * per_report) - np.floor(n * per_report)  # whole vehicles, the same everywhere
    return np.asarray(mine.result + more * by.stream_veh[which])


def _ghosts(by: Falsifier, start_s: float, end_s: float) -> Observations:
    """Phones that report a queue at every look, on every link the same number."""
    assert by.queue is not None, "made with what they say"
    looks = np.arange(np.floor(start_s / by.queue.look_s) + 1, np.floor(end_s / by.queue.look_s) + 1)
    moments = looks * by.queue.look_s
    moments = moments[(moments > by.span.from_s) & (moments <= by.span.until_s)]
    n = int(by.size)
    link = np.repeat(np.tile(by.streams, len(moments)), n)
    at_s = np.repeat(np.repeat(moments, len(by.streams)), n)
    said = np.repeat(np.tile(by.queue.time_s, len(moments)), n)
    return observations(link, at_s, at_s + by.queue.delay_s, said)


def _sybil(by: Falsifier, start_s: float, end_s: float) -> Observations:
    """Passages of users who do not exist, spread evenly over the hour, each link in its own rhythm."""
    assert by.queue is not None, "made with what they say"
    begin, end = max(start_s, by.span.from_s), min(end_s, by.span.until_s)
    if end <= begin or by.size <= 0.0:
        return no_observations()
    gap_s = S_PER_H / by.size
    shift = uniforms(by.seed, _SYBIL, by.key)
    parts = []
    for k, link in enumerate(by.streams.tolist()):
        first = np.ceil(begin / gap_s - shift[k])
        at_s = (np.arange(first, np.ceil(end / gap_s - shift[k])) + shift[k]) * gap_s
        parts.append(
            observations(np.full(len(at_s), link), at_s, at_s + by.queue.delay_s, by.queue.time_s[k])
        )
    return Observations.joined(parts)


CHANGED: dict[str, Callable[[Falsifier, Observations, np.ndarray], np.ndarray]] = {
    "stuck": _stuck,
    "drift": _drift,
    "noise": _noise,
    "offset": _offset,
    "replay": _replay,
    "spoof": _spoof,
    "tamper": _tamper,
    "stealthy": _stealthy,
}
"""Ways that change results of devices."""
INVENTED: dict[str, Callable[[Falsifier, float, float], Observations]] = {"ghosts": _ghosts, "sybil": _sybil}
"""Ways that add observations of devices that do not exist."""
REMEMBERING = ("stuck", "replay")
WAYS = (*CHANGED, *INVENTED)
