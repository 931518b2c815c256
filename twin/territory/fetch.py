"""`twin fetch` from a file or by name: build a territory folder, and say what was found, mended and lost."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import InputError
from twin.machine import peak_memory_mb
from twin.readers.osm_bounds import SUFFIXES
from twin.territory.build import Progress
from twin.territory.control import links_by_control
from twin.territory.kerbs import parking_supply
from twin.territory.store import NOTES
from twin.territory.territory import Box, Territory
from twin.territory.timetable import Timetable
from twin.territory.zones import read_layout

if TYPE_CHECKING:
    from twin.readers.gtfs import ServiceDay

ZONES_FILE = "zones.toml"
FILE_LIKE = re.compile(r".*\.[a-z0-9]{2,7}")

FeedDay = tuple[Path, dt.date | None]
"""A GTFS feed, and the service day wanted of it: its busiest weekday if none is."""


def is_file_name(source: str) -> bool:
    """Whether words name a file, there or not, and no place.

    >>> is_file_name("town.osm.pbf"), is_file_name("town.geojson"), is_file_name("St. Gallen, CH")
    (True, True, False)
    """
    named = source.lower().endswith(SUFFIXES) or FILE_LIKE.fullmatch(source) is not None
    return named or "/" in source or "\\" in source or os.path.isfile(source)


def fetch(
    source: str,
    out: str | Path,
    bbox: Box | None = None,
    zones: str | Path | None = None,
    elevation: str | Path | None = None,
    progress: Progress | None = None,
    feed: FeedDay | None = None,
) -> dict[str, Any]:
    """Build the territory of a file or of a place by name, with or without a box, in the folder `out`.

    See `fetch_local` and `Territory.from_place`.
    """
    if source and is_file_name(source):
        return fetch_local(source, out, bbox, zones, elevation, progress, feed)
    folder, zones = _prepared(out, zones)
    day = _day_of(feed, progress)
    name = folder.resolve().name
    territory = Territory.from_place(source, bbox, name, zones, elevation, progress)
    return _saved(territory, _laid(day, territory), folder, progress)


def fetch_local(
    file: str | Path,
    out: str | Path,
    bbox: Box | None = None,
    zones: str | Path | None = None,
    elevation: str | Path | None = None,
    progress: Progress | None = None,
    feed: FeedDay | None = None,
) -> dict[str, Any]:
    """Build the territory of a local OSM file in the folder `out`, and report on it.

    With a `feed`, the timetable of one of its days is laid on the territory and kept in the same folder.
    Without `zones` the folder's own `zones.toml` is used if it has one, so a territory is rebuilt
    with the same command. Nothing is written where the input is bad.

    Raises
    ------
    InputError
        The file, box, zones, elevation or feed cannot be used, or `out` is a folder of something else.
    """
    folder, zones = _prepared(out, zones)
    day = _day_of(feed, progress)
    name = folder.resolve().name
    territory = Territory.from_osm(file, bbox, name=name, zones=zones, elevation=elevation, progress=progress)
    return _saved(territory, _laid(day, territory), folder, progress)


def _day_of(feed: FeedDay | None, progress: Progress | None) -> ServiceDay | None:
    """The service day of a feed, read before anything is built."""
    if feed is None:
        return None
    from twin.readers.gtfs import read_service_day

    if progress is not None:
        progress("reading the timetable")
    return read_service_day(*feed)


def _laid(day: ServiceDay | None, territory: Territory) -> Timetable | None:
    if day is None:
        return None
    from twin.territory.timetable_build import timetable_of_feed

    return timetable_of_feed(day, territory)


def _prepared(out: str | Path, zones: str | Path | None) -> tuple[Path, str | Path | None]:
    """The folder, which may be written, and the zones, which may be its own."""
    folder = Path(out)
    _check_folder(folder)
    if zones is None and (folder / ZONES_FILE).is_file():
        zones = folder / ZONES_FILE
    read_layout(zones)  # what is wrong with it is told before a map is asked for or read
    return folder, zones


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
    return _saved(territory, None, folder, progress)


def _saved(
    territory: Territory, timetable: Timetable | None, folder: Path, progress: Progress | None
) -> dict[str, Any]:
    """Write the folder, and say what is in it."""
    if progress is not None:
        progress("writing the folder")
    try:
        territory.save(folder)
        if timetable is not None:
            timetable.save(folder)
    except OSError as error:
        raise InputError(str(folder), f"cannot be written: {error}", "a folder that can be written") from None
    report = summarise(territory)
    if timetable is not None:
        report["timetable"] = summarise_timetable(timetable)
    return report


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
        "turn_restrictions": dict(meta.get("turn_restrictions", {})),
        "junction_control": {
            **meta.get("junction_control", {}),
            "links": links_by_control(territory.streets),
        },
        "parking": parking_supply(territory.streets, territory.places),
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
        "peak_memory_mb": peak_memory_mb(),
    }


def summarise_timetable(timetable: Timetable) -> dict[str, Any]:
    """What `twin fetch --gtfs` says of the timetable: the day, counts, and what was left out and why."""
    meta = timetable.meta
    modes = timetable.line_mode.tolist()
    return {
        "date": meta["date"],
        "stops": timetable.n_stops,
        "stops_without_path": int((timetable.stop_path_node < 0).sum()),
        "lines": timetable.n_lines,
        "lines_by_mode": {mode: modes.count(mode) for mode in sorted(set(modes))},
        "runs": timetable.n_runs,
        "calls": timetable.n_calls,
        "dropped": meta["dropped"],
        "source": meta["source"],
        "source_sha256": meta["source_sha256"],
        "licence": meta["licence"],
        "attribution": meta["attribution"],
        "digest": timetable.digest,
    }
