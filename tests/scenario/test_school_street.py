"""A school street in words: what the ledger fills, which streets it means, what is refused."""

from __future__ import annotations

import pytest

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.modifications import ClassifySecondary, SchoolStreet, SpeedLimit
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector

TEXT = """
title = "Schools"
territory = "riviera"
[[modification]]
kind = "school_street"
links = { school_zone = "dense" }
"""


def school_street(more: str = "") -> SchoolStreet:
    (order,) = Scenario.loads(TEXT + more).modifications
    assert isinstance(order, SchoolStreet)
    return order


def test_the_ledger_fills_what_the_scenario_leaves_out_and_says_so() -> None:
    scenario = Scenario.loads(TEXT)
    (order,) = scenario.modifications
    assert isinstance(order, SchoolStreet)
    ledger = Parameters.defaults()
    assert order.links.within_m == ledger["scenario.school_distance_m"]
    assert order.speed_kmh == ledger["scenario.school_street_speed_kmh"]
    hours = [moment / 3_600 for span in order.spans_s for moment in span]
    assert hours == list(ledger["scenario.school_street_hours"])
    assert order.links.road_class == ("unclassified", "residential", "living_street", "service")
    origins = scenario.provenance()
    assert origins["modification 1: hours"] == "ledger: scenario.school_street_hours"
    assert origins["modification 1: links.within_m"] == "ledger: scenario.school_distance_m"
    assert Scenario.from_tables(scenario.resolved()).modifications == scenario.modifications


def test_the_scenarios_own_ledger_counts() -> None:
    hours = '"scenario.school_street_hours" = [7.5, 8.25, 15.0, 15.5]'
    order = school_street(f'[parameters]\n{hours}\n"scenario.school_distance_m" = 60')
    assert order.hours == ("07:30-08:15", "15:00-15:30")
    assert order.links.within_m == 60


def test_it_is_made_of_walking_pace_and_a_class_that_providers_honour() -> None:
    order = school_street('hours = ["08:10-08:40"]\nspeed_kmh = 5\n')
    itself, slow, classified = order.parts()
    assert itself is order, "drivers who know of it plan by it"
    assert isinstance(slow, SpeedLimit)
    assert isinstance(classified, ClassifySecondary)
    assert (slow.speed_kmh, classified.respect) == (5, 1.0)
    for part in (slow, classified):
        assert (part.from_s, part.until_s) == (8 * 3_600 + 600, 8 * 3_600 + 2_400)
        assert part.links == order.links


def test_it_begins_with_its_month() -> None:
    scenario = Scenario.loads(TEXT + 'from = "2027-03"\n')
    assert scenario.in_force() == ()
    assert len(scenario.model_copy(update={"month": "2027-03"}).in_force()) == 1 + 4


@pytest.mark.parametrize(
    ("more", "where", "what"),
    [
        ('hours = ["8 to 9"]', "hours", "'8 to 9' is no span of the day; right would be: HH:MM-HH:MM"),
        ('hours = ["09:00-08:00"]', "hours", "is no span of the day"),
        ("hours = []", "hours", "[] is not right"),
        ("speed_kmh = 50", "speed_kmh", "50 is not right; right would be: km/h above 0 and up to 30"),
        ('from = "08:00"', "from", "holds for whole days"),
    ],
)
def test_what_is_refused(more: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        school_street(more)
    assert where in refused.value.where
    assert what in str(refused.value)


def test_a_distance_from_no_school_is_refused() -> None:
    with pytest.raises(InputError, match="within_m of what is not said"):
        Scenario.loads(TEXT.replace('school_zone = "dense"', 'ref = "D2564", within_m = 50'))


def test_streets_named_outright_are_all_meant() -> None:
    (order,) = Scenario.loads(TEXT.replace('school_zone = "dense"', 'ref = "D2564"')).modifications
    assert isinstance(order, SchoolStreet)
    assert order.links == LinkSelector(ref="D2564")
