"""Routes: how diverse, and what the best would have saved, on days that can be worked out on paper."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import (
    N_LINKS,
    TRIPS_EACH,
    Drive,
    small_day,
    small_streets,
    small_territory,
    small_trips,
    truth_of,
)
from twin.indicators.records import DayRecord

SHORT_CUT = 11
"""Link beside link 1: from the same node to the same node."""
SLOW, QUICK = 0, 27
"""Trips at 8 o'clock: the first of a person of the town, and of one who passes through."""


def forked_day(*quick: int, **changed: object) -> DayRecord:
    """A day of trips from link 0 to link 2: one slow by link 1, others (rows) quick by the short cut."""
    streets = small_streets()
    tail, head = streets.tail.copy(), streets.head.copy()
    tail[SHORT_CUT], head[SHORT_CUT] = 1, 2
    territory = small_territory()
    territory.streets = replace(streets, tail=tail, head=head)
    trips = small_trips()
    drives = {SLOW: Drive((0, 1, 2), link_s=200.0)}
    drives |= {row: Drive((0, SHORT_CUT, 2), link_s=120.0) for row in quick}
    truth = truth_of([drives.get(row) for row in range(len(trips))], trips.with_columns(
        duration_s=np.full(len(trips), 600.0)))  # fmt: skip
    return small_day(territory=territory, **{**truth, **changed})


def regret(record: DayRecord) -> dict[int, float]:
    """Regret by trip."""
    seen = record.hindsight
    return dict(zip(seen.trip.tolist(), seen.regret_s.tolist(), strict=True))


def test_regret_is_what_the_other_branch_would_have_saved() -> None:
    record = forked_day(QUICK)
    assert regret(record) == {SLOW: 200.0 - 120.0, QUICK: 0.0}
    values = values_of(record)
    assert values["regret_of_routes", "town", ""] == 80.0
    assert values["regret_of_routes", "all", ""] == 40.0
    assert values["regret_of_routes", "all", "app:no"] == 40.0
    assert ("regret_of_routes", "all", "app:yes") not in values


def test_nobody_knows_the_time_of_a_link_that_nobody_drove_or_that_was_closed() -> None:
    assert regret(forked_day()) == {SLOW: 0.0}
    closed = np.zeros(N_LINKS, dtype=np.bool_)
    closed[SHORT_CUT] = True
    assert regret(forked_day(QUICK, closed=closed))[SLOW] == 0.0


def test_a_sample_stands_for_all_of_its_residence() -> None:
    record = small_day()
    small = record.parameters.replaced({"indicators.hindsight_trips": 2.0})
    seen, drawn = record.hindsight, replace(record, parameters=small).hindsight
    arrived = record.by_car & (record.arrived_ms >= 0)
    assert set(seen.trip.tolist()) == set(np.flatnonzero(arrived).tolist())
    assert set(drawn.trip.tolist()) < set(seen.trip.tolist())
    assert seen.weight.sum() == drawn.weight.sum() == arrived.sum()
    zone = record.population.persons.zone[record.population.trips.person]
    assert np.bincount(zone[drawn.trip] + 1).tolist() == [2, 2, 2]
    assert not seen.regret_s.any(), "on one line there is no other way"


@pytest.fixture(scope="module")
def values() -> Values:
    """The small day on which the third trip of person 0 leaves by link 11 instead of 1."""
    record = small_day()
    link = record.event_link.copy()
    link[(record.event_trip == TRIPS_EACH - 1) & (link == 1)] = SHORT_CUT
    return values_of(replace(record, event_link=link))


def test_diversity_counts_routes_by_how_alike_they_are_in_use(values: Values) -> None:
    two_and_one = math.exp(-2 / 3 * math.log(2 / 3) - 1 / 3 * math.log(1 / 3))
    # trips that arrived and passed the town, by person: 0: 3, 1: 2, 2: 2, 5: 3, 7: 3, 8: 2, 9: 2
    assert values["route_diversity", "town", ""] == pytest.approx((3 * two_and_one + 14) / 17, rel=1e-12)
    assert values["route_diversity", "village", ""] == 1.0


def test_a_day_without_shared_ends_has_no_diversity() -> None:
    trips = small_trips()
    apart = trips.with_columns(destination_link=np.arange(len(trips)) % N_LINKS)
    record = small_day()
    record.population.trips = apart
    lone = np.isin(np.arange(len(trips)), [0, 1])
    values = values_of(replace(record, state=np.where(lone, record.state, 0).astype(np.int8)))
    assert ("route_diversity", "all", "") not in values
