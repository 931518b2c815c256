"""The command `twin` in a process of its own, as a planner or a pipeline calls it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import twin.kernels.jit  # noqa: F401  (names the folder of compiled kernels, which the processes share)

ROOT = Path(__file__).resolve().parents[2]


def environment(cache: Path, *packages: Path) -> dict[str, str]:
    """Variables of a process with a cache of its own, that finds the twin, its networks, and packages."""
    path = os.pathsep.join(str(folder) for folder in (ROOT, *packages))
    found = {"PYTHONPATH": path, "TWIN_NETWORKS": str(ROOT / "networks"), "XDG_CACHE_HOME": str(cache)}
    return {**os.environ, **found}


def command(*arguments: str | Path) -> list[str]:
    """The command line of `twin` with these arguments."""
    return [sys.executable, "-m", "twin.cli.main", *map(str, arguments)]


def ask(folder: Path, cache: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What `twin` answers in a folder."""
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(cache), capture_output=True, text=True, check=False
    )


def one_object(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object that a command which worked prints, and nothing beside it."""
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert isinstance(found, dict)
    return found


def tree(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder, with the digest of what it holds."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }
