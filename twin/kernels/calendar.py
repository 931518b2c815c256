"""The calendar of a loading: which links may act in which second.

An event is twice a link's number, plus one for its origin queue; each is in the calendar once at most.
Seconds are a ring; what is due beyond it is looked at before its time, and put off.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import hot_kernel, inline_kernel
from twin.kernels.traffic import Calendar

SECONDS = 1_024
"""Seconds ahead; a power of two. A link that takes longer to drive is looked at early, and put off."""
CHUNK = 32
ROOM = CHUNK - 2
NO_CHUNK = 0
"""In place of a chunk; the first one is left out."""


def no_calendar(n_domains: int, n_events: int) -> Calendar:
    """An empty calendar with room for so many events in each domain."""
    n_chunks = SECONDS + n_events // ROOM + 3
    chunks = np.zeros((n_domains, n_chunks, CHUNK), dtype=np.uint32)
    chunks[:, :, 0] = np.arange(1, n_chunks + 1)
    chunks[:, -1, 0] = NO_CHUNK
    first = np.full((n_domains, SECONDS), NO_CHUNK, dtype=np.uint32)
    unused = np.full((n_domains, 16), NO_CHUNK + 1, dtype=np.uint32)
    return Calendar(first, first.copy(), chunks, unused)


@hot_kernel
def note(calendar: Calendar, domain: int, event: int, second: int, now_s: int) -> None:
    """Let an event be looked at in a second after now."""
    at = min(second, now_s + SECONDS - 1) & (SECONDS - 1)
    chunks = calendar.chunks
    chunk = np.int64(calendar.last[domain, at])
    if chunk == NO_CHUNK or chunks[domain, chunk, 1] == ROOM:
        added = np.int64(calendar.unused[domain, 0])
        calendar.unused[domain, 0] = chunks[domain, added, 0]
        chunks[domain, added, 0] = NO_CHUNK
        chunks[domain, added, 1] = 0
        if chunk == NO_CHUNK:
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
    while chunk != NO_CHUNK:
        for k in range(np.int64(chunks[domain, chunk, 1])):
            out[domain, n] = chunks[domain, chunk, 2 + k]
            n += 1
        following = np.int64(chunks[domain, chunk, 0])
        chunks[domain, chunk, 0] = calendar.unused[domain, 0]
        calendar.unused[domain, 0] = chunk
        chunk = following
    calendar.first[domain, at] = NO_CHUNK
    calendar.last[domain, at] = NO_CHUNK
    return n


@inline_kernel
def clear(calendar: Calendar) -> None:
    """Take everything out."""
    n_domains, n_chunks = calendar.chunks.shape[0], calendar.chunks.shape[1]
    for domain in range(n_domains):
        for at in range(SECONDS):
            calendar.first[domain, at] = NO_CHUNK
            calendar.last[domain, at] = NO_CHUNK
        for chunk in range(1, n_chunks):
            calendar.chunks[domain, chunk, 0] = chunk + 1 if chunk + 1 < n_chunks else NO_CHUNK
        calendar.unused[domain, 0] = 1
