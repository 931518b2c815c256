"""Modifications of what is offered to those who ride: fares, and car parks beside stops."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from twin.scenario.modification import OfWholeDays
from twin.scenario.reading import as_tuple
from twin.scenario.selectors import Name
from twin.scenario.wording import fault, short

Lines = Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Price = Annotated[float, Field(ge=0, le=1_000)]


class Fare(OfWholeDays):
    """What riding costs: some lines or all; nothing at a price of 0.

    A journey pays the dearest of its lines that are paid by the journey, once, and every boarding of a
    line that is paid by the boarding.
    """

    kind: Literal["fare"] = "fare"
    price_eur: Price = Field(description="EUR from 0 to 1000")
    lines: Lines | None = Field(None, description="names or ids of lines; omitted: all lines")
    per: Literal["journey", "boarding"] = Field("journey", description='"journey" or "boarding"')


def _place(value: Any) -> Any:
    """A place id, or lon and lat."""
    if isinstance(value, str) and value:
        return value
    numbers = isinstance(value, list | tuple) and all(type(each) in (int, float) for each in value)
    if numbers and len(value) == 2 and abs(value[0]) <= 180.0 and abs(value[1]) <= 90.0:
        return float(value[0]), float(value[1])
    raise fault(f"{short(value)} is no place", "[lon, lat] or a place id")


def _whole(value: float) -> int:
    if value != int(value):
        raise fault(f"{value} spaces", "a whole number")
    return int(value)


class ParkAndRide(OfWholeDays):
    """A car park beside a stop, for those who would drive to work and back and may ride from there.

    A space is taken once a day. The price is for the day.
    """

    kind: Literal["park_and_ride"] = "park_and_ride"
    name: Name = Field(description="a text")
    place: Annotated[str | tuple[float, float], BeforeValidator(_place)] = Field(
        description="[lon, lat] or a place id"
    )
    spaces: Annotated[float, Field(ge=1, le=100_000), AfterValidator(_whole)] = Field(
        description="a whole number from 1 to 100000"
    )
    price_eur: Price = Field(0.0, description="EUR from 0 to 1000 for the day")
