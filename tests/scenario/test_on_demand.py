"""An on-demand transport as a scenario says it, and what is wrong with it in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError
from twin.scenario.on_demand import OnDemandTransport
from twin.scenario.scenario import Scenario

HERE = Path(__file__).resolve().parents[2] / "scenarios"
DAY = 'title = "A day"\nterritory = "la_turbie_crop"\n'
SERVICE = """
[[modification]]
kind = "on_demand_transport"
name = "Appel"
serves = { commune = "La Turbie" }
vehicles = 3
"""


def order_of(text: str, before: str = "") -> OnDemandTransport:
    (order,) = Scenario.loads(DAY + before + text, folder=HERE).in_force()
    assert isinstance(order, OnDemandTransport)
    return order


def test_what_is_not_said_is_the_ledgers() -> None:
    ledger = Scenario.loads(DAY, folder=HERE).ledger()
    order = order_of(SERVICE)
    assert order.seats == ledger["on_demand.seats"]
    for key in ("fare_eur", "max_wait_s", "detour_factor", "detour_s"):
        assert getattr(order, key) == ledger[f"on_demand.{key}"]
    assert order.hours_s(ledger["on_demand.service_hours"]) == (6 * 3_600, 22 * 3_600)
    changed = order_of(SERVICE, '[parameters]\n"on_demand.seats" = 5\n"on_demand.fare_eur" = 3.0\n')
    assert (changed.seats, changed.fare_eur) == (5, 3.0)


def test_hours_are_those_at_which_it_can_be_called() -> None:
    order = order_of(SERVICE + 'from = "07:30"\nuntil = "19:00"')
    assert order.hours_s((6.0, 22.0)) == (27_000, 68_400)
    assert order_of(SERVICE + 'from = "2020-01"').hours_s((6.0, 22.0)) == (21_600, 79_200)
    scenario = Scenario.loads(DAY + SERVICE + 'until = "2020-01"', folder=HERE)
    assert scenario.in_force() == ()


def test_where_its_values_come_from_can_be_asked() -> None:
    found = Scenario.loads(DAY + SERVICE, folder=HERE).provenance()
    assert found["modification 1: seats"] == "ledger: on_demand.seats"
    assert found["modification 1: max_wait_s"] == "ledger: on_demand.max_wait_s"


def test_a_fleet_can_be_varied() -> None:
    scenario = Scenario.loads(DAY + SERVICE, folder=HERE).varied("modification.1.vehicles", 5)
    (order,) = scenario.in_force()
    assert isinstance(order, OnDemandTransport)
    assert order.vehicles == 5


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (SERVICE.replace('serves = { commune = "La Turbie" }', ""), "serves", "serves nowhere"),
        (SERVICE.replace("vehicles = 3", ""), "vehicles", "missing"),
        (SERVICE.replace("3", "0"), "vehicles", "0 is not right"),
        (SERVICE.replace("3", "2.5"), "vehicles", "2.5 is not right"),
        (SERVICE + "seats = 4.5", "seats", "4.5 is not right"),
        (SERVICE + "fare_eur = -1.0", "fare_eur", "-1.0 is not right"),
        (SERVICE + "max_wait_s = 0.0", "max_wait_s", "0.0 is not right"),
        (SERVICE + "detour_factor = 0.9", "detour_factor", "0.9 is not right"),
        (SERVICE + "polygon = [[7.4, 43.7], [7.5, 43.7]]", "polygon", "is not right"),
        (SERVICE + "depot = [200.0, 43.7]", "depot", "is not right"),
        (SERVICE + "speed = 3", "speed", "unknown key"),
        (SERVICE + 'from = "20:00"\nuntil = "06:00"', "modification 1", "not after"),
    ],
)
def test_a_wrong_service_is_one_line(text: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as error:
        Scenario.loads(DAY + text, folder=HERE)
    assert where in error.value.where
    assert what in error.value.what
    assert len(str(error.value).splitlines()) == 1
