"""Where the territory and the timetable that a scenario names lie on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
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


def find_timetable(name: str, folders: Sequence[Path], where: str) -> Path:
    """Feed, file or folder of that name in the first of the folders that has one."""
    for folder in folders:
        if os.path.isdir(folder / name) or os.path.isfile(folder / name):
            return folder / name
    right = "a GTFS feed or a timetable.toml beside the scenario file or in the territory's folder"
    raise InputError(where, f"no timetable {short(name)}", right)


def _shelves(folder: Path) -> list[Path]:
    """Existing ``networks`` folders, nearest first."""
    above = folder.resolve()
    candidates = [each / "networks" for each in (above, *above.parents)]
    candidates.append(Path.cwd() / "networks")
    if os.environ.get("TWIN_NETWORKS"):
        candidates.append(Path(os.environ["TWIN_NETWORKS"]))
    return [each for each in dict.fromkeys(candidates) if each.is_dir()]
