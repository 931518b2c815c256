"""What the machine says of this process, and what is asked of it."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def peak_memory_mb() -> float:
    """Most memory that this process ever held.

    Linux tells it of the program alone; `getrusage` counts what the process was before it began, too.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 2**10, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Make many small records, or load modules, and do not look for cycles among all of them all the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def collecting_new_things_only() -> Iterator[None]:
    """Look for cycles among what is made meanwhile, and not again and again among what is there already."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def end_without_collecting() -> None:
    """Let the process end without a search for cycles among all that is left: its memory goes as a whole.

    The interpreter would look through every module and class several times while it takes them apart.
    """
    gc.disable()
    gc.freeze()
