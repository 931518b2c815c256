"""Opens a page in headless Chromium with the network off; gives the DOM and what the console said."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000",
)  # fmt: skip
LONGEST_S = 120


@dataclass(frozen=True)
class Opened:
    """What became of a page."""

    dom: str
    console: tuple[str, ...]
    """Lines that the page, or the browser about the page, wrote: errors, refusals of the policy, logs."""


def opened(chromium: str, page: Path, profile: Path, fragment: str = "") -> Opened:
    """Open a file and wait until its scripts have run."""
    address = page.resolve().as_uri() + (f"#{fragment}" if fragment else "")
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    return Opened(
        done.stdout, tuple(line for line in done.stderr.splitlines() if re.search(r":CONSOLE[:(]", line))
    )
