"""The small day on a territory that can be drawn and kept: two zones, two gates, a bend in every street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.indicators.small_day import N_LINKS, small_day, small_services, small_territory
from tests.study.stand_in import BASE, carried
from twin.scenario.scenario import Scenario
from twin.study.progress import Progress
from twin.study.results import Result
from twin.territory.content import SCHEMA_VERSION, content_digest
from twin.territory.tables import Gateways, Zones
from twin.territory.territory import Territory

STREET_NAMES = ("Rue de l'Église", "Avenue Princesse Alice", "Chemin de l'Été")
POPULATION = {
    "areas": [
        {
            "name": "town",
            "basis": "file",
            "density_class": "town",
            "legal_regime": "Monaco",
            "class_source": "over 5,000 inhabitants",
        },
        {"name": "village", "basis": "floor area"},
    ],
    "notes": ["zone village: 3 inhabitants by floor area", "no through traffic is known"],
}
"""What the synthesis says of its areas, as a manifest keeps it."""
EXTRA_S = 100.0
"""Seconds that a car trip loses with nobody on the app, against everybody on it."""


def drawn_territory(names: Sequence[str] = STREET_NAMES, label: str = "Èze-Village") -> Territory:
    """The line of the small day, 1 km a link, each link with a bend to the north in its middle."""
    small = small_territory()
    streets = small.streets
    lon, lat = streets.node_lon, streets.node_lat
    tail, head = streets.tail, streets.head
    shape_lon = np.column_stack([lon[tail], (lon[tail] + lon[head]) / 2, lon[head]]).ravel()
    shape_lat = np.column_stack([lat[tail], np.full(N_LINKS, 43.702), lat[head]]).ravel()
    streets = replace(
        streets,
        name=np.array([names[row % len(names)] for row in range(N_LINKS)]),
        shape_start=3 * np.arange(N_LINKS + 1),
        shape_lon=shape_lon,
        shape_lat=shape_lat,
    )
    places = replace(small.places, lon=np.array([7.3, 7.32, 7.37, 7.39]), lat=np.full(4, 43.701))
    ring = np.array([[7.35, 43.69], [7.40, 43.69], [7.40, 43.71], [7.35, 43.71], [7.35, 43.69]])
    zones = Zones(
        name=("town", "village"),
        inhabitants=np.array([4.0, 3.0]),
        communes=(("Ville", "Faubourg"), (label,)),
        insee=(("06001", "06002"), ("06003",)),
        rings=(None, (ring,)),
        method=("nearest place", "ring"),
    )
    gateways = Gateways(
        gate_id=np.array(["gate:0", "gate:10"]),
        node=np.array([0, 10], dtype=np.int32),
        group=np.array(["A8 west", "A8 east"]),
        in_link=np.array([0, 19], dtype=np.int32),
        out_link=np.array([10, 9], dtype=np.int32),
        road_class=np.zeros(2, dtype=np.int8),
        side=np.array(["W", "E"]),
        kind=np.array(["cut", "cut"]),
    )
    tables = {
        "streets": streets, "gateways": gateways, "zones": zones, "places": places, "paths": small.paths,
    }  # fmt: skip
    meta = {
        "schema_version": SCHEMA_VERSION, "place": "Smallville", "date": "2016-03-04", "licence": "ODbL",
        "attribution": "© OpenStreetMap contributors", "source": "by hand",
        "source_sha256": "0" * 64, "built_by": "a test",
        "bbox": [7.29, 43.69, 7.41, 43.71], "crs": "local", "repairs": {}, "lost_km": {}, "total_km": {},
        "gateways": 2, "unreachable_pairs": [], "buildings": 4, "utilities": {},
    }  # fmt: skip
    digest = content_digest(tables)
    return Territory(name="small", meta=meta, digest=digest, services=small_services(), **tables)


@dataclass
class SmallRuns:
    """Stands in for the simulation: the less people are on the app, the later cars arrive."""

    territory: Territory

    def __call__(self, scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
        """One run; the village's links carry one more vehicle in the seventh slice where many use the app."""
        record = small_day(seed=seed, territory=self.territory)
        share = scenario.app_share_in_force
        late_ms = round(1_000 * (seed + EXTRA_S * (1 - share)))
        moves = record.by_car & (record.arrived_ms >= 0)
        exits, time_ms = record.exits.copy(), record.time_ms.copy()
        if share > 0.5:
            exits[32, 7] += 40
            time_ms[32, 7] += 40 * 150_000
        day = small_day(
            seed=seed,
            territory=self.territory,
            arrived_ms=np.where(moves, record.arrived_ms + late_ms, record.arrived_ms),
            exits=exits,
            time_ms=time_ms,
        )
        return Result.of_day(day, scenario, about={"population": POPULATION})


def jams_later(scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
    """Stands in for the simulation: all flows, but for seed 2 where many use the app."""
    jams = seed == 2 and scenario.app_share_in_force > 0.5
    day = carried(seed=seed, territory=drawn_territory(), rotations=42 if jams else 0)
    return Result.of_day(day, scenario, about={"population": POPULATION})


ALL_TOLD = BASE.replace(
    "[[provider]]", '[parameters]\n"knowledge.privacy_least_people" = 1\n\n[[provider]]', 1
)
"""Of the handful who live in Smallville a page tells something only where single persons may be told of."""


def small_scenario(home: Path, territory: Territory | None = None, text: str = ALL_TOLD) -> Scenario:
    """A scenario whose territory is kept in the folder's `networks/small`."""
    (territory or drawn_territory()).save(home / "networks" / "small")
    return Scenario.loads(text, home)
