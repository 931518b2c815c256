"""Rain as a modification: it falls everywhere, and what it leaves of capacity and speed the ledger says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.scenario.modification import Modification


class Rain(Modification):
    """Rain on all streets: less capacity and speed (ledger: `conditions.rain_*`); nobody changes plans."""

    kind: Literal["rain"] = "rain"
    mm_per_h: Annotated[float, Field(gt=0, le=300)] = Field(
        description="millimetres an hour, above 0 and up to 300"
    )
