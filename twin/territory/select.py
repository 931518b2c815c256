"""Links that a selector names: by reference, commune, way, link id, box, zone and direction."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

import numpy as np

from twin.errors import InputError
from twin.scenario.selectors import LinkSelector
from twin.territory.tables import Flags, Ints, Streets, Zones

# Which way a link leads, from its tail to its head: the sign of its way east or north.
HEADINGS: dict[str, Callable[[Streets], Flags]] = {
    "eastbound": lambda streets: _eastward(streets) > 0.0,
    "westbound": lambda streets: _eastward(streets) < 0.0,
    "northbound": lambda streets: _northward(streets) > 0.0,
    "southbound": lambda streets: _northward(streets) < 0.0,
}


def select_links(selector: LinkSelector, streets: Streets, zones: Zones, where: str = "links") -> Ints:
    """Rows of the links that a selector names, in order, each once.

    Values within one key are alternatives, keys narrow each other. Reference and way must hold on one
    and the same member of a link. A link is in the commune, and in the zone, in which most of its
    length lies; a box holds a link if the middle of its line lies inside.

    Raises
    ------
    InputError
        Nothing in the territory matches; names what was asked and what comes close.
    """
    of_members = _members_named(selector, streets, where)
    chosen = np.ones(streets.n_links, dtype=bool)
    if of_members is not None:
        chosen &= np.isin(np.arange(streets.n_links), streets.member_link[of_members])
    if selector.link:
        known_value(selector.link, set(streets.link_id.tolist()), f"{where}: link", "link")
        chosen &= np.isin(streets.link_id, np.array(selector.link))
    if selector.commune:
        known_value(selector.commune, streets.communes, f"{where}: commune", "commune")
        rows = [row for row, name in enumerate(streets.communes) if name in selector.commune]
        chosen &= np.isin(streets.commune, rows)
    if selector.zone:
        known_value(selector.zone, (*zones.name, *dict(zones.pools)), f"{where}: zone", "zone")
        rows = [row for name in selector.zone for row in zones.rows(name, f"{where}: zone")]
        chosen &= np.isin(streets.zone, rows)
    if selector.bbox is not None:
        chosen &= _in_box(streets, selector.bbox)
    if selector.direction is not None:
        chosen &= HEADINGS[selector.direction](streets)
    if not chosen.any():
        right = "keys that some link of the territory meets all at once"
        raise InputError(where, f"no link matches {selector.spelled()}", right)
    return np.flatnonzero(chosen).astype(np.int32)


def _members_named(selector: LinkSelector, streets: Streets, where: str) -> Flags | None:
    """Members that the selector names, None where it says nothing about members."""
    if not (selector.ref or selector.way):
        return None
    chosen = np.ones(len(streets.member_way), dtype=bool)
    if selector.ref:
        held = {ref: set(ref.split(";")) for ref in set(streets.member_ref.tolist())}
        known_value(selector.ref, set().union(*held.values()), f"{where}: ref", "road reference")
        wanted = [ref for ref, parts in held.items() if parts & set(selector.ref)]
        chosen &= np.isin(streets.member_ref, np.array(wanted))
    if selector.way:
        known_value(selector.way, set(streets.member_way.tolist()), f"{where}: way", "way")
        chosen &= np.isin(streets.member_way, np.array(selector.way, dtype=np.int64))
    return chosen


def known_value(wanted: Iterable[object], known: Iterable[object], where: str, kind: str) -> None:
    """Refuse a value that the territory does not have, with those that are spelled like it."""
    texts = {str(each) for each in known} - {""}
    for each in wanted:
        if str(each) not in texts:
            close = difflib.get_close_matches(str(each), sorted(texts), n=3, cutoff=0.6)
            right = " or ".join(close) if close else f"a {kind} of the territory"
            raise InputError(where, f"no {kind} {each!s} in the territory", right)


def _in_box(streets: Streets, box: tuple[float, float, float, float]) -> Flags:
    west, south, east, north = box
    first, last = streets.shape_start[:-1], streets.shape_start[1:] - 1
    middle = (first + last + 1) // 2
    lon = np.where((last - first) % 2 == 0, streets.shape_lon[middle], _between(streets.shape_lon, middle))
    lat = np.where((last - first) % 2 == 0, streets.shape_lat[middle], _between(streets.shape_lat, middle))
    return np.asarray((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))


def _between(values: np.ndarray, row: np.ndarray) -> np.ndarray:
    return np.asarray((values[row - 1] + values[row]) / 2.0)


def _eastward(streets: Streets) -> np.ndarray:
    return streets.shape_lon[streets.shape_start[1:] - 1] - streets.shape_lon[streets.shape_start[:-1]]


def _northward(streets: Streets) -> np.ndarray:
    return streets.shape_lat[streets.shape_start[1:] - 1] - streets.shape_lat[streets.shape_start[:-1]]
