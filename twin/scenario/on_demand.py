"""On-demand transport as a scenario says it: where, when, with how many vehicles, and what is promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.points import Point, listed_points
from twin.scenario.selectors import Name, PlaceSelector
from twin.scenario.wording import fault

ON_DEMAND_ROWS = {
    key: f"on_demand.{key}" for key in ("seats", "fare_eur", "max_wait_s", "detour_factor", "detour_s")
}
"""Keys that the ledger fills where a scenario is silent."""


def _whole(value: Any) -> Any:
    """A whole number as the ledger has it, with a point, as an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _from_ledger(key: str) -> Callable[[], float]:
    return lambda: float(Parameters.defaults()[ON_DEMAND_ROWS[key]])


class OnDemandTransport(Modification):
    """Shared vehicles that come when called; `from` and `until` are the hours at which they can be called.

    It serves the places that `serves` names and, where a polygon is given, those inside it. One end of a ride
    lies there, the other there too or among the places that it `reaches`.
    """

    kind: Literal["on_demand_transport"] = "on_demand_transport"
    name: Name = Field(description="a text")
    serves: PlaceSelector | None = Field(None, description='a table, for example {commune = "La Turbie"}')
    polygon: Annotated[tuple[Point, ...], BeforeValidator(listed_points), Field(min_length=3)] | None = Field(
        None, description="three or more [lon, lat], the corners of an area"
    )
    reaches: PlaceSelector | None = Field(
        None, description="a table that names places beyond: rides lead there from where it serves, and back"
    )
    depot: Annotated[Name | Point, BeforeValidator(listed_points)] | None = Field(
        None, description="[lon, lat] or a place id; omitted: in the middle of where it serves"
    )
    vehicles: Annotated[int, Field(ge=1, le=1_000)] = Field(description="a whole number from 1 to 1000")
    seats: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100)] = Field(
        default_factory=lambda: int(_from_ledger("seats")()), description="a whole number from 1 to 100"
    )
    fare_eur: Annotated[float, Field(ge=0, le=1_000)] = Field(
        default_factory=_from_ledger("fare_eur"), description="EUR a ride, 0 or more"
    )
    max_wait_s: Annotated[float, Field(gt=0, le=14_400)] = Field(
        default_factory=_from_ledger("max_wait_s"), description="seconds above 0 and up to 14400"
    )
    detour_factor: Annotated[float, Field(ge=1, le=10)] = Field(
        default_factory=_from_ledger("detour_factor"), description="a factor from 1 to 10"
    )
    detour_s: Annotated[float, Field(ge=0, le=14_400)] = Field(
        default_factory=_from_ledger("detour_s"), description="seconds from 0 to 14400"
    )
    phone_booking: bool = Field(True, description="true or false: it can also be called by telephone")

    @model_validator(mode="after")
    def _serves_somewhere(self) -> OnDemandTransport:
        if self.serves is None and self.polygon is None:
            raise fault("serves nowhere", 'serves = {commune = "..."}, or polygon', ("serves",))
        return self

    def hours_s(self, hours: tuple[float, ...]) -> tuple[int, int]:
        """First and last moment at which it can be called [s]; by the ledger's hours where not said."""
        first = self.from_s if self.from_ and ":" in self.from_ else round(3_600 * hours[0])
        last = self.until_s if self.until and ":" in self.until else round(3_600 * hours[1])
        return first, last
