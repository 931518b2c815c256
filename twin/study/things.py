"""Sensors of a run as entities of the OGC SensorThings API 1.1 (OGC 18-088): what observes what, and where.

Names, descriptions and units are those of the standard's entities; each carries its relations by id. Datasets
that tell of single persons or households are left out, whoever asks.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twin.clock import parse_date
from twin.errors import InputError
from twin.scenario.scenario import Scenario
from twin.sensing.kinds import KINDS as DEVICES
from twin.study.results import Result
from twin.territory.territory import Territory

SETS = ("Things", "Locations", "Sensors", "ObservedProperties", "Datastreams", "FeaturesOfInterest")
GEOJSON = "application/geo+json"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
COUNT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"
ZONE = "Europe/Paris"


class ObservedQuantity(NamedTuple):
    """What a kind of sensor observes; unit, symbol and unit_definition are those of its unit."""

    name: str
    definition: str
    description: str
    unit: str
    symbol: str
    unit_definition: str
    type: str


_UCUM = "http://unitsofmeasure.org/"
KINDS = {
    "road_counter": ObservedQuantity(
        "vehicles counted", "urn:twin:vehicles-counted", "vehicles that left the link in the interval",
        "vehicle", "veh", "urn:twin:vehicle", COUNT,
    ),
    "water_meter": ObservedQuantity(
        "water drawn", "urn:twin:water-drawn", "water drawn in the interval",
        "litre", "L", f"{_UCUM}L", MEASUREMENT,
    ),
    "power_meter": ObservedQuantity(
        "energy drawn", "urn:twin:energy-drawn", "electricity drawn in the interval",
        "kilowatt hour", "kW.h", f"{_UCUM}kW.h", MEASUREMENT,
    ),
}  # fmt: skip
"""By kind of sensor; a kind that is not here is told by its name, without a unit."""
UNITS = {
    "veh": ("vehicle", "veh", "urn:twin:vehicle", COUNT),
    "s": ("second", "s", f"{_UCUM}s", MEASUREMENT),
    "ug/m3": ("microgram per cubic metre", "ug/m3", f"{_UCUM}ug/m3", MEASUREMENT),
    "dB": ("decibel", "dB", f"{_UCUM}dB", MEASUREMENT),
    "W": ("watt", "W", f"{_UCUM}W", MEASUREMENT),
}
"""Name, symbol and definition of the units of devices on links, and the type of observation."""
for _device in DEVICES.values():
    if _device.feature == "link":
        _what = (_device.name.replace("_", " "), f"urn:twin:{_device.name}", _device.observed_property)
        KINDS[_device.name] = ObservedQuantity(*_what, *UNITS[_device.unit])


@dataclass(frozen=True)
class Catalogue:
    """Entities by set, each a mapping with ``@iot.id`` (1 and on), its properties, and ids of related ones.

    stream_of: id of the datastream of a dataset and what it observes; begin_us: midnight of the day.
    """

    entities: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in SETS})
    stream_of: dict[tuple[str, str], int] = field(default_factory=dict)
    begin_us: int = 0

    def add(self, set_name: str, /, **properties: Any) -> int:
        """Add an entity; its id."""
        rows = self.entities[set_name]
        rows.append({"@iot.id": len(rows) + 1, **properties})
        return len(rows)


def sensor_catalogue_of(result: Result, territory: Territory, zone: str = ZONE) -> Catalogue:
    """Entities of a run's sensors on links that reported and are not personal."""
    made = Catalogue(begin_us=midnight_us(result.scenario, zone))
    pairs = shareable(result)[["dataset", "datastream"]].drop_duplicates().astype(str)
    fleets = {fleet.name: fleet for fleet in result.scenario.fleets()}
    link = {link_id: row for row, link_id in enumerate(territory.streets.link_id.tolist())}
    sensors: dict[str, tuple[int, int, ObservedQuantity]] = {}
    spots: dict[str, tuple[int, int]] = {}
    for dataset, stream in sorted(pairs.itertuples(index=False, name=None)):
        if stream not in link:
            continue  # aggregates of meters stand at nodes of the utility layers
        fleet = fleets.get(dataset)
        kind, owner = (fleet.kind, fleet.owner) if fleet else ("published", "")
        if dataset not in sensors:
            sensors[dataset] = _sensor(made, dataset, kind, owner)
        if stream not in spots:
            spots[stream] = _spot(made, territory, link[stream])
        sensor, observed_property, observed = sensors[dataset]
        location, feature = spots[stream]
        name = f"{dataset}/{stream}"
        where = territory.streets.name[link[stream]] or "a street without a name"
        about = {"dataset": dataset, "link_id": stream, "simulated": True}
        thing = made.add(
            "Things",
            name=name,
            description=f"{kind} of {dataset} on {where}",
            properties=about,
            Locations=[location],
        )
        made.stream_of[dataset, stream] = made.add(
            "Datastreams", name=name, description=f"{observed.description}, on {where}",
            observationType=observed.type,
            unitOfMeasurement={
                "name": observed.unit, "symbol": observed.symbol, "definition": observed.unit_definition,
            },
            properties=about, Thing=thing, Sensor=sensor, ObservedProperty=observed_property,
            FeatureOfInterest=feature,
        )  # fmt: skip
    return made


