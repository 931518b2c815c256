"""What the endpoint reads: entities in memory, observations a block at a time from where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from twin.errors import InputError
from twin.live.clocks import event_times_us
from twin.live.odata import column_of
from twin.live.store import ObservationStore
from twin.readers.sensorthings import moment_text
from twin.study.things import SETS, Catalogue, attribution_of
from twin.territory.territory import Territory

OBSERVATIONS = "Observations"
RELATIONS: dict[str, dict[str, tuple[str, bool]]] = {
    "Things": {
        "Locations": ("Locations", True),
        "Datastreams": ("Datastreams", True),
        "HistoricalLocations": ("HistoricalLocations", True),
    },
    "Locations": {"Things": ("Things", True), "HistoricalLocations": ("HistoricalLocations", True)},
    "HistoricalLocations": {"Thing": ("Things", False), "Locations": ("Locations", True)},
    "Datastreams": {
        "Thing": ("Things", False),
        "Sensor": ("Sensors", False),
        "ObservedProperty": ("ObservedProperties", False),
        OBSERVATIONS: (OBSERVATIONS, True),
    },
    "Sensors": {"Datastreams": ("Datastreams", True)},
    "ObservedProperties": {"Datastreams": ("Datastreams", True)},
    OBSERVATIONS: {
        "Datastream": ("Datastreams", False),
        "FeatureOfInterest": ("FeaturesOfInterest", False),
    },
    "FeaturesOfInterest": {OBSERVATIONS: (OBSERVATIONS, True)},
}
"""By set, the names of relations: the set they lead to, and whether to many (OGC 18-088, figure 2)."""
_BACK = {
    ("Locations", "Things"): "Locations",
    ("Sensors", "Datastreams"): "Sensor",
    ("ObservedProperties", "Datastreams"): "ObservedProperty",
    ("Things", "Datastreams"): "Thing",
}
OF_THE_MAP = ("Things", "Locations", "Datastreams", "FeaturesOfInterest")
"""Sets whose entities tell places and names of the map."""
BLOCK_ROWS = 65_536


class Rows(NamedTuple):
    """Observations as columns: id, id of the datastream, phenomenon and result time [us], result."""

    id: np.ndarray
    datastream: np.ndarray
    phenomenon_us: np.ndarray
    result_us: np.ndarray
    result: np.ndarray

    def at(self, rows: np.ndarray | slice) -> Rows:
        """Some of them."""
        return Rows(*(column[rows] for column in self))


class ObservationSource(Protocol):
    """Where observations lie."""

    def blocks(self) -> Iterator[Rows]:
        """All observations in the order of their ids, some at a time."""

    def block_of(self, number: int) -> Rows | None:
        """The block that holds the observation of that id."""


@dataclass(frozen=True)
class KeptColumns:
    """Observations of a run, as its columns."""

    columns: dict[str, np.ndarray]

    def blocks(self) -> Iterator[Rows]:
        """All, some at a time."""
        n_rows = len(self.columns["result"])
        for first in range(0, n_rows, BLOCK_ROWS):
            yield self._rows(first, min(first + BLOCK_ROWS, n_rows))

    def block_of(self, number: int) -> Rows | None:
        """The row of that id alone."""
        return self._rows(number - 1, number) if 0 < number <= len(self.columns["result"]) else None

    def _rows(self, first: int, last: int) -> Rows:
        parts = (
            self.columns[name][first:last] for name in ("datastream", "phenomenon_us", "result_us", "result")
        )
        return Rows(np.arange(first + 1, last + 1), *parts)


@dataclass(frozen=True)
class KeptStore:
    """Observations that came in, a commit at a time from their files, moments put right."""

    store: ObservationStore

    def blocks(self) -> Iterator[Rows]:
        """All, a commit at a time."""
        first = 1
        for frame in self.store.frames:
            if frame.n_rows:
                yield self._read(frame, first)
            first += frame.n_rows

    def block_of(self, number: int) -> Rows | None:
        """The commit that holds it."""
        first = 1
        for frame in self.store.frames:
            if first <= number < first + frame.n_rows:
                return self._read(frame, first)
            first += frame.n_rows
        return None

    def _read(self, frame: Any, first: int) -> Rows:
        rows = frame.rows()
        event_us = event_times_us(rows, self.store.clock_errors())
        stream = rows["datastream"].astype(np.int64) + 1
        number = np.arange(first, first + len(rows))
        return Rows(number, stream, event_us, rows["result_us"], rows["result"])


def catalogue_of_store(store: ObservationStore) -> Catalogue:
    """What is known of sensors whose observations came in: their names."""
    made = Catalogue()
    unknown = "not told by what came in"
    sensor = made.add(
        "Sensors", name="unknown", description=unknown, encodingType="text/html", metadata=unknown
    )
    seen = made.add("ObservedProperties", name="unknown", definition="urn:twin:unknown", description=unknown)
    feature = made.add(
        "FeaturesOfInterest", name="unknown", description=unknown, encodingType="application/geo+json",
        feature={"type": "GeometryCollection", "geometries": []},
    )  # fmt: skip
    for name in store.datastreams:
        thing = made.add("Things", name=name, description="a device", properties={}, Locations=[])
        made.add(
            "Datastreams", name=name, description="observations that came in",
            observationType="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            unitOfMeasurement={"name": "unknown", "symbol": "1", "definition": "urn:twin:unknown"},
            properties={}, Thing=thing, Sensor=sensor, ObservedProperty=seen, FeatureOfInterest=feature,
        )  # fmt: skip
    return made


def with_attribution(made: Catalogue, territory: Territory) -> Catalogue:
    """The same catalogue; what shows places and names of the map tells who made it and its licence."""
    of_map = attribution_of(territory)
    if of_map:
        for entity in (each for name in OF_THE_MAP for each in made.entities[name]):
            entity["properties"] = {**entity.get("properties", {}), **of_map}
    return made


@dataclass(frozen=True)
class ServedEntities:
    """Entities and observations, with the columns that conditions ask for."""

    catalogue: Catalogue
    source: ObservationSource

    @cached_property
    def feature_of_stream(self) -> np.ndarray:
        """Id of the feature by id of the datastream; 0 where there is none."""
        return np.array(
            [0, *(row["FeatureOfInterest"] for row in self.entities("Datastreams"))], dtype=np.int64
        )

    def entities(self, name: str) -> list[dict[str, Any]]:
        """Entities of a set in memory; there are no historical locations."""
        return self.catalogue.entities.get(name, [])

    def entity(self, name: str, number: int) -> dict[str, Any] | None:
        """One entity by its id."""
        if name == OBSERVATIONS:
            block = self.source.block_of(number)
            return None if block is None else self.told(block.at(block.id == number))[0]
        rows = self.entities(name)
        return rows[number - 1] if 0 < number <= len(rows) else None

    def related_ids(self, name: str, entity: dict[str, Any], relation: str) -> list[int]:
        """Ids that a relation of an entity in memory leads to, other than observations."""
        if relation in entity:
            found = entity[relation]
            return found if isinstance(found, list) else [found]
        key = _BACK.get((name, relation))
        if key is None:
            return []
        return self._back(name, relation, key).get(entity["@iot.id"], [])

    def column(self, name: str, path: tuple[str, ...]) -> np.ndarray:
        """The column of a set in memory that a path names, over to one related entity and on."""
        head, rest = path[0], path[1:]
        rows = self.entities(name)
        if head in ("id", "@iot.id"):
            return np.array([row["@iot.id"] for row in rows], dtype=np.float64)
        relation = RELATIONS[name].get(head)
        if relation is not None and rest and not relation[1]:
            ids = np.array([row[head] for row in rows], dtype=np.int64)
            return np.asarray(self.column(relation[0], rest)[ids - 1])
        if relation is not None or not any(head in row for row in rows):
            raise InputError(
                "path", f"{name} has no {'/'.join(path)}", "a property, or one of a related entity"
            )
        return column_of([_within(row.get(head), rest) for row in rows])

    def column_of_rows(self, rows: Rows, path: tuple[str, ...]) -> np.ndarray:
        """The same of observations."""
        head, rest = path[0], path[1:]
        if not rest and head in ("id", "@iot.id"):
            return rows.id.astype(np.float64)
        if not rest and head == "result":
            return rows.result
        if not rest and head in ("phenomenonTime", "resultTime"):
            moments = rows.phenomenon_us if head == "phenomenonTime" else rows.result_us
            return moments.astype("datetime64[us]")
        if rest and head == "Datastream":
            return np.asarray(self.column("Datastreams", rest)[rows.datastream - 1])
        if rest and head == "FeatureOfInterest":
            return np.asarray(
                self.column("FeaturesOfInterest", rest)[self.feature_of_stream[rows.datastream] - 1]
            )
        right = "id, result, phenomenonTime, resultTime, Datastream/..., FeatureOfInterest/..."
        raise InputError("path", f"{OBSERVATIONS} has no {'/'.join(path)}", right)

    def told(self, rows: Rows) -> list[dict[str, Any]]:
        """Observations as entities."""
        streams = self.entities("Datastreams")
        made = []
        for number, stream, phenomenon_us, result_us, value in zip(*(c.tolist() for c in rows), strict=True):
            whole = streams[stream - 1]["observationType"].endswith("CountObservation")
            made.append(
                {
                    "@iot.id": number,
                    "phenomenonTime": moment_text(phenomenon_us),
                    "resultTime": moment_text(result_us),
                    "result": int(value) if whole and value == int(value) else value,
                    "Datastream": stream,
                    "FeatureOfInterest": int(self.feature_of_stream[stream]),
                }
            )
        return made

    def _back(self, name: str, relation: str, key: str) -> dict[int, list[int]]:
        """Ids of the entities that refer to each entity of a set; worked out once."""
        made = self._backs.get((name, relation))
        if made is None:
            made = {}
            for row in self.entities(RELATIONS[name][relation][0]):
                found = row[key] if isinstance(row[key], list) else [row[key]]
                for each in found:
                    made.setdefault(each, []).append(row["@iot.id"])
            self._backs[name, relation] = made
        return made

    @cached_property
    def _backs(self) -> dict[tuple[str, str], dict[int, list[int]]]:
        return {}


def _within(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


assert set(SETS) < set(RELATIONS)
