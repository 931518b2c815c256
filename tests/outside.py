"""A package as an installer leaves it, for tests of kinds that come from outside."""

from __future__ import annotations

from pathlib import Path

QUIET_STREET = '''
from typing import Literal

from pydantic import Field

from twin.scenario.modification import OnLinks
from twin.scenario.modifications import CloseLink, SpeedLimit


class QuietStreet(OnLinks):
    """A street closed for half an hour in the morning, and slow all day."""

    kind: Literal["quiet_street"] = "quiet_street"
    speed_kmh: float = Field(20.0, gt=0, description="km/h above 0")

    def parts(self):
        closed = CloseLink(links=self.links, from_="08:10", until="08:40", signed_exit=True)
        return (closed, SpeedLimit(links=self.links, speed_kmh=self.speed_kmh))
'''
"""A kind of modification, made of two that are known here."""


def install(folder: Path, module: str, code: str, entries: str) -> Path:
    """Write a module and the metadata of its package, with these entry points, into a folder of packages."""
    (folder / f"{module}.py").write_text(code)
    name = module.replace("_", "-")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(entries)
    return folder
