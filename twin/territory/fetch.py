"""`twin fetch` from a local file: build a territory folder, and say what was found, mended and lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.territory.build import Progress
from twin.territory.store import NOTES
from twin.territory.territory import Box, Territory

ZONES_FILE = "zones.toml"


def fetch_local(
    file: str | Path,
    out: str | Path,
    bbox: Box | None = None,
    zones: str | Path | None = None,
    elevation: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Build the territory of a local OSM file in the folder `out`, and report on it.

    Without `zones` the folder's own `zones.toml` is used if it has one, so a territory is rebuilt
    with the same command. Nothing is written where the input is bad.

    Raises
    ------
    InputError
        The file, box, zones or elevation cannot be used, or `out` is a folder of something else.
    """
    folder = Path(out)
    _check_folder(folder)
    if zones is None and (folder / ZONES_FILE).is_file():
        zones = folder / ZONES_FILE
    name = folder.resolve().name
    territory = Territory.from_osm(file, bbox, name=name, zones=zones, elevation=elevation, progress=progress)
    _write(territory, folder, progress)
    return summarise(territory)


def fetch_cut(
    source: str | Path,
    out: str | Path,
    bbox: Box | None = None,
    polygon: Sequence[Sequence[float]] | None = None,
    zones: Sequence[str] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Cut a part out of a territory's folder into the folder `out`, and report on it, with what was cut.

    The part takes no `population.toml` along: gateways and shares of people are others there.

    Raises
    ------
    InputError
        Nothing or not one thing says where, nothing lies there, or `out` is a folder of something else.
    """
    folder, origin = Path(out), Path(source)
    _check_folder(folder)
    if folder.resolve() == origin.resolve():
        raise InputError(str(folder), "is the folder that is cut", "another folder")
    say = progress or (lambda step: None)
    say("reading the territory")
    larger = Territory.load(origin)
    say("cutting")
    territory = larger.cut(bbox, polygon, zones, name=folder.resolve().name)
    _write(territory, folder, progress)
    return summarise(territory)


def _write(territory: Territory, folder: Path, progress: Progress | None) -> None:
    if progress is not None:
        progress("writing the folder")
    try:
        territory.save(folder)
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error}", "a folder that can be written") from None


def _check_folder(folder: Path) -> None:
    """Refuse to write into a folder that holds other things than a territory."""
    if folder.exists() and not folder.is_dir():
        raise InputError(str(folder), "is a file", "a folder, new or of a territory")
    if folder.is_dir() and not (folder / NOTES).is_file():
        strangers = [each.name for each in folder.iterdir() if each.suffix != ".toml"]
        if strangers:
            raise InputError(str(folder), f"holds {strangers[0]!r} and no territory", "a new or empty folder")


def summarise(territory: Territory) -> dict[str, Any]:
    """The JSON of `twin fetch`: counts, utilities, repairs, gateways, losses by class, digest."""
    meta = territory.meta
    return {
        "name": territory.name,
        "nodes": territory.streets.n_nodes,
        "links": territory.streets.n_links,
        "buildings": meta["buildings"],
        "places": territory.places.n_places,
        "paths": len(territory.paths.u),
        "utilities": meta["utilities"],
        "repairs": meta["repairs"],
        "gateways": meta["gateways"],
        "gateway_groups": sorted(set(territory.gateways.group.tolist())),
        "unreachable_pairs": meta["unreachable_pairs"],
        "total_km": meta["total_km"],
        "lost_km": meta["lost_km"],
        "zones": {
            name: {"communes": list(communes), "inhabitants": None if math.isnan(people) else people}
            for name, communes, people in zip(
                territory.zones.name,
                territory.zones.communes,
                territory.zones.inhabitants.tolist(),
                strict=True,
            )
        },
        "pools": {name: list(zones) for name, zones in territory.zones.pools},
        "people": meta.get("people", {}),
        "cut": meta.get("cut", {}),
        "source_sha256": meta["source_sha256"],
        "licence": meta["licence"],
        "attribution": meta["attribution"],
        "digest": territory.digest,
    }
