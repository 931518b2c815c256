"""How residents travel on a day: as they are used to, but where the day's offer is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model.choices import IN_A_CAR, DayModes
from twin.model.cycling import along_lanes, bike_lanes, by_cycle_saved_min
from twin.model.journeys_compared import by_transit_saved_min
from twin.model.offer import TransitLines
from twin.population.population import Population
from twin.population.tables import CYCLE, TRANSIT
from twin.scenario.on_demand import OnDemandTransport

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def planned_today(model: TwinModel, lines: TransitLines | None) -> tuple[Population, DayModes | None]:
    """The population by its modes of the day, and how these were chosen: None where nobody was asked."""
    lanes = bike_lanes(model)
    lines_changed = lines is not None and lines.changed
    may_call = bool(model.spec.orders(OnDemandTransport))
    drives_anew = model.felt is not None
    if not (lanes is not None or lines_changed or may_call or drives_anew):
        return model.accustomed, None
    modes = DayModes.of(model, model.accustomed)
    if model.felt is not None:
        modes = modes.with_saved(IN_A_CAR, model.felt.saved_min)
    if lanes is not None:
        modes = modes.with_saved([CYCLE], by_cycle_saved_min(model, modes, lanes))
    if lines is not None and lines_changed:
        saved_min = by_transit_saved_min(model, modes, lines.laid, lines.prices)
        modes = modes.with_saved([TRANSIT], saved_min)
    today = modes.population()
    if model.felt is not None:
        today = modes.setting_out(today, model.felt.shift_min)
    return (today if lanes is None else along_lanes(model, today, lanes)), modes
