"""The datasets that decisions are taken on: who holds each, and in which of its services it lies."""

from __future__ import annotations

from dataclasses import replace

from twin.clock import DAY_S
from twin.knowledge.datasets import Column, Dataset

CITY, WATER, TRANSPORT, CALCULATOR, MOBILE, CITIZENS = (
    *("city", "water_operator", "transport_operator", "calculator", "mobile_operator", "citizens"),
)
HOLDERS = (CITY, WATER, TRANSPORT, CALCULATOR, MOBILE, CITIZENS)
KINDS = dict(zip(HOLDERS, ("city", "operator", "operator", "calculator", "partner", "citizens"), strict=True))

_TABLE = (
    ("road_counts", CITY, "roads", "link", "veh", "vehicles counted in the hour"),
    ("calculator_traffic", CALCULATOR, "", "link", "veh", "users of the calculator in the hour"),
    ("inlet_flows", WATER, "", "pressure zone", "l/s", "flow into the zone at night"),
    ("pressures", WATER, "", "node", "m", "mean pressure at night"),
    ("meter_sums", WATER, "metering", "pressure zone", "l/s", "what customers of the zone draw at night"),
    ("wet_streets", CITIZENS, "", "node", "1", "reports of water in the street"),
    ("bookings", TRANSPORT, "", "service", "requests/day", "rides booked on a day"),
    ("searches", CALCULATOR, "", "service", "searches/day", "searches for which no line is found, on a day"),
    ("entitled", CITY, "social", "service", "persons", "people on the register of the social service"),
    ("inhabitants", CITY, "planning", "neighbourhood", "persons", "inhabitants by neighbourhood and age"),
    ("need_reports", CITIZENS, "", "neighbourhood", "reports", "inhabitants who ask for a counter by app"),
    ("counter_visits", CITY, "social", "neighbourhood", "visits", "visitors of counters by where they live"),
    ("presence", MOBILE, "", "neighbourhood", "persons", "people present at night"),
)
STANDARD: dict[str, Dataset] = {
    name: replace(
        Dataset.of_features(name, holder, Column("result", unit, meaning), feature, cadence_s=float(DAY_S)),
        service=service,
        owner_kind=KINDS[holder],
    )
    for name, holder, service, feature, unit, meaning in _TABLE
}
"""By name, as they are held where a scenario says nothing else; none is of single persons."""
