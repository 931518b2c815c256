"""A scenario without one of its actors: what is the road manager's goes, what nobody orders stays."""

from __future__ import annotations

import pytest

from twin.errors import InputError
from twin.scenario.modifications import MODIFICATIONS, Incident, ReduceCapacity, Works
from twin.scenario.scenario import Scenario
from twin.scenario.utility_events import UTILITY_KINDS
from twin.scenario.withdrawal import WithdrawProvider
from twin.scenario.without import OF_ROAD_MANAGER, levers_of, without_manager, without_providers

BASE = """
title = "A day"
territory = "riviera"
focus = ["dense", "la_turbie"]
[[provider]]
name = "Alpha"
market_share = 0.7
[[provider]]
name = "Beta"
market_share = 0.3
"""
HAPPENS = """
[[modification]]
kind = "incident"
links = { ref = "A 8" }
capacity_vph = 600
[[modification]]
kind = "reduce_capacity"
links = { ref = "A 8" }
factor = 0.5
[[modification]]
kind = "app_share"
value = 0.4
[[modification]]
kind = "bus_line"
name = "11"
stops = [[7.40, 43.74], [7.41, 43.75]]
headway_s = 600
"""
ORDERED = """
[[modification]]
kind = "speed_limit"
links = { ref = "D 2564" }
speed_kmh = 30
[[modification]]
kind = "close_link"
links = { ref = "D 53" }
[[modification]]
kind = "classify_secondary"
links = { zone = "la_turbie" }
from = "2030-01"
[[modification]]
kind = "bus_lane"
links = { ref = "D 6007" }
[[modification]]
kind = "data_agreement"
provider = "Beta"
[[modification]]
kind = "low_emission_zone"
links = { zone = "dense" }
barred = ["5"]
"""
WORKS = """
[[modification]]
kind = "works"
links = { ref = "A 8" }
capacity_vph = 1500
speed_kmh = 70
closed = { ref = "A 8", direction = "westbound" }
from = "07:00"
until = "09:00"
"""
NEITHER = {
    *("incident", "reduce_capacity", "works", "app_share", "withdraw_provider", "add_sensor_fleet"),
    *("bus_line", "fare", "park_and_ride", "on_demand_transport", "close_service", "rain"),
    *("district_heat", "sensor_fault", "attack"),
    *("district_heat", "hold_dataset", "share_dataset", "publish_dataset", "data_platform"),
    *(kind.model_fields["kind"].default for kind in UTILITY_KINDS),
}
"""Kinds that no road manager orders; of works, parts are his."""


def test_what_nobody_orders_stays_and_the_rest_goes() -> None:
    both, happens = Scenario.loads(BASE + HAPPENS + ORDERED), Scenario.loads(BASE + HAPPENS)
    alone = without_manager(both)
    assert alone.modifications == happens.modifications
    assert alone.simulation_digest() == happens.simulation_digest()
    assert without_manager(happens) == happens
    assert levers_of(happens) == ()
    kinds = [each.kind for each in levers_of(both)]
    assert kinds == ["speed_limit", "close_link", "bus_lane", "data_agreement", "low_emission_zone"]


def test_works_lose_their_limit_and_closure_and_keep_their_narrowing() -> None:
    works = Scenario.loads(BASE + WORKS)
    assert isinstance(works.modifications[0], Works)
    assert [each.kind for each in levers_of(works)] == ["speed_limit", "close_link"]
    (left,) = without_manager(works).modifications
    assert isinstance(left, ReduceCapacity)
    assert (left.capacity_vph, left.from_s, left.until_s) == (1_500, 25_200, 32_400)
    assert not isinstance(left, Incident)


def test_every_kind_is_either_the_managers_or_not() -> None:
    """A kind that is added must be told here: whose is it?"""
    of_manager = {
        name for name in MODIFICATIONS.names() if issubclass(MODIFICATIONS.get(name, ""), OF_ROAD_MANAGER)
    }
    assert of_manager | NEITHER == set(MODIFICATIONS.names())
    assert not of_manager & NEITHER


def test_a_provider_withdraws_by_a_modification() -> None:
    gone = without_providers(Scenario.loads(BASE + HAPPENS), ["Beta"])
    written = Scenario.loads(
        BASE + HAPPENS + '[[modification]]\nkind = "withdraw_provider"\nprovider = "Beta"\n'
    )
    assert gone.modifications == written.modifications
    assert gone.modifications[-1] == WithdrawProvider(provider="Beta")
    assert gone.simulation_digest() == written.simulation_digest()
    assert [each.market_share for each in gone.providers] == [0.7, 0.3]
    with pytest.raises(InputError, match="no provider 'Gamma'"):
        Scenario.loads(BASE + '[[modification]]\nkind = "withdraw_provider"\nprovider = "Gamma"\n')


def test_two_focuses_are_written_and_read_back() -> None:
    scenario = Scenario.loads(BASE)
    assert scenario.resolved()["focus"] == ["dense", "la_turbie"]
    assert Scenario.from_tables(scenario.resolved()).focus_zones == scenario.focus_zones
