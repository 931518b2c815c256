"""Rules for vehicles in words: what may be written, what is refused, whom they mean and when."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import InputError
from twin.scenario.modifications import LEVERS
from twin.scenario.scenario import Scenario
from twin.scenario.vehicle_rules import LowEmissionZone, Toll
from twin.scenario.vehicles import CRITAIR_CLASSES, FUELS

HEAD = 'title = "Rules"\nterritory = "riviera"\n[[modification]]\nlinks = { zone = "dense" }\n'


def order(text: str) -> LowEmissionZone | Toll:
    (found,) = Scenario.loads(HEAD + text).modifications
    assert isinstance(found, LowEmissionZone | Toll)
    return found


def test_a_zone_bars_by_certificate_by_fuel_and_by_class() -> None:
    zone = order('kind = "low_emission_zone"\nbarred = ["4", "5", "none"]\nbarred_fuels = "diesel"\n')
    assert isinstance(zone, LowEmissionZone)
    n = len(CRITAIR_CLASSES)
    petrol = zone.bars(np.zeros(n), np.full(n, FUELS.index("petrol")), np.arange(n))
    assert [CRITAIR_CLASSES[row] for row in np.flatnonzero(petrol)] == ["4", "5", "none"]
    assert zone.bars(np.zeros(n), np.full(n, FUELS.index("diesel")), np.arange(n)).all()
    lorries = order('kind = "low_emission_zone"\nbarred = "2"\nvehicles = "lorry"\n')
    assert isinstance(lorries, LowEmissionZone)
    assert lorries.bars(np.arange(3), np.ones(3), np.full(3, 2)).tolist() == [False, False, True]


def test_hours_are_spans_of_every_day() -> None:
    zone = order('kind = "low_emission_zone"\nbarred = "5"\nhours = ["07:00-10:00", "16:05-19:00"]\n')
    at = np.array([6.9, 7.0, 9.99, 10.0, 16.0, 16.1, 19.0]) * 3_600
    assert zone.holds(at).tolist() == [False, True, True, False, False, True, False]
    slices = np.flatnonzero(zone.slices())
    assert slices.tolist() == [*range(28, 40), *range(64, 76)], "quarters of an hour that it touches"
    assert order('kind = "toll"\neur = 1\n').slices().all()


def test_a_toll_by_class() -> None:
    toll = order('kind = "toll"\neur = 2.5\n')
    assert isinstance(toll, Toll)
    assert toll.eur_by_class.tolist() == [2.5, 2.5, 2.5, 0.0]
    dearer = order('kind = "toll"\neur = 2.5\neur_van = 4\neur_lorry = 9\n')
    assert isinstance(dearer, Toll)
    assert dearer.eur_by_class.tolist() == [2.5, 4.0, 9.0, 0.0]


def test_they_hold_all_day_long_and_say_where_their_values_come_from() -> None:
    text = HEAD + 'kind = "low_emission_zone"\nbarred = "5"\n'
    scenario = Scenario.loads(text)
    assert scenario.in_force() == scenario.modifications
    assert not scenario.orders(*LEVERS), "they act on who drives, not on the street"
    row = "scenario.low_emission_zone_compliance"
    assert scenario.provenance()["modification 1: compliance"] == f"ledger: {row}"
    lax = Scenario.loads(text + f'[parameters]\n"{row}" = 0.3\n').modifications[0]
    assert isinstance(lax, LowEmissionZone)
    assert lax.compliance == 0.3
    assert Scenario.from_tables(scenario.resolved()).modifications == scenario.modifications


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "low_emission_zone"\nbarred = ["6"]\n', "barred"),
        ('kind = "low_emission_zone"\nbarred_fuels = ["coal"]\n', "barred_fuels"),
        ('kind = "low_emission_zone"\nvehicles = ["bus"]\n', "vehicles"),
        ('kind = "low_emission_zone"\ncompliance = 1.2\n', "compliance"),
        ('kind = "low_emission_zone"\nhours = "20:00-07:00"\n', "hours"),
        ('kind = "low_emission_zone"\nfrom = "07:00"\n', "whole days"),
        ('kind = "toll"\n', "eur"),
        ('kind = "toll"\neur = -1\n', "eur"),
        ('kind = "toll"\neur = 1\neur_bus = 1\n', "eur_bus"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        Scenario.loads(HEAD + text)
    assert "modification 1" in str(caught.value)
    assert "\n" not in str(caught.value)
