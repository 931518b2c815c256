"""Heights from a tile of the Shuttle Radar Topography Mission (SRTM), one degree wide and high.

The file N43E007.hgt, named after its south-west corner, also zipped, holds big-endian 16-bit metres in rows
from north to south, at posts every 1 or 3 arc seconds, the edges included; -32768 is a void (NASA JPL, SRTM
topography documentation).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

import numpy as np

from twin.errors import InputError
from twin.readers.geotiff import HeightGrid

NAME = re.compile(r"([NS])([0-9]{2})([EW])([0-9]{3})")
POSTS = (1201, 3601)
VOID = -32768
RIGHT = "an SRTM tile named like N43E007.hgt, or that in a zip"


def read_hgt(file: Path) -> HeightGrid:
    """Read a tile.

    Raises
    ------
    InputError
        The name says no corner, or the size is that of no tile.
    """
    where, corner = str(file), NAME.match(file.name.upper())
    if corner is None:
        raise InputError(where, "the name says no south-west corner", RIGHT)
    data = _tile(file, where)
    posts = {2 * n * n: n for n in POSTS}.get(len(data))
    if posts is None:
        raise InputError(where, f"{len(data):,} bytes are no tile", RIGHT)
    south, west = int(corner[2]), int(corner[4])
    lat = float(-south if corner[1] == "S" else south)
    lon = float(-west if corner[3] == "W" else west)
    heights = np.frombuffer(data, dtype=">i2").reshape(posts, posts).astype(np.float64)
    step = 1.0 / (posts - 1)
    return HeightGrid(np.where(heights == VOID, np.nan, heights), lon, lat + 1.0, step, step)


def _tile(file: Path, where: str) -> bytes:
    """The bytes of the tile: the file's, or those of the one .hgt in a zip, no more than a tile has."""
    most = 2 * max(POSTS) ** 2
    try:
        if file.suffix.lower() != ".zip":
            with file.open("rb") as stream:
                return stream.read(most + 1)
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".hgt")]
            if len(names) != 1:
                raise InputError(where, f"holds {len(names)} tiles", RIGHT)
            with archive.open(names[0]) as stream:
                return stream.read(most + 1)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(where, f"cannot be read: {error}", RIGHT) from None
