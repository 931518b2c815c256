"""What the machine says of this process."""

from __future__ import annotations

import resource
import sys


def peak_memory_mb() -> float:
    """Most memory that this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)
