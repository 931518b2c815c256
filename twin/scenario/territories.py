"""Where the territory that a scenario names lies on disk."""

from __future__ import annotations

import os
from pathlib import Path

from twin.errors import InputError
from twin.scenario.wording import nearest, short

OSM_SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")


def find_territory(name: str, folder: Path, where: str) -> Path:
    """Folder in a ``networks/`` near the scenario, here, or in `TWIN_NETWORKS`; else a path beside it."""
    shelves = _shelves(folder)
    for shelf in shelves:
        if os.path.isdir(shelf / name):
            return shelf / name
    beside = folder / name
    if os.path.isdir(beside) or (os.path.isfile(beside) and name.endswith(OSM_SUFFIXES)):
        return beside
    known = {each.name for shelf in shelves for each in shelf.iterdir() if each.is_dir()}
    right = (
        nearest(name, known) if known else "a folder in networks/, or a path relative to the scenario file"
    )
    raise InputError(where, f"no territory {short(name)}", right)


def _shelves(folder: Path) -> list[Path]:
    """Existing ``networks`` folders, nearest first."""
    above = folder.resolve()
    candidates = [each / "networks" for each in (above, *above.parents)]
    candidates.append(Path.cwd() / "networks")
    if os.environ.get("TWIN_NETWORKS"):
        candidates.append(Path(os.environ["TWIN_NETWORKS"]))
    return [each for each in dict.fromkeys(candidates) if each.is_dir()]
