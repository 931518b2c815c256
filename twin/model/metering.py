"""Meters in the model: where they may stand, what buildings draw in a step, what of it is shared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import Itineraries
from twin.indicators.meterings import Metering
from twin.kernels.random import keys_of
from twin.knowledge.datasets import Observations
from twin.knowledge.platform import DataPlatform
from twin.scenario.actors import SensorFleet
from twin.sensing.fleets import Fleet, PlaceSite, shared_readings
from twin.territory.select_places import select_places
from twin.territory.territory import Territory
from twin.territory.utilities.tables import POWER
from twin.utilities.demand import DayConsumption

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def place_site(order: SensorFleet, model: TwinModel) -> PlaceSite:
    """Where a fleet may stand in buildings: the places that its order names, or all."""
    territory = model.territory
    places, zones = territory.places, territory.zones
    named = (
        np.arange(places.n_places, dtype=np.int32)
        if order.places is None
        else select_places(order.places, places, zones, territory.streets.communes, order.where("places"))
    )
    used = places.dwellings + places.jobs > 0.0
    return PlaceSite(
        candidates=named[used[named]],
        place_key=keys_of(places.place_id),
        points=np.maximum(np.ceil(places.dwellings), 1.0).astype(np.int32),
        street=places.access_link,
        station=stations_of(territory),
    )


def stations_of(territory: Territory) -> np.ndarray:
    """The transformer station behind each place (n_places,), row of the utility nodes, -1 none."""
    layers = territory.utilities
    node = layers.rows_for("place", territory.places.place_id, POWER)
    area = layers.nodes.area[node] if layers.nodes.n_nodes else np.full(len(node), "")
    rows = [layers.row_of.get(name, -1) for name in area.tolist()]
    return np.where(node >= 0, np.array(rows, dtype=np.int32), -1).astype(np.int32)


def consumption_of(model: TwinModel, days: Itineraries) -> DayConsumption | None:
    """What buildings draw, by who is in them so far; None where no meter looks."""
    if not any(fleet.place.shape[0] for fleet in model.fleets):
        return None
    return consumption_of_day(model, days)


def consumption_of_day(model: TwinModel, days: Itineraries) -> DayConsumption:
    """What buildings draw, by who is in them so far."""
    return DayConsumption(model.demand, days.departed_ms, days.arrived_ms)


def publish(platform: DataPlatform, fleet: Fleet, rows: Observations) -> None:
    """What a fleet reports goes to its own dataset, and summed to the one that may be shared."""
    platform.append(fleet.dataset.name, rows)
    if fleet.sharing is not None:
        platform.append(fleet.sharing.dataset.name, shared_readings(fleet, rows))


def meterings(fleets: Iterable[Fleet]) -> dict[str, Metering]:
    """Fleets of meters for the record, by the name of their dataset."""
    return {
        fleet.dataset.name: Metering(
            fleet.dataset.owner,
            fleet.settings.utility,
            fleet.place,
            fleet.sharing.dataset.name,
            fleet.sharing.dataset.feature,
        )
        for fleet in fleets
        if fleet.dataset.feature == "place" and fleet.sharing is not None
    }
