"""A place while its capacities are being added up, and the ledger's rows by which they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.readers.osm import Tags
from twin.scenario.ledger import Parameters
from twin.territory.services import USE_OF, Offered, services_named
from twin.territory.tables import INFERRED
from twin.territory.uses import NONE, PARKING, SCHOOL, SHOP, VISITED, WORK, is_public_parking


@dataclass
class PlaceDraft:
    """A place while its capacities are being added up."""

    id: str
    lon: float
    lat: float
    floor_m2: float = 0.0
    levels: float = 1.0
    dwellings: float = 0.0
    jobs: float = 0.0
    visits: dict[str, float] = field(default_factory=dict)  # visitors at once, pupils, car spaces, by use
    provenance: int = INFERRED
    use: str = NONE
    fuel: bool = False
    pays_to_park: bool = False
    services: list[Offered] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)  # services that all of the building is, or its grounds are

    def offer(self, outside_id: str, tags: Tags, before: Mapping[str, float]) -> None:
        """Services that tags name here, each with what was added to the capacities that were before."""
        for name, provenance in services_named(tags):
            if name not in self.whole:
                use = USE_OF[name]
                added = self.visits.get(use, 0.0) - before.get(use, 0.0)
                self.services.append(Offered(outside_id, name, added, provenance))
        if outside_id == self.id:
            self.whole |= {each.service for each in self.services}

    def add(self, use: str, count: float) -> None:
        """More capacity of one use."""
        self.visits[use] = self.visits.get(use, 0.0) + count

    def add_car_park(self, tags: Tags, spaces: float) -> None:
        """Spaces of a car park, unless it is not for everybody."""
        if is_public_parking(tags):
            self.add(PARKING, spaces)
            self.pays_to_park |= tags.get("fee", "no") != "no"


class PlaceRules:
    """The ledger's rows on places, by name."""

    def __init__(self, parameters: Parameters) -> None:
        def row(name: str) -> float:
            return float(parameters[f"territory.{name}"])

        self.steps: tuple[float, ...] = parameters["territory.coverage_steps"]
        self.levels: tuple[float, ...] = parameters["territory.levels_by_coverage"]
        per_visitor = parameters["territory.floor_per_visitor_m2"]
        self.floor_per_visit = dict(zip(VISITED, per_visitor, strict=True))
        self.floor_per_visit[SCHOOL] = row("floor_per_school_place_m2")
        self.point_floor = dict(zip((*VISITED, SCHOOL), parameters["territory.poi_floor_m2"], strict=True))
        self.point_floor[WORK] = self.point_floor[SHOP]
        self.large_floor, self.dwelling = row("large_poi_floor_m2"), row("dwelling_floor_m2")
        self.per_job, self.outbuilding = row("floor_per_job_m2"), row("outbuilding_m2")
        self.large, self.large_work = row("large_building_m2"), row("large_building_work_share")
        self.ground_work, self.shop_share = row("ground_floor_work_share"), row("shop_share_of_ground_floor")
        self.per_space, self.point_spaces = row("parking_area_m2"), row("parking_point_spaces")
