"""The calendar of a loading: which links may act in which second.

An event is twice a link's number, plus one for its origin queue; each is in the calendar once at most.
Seconds are a ring; what is due beyond it is looked at before its time, and put off.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import hot_kernel, kernel
from twin.kernels.traffic import STEP_MS, Calendar

SECONDS = 8_192
"""Seconds ahead; a power of two. A link that takes longer to drive is looked at early, and put off."""
CHUNK = 32
"""Words of a chunk, a power of two: which chunk goes on, then events. Chunk 0 is none."""


def no_calendar(n_domains: int, n_events: int) -> Calendar:
    """An empty calendar with room for so many events in each domain."""
    n_chunks = SECONDS + n_events // (CHUNK - 1) + 3
    first = np.zeros((n_domains, SECONDS), dtype=np.uint32)
    words = np.zeros((n_domains, n_chunks * CHUNK), dtype=np.uint32)
    calendar = Calendar(first, first.copy(), words, np.zeros((n_domains, 16), dtype=np.uint32))
    clear(calendar)
    return calendar


@hot_kernel
def second_of(moment: int) -> int:
    """The second in which a moment [ms] lies; moments are not negative, and 32 bits wide."""
    return np.int64(np.uint32(moment) // np.uint32(STEP_MS))


@hot_kernel
def note(calendar: Calendar, domain: int, event: int, second: int, now_s: int) -> None:
    """Let an event be looked at in a second after now."""
    at = min(second, now_s + SECONDS - 1) & (SECONDS - 1)
    place = np.int64(calendar.end[domain, at])
    if place & (CHUNK - 1) == 0:  # nothing yet, or behind a full chunk
        added = np.int64(calendar.unused[domain, 0])
        calendar.unused[domain, 0] = calendar.words[domain, added * CHUNK]
        if place == 0:
            calendar.first[domain, at] = added
        else:
            calendar.words[domain, place - CHUNK] = added
        place = added * CHUNK + 1
    calendar.words[domain, place] = event
    calendar.end[domain, at] = place + 1


@hot_kernel
def take(calendar: Calendar, domain: int, second: int, out: np.ndarray) -> int:
    """Take all events of a second out, into out[domain]; returns how many."""
    at = second & (SECONDS - 1)
    end = np.int64(calendar.end[domain, at])
    start, is_last = np.int64(calendar.first[domain, at]) * CHUNK, end == 0
    n = 0
    while not is_last:
        is_last = start < end <= start + CHUNK
        for place in range(start + 1, end if is_last else start + CHUNK):
            out[domain, n] = calendar.words[domain, place]
            n += 1
        following = np.int64(calendar.words[domain, start])
        calendar.words[domain, start] = calendar.unused[domain, 0]
        calendar.unused[domain, 0] = start // CHUNK
        start = following * CHUNK
    calendar.end[domain, at] = 0
    return n


@kernel
def clear(calendar: Calendar) -> None:
    """Take everything out."""
    n_domains, n_chunks = calendar.words.shape[0], calendar.words.shape[1] // CHUNK
    for domain in range(n_domains):
        for at in range(SECONDS):
            calendar.end[domain, at] = 0
        for chunk in range(1, n_chunks):
            calendar.words[domain, chunk * CHUNK] = chunk + 1 if chunk + 1 < n_chunks else 0
        calendar.unused[domain, 0] = 1
