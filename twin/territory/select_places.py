"""Which places a scenario means: communes, zones, uses, place ids and box."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.scenario.selectors import PlaceSelector
from twin.territory.select import known_value
from twin.territory.tables import Ints, Places, Zones


def select_places(
    selector: PlaceSelector, places: Places, zones: Zones, communes: tuple[str, ...], where: str = "places"
) -> Ints:
    """Rows of the places that a selector names, in order, each once.

    Raises
    ------
    InputError
        Nothing in the territory matches; names what was asked and what comes close.
    """
    chosen = np.ones(places.n_places, dtype=bool)
    if selector.place:
        known_value(selector.place, set(places.place_id.tolist()), f"{where}: place", "place")
        chosen &= np.isin(places.place_id, np.array(selector.place))
    if selector.use:
        known_value(selector.use, set(places.use.tolist()), f"{where}: use", "use of a place")
        chosen &= np.isin(places.use, np.array(selector.use))
    if selector.commune:
        known_value(selector.commune, communes, f"{where}: commune", "commune")
        rows = [row for row, name in enumerate(communes) if name in selector.commune]
        chosen &= np.isin(places.commune, rows)
    if selector.zone:
        known_value(selector.zone, (*zones.name, *dict(zones.pools)), f"{where}: zone", "zone")
        rows = [row for name in selector.zone for row in zones.rows(name, f"{where}: zone")]
        chosen &= np.isin(places.zone, rows)
    if selector.bbox is not None:
        west, south, east, north = selector.bbox
        chosen &= (places.lon >= west) & (places.lon <= east)
        chosen &= (places.lat >= south) & (places.lat <= north)
    if not chosen.any():
        right = "keys that some place of the territory meets all at once"
        raise InputError(where, f"no place matches {selector.spelled()}", right)
    return np.flatnonzero(chosen).astype(np.int32)
