"""Worlds that take minutes to make, kept in the user's cache under a digest of what makes them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.speed.world import World


def kept_world(name: str, sources: tuple[str, ...], key: str, build: Callable[[], World]) -> Path:
    """File of a world, made once: ``sources`` are files beside this one that it is made by."""
    code = b"".join(Path(__file__).with_name(source).read_bytes() for source in sources)
    digest = hashlib.sha256(code + key.encode()).hexdigest()[:12]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twin" / "benchmarks"
    file = home / f"{name}-{digest}.npz"
    if not file.is_file():
        home.mkdir(parents=True, exist_ok=True)
        print(f"building {file.name}: routes of its trips", file=sys.stderr)
        part = file.with_suffix(".part.npz")
        build().save(part)
        part.replace(file)
    return file
