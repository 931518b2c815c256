"""Which phases a day has, and in which order: those of every day, and what runs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model.phases import PHASES, Phase, with_parking, with_utilities
from twin.model.shared_rides import with_on_demand
from twin.model.transit import with_transit

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def phases_of(model: TwinModel) -> tuple[Phase, ...]:
    """The phases of a model whose trips, lines, shared vehicles and car parks are set."""
    phases = with_transit(PHASES) if model.transit.runs else PHASES
    phases = with_on_demand(phases) if model.on_demand.runs else phases
    phases = with_utilities(phases) if model.spec.with_utilities else phases
    return phases if model.parking is None else with_parking(phases)
