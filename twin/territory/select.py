"""Links that a selector names: by reference, commune, way, link id, box, zone, direction, class or school."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.scenario.selectors import LinkSelector, PlaceSelector
from twin.territory.schools import line_middles, near_schools, schools_named
from twin.territory.tables import ROAD_CLASSES, Flags, Ints, Places, Streets, Zones

# Which way a link leads, from its tail to its head: the sign of its way east or north.
HEADINGS: dict[str, Callable[[Streets], Flags]] = {
    "eastbound": lambda streets: _eastward(streets) > 0.0,
    "westbound": lambda streets: _eastward(streets) < 0.0,
    "northbound": lambda streets: _northward(streets) > 0.0,
    "southbound": lambda streets: _northward(streets) < 0.0,
}


def select_links(
    selector: LinkSelector,
    streets: Streets,
    zones: Zones,
    where: str = "links",
    places: Places | None = None,
) -> Ints:
    """Rows of the links that a selector names, in order, each once.

    Values within one key are alternatives, keys narrow each other. Reference and way must hold on one
    and the same member of a link. A link is in the commune, and in the zone, in which most of its
    length lies; a box holds a link if the middle of its line lies inside, and a school is near it if
    that middle lies within the distance. Schools are found among ``places``; where these are not handed
    over, only a settled selector will do (`twin.territory.settle`).

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
    chosen &= lies_in(selector, (streets.commune, streets.communes), (streets.zone, zones), where)
    if selector.bbox is not None:
        chosen &= _in_box(streets, selector.bbox)
    if selector.direction is not None:
        chosen &= HEADINGS[selector.direction](streets)
    if selector.road_class:
        known_value(selector.road_class, ROAD_CLASSES, f"{where}: road_class", "road class")
        chosen &= np.isin(streets.road_class, [ROAD_CLASSES.index(name) for name in selector.road_class])
    if selector.names_schools:
        chosen &= _near_schools(selector, streets, zones, places, where)
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


def lies_in(
    selector: LinkSelector | PlaceSelector,
    communes: tuple[NDArray[np.int16], tuple[str, ...]],
    zones: tuple[NDArray[np.int16], Zones],
    where: str,
) -> Flags:
    """What (n,) lies in any of the selector's communes, and in any of its zones, where it names some.

    Parameters
    ----------
    communes, zones
        The row of each one's commune (zone), and what these rows stand for.
    """
    (commune, names), (zone, known) = communes, zones
    chosen = np.ones(len(commune), dtype=bool)
    if selector.commune:
        known_value(selector.commune, names, f"{where}: commune", "commune")
        rows = [row for row, name in enumerate(names) if name in selector.commune]
        chosen &= np.isin(commune, rows)
    if selector.zone:
        known_value(selector.zone, (*known.name, *dict(known.pools)), f"{where}: zone", "zone")
        rows = [row for name in selector.zone for row in known.rows(name, f"{where}: zone")]
        chosen &= np.isin(zone, rows)
    return chosen


def known_value(wanted: Iterable[object], known: Iterable[object], where: str, kind: str) -> None:
    """Refuse a value that the territory does not have, with those that are spelled like it."""
    texts = {str(each) for each in known} - {""}
    for each in wanted:
        if str(each) not in texts:
            close = difflib.get_close_matches(str(each), sorted(texts), n=3, cutoff=0.6)
            right = " or ".join(close) if close else f"a {kind} of the territory"
            raise InputError(where, f"no {kind} {each!s} in the territory", right)


def _near_schools(
    selector: LinkSelector, streets: Streets, zones: Zones, places: Places | None, where: str
) -> Flags:
    """Links (n_links,) near any of the schools that the selector names."""
    if places is None:
        right = "a scenario settled on its territory (twin.territory.settle)"
        raise InputError(where, "schools are named, and the places are not at hand", right)
    if selector.within_m is None:
        raise InputError(f"{where}: within_m", "missing", "metres from a school, above 0")
    if selector.school_zone:
        names = (*zones.name, *dict(zones.pools))
        known_value(selector.school_zone, names, f"{where}: school_zone", "zone")
    rows = [row for name in selector.school_zone for row in zones.rows(name, f"{where}: school_zone")]
    schools = schools_named(places, rows, selector.school)
    if selector.school:
        known_value(selector.school, places.place_id[schools].tolist(), f"{where}: school", "school")
    if not len(schools):
        raise InputError(where, f"no school in {', '.join(selector.school_zone)}", "a zone with a school")
    return np.asarray(near_schools(streets, places, schools, selector.within_m).any(axis=0))


def _in_box(streets: Streets, box: tuple[float, float, float, float]) -> Flags:
    west, south, east, north = box
    lon, lat = line_middles(streets)
    return np.asarray((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north))


def _eastward(streets: Streets) -> np.ndarray:
    return streets.shape_lon[streets.shape_start[1:] - 1] - streets.shape_lon[streets.shape_start[:-1]]


def _northward(streets: Streets) -> np.ndarray:
    return streets.shape_lat[streets.shape_start[1:] - 1] - streets.shape_lat[streets.shape_start[:-1]]
