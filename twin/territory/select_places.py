"""Which places a scenario means: communes, zones, uses, place ids and box."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.scenario.selectors import PlaceSelector
from twin.territory.select import known_value, lies_in
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
    chosen &= lies_in(selector, (places.commune, communes), (places.zone, zones), where)
    if selector.bbox is not None:
        west, south, east, north = selector.bbox
        chosen &= (places.lon >= west) & (places.lon <= east)
        chosen &= (places.lat >= south) & (places.lat <= north)
    if not chosen.any():
        right = "keys that some place of the territory meets all at once"
        raise InputError(where, f"no place matches {selector.spelled()}", right)
    return np.flatnonzero(chosen).astype(np.int32)
