"""The command that builds a territory: `fetch`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.feeds import FeedDay, with_feed
from twin.cli.options import AsJson, Quiet
from twin.cli.output import emit, table
from twin.cli.progress import shown, stepwise
from twin.errors import InputError

N_STEPS = 6
"""Steps that building a territory names."""
N_CUT_STEPS = 3
"""Steps that cutting one out of another names."""


@with_feed
def fetch(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help=".osm, .osm.gz, .osm.bz2 or .osm.pbf; or a territory folder to cut from."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the territory.")],
    bbox: Annotated[str | None, typer.Option("--bbox", metavar="W,S,E,N", help="Box in degrees.")] = None,
    zones: Annotated[
        str | None,
        typer.Option("--zones", metavar="FILE|A,B", help="Zones (TOML); of a folder, the zones to cut out."),
    ] = None,
    polygon: Annotated[
        str | None, typer.Option("--polygon", metavar="X,Y ...", help="Of a folder, corners to cut along.")
    ] = None,
    elevation: Annotated[
        Path | None, typer.Option("--elevation", metavar="FILE", help="GeoTIFF or CSV.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    feed: FeedDay | None = None,
) -> None:
    """Build a territory folder from a local OpenStreetMap file, or cut it out of a larger territory."""
    box = None if bbox is None else parse_box(bbox)
    ring = None if polygon is None else parse_corners(polygon)
    from twin.territory.fetch import fetch_cut, fetch_local

    with shown(quiet) as progress:
        if source.is_dir():
            if elevation is not None:
                raise InputError(
                    "--elevation", "a built territory has its heights", "a map file, or no heights"
                )
            if feed is not None:
                raise InputError("--gtfs", "is laid on a territory as it is built", "a map file")
            names = () if zones is None else tuple(each.strip() for each in zones.split(","))
            counts = fetch_cut(source, out, box, ring, names, stepwise(progress, N_CUT_STEPS))
        else:
            if ring is not None:
                raise InputError("--polygon", "cuts territory folders only", "a folder, or --bbox")
            layout = None if zones is None else Path(zones)
            steps = stepwise(progress, N_STEPS if feed is None else N_STEPS + 1)
            counts = fetch_local(source, out, box, layout, elevation, steps, feed)
    if as_json:
        return emit(counts)
    rows = [(key, value) for key, value in counts.items() if not isinstance(value, dict)]
    rows += [
        (f"{key}: {part}", value)
        for key in ("repairs", "lost_km", "utilities", "cut", "timetable")
        for part, value in counts.get(key, {}).items()
    ]
    return table(("what", "value"), rows)


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
