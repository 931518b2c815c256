"""Who takes part: the providers of itinerary calculators and the owners of sensor fleets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.entry import Entry
from twin.scenario.ledger import Parameters
from twin.scenario.selectors import LinkSelector, Name, PlaceSelector
from twin.scenario.wording import fault

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]

LEDGER_ROWS = {
    "refresh_s": "scenario.provider_refresh_s",
    "delay_s": "scenario.provider_delay_s",
    "sampling": "scenario.provider_sampling",
    "prior_weight": "scenario.provider_prior_weight",
    "indifference": "scenario.provider_indifference",
    "respect": "scenario.provider_respect",
}
"""Keys of a provider that the ledger fills where a scenario is silent."""


def _ledger(key: str) -> Callable[[], float]:
    return lambda: float(Parameters.defaults()[LEDGER_ROWS[key]])


class Provider(Entry):
    """A provider of an itinerary calculator; what it knows comes from its own users' traces."""

    name: Name = Field(description="a name")
    market_share: Share = Field(description="share of those who consult any provider, between 0 and 1")
    refresh_s: Annotated[float, Field(ge=30, le=86_400)] = Field(
        default_factory=_ledger("refresh_s"), description="seconds between two pictures, 30 or more"
    )
    delay_s: Seconds = Field(
        default_factory=_ledger("delay_s"), description="seconds from a passage until it is known, 0 or more"
    )
    sampling: Share = Field(
        default_factory=_ledger("sampling"), description="share of its users' traces that it keeps, 0 to 1"
    )
    prior_weight: Annotated[float, Field(ge=0)] = Field(
        default_factory=_ledger("prior_weight"), description="probes that its prior is worth, 0 or more"
    )
    indifference: Annotated[float, Field(ge=0, lt=1)] = Field(
        default_factory=_ledger("indifference"),
        description="relative gain below which no other route is advised, 0 to 1",
    )
    respect: Share = Field(
        default_factory=_ledger("respect"),
        description="share of routes on which it honours the manager's classes, 0 to 1",
    )
    objective: Name = Field(
        "time",
        description="time, time_co2, secondary_penalty, marginal_cost, forward, diverse, or from outside",
    )
    times: Literal["instantaneous", "predicted"] = Field(
        "instantaneous", description='"instantaneous" or "predicted"'
    )
    owner: Literal["company", "city"] = Field(
        "company", description='"company", or "city" for a public calculator, which reads what the city may'
    )

    def called(self) -> str:
        """Its name."""
        return f"provider {self.name!r}"


class SensorFleet(Entry):
    """Sensors of one kind and one owner; what is left out comes from the ledger of the sensing room."""

    name: Name = Field(description="a name")
    kind: Name = Field(description="a kind of sensor, for example road_counter, probe or water_meter")
    owner: Name = Field(description='"city", the name of a provider, or an operator of water or power')
    links: LinkSelector | None = Field(None, description="a table that names links; omitted: all")
    places: PlaceSelector | None = Field(
        None, description="a table that names places, for what stands in buildings; omitted: all"
    )
    share: Share | None = Field(None, description="share of the spots named that get one, 0 to 1")
    count: Annotated[int, Field(gt=0)] | None = Field(None, description="a whole number of sensors above 0")
    placement: Literal["random", "class", "coverage", "value"] | None = Field(
        None, description='"random", "class" of roads, "coverage" or "value"; of those that count limits'
    )
    interval_s: Annotated[float, Field(gt=0)] | None = Field(
        None, description="seconds between two observations, above 0"
    )
    delay_s: Seconds | None = Field(None, description="seconds from phenomenon to result, 0 or more")
    sampling: Share | None = Field(None, description="share of vehicles observed, 0 to 1")
    noise: Annotated[float, Field(ge=0)] | None = Field(
        None, description="relative standard deviation of an observation, 0 or more"
    )
    loss: Share | None = Field(None, description="share of observations lost, 0 to 1")
    options: dict[str, float | bool | str] = Field(
        default_factory=dict, description="a table of whatever a kind from outside takes"
    )

    def called(self) -> str:
        """Its name."""
        return f"sensor_fleet {self.name!r}"

    @model_validator(mode="after")
    def _placement_is_a_field(self) -> SensorFleet:
        if "placement" in self.options:
            raise fault("stands among the options", "a key of the fleet itself", ("options", "placement"))
        return self
