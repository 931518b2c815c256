"""Plain-Python twins of the knowledge room: what may be seen, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from twin.knowledge.datasets import Observations
from twin.knowledge.rights import Right


class Row(NamedTuple):
    """One observation, in the order in which a platform keeps rows of one chunk."""

    result_time_s: float
    datastream: int
    phenomenon_time_s: float
    result: float


def rows_of(columns: Observations) -> list[Row]:
    """Columns as rows."""
    return [
        Row(float(arrived), int(link), float(seen), float(value))
        for link, seen, arrived, value in zip(*columns, strict=True)
    ]


def slow_visible(
    chunks: Iterable[Observations], right: Right | None, moment_s: float, since_s: float
) -> list[Row]:
    """Every row of every chunk, asked one by one."""
    if right is None:
        return []
    seen = []
    for chunk in chunks:
        for row in sorted(rows_of(chunk)):
            there_s = row.result_time_s + right.lag_s
            in_time = right.since_s <= row.result_time_s < right.until_s
            allowed = right.datastreams is None or row.datastream in right.datastreams
            if in_time and allowed and since_s < there_s <= moment_s:
                seen.append(row)
    return seen


def slow_estimate(
    rows: list[Row], moment_s: float, window_s: float, prior_s: list[float], weight: float
) -> list[tuple[float, int, float]]:
    """Travel time, probes in the window and newest probe of every link."""
    picture = []
    for link, time_s in enumerate(prior_s):
        probes = [
            row for row in rows
            if row.datastream == link and moment_s - window_s < row.phenomenon_time_s <= moment_s
        ]  # fmt: skip
        if not probes:
            picture.append((time_s, 0, -math.inf))
            continue
        n = len(probes)
        mean_s = sum(math.floor(row.result * 1_000 + 0.5) for row in probes) / n / 1_000
        newest_s = max(row.phenomenon_time_s for row in probes)
        picture.append(((n * mean_s + weight * time_s) / (n + weight), n, newest_s))
    return picture


def slow_fill(values: list[float], longest_gap: int) -> list[float]:
    """Straight lines over short gaps between known values."""
    known = [k for k, value in enumerate(values) if not math.isnan(value)]
    filled = list(values)
    for before, after in pairwise(known):
        if after - before - 1 <= longest_gap:
            for k in range(before + 1, after):
                share = (k - before) / (after - before)
                filled[k] = values[before] + (values[after] - values[before]) * share
    return filled
