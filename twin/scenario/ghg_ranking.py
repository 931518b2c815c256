"""What the law asks of calculators beside classes of roads: a ranking of routes by greenhouse gases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.ledger import Parameters
from twin.scenario.modification import OfWholeDays, Share

LEDGER_ROWS = {"band": "calculators.ghg_band"}
"""Keys that the ledger fills where a scenario is silent."""


class RankByGhg(OfWholeDays):
    """Providers propose the route of least CO2 within a band of the best; honoured at a share `respect`.

    Code des transports L. 1115-8-1: services rank itineraries by greenhouse gases.
    """

    kind: Literal["rank_by_ghg"] = "rank_by_ghg"
    band: Share = Field(
        default_factory=lambda: float(Parameters.defaults()[LEDGER_ROWS["band"]]),
        description="most by which a route may be longer than the best, a share between 0 and 1",
    )
    respect: Share | None = Field(None, description="a share between 0 and 1; omitted: each provider's own")
