"""Simulated observations as entities of NGSI-LD (ETSI GS CIM 009), normalized, one JSON-LD object a line.

Counts of vehicles are entities of the type TrafficFlowObserved, what other sensors tell of the type
SensorObserved; the words that are not of the core are told in each entity's own ``@context``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twin.readers.sensorthings import moment_text
from twin.study.results import Result
from twin.study.store import write_parts
from twin.study.things import COUNT, ZONE, Catalogue, attribution_of, observation_columns, sensor_catalogue_of
from twin.territory.territory import Territory

ENTITIES = "entities.jsonl"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"
TERMS = {
    name: f"urn:twin:{name}"
    for name in (
        *("TrafficFlowObserved", "SensorObserved", "RoadSegment", "intensity", "result", "observedProperty"),
        *("refRoadSegment", "dataset", "simulated", "attribution"),
    )
} | {"license": "http://purl.org/dc/terms/license"}
CONTEXT = [TERMS, CORE]
"""The core comes last, so that no word of it is told anew."""


def write_ngsi_ld(result: Result, territory: Territory, folder: Path, zone: str = ZONE) -> dict[str, int]:
    """Write all entities to a folder; how many there are. Personal datasets are never written."""
    made = sensor_catalogue_of(result, territory, zone)
    folder.mkdir(parents=True, exist_ok=True)
    told = entities(result, made, attribution_of(territory))
    lines = (json.dumps(each, allow_nan=False).encode() + b"\n" for each in told)
    write_parts(folder / ENTITIES, lines)
    return {"entities": len(observation_columns(result, made)["result"])}


def entities(result: Result, made: Catalogue, of_map: dict[str, str]) -> Iterator[dict[str, Any]]:
    """An entity an observation: what was observed, when and where, and whose map that is on."""
    streams, places = made.entities["Datastreams"], made.entities["FeaturesOfInterest"]
    properties = made.entities["ObservedProperties"]
    columns = observation_columns(result, made)
    for stream, phenomenon_us, _, value in zip(
        *(column.tolist() for column in columns.values()), strict=True
    ):
        about = streams[stream - 1]
        place = places[about["FeatureOfInterest"] - 1]
        counts = about["observationType"] == COUNT
        kind = "TrafficFlowObserved" if counts else "SensorObserved"
        moment = moment_text(phenomenon_us)
        told = {"type": "Property", "value": value, "observedAt": moment}
        yield {
            "id": urn(kind, f"{about['name']}:{moment}"),
            "type": kind,
            "intensity" if counts else "result": told,
            "observedProperty": _property(properties[about["ObservedProperty"] - 1]["name"]),
            "dataset": _property(about["properties"]["dataset"]),
            "simulated": _property(True),
            **{name: _property(value) for name, value in of_map.items()},
            "location": {"type": "GeoProperty", "value": place["feature"]},
            "refRoadSegment": {
                "type": "Relationship",
                "object": urn("RoadSegment", about["properties"]["link_id"]),
            },
            "@context": CONTEXT,
        }


def urn(kind: str, name: str) -> str:
    """The id of an entity, a URN with what a URN may not have in it quoted.

    >>> urn("RoadSegment", "way 7")
    'urn:ngsi-ld:RoadSegment:way%207'
    """
    return f"urn:ngsi-ld:{kind}:{quote(name, safe=':/.-_')}"


def _property(value: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value}
