"""What the standards demand of an entity, as JSON schemas.

OGC 18-088 (SensorThings API 1.1), tables 2 to 17 of clause 8.2: mandatory properties and their types; ETSI GS
CIM 009 (NGSI-LD), clauses 4.5 and 5.2: normalized entities, properties, relationships and geo-properties.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

TEXT = {"type": "string", "minLength": 1}
OBJECT = {"type": "object"}
MOMENT = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)(/\d{4}-.*)?$",
}
POSITION = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
GEOMETRY = {
    "type": "object",
    "required": ["type"],
    "oneOf": [
        {"required": ["coordinates"], "properties": {"type": {"const": "Point"}, "coordinates": POSITION}},
        {
            "required": ["coordinates"],
            "properties": {
                "type": {"const": "LineString"},
                "coordinates": {"type": "array", "items": POSITION, "minItems": 2},
            },
        },
        {"required": ["geometries"], "properties": {"type": {"const": "GeometryCollection"}}},
    ],
}
ID = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
ONE = {"type": "object", "required": ["@iot.id"], "properties": {"@iot.id": ID}}
MANY = {"type": "array", "items": ONE}
UNIT = {
    "type": "object",
    "required": ["name", "symbol", "definition"],
    "properties": {"name": TEXT, "symbol": TEXT, "definition": TEXT},
    "additionalProperties": False,
}
OBSERVATION_TYPES = [
    f"http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_{name}"
    for name in ("CategoryObservation", "CountObservation", "Measurement", "Observation", "TruthObservation")
]
NAMED = {"name": TEXT, "description": TEXT}
MANDATORY: dict[str, dict[str, Any]] = {
    "Things": NAMED,
    "Locations": {**NAMED, "encodingType": {"const": "application/geo+json"}, "location": GEOMETRY},
    "HistoricalLocations": {"time": MOMENT},
    "Datastreams": {**NAMED, "unitOfMeasurement": UNIT, "observationType": {"enum": OBSERVATION_TYPES}},
    "Sensors": {
        **NAMED,
        "encodingType": {
            "enum": ["application/pdf", "text/html", "http://www.opengis.net/doc/IS/SensorML/2.0"]
        },
        "metadata": {},
    },
    "ObservedProperties": {
        **NAMED,
        "definition": {"type": "string", "format": "uri", "pattern": "^[a-z][a-z0-9+.-]*:"},
    },
    "Observations": {"phenomenonTime": MOMENT, "result": {}, "resultTime": MOMENT},
    "FeaturesOfInterest": {**NAMED, "encodingType": {"const": "application/geo+json"}, "feature": GEOMETRY},
}
OPTIONAL: dict[str, dict[str, Any]] = {
    name: {"properties": OBJECT} for name in MANDATORY if name not in ("Observations", "HistoricalLocations")
}
OPTIONAL["Observations"] = {"resultQuality": {}, "validTime": MOMENT, "parameters": OBJECT}
OPTIONAL["HistoricalLocations"] = {}
OPTIONAL["Datastreams"] |= {"observedArea": GEOMETRY, "phenomenonTime": MOMENT, "resultTime": MOMENT}
WRITTEN: dict[str, dict[str, Any]] = {
    "Things": {"Locations": MANY},
    "Datastreams": {"Thing": ONE, "Sensor": ONE, "ObservedProperty": ONE},
    "Observations": {"Datastream": ONE, "FeatureOfInterest": ONE},
}
"""Relations that a file must tell, as references; the rest follow from them."""


def validator(name: str, *, read: bool = False) -> Draft202012Validator:
    """Of an entity of a set: as it is written to be created, or as it is read from a service."""
    links = {"@iot.id": ID, "@iot.selfLink": {"type": "string", "pattern": "^https?://"}} if read else {}
    related = {} if read else WRITTEN.get(name, {})
    needed = {**MANDATORY[name], **links, **related}
    schema = {
        "type": "object",
        "required": sorted(needed),
        "properties": {**needed, **OPTIONAL[name], "@iot.id": ID},
        "patternProperties": {r"@iot\.navigationLink$": {"type": "string", "pattern": "^https?://"}},
        "additionalProperties": False,
    }
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


URI = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$"}
NAME = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$"}
PROPERTY = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"const": "Property"},
        "value": {"not": {"type": "null"}},
        "observedAt": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"},
        "unitCode": TEXT,
        "datasetId": URI,
    },
    "additionalProperties": False,
}
RELATIONSHIP = {
    "type": "object",
    "required": ["type", "object"],
    "properties": {"type": {"const": "Relationship"}, "object": URI},
    "additionalProperties": False,
}
GEO_PROPERTY = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {"type": {"const": "GeoProperty"}, "value": GEOMETRY},
    "additionalProperties": False,
}
NGSI_LD = Draft202012Validator(
    {
        "type": "object",
        "required": ["id", "type", "@context"],
        "properties": {
            "id": {**URI, "pattern": r"^urn:ngsi-ld:[A-Za-z]+:[^\s<>\"{}|\\^`]+$"},
            "type": NAME,
            "@context": {"type": "array", "minItems": 1, "items": {"anyOf": [URI, OBJECT]}},
            "location": GEO_PROPERTY,
        },
        "propertyNames": {"anyOf": [{"const": "@context"}, NAME]},
        "additionalProperties": {"anyOf": [PROPERTY, RELATIONSHIP, GEO_PROPERTY]},
    }
)
Draft202012Validator.check_schema(NGSI_LD.schema)
