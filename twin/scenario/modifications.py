"""What an alternative changes, in typed kinds; a package outside adds one by entry point.

A kind is a subclass of `Modification` in the registry family ``modification``: an entry point in the
group ``twin.modification`` whose name is the kind. A kind from outside says by `parts` of which
kinds known here it is made.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.errors import InputError
from twin.registry import Registry
from twin.scenario.actors import SensorFleet
from twin.scenario.district_heat import DistrictHeat
from twin.scenario.false_data import FALSE_DATA_KINDS
from twin.scenario.files import Merged
from twin.scenario.ghg_ranking import LEDGER_ROWS as RANKING_ROWS
from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification, OfWholeDays, OnLinks, Share
from twin.scenario.on_demand import ON_DEMAND_ROWS, OnDemandTransport
from twin.scenario.points import Point, listed_points
from twin.scenario.road_edits import LEDGER_ROWS as ROAD_EDIT_ROWS
from twin.scenario.road_edits import BikeLane, BusLane, Lanes, NewLink, OneWay, SignalPlan, TurnBan
from twin.scenario.selectors import LinkSelector, Name
from twin.scenario.services import CloseService
from twin.scenario.spans import Spans, ends_s, spans_of
from twin.scenario.transit_offers import Fare, ParkAndRide
from twin.scenario.utility_events import LEDGER_ROWS as UTILITY_ROWS
from twin.scenario.utility_events import UTILITY_KINDS
from twin.scenario.weather import Rain
from twin.scenario.withdrawal import WithdrawProvider
from twin.scenario.wording import Location, fault, nearest, short

MODIFICATIONS = Registry("modification")


class CloseLink(OnLinks):
    """Nobody enters these links; with a signed exit everybody follows the sign at the last exit."""

    kind: Literal["close_link"] = "close_link"
    signed_exit: bool = Field(True, description="true or false")


class Narrowed(OnLinks):
    """Links left with a capacity, or with a factor of their own."""

    capacity_vph: Annotated[float, Field(gt=0)] | None = Field(
        None, description="vehicles an hour for the whole link, above 0"
    )
    factor: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="a factor above 0 and up to 1"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Narrowed:
        if (self.capacity_vph is None) == (self.factor is None):
            raise fault("takes one of capacity_vph and factor", "either capacity_vph or factor")
        return self


class ReduceCapacity(Narrowed):
    """Works, known to the road manager, narrow these links."""

    kind: Literal["reduce_capacity"] = "reduce_capacity"


class Incident(Narrowed):
    """An unforeseen loss of capacity: nobody is told, those who pass find out."""

    kind: Literal["incident"] = "incident"


class SpeedLimit(OnLinks):
    """A speed limit on these links."""

    kind: Literal["speed_limit"] = "speed_limit"
    speed_kmh: Annotated[float, Field(gt=0, le=150)] = Field(description="km/h above 0 and up to 150")


class Works(Narrowed):
    """Announced works: less capacity, a speed limit, and a direction closed with a signed diversion.

    The closure is published among the road manager's notices; that there is less room is not.
    """

    kind: Literal["works"] = "works"
    speed_kmh: Annotated[float, Field(gt=0, le=150)] | None = Field(
        None, description="km/h above 0 and up to 150"
    )
    closed: LinkSelector | None = Field(
        None, description="a table that names the links closed meanwhile, for example one direction"
    )

    def parts(self) -> tuple[Modification, ...]:
        """Links narrowed, then slowed, then closed."""
        when: dict[str, Any] = {"from_": self.from_, "until": self.until}
        narrow: dict[str, Any] = {"capacity_vph": self.capacity_vph, "factor": self.factor}
        made: list[Modification] = [ReduceCapacity(links=self.links, **narrow, **when)]
        if self.speed_kmh is not None:
            made.append(SpeedLimit(links=self.links, speed_kmh=self.speed_kmh, **when))
        if self.closed is not None:
            made.append(CloseLink(links=self.closed, signed_exit=True, **when))
        return tuple(made)


class ClassifySecondary(OnLinks):
    """The road manager classifies these links as secondary; a provider honours it at a share `respect`."""

    kind: Literal["classify_secondary"] = "classify_secondary"
    respect: Share | None = Field(None, description="a share between 0 and 1; omitted: each provider's own")


class DataAgreement(OfWholeDays):
    """City and provider exchange: closures in, anonymised traffic out."""

    kind: Literal["data_agreement"] = "data_agreement"
    provider: Name = Field(description="the name of a provider of this scenario")
    shares_closures: bool = Field(True, description="true or false")
    returns_traffic: bool = Field(True, description="true or false")


class AppShare(OfWholeDays):
    """Another share of travellers consults a calculator."""

    kind: Literal["app_share"] = "app_share"
    value: Share = Field(description="a share between 0 and 1")


LOCAL_CLASSES = ("unclassified", "residential", "living_street", "service")
"""Road classes of streets that can be closed before a school; greater ones carry traffic from afar."""

LEDGER_ROWS = {
    "rank_by_ghg": RANKING_ROWS,
    "school_street": {
        "hours": "scenario.school_street_hours",
        "speed_kmh": "scenario.school_street_speed_kmh",
    },
    **ROAD_EDIT_ROWS,
    "on_demand_transport": ON_DEMAND_ROWS,
    **UTILITY_ROWS,
}
"""Keys of a kind that the ledger fills where a scenario is silent."""


LEVERS = (CloseLink, Narrowed, SpeedLimit, ClassifySecondary)
"""Kinds on links that are put in force and taken back from one moment of a day to another."""


class SchoolStreet(OnLinks, OfWholeDays):
    """Streets before schools, closed to cars while school begins and ends; known to everybody, every day.

    Drivers plan round them, and who would park there parks before them. Those who live there may come
    in and whoever is inside may leave, at walking pace; providers send nobody through.
    """

    kind: Literal["school_street"] = "school_street"
    hours: Spans = Field(
        default_factory=lambda: spans_of(Parameters.defaults()[LEDGER_ROWS["school_street"]["hours"]]),
        description='spans of the day, for example ["08:00-08:45", "16:15-17:00"]',
    )
    speed_kmh: Annotated[float, Field(gt=0, le=30)] = Field(
        default_factory=lambda: float(Parameters.defaults()[LEDGER_ROWS["school_street"]["speed_kmh"]]),
        description="km/h above 0 and up to 30, for those who may drive there",
    )

    @model_validator(mode="before")
    @classmethod
    def _local_streets(cls, data: Any) -> Any:
        """Near a school only local streets are meant, unless other classes are named."""
        links = data.get("links") if isinstance(data, dict) else None
        if not isinstance(links, dict) or not {"school", "school_zone"} & links.keys():
            return data
        return {**data, "links": {"road_class": LOCAL_CLASSES, **links}}

    @property
    def spans_s(self) -> tuple[tuple[int, int], ...]:
        """Begin and end of each span [s]."""
        return ends_s(self.hours)

    def parts(self) -> tuple[Modification, ...]:
        """Walking pace, and a class that every provider honours, in each span; itself is drivers' plans."""
        made: list[Modification] = [self]
        for span in self.hours:
            begin, end = span.split("-")
            made.append(SpeedLimit(links=self.links, speed_kmh=self.speed_kmh, from_=begin, until=end))
            made.append(ClassifySecondary(links=self.links, respect=1.0, from_=begin, until=end))
        return tuple(made)


