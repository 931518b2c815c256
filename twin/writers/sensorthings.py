"""Simulated observations as files of the OGC SensorThings API 1.1: a JSON array a set, observations by line.

A relation is written as the standard does when an entity is created: ``{"Thing": {"@iot.id": 1}}``. The lines
of Observations.jsonl can be posted to a server one by one, and `twin ingest` reads them: each tells when it
would have been received, since a simulated day may lie in the future.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.readers.sensorthings import moment_text
from twin.study.results import Result
from twin.study.store import write_bytes, write_parts
from twin.study.things import (
    COUNT,
    SETS,
    ZONE,
    Catalogue,
    attribution_of,
    observation_columns,
    sensor_catalogue_of,
)
from twin.territory.territory import Territory

OBSERVATIONS = "Observations.jsonl"
OF_THE_MAP = ("Things", "Locations", "Datastreams", "FeaturesOfInterest")
"""Sets whose entities tell places and names of the map, and carry its attribution and licence."""
RELATED = ("Locations", "Thing", "Sensor", "ObservedProperty")


def write_sensorthings(
    result: Result, territory: Territory, folder: Path, zone: str = ZONE
) -> dict[str, int]:
    """Write all sets to a folder; how many entities each has. Personal datasets are never written."""
    made, of_map = sensor_catalogue_of(result, territory, zone), attribution_of(territory)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name in SETS:
        entities = [as_written(name, entity, of_map) for entity in made.entities[name]]
        text = json.dumps(entities, ensure_ascii=False, indent=1, allow_nan=False)
        write_bytes(folder / f"{name}.json", f"{text}\n".encode())
        counts[name] = len(entities)
    write_parts(folder / OBSERVATIONS, observation_lines(result, made))
    return {**counts, "Observations": len(observation_columns(result, made)["result"])}


def as_written(name: str, entity: dict[str, Any], of_map: dict[str, str]) -> dict[str, Any]:
    """An entity with its relations as references; a datastream's feature is told by its observations.

    ``of_map`` goes to the properties of what shows the map, so that one entity handed on alone keeps it.
    The id of a datastream is its name, FLEET/LINK: who reads its observations alone knows what was observed.
    """
    written: dict[str, Any] = {}
    for key, value in entity.items():
        if key == "FeatureOfInterest":
            continue
        if key in RELATED:
            many = isinstance(value, list)
            written[key] = [{"@iot.id": each} for each in value] if many else {"@iot.id": value}
        else:
            written[key] = value
    if of_map and name in OF_THE_MAP:
        written["properties"] = {**written.get("properties", {}), **of_map}
    return {**written, "@iot.id": entity["name"]} if name == "Datastreams" else written


def observation_lines(result: Result, made: Catalogue) -> Iterator[bytes]:
    """Observations, one JSON object a line, in the order in which they would have come in."""
    columns = observation_columns(result, made)
    streams = made.entities["Datastreams"]
    whole = [stream["observationType"] == COUNT for stream in streams]
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    for stream, phenomenon_us, result_us, value in rows:
        told = {
            "phenomenonTime": moment_text(phenomenon_us),
            "resultTime": moment_text(result_us),
            "result": int(value) if whole[stream - 1] and value == int(value) else value,
            "Datastream": {"@iot.id": streams[stream - 1]["name"]},
            "FeatureOfInterest": {"@iot.id": streams[stream - 1]["FeatureOfInterest"]},
            "parameters": {"gatewayTime": moment_text(result_us)},
        }
        yield json.dumps(told, allow_nan=False).encode() + b"\n"
