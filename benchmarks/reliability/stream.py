"""A stream of messages as bad as streams are: twice, out of order, late, by clocks that are wrong.

The truth behind it is known, so that what was kept can be held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.clock import SLICE_S
from twin.readers.sensorthings import moment_text, moment_us

START_US = moment_us("2038-01-18T12:00:00Z")
"""The second 2**31 after 1970 lies within the stream."""
S = 1_000_000
N_MESSAGES_A_BOOT = 50


@dataclass(frozen=True)
class Stream:
    """Messages (n,) as things were, and ``arrival``: rows in the order in which they are sent, some twice.

    Moments in microseconds: true_us of the phenomenon, sent_us and received_us by clocks that are right;
    error_us of the device's own clock.
    """

    device: NDArray[np.int64]
    boot: NDArray[np.int64]
    sequence: NDArray[np.int64]
    true_us: NDArray[np.int64]
    sent_us: NDArray[np.int64]
    received_us: NDArray[np.int64]
    error_us: NDArray[np.int64]
    result: NDArray[np.int64]
    arrival: NDArray[np.int64]

    def key(self, row: int) -> tuple[str, str, int]:
        """By which the platform tells a message from all others."""
        return f"d{self.device[row]}", f"b{self.boot[row]}", int(self.sequence[row])

    def line(self, row: int) -> bytes:
        """The message as its device sends it."""
        error = int(self.error_us[row])
        device, boot, sequence = self.key(row)
        phenomenon = moment_text(int(self.true_us[row]) + error)
        sent = moment_text(int(self.sent_us[row]) + error)
        received = moment_text(int(self.received_us[row]))
        return (
            f'{{"phenomenonTime":"{phenomenon}","resultTime":"{phenomenon}","result":{self.result[row]},'
            f'"Datastream":{{"@iot.id":"loops/{self.device[row]}"}},"parameters":{{"device":"{device}",'
            f'"boot":"{boot}","sequence":{sequence},"sentTime":"{sent}","gatewayTime":"{received}"}}}}\n'
        ).encode()

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """Messages in the order in which they are sent, from one on."""
        return (self.line(row) for row in self.arrival[first:].tolist())

    def clean_sums(self) -> pd.DataFrame:
        """What sums by slice would be had every message come once, in order, by a clock that is right."""
        table = pd.DataFrame(
            {
                "datastream": [f"loops/{device}" for device in self.device.tolist()],
                "begin_s": self.true_us // (SLICE_S * S) * SLICE_S,
                "n_observations": 1,
                "sum": self.result.astype(np.float64),
            }
        )
        return table.groupby(["datastream", "begin_s"], as_index=False, sort=True).sum()


def make_stream(n: int, n_devices: int, seed: int = 1) -> Stream:
    """A stream with 10 % duplicates, 20 % out of order, 5 % late by up to an hour, clocks +-10 minutes.

    A device starts anew every `N_MESSAGES_A_BOOT` messages, and its clock is then wrong by another error:
    it jumps forward or back.
    """
    draw = np.random.default_rng(seed)
    row = np.arange(n)
    device, sequence = row % n_devices, row // n_devices
    boot = sequence // N_MESSAGES_A_BOOT
    true_us = START_US + (sequence * 60 + draw.integers(0, 60, n_devices)[device]) * S
    errors_us = draw.integers(-600, 601, (n_devices, int(boot.max()) + 1)) * S
    slow = draw.random(n) < 0.1
    way_us = np.where(slow, draw.integers(900_000, 5 * S, n), draw.integers(50_000, 900_000, n))
    late = draw.random(n) < 0.05
    wait_us = draw.integers(100_000, 2 * S, n) + late * draw.integers(1_000 * S, 3_600 * S, n)
    sent_us = true_us + wait_us
    arrival = _arrival(sent_us, draw, n)
    return Stream(
        device, boot, sequence, true_us, sent_us, sent_us + way_us, errors_us[device, boot],
        draw.integers(0, 30, n), arrival,
    )  # fmt: skip


def _arrival(sent_us: NDArray[np.int64], draw: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Rows by sending; one in five is overtaken by up to 20 minutes of others, one in ten comes twice."""
    overtaken_us = (draw.random(n) < 0.2) * draw.integers(60 * S, 600 * S, n)
    again = np.flatnonzero(draw.random(n) < 0.1)
    rows = np.r_[np.arange(n), again]
    moment_us_ = np.r_[sent_us + overtaken_us, sent_us[again] + draw.integers(0, 600 * S, len(again))]
    return rows[np.argsort(moment_us_, kind="stable")]