class Parking(OnLinks, OfWholeDays):
    """Other parking on these streets and in the car parks reached from them: its spaces, its price, or both.

    Takes effect where parking is limited (ledger row `parking.limited`).
    """

    kind: Literal["parking"] = "parking"
    factor: Annotated[float, Field(ge=0, le=10)] | None = Field(
        None, description="a factor on spaces, 0 and up to 10"
    )
    eur_per_h: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="EUR an hour, 0 and up to 100"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Parking:
        if self.factor is None and self.eur_per_h is None:
            raise fault("changes nothing", "factor, eur_per_h or both")
        return self


class AddSensorFleet(OfWholeDays):
    """One more fleet of sensors."""

    kind: Literal["add_sensor_fleet"] = "add_sensor_fleet"
    fleet: SensorFleet = Field(description="a table with the keys of a [[sensor_fleet]]")

    def written(self, merged: Merged | None, location: Location) -> None:
        """Remember where it and its fleet are written."""
        super().written(merged, location)
        self.fleet.written(merged, (*location, "fleet"))


class BusLine(Modification):
    """A bus line more; `from` and `until` are the times of its first and last departures."""

    kind: Literal["bus_line"] = "bus_line"
    name: Name = Field(description="a text")
    stops: Annotated[tuple[Name | Point, ...], BeforeValidator(listed_points), Field(min_length=2)] = Field(
        description="two or more of [lon, lat], a place id or a stop id of the timetable"
    )
    headway_s: Annotated[float, Field(ge=60, le=86_400)] = Field(description="seconds between 60 and 86400")
    speed_kmh: Annotated[float, Field(gt=0, le=100)] | None = Field(
        None, description="km/h between stops, above 0 and up to 100; omitted: by the streets' speeds"
    )
    both_ways: bool = Field(True, description="true or false")

    def service_s(self, hours: tuple[float, ...]) -> tuple[float, float]:
        """First and last moment of departure [s]; by the ledger's hours where no times are given."""
        first = self.from_s if self.from_ and ":" in self.from_ else 3_600.0 * hours[0]
        last = self.until_s if self.until and ":" in self.until else 3_600.0 * hours[1]
        return first, last


_KINDS: tuple[type[Modification], ...] = (
    *(CloseLink, ReduceCapacity, Incident, SpeedLimit, ClassifySecondary, RankByGhg, SchoolStreet),
    *(DataAgreement, AppShare, AddSensorFleet, BusLine, Parking, Fare, ParkAndRide, OnDemandTransport),
    *(Lanes, OneWay, TurnBan, BusLane, BikeLane, NewLink, SignalPlan, Works, WithdrawProvider, Rain),
    *(CloseService, DistrictHeat),
    *(*FALSE_DATA_KINDS, *UTILITY_KINDS),
)
for _kind in _KINDS:
    MODIFICATIONS.add(_kind.model_fields["kind"].default, _kind)


def kind_of(table: Any, where: str) -> type[Modification]:
    """The class of the kind that a [[modification]] table names."""
    if not isinstance(table, dict):
        raise InputError(where, f"{short(table)} is no table", "[[modification]]")
    kind = table.get("kind")
    if not isinstance(kind, str):
        wrong = "missing" if kind is None else f"{short(kind)} is not right"
        raise InputError(f"{where}: kind", wrong, "one of " + ", ".join(MODIFICATIONS.names()))
    if kind not in MODIFICATIONS.names():
        raise InputError(f"{where}: kind", f"no kind {kind!r}", nearest(kind, MODIFICATIONS.names()))
    found = MODIFICATIONS.get(kind, where)
    if not (isinstance(found, type) and issubclass(found, Modification)):
        raise InputError(f"{where}: kind", f"{kind!r} is no modification", "a subclass of Modification")
    return found


import twin.scenario.data_sharing  # noqa: E402  (enters its kinds here)
import twin.scenario.vehicle_rules  # noqa: E402, F401
