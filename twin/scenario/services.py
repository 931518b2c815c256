"""Services of everyday life, and their closing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.modification import OfWholeDays
from twin.scenario.selectors import PlaceSelector

SERVICES = ("food", "school", "doctor", "pharmacy", "counter", "bank", "cafe", "sport")
"""Functions of the basket, after the "panier de la vie courante" of Insee Premiere 1579.

Food is any shop that sells it, a counter a post office or a town hall.
"""


class CloseService(OfWholeDays):
    """Services of a kind close at some places; everybody knows, and who went there goes elsewhere."""

    kind: Literal["close_service"] = "close_service"
    service: Literal["food", "school", "doctor", "pharmacy", "counter", "bank", "cafe", "sport"] = Field(
        description="one of " + ", ".join(SERVICES)
    )
    at: PlaceSelector = Field(description='a table that names places, for example {zone = "la_turbie"}')
