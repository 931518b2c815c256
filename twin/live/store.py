"""The store of observations that came in: each kept once, on disk before it is acknowledged.

Messages may come twice, late, out of order and from clocks that are wrong. A run of a device and a number
tell one message from another (`twin.live.seen`). Moments are kept as they came and put right when they are
read (`twin.live.clocks`), so that what is read depends on what was told, not on the order in which it came.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

import numpy as np

from twin.errors import InputError
from twin.live.clocks import ClockErrors, Clocks, event_times_us, to_come
from twin.live.seen import Seen
from twin.live.segments import DISORDERED, LATE, ROW, SUSPECT, Frame, Segments
from twin.readers.sensorthings import UNKNOWN_US, Message, MessageBatch
from twin.scenario.ledger import Parameters


@dataclass
class IngestCounts:
    """What became of the lines that came: each is accepted, a duplicate or refused; some of those accepted
    came late, out of order, or tell of a time to come.
    """

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    refused: int = 0
    out_of_order: int = 0
    suspect: int = 0

    def __iadd__(self, other: IngestCounts) -> Self:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self


class ReadPosition(NamedTuple):
    """How far a source was read: its name, bytes, lines, and a mark of how it begins."""

    name: str
    n_bytes: int
    n_lines: int
    mark: str


class ObservationStore:
    """A folder of segments, and what is known of them in memory; one process writes at a time."""

    def __init__(self, folder: Path, parameters: Parameters | None = None, read_only: bool = False) -> None:
        """Open a store to write to, and to read; what a kill left half-written is set aside and told.

        read_only: what is on disk by now, also while another process writes.
        """
        rule = parameters or Parameters.defaults()
        self.folder = folder
        self.resolution_us = round(rule["live.clock_resolution_s"] * 1e6)
        self.lateness_us = round(rule["live.allowed_lateness_s"] * 1e6)
        self._lock: BinaryIO | None = None if read_only else _locked(folder)
        self.told = IngestCounts()
        self.devices: dict[tuple[str, str], int] = {}
        self.datastreams: dict[str, int] = {}
        self.places: dict[str, ReadPosition] = {}
        self.frames: list[Frame] = []
        self._seen, self._clocks = Seen(), Clocks(self.resolution_us)
        self._newest_us = UNKNOWN_US
        self._segments = Segments(folder / "segments")
        try:
            frames = self._segments.frames() if read_only else self._segments.recover()
            for frame, rows in frames:
                self._learn(frame, rows)
        except InputError:
            self.close()
            raise
        if not read_only:
            _seal(folder)

    @property
    def torn_bytes(self) -> int:
        """Bytes that a kill left half-written, set aside when the store was opened."""
        return self._segments.torn_bytes

    def append(
        self, block: MessageBatch, place: ReadPosition | None = None, now_us: int | None = None
    ) -> IngestCounts:
        """Keep what of a block is new; when this returns it is on disk and may be acknowledged.

        now_us: when it came; where a gateway told its own moment of receiving, that one holds.
        """
        now_us = time.time_ns() // 1_000 if now_us is None else now_us
        n_before = (len(self.devices), len(self.datastreams))
        rows = self._new_rows(block.messages, now_us)
        told = IngestCounts(len(rows), len(block.messages) - len(rows), refused=len(block.refused))
        newest_us = self._flagged(rows, told)
        about = {
            "ingest_us": now_us,
            "told": asdict(told),
            "devices": _added(self.devices, n_before[0]),
            "datastreams": _added(self.datastreams, n_before[1]),
            "refused": [refusal._asdict() for refusal in block.refused],
        }
        if place is not None:
            about["place"] = place._asdict()
            self.places[place.name] = place
        if block.messages or block.refused or place is not None:
            self.frames.append(self._segments.append(about, rows)._replace(about={}))
        self._newest_us = newest_us
        self.told += told
        return told

    def chunks(self) -> Iterator[np.ndarray]:
        """All stored rows, a commit at a time, read from disk."""
        for frame in self.frames:
            if frame.n_rows:
                yield frame.rows()

    def rows(self) -> np.ndarray:
        """All stored rows (n_rows,) of `ROW`, in the order in which they came."""
        return np.concatenate([np.empty(0, dtype=ROW), *self.chunks()])

    def clock_errors(self) -> ClockErrors:
        """What is known by now of the clock of each run."""
        return self._clocks.errors()

    def refusals(self) -> Iterator[dict[str, object]]:
        """Lines that were refused: source and line, what is wrong, what would be right, how they begin."""
        for frame, _ in self._segments.frames():
            source = frame.about.get("place", {}).get("name", "message")
            for refusal in frame.about["refused"]:
                yield {"where": f"{source}: line {refusal['line']}", **refusal}

    def close(self) -> None:
        """Let another process write."""
        self._segments.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def _new_rows(self, messages: list[Message], now_us: int) -> np.ndarray:
        """Rows of messages not seen before; who told them is named on the way."""
        made = []
        devices, datastreams, seen = self.devices, self.datastreams, self._seen
        for device, boot, sequence, stream, phenomenon, result_us, sent, received, result in messages:
            run = devices.setdefault((device, boot), len(devices))
            if not seen.add(run, sequence):
                continue
            flags = DISORDERED if seen.note_highest(run, sequence) else 0
            row = datastreams.setdefault(stream, len(datastreams))
            came = received if received != UNKNOWN_US else now_us
            made.append((run, row, sequence, phenomenon, result_us, sent, came, result, flags))
        return np.array(made, dtype=ROW)

    def _flagged(self, rows: np.ndarray, told: IngestCounts) -> int:
        """Mark what is late or tells of a time to come; the newest moment told so far."""
        self._clocks.note(rows, len(self.devices))
        event_us = event_times_us(rows, self._clocks.errors())
        suspect = to_come(event_us, rows, self.resolution_us)
        sound_us = np.where(suspect, UNKNOWN_US, event_us)
        newest_us = np.maximum(np.maximum.accumulate(sound_us), self._newest_us)
        before_us = np.r_[self._newest_us, newest_us[:-1]][: len(rows)]
        late = ~suspect & (before_us != UNKNOWN_US) & (event_us < before_us - self.lateness_us)
        rows["flags"] |= (late * LATE + suspect * SUSPECT).astype(np.uint8)
        told.late, told.suspect = int(late.sum()), int(suspect.sum())
        told.out_of_order = int((rows["flags"] & DISORDERED > 0).sum())
        return int(newest_us[-1]) if len(rows) else self._newest_us

    def _learn(self, frame: Frame, rows: np.ndarray) -> None:
        """Know again, on opening, what a frame tells."""
        about = frame.about
        for device, boot in about["devices"]:
            self.devices[device, boot] = len(self.devices)
        for stream in about["datastreams"]:
            self.datastreams[stream] = len(self.datastreams)
        if "place" in about:
            self.places[about["place"]["name"]] = ReadPosition(**about["place"])
        self.told += IngestCounts(**about["told"])
        self._seen.add_all(rows["run"], rows["sequence"])
        self._clocks.note(rows, len(self.devices))
        sound = rows["flags"] & SUSPECT == 0
        if sound.any():
            event_us = event_times_us(rows[sound], self._clocks.errors())
            self._newest_us = max(self._newest_us, int(event_us.max()))
        self.frames.append(frame._replace(about={}))


def _locked(folder: Path) -> BinaryIO:
    """The lock of a folder, which is made where there is none; raises `InputError` where another has it."""
    lock = None
    try:
        (folder / "segments").mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("ab")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        assert lock is not None
        lock.close()
        raise InputError(str(folder), "another process writes to it", "one at a time") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(str(folder), f"cannot be written ({why})", "a folder") from None
    return lock


def _seal(folder: Path) -> None:
    """Make the folder itself last through a power cut."""
    for each in (folder, folder.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _added(names: dict[Any, int], n_before: int) -> list[Any]:
    """Names that came in since there were so many."""
    return list(names)[n_before:] if len(names) > n_before else []
