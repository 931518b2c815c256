"""A right table of every kind of the village crop, and everything that can be written wrong in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

Table = dict[str, Any]

LINK = "25739475:1395082029:257159314"
ONTO = ["155085125:1782743034:257159301", "155085125:1782743034:280701871"]
SIGNED = {"ref": "D2564"}
HOME, PARKING, SHOP, STATION = (
    *("way:143224236", "way:125643674", "way:143229858"),
    "power:station:103078904:1190097339:3835587937/2",
)
WEST, EAST = [7.39096, 43.74576], [7.38741, 43.74837]

HEAD: Table = {
    "title": "Right",
    "description": "",
    "territory": "la_turbie_crop",
    "focus": "la_turbie",
    "month": "2027-01",
    "seed": 1,
    "app_share": 0.4,
    "demand_scale": 0.5,
    "utilities": True,
    "parameters": {"parking.limited": 1.0},
}
LEAN: Table = {key: value for key, value in HEAD.items() if key != "utilities"}
OF_NETWORKS = ("pressure_logger", "heat_meter")
"""Kinds of sensors that stand where networks are reckoned."""
PROVIDERS: list[Table] = [
    {"name": "Alpha", "market_share": 0.6, "refresh_s": 300.0, "delay_s": 60.0, "sampling": 0.5,
     "prior_weight": 5.0, "indifference": 0.05, "respect": 1.0, "objective": "time",
     "times": "instantaneous", "owner": "company"},
    {"name": "Beta", "market_share": 0.4, "respect": 1.0},
]  # fmt: skip
LOOPS: Table = {"name": "loops", "kind": "road_counter", "owner": "city", "links": {"ref": "D2564"}}
_ON_LINKS = {"owner": "city", "interval_s": 900.0, "noise": 0.1, "loss": 0.1, "delay_s": 60.0}
FLEETS: dict[str, Table] = {
    "road_counter": {**_ON_LINKS, "count": 4, "placement": "class", "sampling": 0.9, "links": SIGNED},
    "probe": {"owner": "Alpha", "sampling": 0.5, "delay_s": 60.0, "noise": 0.1, "loss": 0.1},
    "water_meter": {**_ON_LINKS, "share": 0.5, "places": {"use": "home"}},
    "power_meter": {**_ON_LINKS, "count": 5, "places": {"commune": "La Turbie"}},
    **{
        kind: {**_ON_LINKS, "count": 2, "placement": "value", "links": {"zone": "la_turbie"}}
        for kind in ("camera", "bluetooth_reader", "parking_sensor", "air_quality_sensor", "noise_sensor")
    },
    "street_lamp": {**_ON_LINKS, "share": 0.5, "options": {"radio": "lorawan", "gateways": 2}},
    "bin_sensor": {**_ON_LINKS, "count": 2, "places": {"zone": "la_turbie"}},
    "presence_counter": {**_ON_LINKS, "count": 2, "places": {"place": [SHOP]}},
    "pressure_logger": {**_ON_LINKS, "count": 2, "placement": "random"},
    "feeder_monitor": {**_ON_LINKS, "count": 2, "placement": "coverage"},
    "heat_meter": {**_ON_LINKS, "count": 1},
}
FLEETS["presence_counter"]["count"] = 1
HEATED: Table = {"kind": "district_heat", "at": [7.4001, 43.7455], "connection_rate": 1.0}
LINE: Table = {
    "kind": "bus_line", "name": "L", "stops": [WEST, EAST, SHOP], "headway_s": 1800.0, "speed_kmh": 20.0,
    "both_ways": False, "from": "07:00", "until": "09:00",
}  # fmt: skip
BESIDE: dict[str, list[Table]] = {
    "fare": [LINE],
    "park_and_ride": [LINE],
    "school_street": [{"kind": "classify_secondary", "links": {"link": LINK}, "respect": 1.0}],
}
"""What stands in the scenario before a table of a kind that needs it."""
_HOURS = {"from": "07:00", "until": "09:00"}
_FALSE = {"fleet": "loops", "links": SIGNED, "count": 1, **_HOURS}
KINDS: dict[str, Table] = {
    "close_link": {"links": {"link": LINK}, "signed_exit": True, **_HOURS},
    "reduce_capacity": {"links": SIGNED, "capacity_vph": 500.0, **_HOURS},
    "incident": {"links": {"commune": "La Turbie"}, "factor": 0.5, **_HOURS},
    "speed_limit": {"links": {"road_class": "residential"}, "speed_kmh": 30.0, **_HOURS},
    "works": {"links": SIGNED, "factor": 0.5, "speed_kmh": 30.0, "closed": {"link": LINK}, **_HOURS},
    "classify_secondary": {"links": {"zone": "rest"}, "respect": 0.5, **_HOURS},
    "rank_by_ghg": {"band": 0.1, "respect": 0.5, "from": "2027-01"},
    "school_street": {"links": {"link": LINK}, "hours": ["08:00-09:00"], "speed_kmh": 10.0},
    "data_agreement": {"provider": "Alpha", "shares_closures": True, "returns_traffic": True},
    "app_share": {"value": 0.2, "from": "2027-01", "until": "2027-03"},
    "add_sensor_fleet": {"fleet": {"name": "more", "kind": "camera", "owner": "city", "count": 2}},
    "bus_line": {each: value for each, value in LINE.items() if each != "kind"},
    "parking": {"links": SIGNED, "factor": 0.5, "eur_per_h": 2.0},
    "fare": {"price_eur": 1.0, "lines": ["L"], "per": "journey"},
    "park_and_ride": {"name": "P", "place": PARKING, "spaces": 20, "price_eur": 1.0},
    "on_demand_transport": {
        "name": "D", "serves": {"zone": "la_turbie"}, "reaches": {"zone": "rest"}, "depot": HOME,
        "vehicles": 2, "seats": 8, "fare_eur": 1.0, "max_wait_s": 600.0, "detour_factor": 1.5,
        "detour_s": 300.0, "phone_booking": True, **_HOURS,
    },
    "lanes": {"links": {"link": LINK}, "lanes": 2.0, "from": "2026-01"},
    "one_way": {"links": {"link": "103078902:248085075:2092692308"}},
    "turn_ban": {"links": {"link": LINK}, "onto": {"link": ONTO}},
    "bus_lane": {"links": {"link": LINK}, "takes_lane": False},
    "bike_lane": {
        "links": {"link": LINK}, "takes_lane": False, "speed_kmh": 20.0, "reach_m": 20.0, "comfort": 0.8,
    },
    "new_link": {
        "start": WEST, "end": EAST, "name": "N", "road_class": "residential", "lanes": 1.0,
        "speed_kmh": 30.0, "length_m": 900.0, "both_ways": True, "snap_m": 30.0, "detour": 1.2,
    },
    "signal_plan": {"links": {"link": LINK}, "cycle_s": 60.0, "green_s": [30.0], "offset_s": 5.0},
    "withdraw_provider": {"provider": "Beta"},
    "rain": {"mm_per_h": 5.0, **_HOURS},
    "close_service": {"service": "cafe", "at": {"place": ["way:143228767"]}},
    "district_heat": {"at": [7.4001, 43.7455], "connection_rate": 1.0},
    "sensor_fault": {**_FALSE, "fault": "drift", "size": 0.1},
    "attack": {**_FALSE, "means": "replay", "size": 600.0},
    "element_failure": {"element": STATION, "work_h": 2.0, **_HOURS},
    "substation_loss": {"zone": "la_turbie", "level": "hv_mv", "work_h": 2.0, **_HOURS},
    "storm": {"gust_mps": [20.0, 30.0], "n_events": 2, "from": "07:00"},
    "rotating_cuts": {"share": 0.5, "cut_h": 1.0, "spared": HOME, **_HOURS},
    "planned_works": {"element": [STATION], **_HOURS},
    "random_failures": {"stress": 2.0, **_HOURS},
    "physical_damage": {"cause": "digging", "number": 1, "element": [STATION], **_HOURS},
    "batteries": {"factor": 2.0},
    "manual_fallback": {"services": ["counters"]},
    "crews": {"number": 2, "skills": ["power"], "policy": "nearest", "critical": HOME, "depot": HOME},
    "hold_dataset": {
        "dataset": "loops", "holder": "city", "holder_kind": "city", "service": "roads", "licence": "own",
        "purpose": "traffic", "personal": False, "retention_days": 30.0, "documented": True,
    },
    "share_dataset": {
        "dataset": "loops", "reader": "Alpha", "purpose": "traffic", "consented": False, "lag_s": 60.0,
        "span_s": 900.0,
    },
    "publish_dataset": {"dataset": "loops", "licence": "ODbL 1.0", "documented": True, "lag_s": 0.0},
    "data_platform": {"members": ["city", "Alpha"], "transversality": 0.5, "pooled": 0.5, "lag_s": 0.0},
    "low_emission_zone": {
        "links": {"zone": "la_turbie"}, "hours": ["07:00-20:00"], "barred": ["5"],
        "barred_fuels": ["diesel"], "vehicles": ["car"], "compliance": 0.9,
    },
    "toll": {"links": SIGNED, "hours": ["07:00-09:00"], "eur": 1.0, "eur_van": 2.0, "eur_lorry": 3.0},
}  # fmt: skip

ANY_TEXT = {
    *("title", "description", "licence", "service", "purpose"),
    *("name", "modification.on_demand_transport.name", "modification.bus_line.name"),
}
"""Keys at which any text is right."""
MAY_BE_EMPTY = {"name", "description", "service", "purpose"}
ANY_OWNER = {"owner", "reader", "holder", "members"}
"""Keys at which anybody may be named: a company that the scenario does not know may hold or read data."""
NO_END = {
    *("prior_weight", "size", "lag_s", "span_s", "noise", "interval_s", "capacity_vph"),
    *("snap_m", "length_m", "detour"),
}
"""Numbers that have no upper bound."""
ABOVE_STEP = {"from", "until", "hours"}
"""Keys with moments at which the streets change."""


class Damage(NamedTuple):
    """One table written wrong, and the key at which it is."""

    said: str
    key: str
    table: Table


def damages(table: Table, at_steps: bool) -> Iterator[Damage]:
    """Every value of a table replaced by wrong ones, one at a time; and a key that there is not."""
    yield Damage("no_such_key", "no_such_key", {**table, "no_such_key": 1})
    for key, value in table.items():
        for wrong in _wrong(key, value, at_steps):
            yield Damage(f"{key} = {wrong!r}", key, {**table, key: wrong})


def _wrong(key: str, value: Any, at_steps: bool) -> Iterator[Any]:
    if isinstance(value, bool):
        yield "maybe"
    elif isinstance(value, dict):
        if key != "options":
            yield {}
        yield 3
        for inner, each in value.items():
            yield from ({**value, inner: wrong} for wrong in _wrong(inner, each, at_steps))
    elif isinstance(value, list):
        yield {"no": "list"}
        if len(value) == 2 and all(isinstance(each, float) for each in value) and key != "gust_mps":
            yield [0.0, 0.0]
        for place, each in enumerate(value):
            for wrong in _wrong(key, each, at_steps):
                yield [*value[:place], wrong, *value[place + 1 :]]
    elif isinstance(value, str):
        yield 3.5
        if key not in MAY_BE_EMPTY:
            yield ""
        if key not in ANY_TEXT | ANY_OWNER:
            yield "no such thing"
        if key in ABOVE_STEP and at_steps and ":" in value:
            yield value.replace("00", "02", 1) if "-" not in value else value.replace(":00", ":02", 1)
    else:
        yield "much"
        yield -1e7
        if key not in NO_END:
            yield 10**9 if isinstance(value, int) else 1e9


def toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def scenario_text(
    head: Table, providers: list[Table], fleets: list[Table], modifications: list[Table]
) -> str:
    """A scenario file of those tables."""
    tables = {**head, "provider": providers, "sensor_fleet": fleets, "modification": modifications}
    return "\n".join(f"{key} = {toml(value)}" for key, value in tables.items())
