"""The command that builds a territory: `fetch`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import AsJson, Quiet
from twin.cli.output import emit, table
from twin.cli.progress import shown, stepwise
from twin.errors import InputError

N_STEPS = 6
"""Steps that building a territory names."""


def fetch(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the territory.")],
    source: Annotated[
        str,
        typer.Argument(
            metavar="[PLACE_OR_FILE]", help="'La Turbie, France', or .osm, .osm.gz, .osm.bz2, .osm.pbf"
        ),
    ] = "",
    bbox: Annotated[str | None, typer.Option("--bbox", metavar="W,S,E,N", help="Box in degrees.")] = None,
    zones: Annotated[Path | None, typer.Option("--zones", metavar="FILE", help="Zones (TOML).")] = None,
    elevation: Annotated[
        Path | None, typer.Option("--elevation", metavar="FILE", help="GeoTIFF or CSV.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Build a territory folder of a place by name, of a box, or from a local OpenStreetMap file."""
    box = None if bbox is None else parse_box(bbox)
    if not source and box is None:
        raise InputError("fetch", "nothing is named", "a place, a file, or --bbox W,S,E,N")
    from twin.territory import fetch as territories

    with shown(quiet) as progress:
        counts = territories.fetch(source, out, box, zones, elevation, stepwise(progress, N_STEPS))
    if as_json:
        return emit(counts)
    rows = [(key, value) for key, value in counts.items() if not isinstance(value, dict)]
    rows += [
        (f"{key}: {part}", value)
        for key in ("repairs", "turn_restrictions", "lost_km", "utilities")
        for part, value in counts[key].items()
    ]
    return table(("what", "value"), rows)


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
