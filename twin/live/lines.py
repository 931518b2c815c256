"""Observations from lines of JSON: a file, taken up where it was left, or a pipe, which is answered."""

from __future__ import annotations

import hashlib
import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from twin.errors import InputError
from twin.live.store import ObservationStore, ReadPosition
from twin.readers.sensorthings import MOST_BYTES, read_lines

BLOCK_BYTES = 1 << 20
"""Read, and committed, at a time."""
_MARK_BYTES = 1_024

Acknowledge = Callable[[int], None]
"""Told the number of lines that are on disk, or were refused for good, after each commit."""


def nobody(n_lines: int) -> None:
    """Acknowledge to nobody: the sender is a file."""


class TextLines(NamedTuple):
    """Whole lines that were read together, and the bytes that they were."""

    lines: list[bytes]
    n_bytes: int


def ingest_file(store: ObservationStore, path: Path, acknowledge: Acknowledge = nobody) -> int:
    """Take in a file of JSON lines from where it was left; anew where it is another file by its beginning.

    Returns the number of lines that came in before.
    """
    try:
        with path.open("rb", buffering=0) as file:
            left = store.places.get(str(path.resolve()))
            if left is not None and _mark(file, min(left.n_bytes, _MARK_BYTES)) != left.mark:
                left = None
            begin = (left.n_bytes, left.n_lines) if left else (0, 0)
            file.seek(begin[0])
            for place, lines in _placed(file, str(path.resolve()), begin, blocks(file)):
                store.append(read_lines(lines, place.n_lines - len(lines) + 1), place)
                acknowledge(place.n_lines)
            return begin[1]
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(str(path), f"cannot be read ({why})", "a file of JSON lines") from None


def ingest_pipe(store: ObservationStore, pipe: BinaryIO, acknowledge: Acknowledge = nobody) -> None:
    """Take in lines until the sender closes; it must send again what was not acknowledged."""
    n_lines = 0
    for part in blocks(pipe):
        store.append(read_lines(part.lines, n_lines + 1))
        n_lines += len(part.lines)
        acknowledge(n_lines)


def blocks(file: BinaryIO) -> Iterator[TextLines]:
    """Lines of a file or pipe, as many at a time as there are, in bounded memory.

    A line beyond `MOST_BYTES` is passed on as its beginning alone, long enough to be refused.
    """
    rest, skipped = b"", 0
    while True:
        data = _available(file)
        if not data:
            break
        whole, newline, tail = (rest + data).rpartition(b"\n")
        n_bytes = len(whole) + len(newline) + skipped if newline else 0
        rest = tail
        if newline:
            skipped = 0
            yield TextLines(whole.split(b"\n"), n_bytes)
        if len(rest) > 2 * MOST_BYTES:
            skipped += len(rest) - MOST_BYTES - 1
            rest = rest[: MOST_BYTES + 1]
    if rest:
        yield TextLines([rest], len(rest) + skipped)


def _available(file: BinaryIO) -> bytes:
    """What can be read without waiting once something can, a block at most; empty at the end."""
    handle = file.fileno()
    parts = [os.read(handle, BLOCK_BYTES)]
    n_bytes = len(parts[0])
    while parts[-1] and n_bytes < BLOCK_BYTES and select.select([handle], [], [], 0)[0]:
        parts.append(os.read(handle, BLOCK_BYTES - n_bytes))
        n_bytes += len(parts[-1])
    return b"".join(parts)


def _placed(
    file: BinaryIO, name: str, begin: tuple[int, int], parts: Iterator[TextLines]
) -> Iterator[tuple[ReadPosition, list[bytes]]]:
    """Blocks of lines, each with how far the file is read after it."""
    n_bytes, n_lines = begin
    mark, mark_bytes = "", -1
    for part in parts:
        n_bytes, n_lines = n_bytes + part.n_bytes, n_lines + len(part.lines)
        if mark_bytes < min(n_bytes, _MARK_BYTES):
            mark_bytes = min(n_bytes, _MARK_BYTES)
            mark = _mark(file, mark_bytes)
        yield ReadPosition(name, n_bytes, n_lines, mark), part.lines


def _mark(file: BinaryIO, n_bytes: int) -> str:
    """Digest of how a file begins."""
    return hashlib.sha256(os.pread(file.fileno(), n_bytes, 0)).hexdigest()[:16]
