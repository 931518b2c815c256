"""Who drives which vehicle on a day, and under what rules for vehicles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model.low_emission import Garage, complying
from twin.model.vehicle_rules import VehicleRules, low_emission_zones_of, rules_of, toll_gates_of
from twin.population.residents.fleet import vehicle_fleet, vehicle_of_trip

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def driven_today(model: TwinModel) -> tuple[Garage, VehicleRules]:
    """Vehicles and trips with what low-emission zones made of them, and the rules in force."""
    day, parameters, seed = model.population, model.parameters, model.seed_
    fleet = vehicle_fleet(day, parameters, seed)
    zones, gates = (
        low_emission_zones_of(model.spec, model.territory),
        toll_gates_of(model.spec, model.territory),
    )
    garage = complying(Garage(day, fleet, vehicle_of_trip(day, fleet)), zones, parameters, seed)
    trips = garage.vehicles()
    return garage, rules_of(zones, gates, garage.population, garage.fleet, trips, parameters, seed)
