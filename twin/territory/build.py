"""From a street map file to the tables of a territory, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.readers.osm import Box, OsmExtract, read_extract
from twin.scenario.ledger import Parameters
from twin.territory.communes import communes_of
from twin.territory.content import SCHEMA_VERSION
from twin.territory.elevation import read_heights
from twin.territory.gateways import make_gateways, unreachable_pairs
from twin.territory.geometry import Plane
from twin.territory.inhabitants import people_of
from twin.territory.paths import make_paths
from twin.territory.pieces import cut_to_pieces
from twin.territory.places import find_footprints, make_places
from twin.territory.services import Services
from twin.territory.streets import StreetGround, make_streets
from twin.territory.tables import TurnBans
from twin.territory.topology import StreetNetwork, lay_out
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import read_observed
from twin.territory.utilities.tables import Utilities
from twin.territory.zones import Layout, make_zones, read_layout

LICENCE = "ODbL-1.0"
ATTRIBUTION = "© OpenStreetMap contributors"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """Tables of a territory and its notes, before they are a territory."""

    tables: Mapping[str, Any]
    utilities: Utilities
    turns: TurnBans
    services: Services
    meta: Mapping[str, Any]


def build(
    file: str | Path | OsmExtract,
    bbox: Box | None = None,
    zones: str | Path | None = None,
    elevation: str | Path | None = None,
    progress: Progress | None = None,
    place: str = "",
) -> Parts:
    """Make the tables of a territory of an OSM file, or of what was read (see `Territory.from_osm`)."""
    say = progress or (lambda step: None)
    where = file.file if isinstance(file, OsmExtract) else str(file)
    parameters = Parameters.of_rooms("territory", "utilities")
    layout = read_layout(zones)
    check_box(bbox, "bbox")
    say("reading the map")
    extract = file if isinstance(file, OsmExtract) else read_extract(file, bbox)
    box = bbox if bbox is not None else extract.box
    pieces = cut_to_pieces(extract, bbox)
    repairs = Counter(pieces.repairs)
    if not pieces.pieces:
        raise InputError(where, "no drivable streets" + (" in the box" if bbox else ""), "a map with streets")
    network = lay_out(pieces, extract, parameters, repairs)
    if not network.members:
        raise InputError(where, "no street that traffic can use", "streets that are connected")
    say("laying streets")
    ground = _ground(extract, box, layout, where, elevation, parameters)
    footprints = find_footprints(ground, bbox, repairs)
    houses = np.array([(each.lon, each.lat) for each in footprints if each.is_building]).reshape(-1, 2)
    streets, controls = make_streets(network, pieces, houses, ground, repairs)
    gateways = make_gateways(network.gate_id, network.gate_kind, streets, box)
    say("laying paths")
    paths = make_paths(extract, ground, bbox, elevation is not None)
    say("filling places")
    places, services = make_places(footprints, bbox, (streets, paths), ground, repairs)
    tables = {
        "streets": streets,
        "gateways": gateways,
        "zones": ground.zones,
        "places": places,
        "paths": paths,
    }
    say("laying utilities")
    observed = read_observed(extract, bbox)
    repairs["utility_elements_without_place"] += observed.unplaced
    utilities = lay_utilities((streets, places, ground.zones), observed, parameters)
    notes = _notes(extract, layout, box, ground.plane, repairs) | _counts(tables, network, houses)
    people = people_of(ground, places, box, bbox is not None)
    notes |= utilities.notes() | services.notes() | {"utilities": utilities.counts()} | _heights_of(elevation)
    notes |= {"junction_control": controls, "people": people, "place": layout.place or place}
    return Parts(tables, utilities, network.bans, services, notes)


def _heights_of(elevation: str | Path | None) -> dict[str, str]:
    """The name of the file of heights, if one was read."""
    return {} if elevation is None else {"elevation_file": Path(elevation).name}


def check_box(box: Box | None, where: str) -> None:
    """Refuse a box that is none."""
    if box is None:
        return
    west, south, east, north = box
    finite = bool(np.isfinite(np.array(box)).all())
    if not finite or not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError(where, f"{list(box)} is no box", "west < east and south < north, in degrees")


def _ground(
    extract: OsmExtract,
    box: Box,
    layout: Layout,
    where: str,
    elevation: str | Path | None,
    parameters: Parameters,
) -> StreetGround:
    west, south, east, north = box
    plane = Plane(round((west + east) / 2.0, 4), round((south + north) / 2.0, 4))
    communes = communes_of(extract)
    zones = make_zones(layout, communes, where)
    return StreetGround(
        extract, plane, communes, zones, read_heights(extract, elevation, parameters), parameters
    )


def _notes(
    extract: OsmExtract, layout: Layout, box: Box, plane: Plane, repairs: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "date": layout.date or extract.timestamp[:10],
        "source": layout.source or f"OpenStreetMap extract {extract.file}",
        "source_sha256": extract.sha256,
        "licence": LICENCE,
        "attribution": ATTRIBUTION,
        "bbox": list(box),
        "crs": plane.crs(),
        "repairs": {name: count for name, count in sorted(repairs.items()) if count},
        "built_by": f"twin fetch, territory schema {SCHEMA_VERSION}",
    }


def _counts(tables: Mapping[str, Any], network: StreetNetwork, houses: np.ndarray) -> dict[str, Any]:
    return {
        "lost_km": dict(network.lost_km),
        "total_km": dict(network.total_km),
        "gateways": len(tables["gateways"].gate_id),
        "unreachable_pairs": unreachable_pairs(tables["gateways"], tables["streets"]),
        "buildings": len(houses),
        "turn_restrictions": {**network.restrictions, "banned pairs of links": len(network.bans.from_link)},
    }
