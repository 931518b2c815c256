"""The tables of a result: trips, links, quarters of an hour, pictures, observations, as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.behaviour.days import TRIP_STATES
from twin.clock import MS, N_HOURS, SLICES_PER_H
from twin.indicators.records import DayRecord
from twin.population.tables import MODES, MODES_MADE, PERSON_KINDS, PURPOSES, SKILLS
from twin.scenario.vehicles import CRITAIR_CLASSES, FUELS, VEHICLE_CLASSES
from twin.territory.tables import ROAD_CLASSES

OUTSIDE = "outside"
"""Zone of who lives outside the territory, and of links in no zone."""
NO_VEHICLE = "no vehicle"
"""Vehicle of who drives none."""
NOBODY = "none"
"""Provider of who consults none."""


def trips_table(record: DayRecord) -> pd.DataFrame:
    """One row a planned trip: who, how, when, and what became of it; times in seconds, NaN: never."""
    trips, persons = record.population.trips, record.population.persons
    person = trips.person
    zones = record.territory.zones.name
    return pd.DataFrame(
        {
            "trip_id": trips.trip_id,
            "person_id": persons.person_id[person],
            "kind": named(persons.kind[person], PERSON_KINDS),
            "zone": named(persons.zone[person], zones, OUTSIDE),
            "age": persons.age[person],
            "skill": named(persons.skill[person], SKILLS),
            "purpose": named(trips.purpose, PURPOSES),
            "mode": named(trips.mode, MODES if record.on_demand is None else MODES_MADE),
            "depart_s": trips.depart_s,
            "departed_s": _seconds(record.departed_ms),
            "entered_s": _seconds(record.entered_ms),
            "arrived_s": _seconds(record.arrived_ms),
            "state": named(record.state, TRIP_STATES),
            "free_flow_s": np.where(np.isfinite(record.free_flow_s), record.free_flow_s, np.nan),
            "elapsed_s": record.elapsed_s,
            "delay_s": record.delay_s,
            "route_km": record.route_km,
            "co2_kg": record.emissions.co2_kg_by_trip,
            "nox_g": record.emissions.nox_g_by_trip,
            "vehicle": named(record.vehicles.vehicle_class, VEHICLE_CLASSES, NO_VEHICLE),
            "fuel": named(record.vehicles.fuel, FUELS, NO_VEHICLE),
            "critair": named(record.vehicles.critair, CRITAIR_CLASSES, NO_VEHICLE),
            "guided": record.guided,
            "provider": named(record.provider, record.providers, NOBODY),
            "n_reroutes": record.n_reroutes,
        }
    )


def links_table(record: DayRecord) -> pd.DataFrame:
    """One row a link: what it is, its day, and its hours (``flow_veh_h07``, ``delay_s_h07``).

    ``flow_veh`` counts vehicles that left the link; ``delay_s`` is their mean time over free flow, NaN
    where nobody left.
    """
    streets = record.territory.streets
    closed = record.closed if record.closed is not None else np.zeros(streets.n_links, dtype=np.bool_)
    table = {
        "link_id": streets.link_id,
        "name": streets.name,
        "zone": named(streets.zone, record.territory.zones.name, OUTSIDE),
        "road_class": named(streets.road_class, ROAD_CLASSES),
        "length_m": streets.length_m,
        "lanes": streets.lanes,
        "free_speed_mps": streets.free_speed_mps,
        "capacity_vph": streets.flow_capacity_vps * 3_600.0,
        "closed": closed,
        "flow_veh": record.link_flow_veh,
        "delay_s": _delay(record.time_ms.sum(axis=0), record.link_flow_veh, streets.free_flow_time_s),
        "vehicle_km": record.link_flow_veh * streets.length_m / 1_000.0,
        **record.emissions.by_link,
    }
    flow, time_ms = by_hour(record.exits), by_hour(record.time_ms)
    for hour in range(N_HOURS):
        table[f"flow_veh_h{hour:02d}"] = flow[hour]
        table[f"delay_s_h{hour:02d}"] = _delay(time_ms[hour], flow[hour], streets.free_flow_time_s)
    return pd.DataFrame(table)


def slices_table(record: DayRecord) -> pd.DataFrame:
    """One row a quarter of an hour and link with traffic: entries, exits, summed travel time."""
    used = (record.entries > 0) | (record.exits > 0)
    slot, link = np.nonzero(used)
    return pd.DataFrame(
        {
            "link_id": named(link, record.territory.streets.link_id),
            "slice": slot.astype(np.int16),
            "entries": record.entries[used],
            "exits": record.exits[used],
            "time_ms": record.time_ms[used],
        }
    )


def pictures_table(record: DayRecord) -> pd.DataFrame:
    """One row an owner, quarter of an hour and used link: what was believed, what was; NaN: unknown."""
    used = record.exits > 0
    slot, link = np.nonzero(used)
    streets = record.territory.streets
    true_mps = streets.length_m[link] * record.exits[used] / (record.time_ms[used] / MS)
    parts = []
    for owner in sorted(record.knowledge):
        picture = record.knowledge[owner]
        flow, speed = picture.flow_veh[used], picture.speed_mps[used]
        known = np.isfinite(flow) | np.isfinite(speed)
        part = {
            "owner": np.full(int(known.sum()), owner),
            "link_id": named(link[known], streets.link_id),
            "slice": slot[known].astype(np.int16),
            "flow_veh": flow[known].astype(np.float32),
            "speed_mps": speed[known].astype(np.float32),
            "true_flow_veh": record.exits[used][known].astype(np.float32),
            "true_speed_mps": true_mps[known].astype(np.float32),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"owner": [], "link_id": []})


def observations_table(record: DayRecord) -> pd.DataFrame:
    """One row an observation, with the names of OGC SensorThings."""
    columns = dict(record.observations)
    dataset = columns.pop("dataset", np.zeros(len(columns["result"]), dtype=np.int16))
    names = record.datasets or ("observations",)
    rows = columns.pop("datastream")
    return pd.DataFrame(
        {
            "dataset": named(dataset, names),
            "datastream": _streams(record, rows, np.asarray(dataset), names),
            **columns,
        }
    )


def _streams(
    record: DayRecord, rows: NDArray[np.int32], dataset: NDArray[np.int16], names: Sequence[str]
) -> pd.Categorical[str]:
    """Outside ids of what was observed: links, and where meters stand places and utility nodes.

    A building mapped as a place and as a node of a network has one id; the dataset tells which is meant.
    """
    territory = record.territory
    features = [record.feature_of(name) for name in names]
    ids = {"link": territory.streets.link_id}
    if "place" in features:
        ids["place"] = territory.places.place_id
    if "node" in features:
        ids["node"] = territory.utilities.nodes.node_id
    first = dict(zip(ids, np.cumsum([0, *map(len, ids.values())]).tolist(), strict=False))
    offset = np.array([first[each] for each in features], dtype=np.int64)
    code, distinct = pd.factorize(np.concatenate(list(ids.values())))
    return named(code[rows + offset[dataset]], distinct.tolist())


def demand_table(record: DayRecord) -> dict[str, object]:
    """How much was asked: persons and trips by kind, trips by zone and kind.

    A resident's trips belong to the zone of the home; those of a commuter or through traveller to the
    zone of the end inside, if one is.
    """
    persons, trips = record.population.persons, record.population.trips
    kind = persons.kind[trips.person]
    origin, destination = record.ends_in_zone
    zone = persons.zone[trips.person].astype(np.int64)
    zone = np.where(zone >= 0, zone, np.where(destination >= 0, destination, origin))
    by_kind = {
        name: {
            "persons": int((persons.kind == row).sum()),
            "trips": int((kind == row).sum()),
            "car_trips": int((record.by_car & (kind == row)).sum()),
        }
        for row, name in enumerate(PERSON_KINDS)
    }
    names = (*record.territory.zones.name, OUTSIDE)
    by_zone = {
        name: {
            each: {
                "trips": int(((zone == row) & (kind == code)).sum()),
                "car_trips": int((record.by_car & (zone == row) & (kind == code)).sum()),
            }
            for code, each in enumerate(PERSON_KINDS)
        }
        for row, name in zip((*range(len(names) - 1), -1), names, strict=True)
    }
    by_hour_car = np.bincount(
        np.minimum(trips.depart_s[record.by_car] // 3_600, N_HOURS - 1).astype(np.int64), minlength=N_HOURS
    )
    return {"by_kind": by_kind, "by_zone": by_zone, "car_trips_by_hour": by_hour_car.tolist()}


def by_hour(slices: NDArray[np.generic]) -> NDArray[np.int64]:
    """(N_SLICES, n) summed to (N_HOURS, n)."""
    summed: NDArray[np.int64] = slices.reshape(N_HOURS, SLICES_PER_H, -1).sum(axis=1, dtype=np.int64)
    return summed


def named(
    codes: NDArray[np.integer], names: Iterable[str], otherwise: str | None = None
) -> pd.Categorical[str]:
    """Codes as names; -1 is `otherwise`."""
    categories = [str(name) for name in names]
    rows = np.asarray(codes, dtype=np.int64)
    if otherwise is not None:
        categories += [] if otherwise in categories else [otherwise]
        rows = np.where(rows < 0, categories.index(otherwise), rows)
    return pd.Categorical.from_codes(rows, categories=pd.Index(categories))


def _seconds(moment_ms: NDArray[np.integer]) -> NDArray[np.float64]:
    return np.where(moment_ms >= 0, moment_ms / MS, np.nan)


def _delay(
    time_ms: NDArray[np.int64], flow: NDArray[np.int64], free_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    mean_s = np.divide(time_ms / MS, flow, out=np.full(flow.shape, np.nan), where=flow > 0)
    delay_s: NDArray[np.float64] = mean_s - free_s
    return delay_s
