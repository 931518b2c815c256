"""The closing of services of everyday life."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.basket import SERVICES
from twin.scenario.modification import OfWholeDays
from twin.scenario.selectors import PlaceSelector


class CloseService(OfWholeDays):
    """Services of a kind close at some places; everybody knows, and who went there goes elsewhere."""

    kind: Literal["close_service"] = "close_service"
    service: Literal["food", "school", "doctor", "pharmacy", "counter", "bank", "cafe", "sport"] = Field(
        description="one of " + ", ".join(SERVICES)
    )
    at: PlaceSelector = Field(description='a table that names places, for example {zone = "la_turbie"}')
