"""District heating as a modification: a source on a spot, and the share of buildings that join."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from twin.scenario.modification import OfWholeDays, Share

Spot = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class DistrictHeat(OfWholeDays):
    """A district heating with its source at `at`; branches that sell too little are not built (ledger)."""

    kind: Literal["district_heat"] = "district_heat"
    at: Annotated[Spot, BeforeValidator(_as_tuple)] = Field(description="[lon, lat]")
    connection_rate: Share | None = Field(
        None, description="share of buildings that join; omitted: utilities.heat_connection_rate"
    )
