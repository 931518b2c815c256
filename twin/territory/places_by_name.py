"""A place by its name or box, from OpenStreetMap's servers: its map, ready to be built from."""

from __future__ import annotations

import unicodedata

from twin.errors import InputError
from twin.readers.osm import Box, OsmExtract
from twin.territory.build import Progress, check_box

MOST_LETTERS = 200


def map_of(place: str, bbox: Box | None, progress: Progress | None) -> tuple[OsmExtract, Box, str]:
    """The map of a place or a box, the box it covers, and the place's full name."""
    from twin.readers.osm_web import download, find_place

    say = progress or (lambda step: None)
    check_box(bbox, "bbox")
    name = ""
    box = bbox
    say("asking OpenStreetMap")
    if place:
        if not place.strip() or len(place) > MOST_LETTERS or not place.isprintable():
            raise InputError(f"place {place[:40]!r}", "is no name", "a place such as 'La Turbie, France'")
        found, name = find_place(place)
        box = bbox or found
        if not _meet(box, found):
            right = f"a box that meets {list(found)}"
            raise InputError(f"bbox {list(box)}", f"lies beside {name}", right)
    if box is None:
        raise InputError("place", "neither a place nor a box is given", "a place, a file or --bbox")
    where = f"bbox {list(box)}" if bbox or not place else f"place {place!r}"
    return download(box, where), box, name


def _meet(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def folder_name(place: str) -> str:
    """A place's first words as a name for files.

    >>> folder_name("La Turbie, France"), folder_name("Èze"), folder_name("")
    ('la_turbie', 'eze', 'place')
    """
    plain = unicodedata.normalize("NFKD", place.partition(",")[0]).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return "_".join(words) or "place"
