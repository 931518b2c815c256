"""What a simulation depends on, as one key: equal keys give equal results.

Titles and focus are not in it: two scenarios that differ in them only share one simulation.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from twin.model.sources import population_file
from twin.population.file import files_named
from twin.registry import FAMILIES
from twin.scenario.scenario import Scenario
from twin.version import VERSION

NOT_SIMULATING = ("cli", "report", "dashboard", "writers")
"""Rooms whose code cannot change what is simulated."""


def simulation_key(scenario: Scenario, seed: int) -> str:
    """Digest of (territory files, scenario without titles and focus, ledger, seed, code).

    The population is a function of these, its files lie beside the territory's.
    """
    parts = (
        stamp_of_ground(scenario),
        *stamp_of_timetable(scenario),
        scenario.simulation_digest(),
        scenario.ledger().digest,
        str(seed),
        code_digest(),
        outside_kinds(),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stamp_of_ground(scenario: Scenario) -> str:
    """Digest of the territory's files, and of those of its population that lie outside its folder."""
    path, table = scenario.territory_path(), population_file(scenario)
    named = files_named(table) if table else ()
    apart = [each for each in named if not each.resolve().is_relative_to(path.resolve())]
    return "\n".join(stamp_of_files(each) for each in (path, *apart))


def stamp_of_timetable(scenario: Scenario) -> tuple[str, ...]:
    """Digest of the timetable's files; nothing where the scenario names none."""
    path = scenario.timetable_path()
    return () if path is None else (stamp_of_files(path),)


def stamp_of_files(path: Path) -> str:
    """Digest of a file, or of all files in a folder by name; hidden files do not count.

    >>> stamp_of_files(Path(__file__)) == stamp_of_files(Path(__file__))
    True
    """
    digest = hashlib.sha256()
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    for file in files:
        name = file.relative_to(path).as_posix() if file != path else ""
        if not any(part.startswith(".") for part in name.split("/")):
            digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@cache
def outside_kinds() -> str:
    """Kinds that packages outside add by entry point, with their versions: they may change a run."""
    kinds = [
        f"{point.group} {point.name} {point.value} {point.dist.version if point.dist else ''}"
        for family in FAMILIES
        for point in entry_points(group=f"twin.{family}")
    ]
    return "\n".join(sorted(kinds))


@cache
def code_digest() -> str:
    """Digest over the sources that a simulation may run, and the package's version."""
    digest = hashlib.sha256(VERSION.encode())
    home = Path(__file__).parents[1]
    for source in sorted(home.rglob("*.py")):
        name = source.relative_to(home)
        if name.parts[0] not in NOT_SIMULATING:
            digest.update(f"{name.as_posix()}\0".encode() + source.read_bytes())
    return digest.hexdigest()
