"""Edits of the streets that hold for whole days: lanes, directions, turns, bus and bike lanes, new links.

What they do to a territory's streets is worked out by `twin.territory.edits`; a signal plan's times are
laid by `twin.mobility.signal_plans`. All of them are known to everybody, every day.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.ledger import Parameters
from twin.scenario.modification import OfWholeDays, OnLinks, Share
from twin.scenario.points import Point
from twin.scenario.reading import as_tuple
from twin.scenario.selectors import LinkSelector, Name
from twin.scenario.wording import fault

LEDGER_ROWS = {
    "new_link": {"snap_m": "scenario.new_link_snap_m", "detour": "scenario.new_link_detour"},
    "bike_lane": {
        "speed_kmh": "scenario.bike_lane_speed_kmh",
        "reach_m": "scenario.bike_lane_reach_m",
        "comfort": "scenario.bike_lane_comfort",
    },
}
"""Keys of these kinds that the ledger fills where a scenario is silent."""


def _from_ledger(kind: str, key: str) -> Any:
    return lambda: float(Parameters.defaults()[LEDGER_ROWS[kind][key]])


class RoadEdit(OfWholeDays):
    """What changes the streets themselves, before anybody drives on them."""


class Lanes(OnLinks, RoadEdit):
    """Another number of lanes; capacity and storage follow as they do where lanes are mapped."""

    kind: Literal["lanes"] = "lanes"
    lanes: Annotated[float, Field(ge=1, le=8)] = Field(
        description="lanes in the link's direction, between 1 and 8"
    )


class OneWay(OnLinks, RoadEdit):
    """Only the named direction stays open to motor vehicles; cyclists keep both."""

    kind: Literal["one_way"] = "one_way"


class TurnBan(OnLinks, RoadEdit):
    """From these links nobody may turn onto those, where the one ends at the beginning of the other."""

    kind: Literal["turn_ban"] = "turn_ban"
    onto: LinkSelector = Field(description='a table that names links, for example {ref = "D2564"}')


class BusLane(OnLinks, RoadEdit):
    """A lane of these links is for buses alone, who no longer stand in the cars' queue."""

    kind: Literal["bus_lane"] = "bus_lane"
    takes_lane: bool = Field(True, description="true: from general traffic; false: it is built beside")


class BikeLane(OnLinks, RoadEdit):
    """A bike lane along these links: cycling there is quicker and more at ease."""

    kind: Literal["bike_lane"] = "bike_lane"
    takes_lane: bool = Field(False, description="true: from general traffic; false: it is built beside")
    speed_kmh: Annotated[float, Field(gt=0, le=40)] = Field(
        default_factory=_from_ledger("bike_lane", "speed_kmh"),
        description="km/h of cyclists on it, above 0 and up to 40",
    )
    reach_m: Annotated[float, Field(gt=0, le=100)] = Field(
        default_factory=_from_ledger("bike_lane", "reach_m"),
        description="metres from the street within which a path runs along it, above 0 and up to 100",
    )
    comfort: Annotated[float, Field(ge=0.2, le=1)] = Field(
        default_factory=_from_ledger("bike_lane", "comfort"),
        description="what a minute on it is felt to be worth beside one in traffic, between 0.2 and 1",
    )


def _end(value: Any) -> Any:
    """A node's number, or coordinates as a tuple of two numbers."""
    return tuple(map(float, value)) if isinstance(value, list) and _numbers(value) else value


def _numbers(value: list[Any]) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)


NodeNumber = Annotated[int, Field(gt=0)]
End = Annotated[NodeNumber | Point, BeforeValidator(_end)]
END_WORDS = "the number of a node, or [lon, lat] near one"


class NewLink(RoadEdit):
    """A street between two nodes that are there."""

    kind: Literal["new_link"] = "new_link"
    start: End = Field(description=END_WORDS)
    end: End = Field(description=END_WORDS)
    name: str = Field("", description="a text")
    road_class: Name = Field(description='an OpenStreetMap road class, for example "residential"')
    lanes: Annotated[float, Field(ge=1, le=8)] = Field(
        1.0, description="lanes in each direction, between 1 and 8"
    )
    speed_kmh: Annotated[float, Field(gt=0, le=150)] | None = Field(
        None, description="km/h above 0 and up to 150; omitted: that of the class in town"
    )
    length_m: Annotated[float, Field(gt=0)] | None = Field(
        None, description="metres above 0; omitted: the straight line times the detour"
    )
    both_ways: bool = Field(True, description="true or false")
    snap_m: Annotated[float, Field(gt=0)] = Field(
        default_factory=_from_ledger("new_link", "snap_m"),
        description="metres from coordinates within which a node is meant, above 0",
    )
    detour: Annotated[float, Field(ge=1)] = Field(
        default_factory=_from_ledger("new_link", "detour"),
        description="length over the straight line, 1 or more",
    )


Seconds = Annotated[float, Field(ge=0, le=86_400)]
SecondsOfEach = Annotated[
    Seconds | Annotated[tuple[Seconds, ...], Field(min_length=1)], BeforeValidator(as_tuple)
]


class SignalPlan(OnLinks, OfWholeDays):
    """Fixed times of a signal at the ends of these links: of every cycle they are green for a part.

    A list of greens or of offsets has one number a link, in the order of link ids.
    """

    kind: Literal["signal_plan"] = "signal_plan"
    cycle_s: Annotated[float, Field(gt=0, le=600)] = Field(description="seconds above 0 and up to 600")
    green_share: Share | None = Field(None, description="a share of the cycle, between 0 and 1")
    green_s: SecondsOfEach | None = Field(None, description="seconds up to the cycle, or a list of them")
    offset_s: SecondsOfEach = Field(0.0, description="seconds after midnight's, or a list of them")

    @model_validator(mode="after")
    def _one_green(self) -> SignalPlan:
        if (self.green_share is None) == (self.green_s is None):
            raise fault("takes one of green_share and green_s", "either green_share or green_s")
        if max(self.greens_s) > self.cycle_s:
            raise fault(
                f"is longer than the cycle of {self.cycle_s:g} s", "a part of the cycle", ("green_s",)
            )
        return self

    @property
    def greens_s(self) -> tuple[float, ...]:
        """Seconds of green: one for all links, or one each in the order of link ids."""
        if self.green_s is None:
            return (float(self.green_share or 0.0) * self.cycle_s,)
        return self.green_s if isinstance(self.green_s, tuple) else (self.green_s,)

    @property
    def offsets_s(self) -> tuple[float, ...]:
        """Seconds at which green begins: one for all links, or one each in the order of link ids."""
        return self.offset_s if isinstance(self.offset_s, tuple) else (self.offset_s,)
