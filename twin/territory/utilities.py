"""What of the utilities is mapped; what is not is inferred elsewhere, so here it counts as zero."""

from __future__ import annotations

from collections.abc import Callable

from twin.readers.osm import Box, OsmExtract, Tags
from twin.territory.geometry import in_box

UTILITIES = ("power", "water", "heat", "telecom")
POWER = frozenset({
    "plant", "generator", "substation", "transformer", "line", "minor_line", "cable", "tower", "pole",
    "portal", "switch", "catenary_mast",
})  # fmt: skip
WATER_WORKS = frozenset({
    "water_tower", "water_works", "pumping_station", "wastewater_plant", "reservoir_covered", "water_well",
})  # fmt: skip
HEAT_SUBSTANCES = frozenset({"hot_water", "heat", "steam"})


def utility_of(tags: Tags) -> str | None:
    """The utility that an element belongs to.

    >>> utility_of({"power": "tower"}), utility_of({"man_made": "pipeline", "substance": "hot_water"})
    ('power', 'heat')
    """
    if tags.get("power") in POWER:
        return "power"
    made, substance = tags.get("man_made"), tags.get("substance", "")
    if substance in HEAT_SUBSTANCES:
        return "heat"
    if made in WATER_WORKS or tags.get("emergency") == "fire_hydrant" or "water" in substance:
        return "water"
    street_cabinet = tags.get("street_cabinet") in ("telecom", "communication")
    if tags.get("telecom", "no") != "no" or tags.get("communication") == "line" or street_cabinet:
        return "telecom"
    if made in ("mast", "tower", "communications_tower") and tags.get("tower:type") == "communication":
        return "telecom"
    return None


def count_utilities(extract: OsmExtract, box: Box | None) -> dict[str, dict[str, int]]:
    """Per utility: elements, observed on the map, inferred."""
    inside: Callable[[float, float], bool] = lambda lon, lat: box is None or in_box(lon, lat, box)  # noqa: E731
    observed = dict.fromkeys(UTILITIES, 0)
    for point in extract.points:
        utility = utility_of(point.tags)
        if utility and inside(point.lon, point.lat):
            observed[utility] += 1
    for way in extract.ways.values():
        utility = utility_of(way.tags)
        if utility and any(ref in extract.nodes and inside(*extract.nodes[ref]) for ref in way.refs):
            observed[utility] += 1
    return {name: {"elements": count, "observed": count, "inferred": 0} for name, count in observed.items()}
