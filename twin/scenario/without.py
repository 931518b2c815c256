"""The same day without one of its actors: without the road manager's levers, or without a provider."""

from __future__ import annotations

from collections.abc import Sequence

from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.modification import Modification
from twin.scenario.modifications import (
    ClassifySecondary,
    CloseLink,
    DataAgreement,
    Parking,
    SchoolStreet,
    SpeedLimit,
)
from twin.scenario.road_edits import RoadEdit, SignalPlan
from twin.scenario.scenario import Scenario
from twin.scenario.vehicle_rules import LowEmissionZone, Toll
from twin.scenario.withdrawal import WithdrawProvider

OF_ROAD_MANAGER = (
    *(CloseLink, SpeedLimit, ClassifySecondary, SchoolStreet, RoadEdit, SignalPlan),
    *(DataAgreement, Parking, LowEmissionZone, Toll, RankByGhg),
)
"""Kinds that a road manager orders, or agrees to.

Not among them: incidents and losses of capacity, which happen; who consults an app, which travellers
decide; and lines, fares and services, which are a transport authority's. Works lose their speed limit and
their closure; that there is less room while they last stays.
"""


def levers_of(scenario: Scenario) -> tuple[Modification, ...]:
    """The road manager's levers that hold in the scenario's month, parts of other orders among them."""
    standing = [order for order in scenario.modifications if order.in_force(scenario.month)]
    named = [part for order in standing for part in _levers_in(order)]
    return tuple(part for part in named if part.in_force(scenario.month))


def without_manager(scenario: Scenario) -> Scenario:
    """The scenario without the road manager's levers; what nobody orders stays."""
    kept: list[Modification] = []
    for order in scenario.modifications:
        levers = _levers_in(order)
        if not levers:
            kept.append(order)
        elif order not in levers:
            kept += [part for part in order.parts() if part not in levers]
    return scenario.model_copy(update={"modifications": tuple(kept)})


def without_providers(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """The scenario after those providers withdrew: their users drive by habit, and go to no rival."""
    gone = tuple(WithdrawProvider(provider=name) for name in names)
    return scenario.model_copy(update={"modifications": (*scenario.modifications, *gone)})


def _levers_in(order: Modification) -> tuple[Modification, ...]:
    """An order itself if the road manager gives it, else those of its parts that he gives."""
    if isinstance(order, OF_ROAD_MANAGER):
        return (order,)
    return tuple(part for part in order.parts() if isinstance(part, OF_ROAD_MANAGER))
