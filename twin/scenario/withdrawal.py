"""A provider that withdraws: nobody can consult it any more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.scenario.modification import OfWholeDays
from twin.scenario.selectors import Name


class WithdrawProvider(OfWholeDays):
    """A provider answers nobody: its users drive by habit, none goes to a rival, and none is seen by it."""

    kind: Literal["withdraw_provider"] = "withdraw_provider"
    provider: Name = Field(description="the name of a provider of this scenario")
