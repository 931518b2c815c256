"""The calendar of a loading: which links may act in which second.

An event is twice a link's number, plus one for its origin queue; each is in the calendar once at most.
Seconds are a ring; what is due beyond it is looked at before its time, and put off.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import hot_kernel, inline_kernel
from twin.kernels.traffic import NONE, Calendar

SECONDS = 1_024
"""Seconds ahead; a power of two. A link that takes longer to drive is looked at early, and put off."""
CHUNK = 32
ROOM = CHUNK - 2


def no_calendar(n_domains: int, n_events: int) -> Calendar:
    """An empty calendar with room for so many events in each domain."""
    n_chunks = SECONDS + n_events // ROOM + 2
    chunks = np.zeros((n_domains, n_chunks, CHUNK), dtype=np.int32)
    chunks[:, :, 0] = np.arange(1, n_chunks + 1)
    chunks[:, -1, 0] = NONE
    first = np.full((n_domains, SECONDS), NONE, dtype=np.int32)
    return Calendar(first, first.copy(), chunks, np.zeros((n_domains, 16), dtype=np.int32))


@hot_kernel
def note(calendar: Calendar, domain: int, event: int, second: int, now_s: int) -> None:
    """Let an event be looked at in a second after now."""
    at = min(second, now_s + SECONDS - 1) & (SECONDS - 1)
    chunks = calendar.chunks
    chunk = np.int64(calendar.last[domain, at])
    if chunk < 0 or chunks[domain, chunk, 1] == ROOM:
        added = np.int64(calendar.unused[domain, 0])
        calendar.unused[domain, 0] = chunks[domain, added, 0]
        chunks[domain, added, 0] = NONE
        chunks[domain, added, 1] = 0
        if chunk < 0:
            calendar.first[domain, at] = added
        else:
            chunks[domain, chunk, 0] = added
        calendar.last[domain, at] = added
        chunk = added
    n = np.int64(chunks[domain, chunk, 1])
    chunks[domain, chunk, 2 + n] = event
    chunks[domain, chunk, 1] = n + 1


@hot_kernel
def take(calendar: Calendar, domain: int, second: int, out: np.ndarray) -> int:
    """Take all events of a second out, into out[domain]; returns how many."""
    at = second & (SECONDS - 1)
    chunks = calendar.chunks
    chunk = np.int64(calendar.first[domain, at])
    n = 0
    while chunk >= 0:
        for k in range(chunks[domain, chunk, 1]):
            out[domain, n] = chunks[domain, chunk, 2 + k]
            n += 1
        following = np.int64(chunks[domain, chunk, 0])
        chunks[domain, chunk, 0] = calendar.unused[domain, 0]
        calendar.unused[domain, 0] = chunk
        chunk = following
    calendar.first[domain, at] = NONE
    calendar.last[domain, at] = NONE
    return n


@inline_kernel
def clear(calendar: Calendar) -> None:
    """Take everything out."""
    n_domains, n_chunks = calendar.chunks.shape[0], calendar.chunks.shape[1]
    for domain in range(n_domains):
        for at in range(SECONDS):
            calendar.first[domain, at] = NONE
            calendar.last[domain, at] = NONE
        for chunk in range(n_chunks):
            calendar.chunks[domain, chunk, 0] = chunk + 1 if chunk + 1 < n_chunks else NONE
        calendar.unused[domain, 0] = 0
