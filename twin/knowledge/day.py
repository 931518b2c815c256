"""What an actor believed of the day, by slice: flows from counters, speeds from pictures.

A value is there only where something was observed; elsewhere it is NaN, and no guess is made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.clock import N_SLICES, SLICE_S
from twin.errors import InputError
from twin.kernels.picture import fill_gaps
from twin.knowledge.datasets import Observations
from twin.knowledge.estimates import LinkPicture
from twin.knowledge.platform import DataPlatform


class CountReading(NamedTuple):
    """How the owner reads its counters: interval [s], share missed by a sound one, gap bridged [s]."""

    interval_s: int
    miss_share: float
    longest_gap_s: float


@dataclass
class DayEstimate:
    """One actor's picture of the day; flow_veh, speed_mps (N_SLICES, n_links), NaN where unknown.

    blind_share (N_SLICES,) is the share of links without a probe for 15 minutes, NaN without pictures.
    """

    owner: str
    flow_veh: np.ndarray
    speed_mps: np.ndarray
    blind_share: np.ndarray = field(default_factory=lambda: np.full(N_SLICES, np.nan))
    picture: LinkPicture | None = None

    @classmethod
    def unknown(cls, owner: str, n_links: int) -> DayEstimate:
        """Nothing is known yet."""
        return cls(owner, np.full((N_SLICES, n_links), np.nan), np.full((N_SLICES, n_links), np.nan))

    def note_picture(self, picture: LinkPicture, length_m: np.ndarray) -> None:
        """Keep the last picture of each slice as its speeds, free-flow beliefs included."""
        slot = slice_before(picture.moment_s)
        self.picture = picture
        self.speed_mps[slot] = length_m / picture.travel_time_s
        self.blind_share[slot] = picture.blind_share()


def slice_before(moment_s: float) -> int:
    """The slice of the day that a picture drawn at a moment is about: the one ending then or after.

    >>> slice_before(900.0), slice_before(901.0), slice_before(0.0)
    (0, 1, 0)
    """
    return min(max(math.ceil(moment_s / SLICE_S) - 1, 0), N_SLICES - 1)


def flows_from_counts(rows: Observations, n_links: int, reading: CountReading) -> np.ndarray:
    """Vehicles by slice and link (N_SLICES, n_links) from counters, NaN where nothing is known.

    A slice with samples of only some of its intervals is scaled up to all of them, the share that a
    sound counter misses is put back, and a gap between two known slices is bridged by a straight line
    if it is short enough. ``phenomenon_time_s`` of a count is the end of its interval.
    """
    interval_s = reading.interval_s
    if not 0 < interval_s <= SLICE_S or SLICE_S % interval_s:
        raise InputError("interval of counters", f"{interval_s} s", f"a divisor of {SLICE_S} s")
    middle_s = rows.phenomenon_time_s - interval_s / 2
    total_veh, n_samples = _by_slice(rows, middle_s, rows.result, n_links)
    with np.errstate(invalid="ignore"):
        flow_veh: np.ndarray = total_veh / n_samples * (SLICE_S // interval_s) / (1.0 - reading.miss_share)
    fill_gaps(flow_veh, int(reading.longest_gap_s // SLICE_S))
    return flow_veh


def speeds_from_times(rows: Observations, length_m: np.ndarray) -> np.ndarray:
    """Speed by slice and link (N_SLICES, n_links) [m/s] from travel times, NaN where none came.

    The space-mean speed: length over the mean of travel times (Wardrop 1952).
    """
    before_s = rows.phenomenon_time_s - 0.001  # a picture drawn as a slice ends is about that slice
    total_ms, n_samples = _by_slice(rows, before_s, np.rint(rows.result * 1_000.0), len(length_m))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_s = total_ms / n_samples / 1_000.0
        speed_mps: np.ndarray = length_m / mean_s
    return speed_mps


def city_picture(
    platform: DataPlatform,
    owner: str,
    counts: Mapping[str, CountReading],
    traffic: Sequence[str],
    length_m: np.ndarray,
    moment_s: float,
) -> DayEstimate:
    """What a city believes of the day so far, through its rights alone.

    Flows from its counters (``counts``: dataset and how to read it; the mean where several stand), speeds
    from the traffic that providers give back (``traffic``: datasets; nothing without an agreement).
    """
    estimate = DayEstimate.unknown(owner, len(length_m))
    total_veh, n_fleets = np.zeros_like(estimate.flow_veh), np.zeros_like(estimate.flow_veh)
    for name, reading in counts.items():
        flow_veh = flows_from_counts(platform.visible(owner, name, moment_s), len(length_m), reading)
        total_veh += np.nan_to_num(flow_veh)
        n_fleets += ~np.isnan(flow_veh)
    np.divide(total_veh, n_fleets, out=estimate.flow_veh, where=n_fleets > 0)
    parts = [platform.visible(owner, name, moment_s) for name in traffic]
    if parts:
        rows = Observations.joined(parts)
        estimate.speed_mps = speeds_from_times(rows, length_m)
    return estimate


def _by_slice(
    rows: Observations, at_s: np.ndarray, whole: np.ndarray, n_links: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of whole numbers, and how many, by slice and link; whole numbers add up in any order."""
    slot = np.floor(at_s / SLICE_S).astype(np.int64)
    kept = (slot >= 0) & (slot < N_SLICES)
    cell = slot[kept] * n_links + rows.datastream[kept]
    size = N_SLICES * n_links
    total = np.bincount(cell, weights=whole[kept], minlength=size).reshape(N_SLICES, n_links)
    return total, np.bincount(cell, minlength=size).reshape(N_SLICES, n_links)
