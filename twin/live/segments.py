"""Files to which frames are appended: each frame whole and on disk before anybody is told, or cut off again.

A frame is a mark, the length of what follows, its CRC-32, then a JSON object and the rows. The last file may
end in the midst of a frame after a kill: what stands there was never acknowledged, and is set aside.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from twin.errors import InputError, WorkError
from twin.readers.sensorthings import UNKNOWN_US

ROW = np.dtype(
    [
        ("run", "<u4"), ("datastream", "<u4"), ("sequence", "<i8"), ("phenomenon_us", "<i8"),
        ("result_us", "<i8"), ("sent_us", "<i8"), ("received_us", "<i8"), ("result", "<f8"), ("flags", "<u1"),
    ]
)  # fmt: skip
"""A stored observation: run is a row of (device, boot), datastream a row of names; moments as they came."""
LATE, DISORDERED, SUSPECT = 1, 2, 4
"""Flags: came behind the watermark; behind a later one of its device; tells of a time to come."""
MOST_SEGMENT_BYTES = 64_000_000

_MARK = b"TWf1"
_HEAD = struct.Struct("<4sII")
_SPLIT = struct.Struct("<I")
assert np.iinfo(np.int64).min == UNKNOWN_US


class Frame(NamedTuple):
    """One commit: where its rows stand in which file, how many they are, and what is told beside them."""

    file: Path
    offset: int
    n_rows: int
    about: dict[str, Any]

    def rows(self) -> np.ndarray:
        """The rows (n_rows,) of `ROW`, read from the file alone where they stand."""
        with self.file.open("rb") as file:
            file.seek(self.offset)
            return np.frombuffer(file.read(self.n_rows * ROW.itemsize), dtype=ROW)


class Segments:
    """The files of a folder, in their order; `append` returns when the frame is on disk."""

    def __init__(self, folder: Path, most_bytes: int = MOST_SEGMENT_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.torn_bytes = 0
        self._file: BinaryIO | None = None
        self._at = 0
        self._whole_bytes = 0
        self._failed = ""

    def files(self) -> list[Path]:
        """All segment files."""
        return sorted(self.folder.glob("[0-9]*.seg"))

    def frames(self) -> Iterator[tuple[Frame, np.ndarray]]:
        """All whole frames with their rows, checksums verified; raises `InputError` where one is damaged."""
        files = self.files()
        for file in files:
            yield from self._frames_of(file, last=file == files[-1])

    def recover(self) -> Iterator[tuple[Frame, np.ndarray]]:
        """The same, and what a kill left half-written at the end is set aside in a file of its own."""
        yield from self.frames()
        files = self.files()
        if not files:
            return self._open(1)
        last = files[-1]
        end = self._whole_bytes
        torn = last.read_bytes()[end:]
        if torn:
            self.torn_bytes = len(torn)
            (self.folder / f"{last.stem}-{end}.torn").write_bytes(torn)
            os.truncate(last, end)
        self._file = last.open("ab", buffering=0)
        self._at = end
        os.fsync(self._file.fileno())
        return None

    def append(self, about: dict[str, Any], rows: np.ndarray) -> Frame:
        """Write a frame and wait for the disk; after a failure nothing more is taken."""
        if self._failed or self._file is None:
            raise WorkError(f"{self.folder}: {self._failed or 'not open'}; open it anew")
        if self._at >= self.most_bytes:
            number = int(Path(self._file.name).stem)
            self._file.close()
            self._open(number + 1)
        told = json.dumps(about, separators=(",", ":")).encode()
        payload = _SPLIT.pack(len(told)) + told + rows.tobytes()
        data = _HEAD.pack(_MARK, len(payload), zlib.crc32(payload)) + payload
        try:
            _write_all(self._file, data)
            os.fdatasync(self._file.fileno())
        except OSError as error:
            self._failed = f"{len(data):,} bytes cannot be written ({error.strerror})"
            raise WorkError(f"{self.folder}: {self._failed}") from None
        offset = self._at + len(data) - rows.nbytes
        self._at += len(data)
        return Frame(Path(self._file.name), offset, len(rows), about)

    def close(self) -> None:
        """Close the file that is written to."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, number: int) -> None:
        path = self.folder / f"{number:08d}.seg"
        self._file, self._at = path.open("ab", buffering=0), 0
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _frames_of(self, file: Path, last: bool) -> Iterator[tuple[Frame, np.ndarray]]:
        data = file.read_bytes()
        at = 0
        self._whole_bytes = 0
        while at < len(data):
            end, why = _frame_end(data, at)
            if why:
                if not last or _another(data, at + 1):
                    raise InputError(f"{file}, byte {at}", f"damaged: {why}", "the file as it was written")
                return
            (told_bytes,) = _SPLIT.unpack_from(data, at + _HEAD.size)
            body = at + _HEAD.size + _SPLIT.size
            rows = np.frombuffer(data[body + told_bytes : end], dtype=ROW)
            about = json.loads(data[body : body + told_bytes])
            at = end
            self._whole_bytes = end
            yield Frame(file, end - rows.nbytes, len(rows), about), rows


def _frame_end(data: bytes, at: int) -> tuple[int, str]:
    """Where the frame ends, or why there is none."""
    if len(data) - at < _HEAD.size:
        return at, "the file ends within a frame's head"
    mark, n_bytes, crc = _HEAD.unpack_from(data, at)
    begin = at + _HEAD.size
    if mark != _MARK:
        return at, "no frame begins here"
    if len(data) < begin + n_bytes:
        return at, "the file ends within a frame"
    if zlib.crc32(memoryview(data)[begin : begin + n_bytes]) != crc:
        return at, "the checksum is not that of the frame"
    return begin + n_bytes, ""


def _another(data: bytes, at: int) -> bool:
    """Whether a whole frame stands further on: then what is before it is damaged, not torn."""
    while (at := data.find(_MARK, at)) >= 0:
        if not _frame_end(data, at)[1]:
            return True
        at += 1
    return False


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