def shareable(result: Result) -> pd.DataFrame:
    """The observations of a run that tell of nobody in particular."""
    table = result.observations
    if table.empty:
        raise InputError(result.scenario.where("sensor_fleet"), "nothing was observed", "a [[sensor_fleet]]")
    return table[~table["dataset"].isin(result.manifest["personal_datasets"])]


def observation_columns(result: Result, made: Catalogue) -> dict[str, np.ndarray]:
    """Observations as columns: id of the datastream, phenomenon and result time [us since 1970], result.

    In the order of result time, then datastream: as they would have come in.
    """
    table = shareable(result)
    number = {f"{dataset}/{stream}": id_ for (dataset, stream), id_ in made.stream_of.items()}
    names = table["dataset"].astype(str) + "/" + table["datastream"].astype(str)
    stream = names.map(number).fillna(0).to_numpy(dtype=np.int64)
    phenomenon, told = (
        made.begin_us + np.rint(table[column].to_numpy() * 1e6).astype(np.int64)
        for column in ("phenomenon_time_s", "result_time_s")
    )
    value = table["result"].to_numpy(dtype=np.float64)
    order = np.lexsort((phenomenon, stream, told))
    order = order[stream[order] > 0]
    return {
        "datastream": stream[order],
        "phenomenon_us": phenomenon[order],
        "result_us": told[order],
        "result": value[order],
    }


def midnight_us(scenario: Scenario, zone: str = ZONE) -> int:
    """Midnight at which the day of a scenario begins [us since 1970]: its date, or its month's first Tuesday.

    >>> one = Scenario.loads('title = "A"\\nterritory = "riviera"\\ndate = "2027-01-12"')
    >>> dt.datetime.fromtimestamp(midnight_us(one) / 1e6, dt.UTC).isoformat()
    '2027-01-11T23:00:00+00:00'
    """
    if scenario.date is not None:
        day = parse_date(scenario.date)
    else:
        first = parse_date(f"{scenario.month}-01")
        day = first + dt.timedelta(days=(1 - first.weekday()) % 7)
    try:
        here = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise InputError(f"time zone {zone!r}", "is not known here", f"a name such as {ZONE}") from None
    moment = dt.datetime(day.year, day.month, day.day, tzinfo=here)
    return int(moment.timestamp()) * 1_000_000


def _sensor(made: Catalogue, dataset: str, kind: str, owner: str) -> tuple[int, int, ObservedQuantity]:
    """The sensor and the observed property of a dataset."""
    plain = kind.replace("_", " ")
    unknown = ObservedQuantity(
        plain, f"urn:twin:{kind}", f"what {plain} tells", "one", "1", f"{_UCUM}1", MEASUREMENT
    )
    observed = KINDS.get(kind, unknown)
    by = f", owned by {owner}" if owner else ""
    sensor = made.add(
        "Sensors", name=dataset, description=f"{plain}{by}, simulated", encodingType="text/html",
        metadata=f"simulated by an agent-based model; kind {kind}", properties={"kind": kind, "owner": owner},
    )  # fmt: skip
    rows = made.entities["ObservedProperties"]
    known = next((row["@iot.id"] for row in rows if row["definition"] == observed.definition), 0)
    about = {"name": observed.name, "definition": observed.definition, "description": observed.description}
    return sensor, known or made.add("ObservedProperties", **about), observed


def _spot(made: Catalogue, territory: Territory, row: int) -> tuple[int, int]:
    """Where a sensor stands, the middle of its link, and what it looks at, the link."""
    streets = territory.streets
    begin, end = int(streets.shape_start[row]), int(streets.shape_start[row + 1])
    line = np.column_stack([streets.shape_lon[begin:end], streets.shape_lat[begin:end]])
    middle = np.round(line[len(line) // 2] if len(line) > 2 else line.mean(axis=0), 7).tolist()
    name = f"link {streets.link_id[row]}"
    about = str(streets.name[row]) or "a street without a name"
    location = made.add(
        "Locations", name=name, description=about, encodingType=GEOJSON,
        location={"type": "Point", "coordinates": middle},
    )  # fmt: skip
    feature = made.add(
        "FeaturesOfInterest", name=name, description=about, encodingType=GEOJSON,
        feature={"type": "LineString", "coordinates": np.round(line, 7).tolist()},
        properties={"link_id": str(streets.link_id[row])},
    )  # fmt: skip
    return location, feature


def attribution_of(territory: Territory) -> dict[str, str]:
    """``attribution`` and ``license`` (SPDX id, as ODbL-1.0) of the map, as far as the territory has them."""
    named = (("attribution", "attribution"), ("license", "licence"))
    return {name: str(territory.meta[key]) for name, key in named if territory.meta.get(key)}
