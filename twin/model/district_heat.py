"""A district heating that a scenario declares, laid along the territory's streets before the day begins."""

from __future__ import annotations

from dataclasses import replace

from twin.errors import InputError
from twin.scenario.district_heat import DistrictHeat
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory
from twin.territory.utilities.heat import HeatDeclared
from twin.territory.utilities.layers import with_district_heat
from twin.territory.within import check_within


def heated(spec: Scenario, ground: Territory) -> Territory:
    """The territory with what the scenario declares of district heat; as it is where it declares none."""
    declared = spec.orders(DistrictHeat)
    if not declared:
        return ground
    if len(declared) > 1:
        raise InputError(declared[1].where("kind"), f"{len(declared)} district heatings at one time", "one")
    check_within(declared[0].at, ground.streets, declared[0].where("at"))
    heat = HeatDeclared(*declared[0].at, declared[0].connection_rate)
    tables = ground.streets, ground.places, ground.zones
    return replace(ground, utilities=with_district_heat(ground.utilities, tables, spec.ledger(), heat))
