"""The command that builds a territory: `fetch`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.feeds import Overlays, with_overlays
from twin.cli.options import AsJson, OutWanted, Quiet, writable
from twin.cli.output import emit, table
from twin.cli.progress import shown, stepwise
from twin.errors import InputError
from twin.machine import without_collecting

N_STEPS = 7
"""Steps that building a territory names."""
N_CUT_STEPS = 3
"""Steps that cutting one out of another names."""
NOTHING_OVER = Overlays()


@with_overlays
def fetch(
    out: OutWanted,
    source: Annotated[
        str,
        typer.Argument(
            metavar="[SOURCE]",
            help="'La Turbie, France'; .osm, .osm.gz, .osm.bz2, .osm.pbf; or a territory folder to cut.",
        ),
    ] = "",
    bbox: Annotated[str | None, typer.Option("--bbox", metavar="W,S,E,N", help="Box in degrees.")] = None,
    zones: Annotated[
        str | None,
        typer.Option("--zones", metavar="FILE|A,B", help="Zones (TOML); of a folder, the zones to cut out."),
    ] = None,
    polygon: Annotated[
        str | None, typer.Option("--polygon", metavar="X,Y ...", help="Of a folder, corners to cut along.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overlays: Overlays = NOTHING_OVER,
) -> None:
    """Build a territory's folder from a place's name, a box, a map file, or a larger territory."""
    box = None if bbox is None else parse_box(bbox)
    writable(out)
    if overlays.elevation is not None and not overlays.elevation.is_file():
        raise InputError(f"--elevation {overlays.elevation}", "no such file", "a GeoTIFF, .hgt or CSV file")
    if not source and box is None:
        raise InputError("fetch", "nothing is named", "a place, a file, a folder, or --bbox W,S,E,N")
    with without_collecting(), shown(quiet) as progress:
        from twin.territory import fetch as territories

        if source and Path(source).is_dir():
            _check_cut(overlays)
            names = () if zones is None else tuple(each.strip() for each in zones.split(","))
            ring = None if polygon is None else parse_corners(polygon)
            counts = territories.fetch_cut(source, out, box, ring, names, stepwise(progress, N_CUT_STEPS))
        else:
            if polygon is not None:
                raise InputError("--polygon", "cuts territory folders only", "a folder, or --bbox")
            steps = stepwise(progress, N_STEPS if overlays.feed is None else N_STEPS + 1)
            counts = territories.fetch(source, out, box, zones, overlays.elevation, steps, overlays.feed)
    if as_json:
        return emit(counts)
    rows = [(key, value) for key, value in counts.items() if not isinstance(value, dict)]
    rows += [
        (f"{key}: {part}", value)
        for key in ("repairs", "turn_restrictions", "lost_km", "utilities", "cut", "timetable")
        for part, value in counts.get(key, {}).items()
    ]
    return table(("what", "value"), rows)


def _check_cut(overlays: Overlays) -> None:
    """Nothing is laid over a part of a territory that stands."""
    if overlays.elevation is not None:
        raise InputError("--elevation", "a built territory has its heights", "a map file, or no heights")
    if overlays.feed is not None:
        raise InputError("--gtfs", "is laid on a territory as it is built", "a map file")


def parse_corners(text: str) -> list[list[float]]:
    """Corners ``lon,lat`` apart by spaces.

    >>> parse_corners("7.3,43.7 7.5,43.7 7.4,43.8")
    [[7.3, 43.7], [7.5, 43.7], [7.4, 43.8]]
    """
    try:
        return [[float(number) for number in corner.split(",")] for corner in text.split()]
    except ValueError:
        right = "three corners or more, lon,lat each, for example '7.36,43.73 7.41,43.73 7.38,43.76'"
        raise InputError("--polygon", f"{text!r} is no polygon", right) from None


def parse_box(text: str) -> tuple[float, float, float, float]:
    """``W,S,E,N`` in degrees.

    >>> parse_box("7.3,43.7,7.5,43.8")
    (7.3, 43.7, 7.5, 43.8)
    """
    right = "W,S,E,N in degrees, W < E and S < N, for example 7.385,43.738,7.408,43.752"
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError("--bbox", f"{text!r} is no box", right) from None
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise InputError("--bbox", f"{text!r} is no box", right)
    west, south, east, north = numbers
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError("--bbox", f"{text!r} is no box", right)
    return west, south, east, north
