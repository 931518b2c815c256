"""Reports by app on the riviera's population: whom they leave out, and what brings these in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.riviera import SEED, riviera
from twin.errors import InputError
from twin.knowledge.app_reports import (
    NEED_AGE_GROUPS,
    App,
    NeedsPicture,
    in_need,
    opinions,
    picture_of,
    reports_dataset,
    reports_of,
    would_report,
)
from twin.knowledge.platform import DataPlatform
from twin.population.tables import RESIDENT, Persons
from twin.scenario.ledger import Parameters

pytestmark = pytest.mark.one_interpreter("draws a whole population")
LEDGER = Parameters.defaults()


@cache
def residents() -> Persons:
    persons = riviera()[2].persons
    return persons.take(np.flatnonzero(persons.kind == RESIDENT))


@cache
def picture(mediation: float, equipment: float = 0.0) -> NeedsPicture:
    persons, app = residents(), App(mediation, equipment)
    opinion = opinions(np.full(len(persons), 12.0), 30.0, persons, LEDGER, SEED)
    platform = DataPlatform()
    platform.add(reports_dataset("town", "city"))
    platform.append("town.reports", reports_of(persons, opinion, app, LEDGER, SEED))
    seen = platform.visible("city", "town.reports", 86_400.0)
    assert platform.visible("swift", "town.reports", 86_400.0).n_rows == 0
    return picture_of(seen, would_report(persons, app, LEDGER, SEED), persons, LEDGER, SEED)


def test_the_picture_leaves_out_the_old_and_the_unequipped():
    seen = picture(0.0)
    assert seen.people.sum() > 30_000
    assert seen.reported_shares[-1] < 0.6 * seen.true_shares[-1], "the oldest are told of least"
    assert seen.reported_shares[1] > 1.1 * seen.true_shares[1], "the young most"
    assert seen.bias < 0.0, "who is reached needs a counter less than all do"
    persons = residents()
    needs, reports = in_need(persons, LEDGER, SEED), would_report(persons, App(0.0), LEDGER, SEED)
    without = ~(persons.smartphone | persons.home_internet)
    assert without[needs].mean() > 0.02
    assert without[needs & reports].sum() == 0


def test_weighing_by_age_mends_some_of_it_and_not_what_differs_within_an_age():
    seen = picture(0.0)
    assert seen.distance(seen.weighed_shares) < 0.6 * seen.distance(seen.reported_shares)
    assert seen.weighed_bias < 0.0, "of one age, who has no skill needs it more and reports it less"
    assert abs(seen.weighed_bias) < abs(seen.bias)
    assert len(seen.weighed) == len(NEED_AGE_GROUPS)


@pytest.mark.parametrize("name", ["mediation", "equipment"])
def test_more_help_and_more_equipment_lower_the_bias(name):
    shares = (0.0, 0.4, 0.8)
    seen = [picture(share, 0.0) if name == "mediation" else picture(0.0, share) for share in shares]
    far = [each.distance(each.reported_shares) for each in seen]
    assert far[0] > far[1] > far[2]
    assert seen[0].reported.sum() < seen[1].reported.sum() < seen[2].reported.sum()
    if name == "mediation":
        assert abs(seen[2].bias) < 0.7 * abs(seen[0].bias)
    persons = residents()
    less, more = (would_report(persons, App(share), LEDGER, SEED) for share in (0.2, 0.5))
    assert not (less & ~more).any(), "nobody falls silent because others are helped"


def test_who_is_near_is_content_and_shares_are_shares():
    persons = residents().take(np.arange(500))
    near, far = (opinions(np.full(500, minutes), 30.0, persons, LEDGER, SEED) for minutes in (2.0, 40.0))
    assert (near > far).all()
    assert near.max() <= 1.0
    assert far.min() >= -1.0
    with pytest.raises(InputError, match="mediation"):
        App(1.2)
