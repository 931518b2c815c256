"""What buses and shared vehicles did on the road, taken from the model when the day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.indicators.services_record import ServiceRecord
from twin.mobility.emissions import PassageColumns
from twin.mobility.passages import Passages
from twin.population.residents.fleet import service_vehicles
from twin.scenario.vehicles import BUS, CAR_CLASS

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def services_of(model: TwinModel, passages: Passages) -> ServiceRecord | None:
    """Links left by buses and shared vehicles; None where neither runs.

    A bus keeps its fuel from stop to stop: what it runs on is drawn by the key of its run's first leg. Which
    shared vehicle makes a leg is known only once it is called, so each leg draws for itself, with the fleet's
    shares: right in the sum, not for a single vehicle.
    """
    buses, shared = model.transit.buses, model.on_demand.legs
    n_legs = buses.legs.n_legs + shared.n_legs
    if n_legs == 0:
        return None
    run = np.maximum.accumulate(np.where(buses.first, np.arange(buses.legs.n_legs), 0))
    key = np.concatenate([buses.legs.key[run], shared.key])
    vehicle_class = np.concatenate(
        [np.full(buses.legs.n_legs, BUS, np.int8), np.full(shared.n_legs, CAR_CLASS, np.int8)]
    )
    of_legs = passages.of(passages.trip >= model.n_trips)
    columns = PassageColumns(
        of_legs.trip - np.int32(model.n_trips), of_legs.link, of_legs.enter_ms, of_legs.exit_ms
    )
    return ServiceRecord(columns, service_vehicles(key, vehicle_class, model.parameters, model.seed_))
