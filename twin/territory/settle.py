"""A scenario settled on its territory: links that are named through places are named by their ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twin.errors import InputError
from twin.scenario.actors import SensorFleet
from twin.scenario.modification import Modification
from twin.scenario.modifications import AddSensorFleet
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.territory.select import select_links
from twin.territory.territory import Territory


def settled(scenario: Scenario, territory: Territory) -> Scenario:
    """The same scenario in which no selector names schools any more; itself, if none does."""

    def ids_of(links: LinkSelector, where: str) -> LinkSelector:
        try:
            rows = select_links(links, territory.streets, territory.zones, places=territory.places)
        except InputError as error:
            raise InputError(where, error.what, error.right) from None
        return LinkSelector(link=tuple(territory.streets.link_id[rows].tolist()))

    modifications = tuple(
        _modification(each, partial(ids_of, where=scenario.where("modification", row, "links")))
        for row, each in enumerate(scenario.modifications)
    )
    fleets = tuple(
        _fleet(each, partial(ids_of, where=scenario.where("sensor_fleet", row, "links")))
        for row, each in enumerate(scenario.sensor_fleets)
    )
    if modifications == scenario.modifications and fleets == scenario.sensor_fleets:
        return scenario
    return scenario.model_copy(update={"modifications": modifications, "sensor_fleets": fleets})


def _modification(order: Modification, ids_of: Callable[[LinkSelector], LinkSelector]) -> Modification:
    if isinstance(order, AddSensorFleet):
        fleet = _fleet(order.fleet, ids_of)
        return order if fleet is order.fleet else order.model_copy(update={"fleet": fleet})
    named = {key: ids_of(links) for key, links in selectors_of(order).items() if links.names_schools}
    return order.model_copy(update=named) if named else order


def selectors_of(order: Modification) -> dict[str, LinkSelector]:
    """What a modification names links by, by key."""
    values = {key: getattr(order, key) for key in type(order).model_fields}
    return {key: value for key, value in values.items() if isinstance(value, LinkSelector)}


def _fleet(fleet: SensorFleet, ids_of: Callable[[LinkSelector], LinkSelector]) -> SensorFleet:
    if fleet.links is None or not fleet.links.names_schools:
        return fleet
    return fleet.model_copy(update={"links": ids_of(fleet.links)})
