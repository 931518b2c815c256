"""Incidents: Poisson in number, lognormal in length, alike for whoever asks; more traffic only adds some."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.conditions.incidents import EARLIER_H, Exposed, expected_per_h, incidents_on, rounded_out
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
FIRST = 740_000
DRY = np.zeros(30, dtype=bool)


def exposed(n_links: int = 60) -> Exposed:
    row = np.arange(n_links)
    key = row.astype(np.uint64) * np.uint64(7_919) + np.uint64(1)
    return Exposed(key, 0.5 + row % 5, np.full(n_links, 1_800.0), row % 3)


def by_link(
    seed: int, ordinal: int, wet: np.ndarray, traffic: float, roads: Exposed
) -> set[tuple[int, float]]:
    found = incidents_on(seed, ordinal, roads, wet, traffic, LEDGER)
    return set(zip(roads.link_key[found.link].tolist(), found.begin_s.tolist(), strict=True))


def test_counts_are_poisson_with_the_ledgers_mean():
    """Begins within the day over 600 days: mean and variance of the counts, within four errors."""
    roads, n = exposed(), 600
    counts = []
    for day in range(n):
        found = incidents_on(4, FIRST + day, roads, DRY, 1.0, LEDGER)
        counts.append(int(((found.begin_s >= 0.0) & (found.begin_s < 86_400.0)).sum()))
    mean = float(expected_per_h(roads, DRY, 1.0, LEDGER)[EARLIER_H : EARLIER_H + 24].sum())
    assert np.mean(counts) == pytest.approx(mean, abs=4.0 * math.sqrt(mean / n))
    assert np.var(counts) == pytest.approx(mean, abs=4.0 * math.sqrt((mean + 2.0 * mean**2) / n))


def test_the_hour_of_incidents_follows_traffic_and_rain():
    roads = exposed()
    rate = expected_per_h(roads, DRY, 1.0, LEDGER)[EARLIER_H:].sum(axis=1)
    assert rate[8] > 10.0 * rate[3]
    wet = expected_per_h(roads, ~DRY, 1.0, LEDGER)[EARLIER_H:].sum(axis=1)
    assert wet == pytest.approx(rate * LEDGER["conditions.rain_incident_factor"])


def test_lengths_are_lognormal_and_severity_is_the_ledgers():
    roads = exposed(300)
    parts = [incidents_on(6, FIRST + day, roads, DRY, 5.0, LEDGER) for day in range(0, 400, 2)]
    log_min = np.log(np.concatenate([part.until_s - part.begin_s for part in parts]) / 60.0)
    n, spread = len(log_min), LEDGER["conditions.incident_log_spread"]
    # incidents of yesterday count only if they last: those of the day itself are not chosen by length
    own = np.concatenate([part.begin_s for part in parts]) >= 0.0
    assert log_min[own].mean() == pytest.approx(
        math.log(LEDGER["conditions.incident_median_min"]), abs=4.0 * spread / math.sqrt(n)
    )
    assert log_min[own].std() == pytest.approx(spread, rel=0.1)
    factor = np.concatenate([part.factor for part in parts])
    minor = float((factor == LEDGER["conditions.incident_capacity_factor"][0]).mean())
    assert minor == pytest.approx(LEDGER["conditions.incident_minor_share"], abs=2.0 / math.sqrt(n))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**62), st.integers(FIRST, FIRST + 999), st.floats(0.1, 20.0), st.floats(1.0, 5.0))
def test_more_traffic_and_rain_only_add_incidents(seed, ordinal, traffic, more):
    roads = exposed()
    calm = by_link(seed, ordinal, DRY, traffic, roads)
    assert calm <= by_link(seed, ordinal, DRY, traffic * more, roads)
    assert calm <= by_link(seed, ordinal, ~DRY, traffic, roads)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**62), st.integers(FIRST, FIRST + 999), st.randoms())
def test_the_order_of_links_changes_nothing(seed, ordinal, random):
    roads = exposed()
    order = list(range(60))
    random.shuffle(order)
    columns = (roads.link_key, roads.length_km, roads.capacity_vph, roads.group)
    other = Exposed(*(each[order] for each in columns))
    assert by_link(seed, ordinal, DRY, 30.0, roads) == by_link(seed, ordinal, DRY, 30.0, other)


def test_an_incident_of_the_night_is_one_of_both_days():
    """What begins after midnight of one day is what the next day begins with: same link, a day's shift."""
    roads = exposed(300)
    for day in range(40):
        late = by_link(9, FIRST + day, DRY, 20.0, roads)
        early = by_link(9, FIRST + day + 1, DRY, 20.0, roads)
        night = {(key, round(begin - 86_400.0, 3)) for key, begin in late if begin >= 86_400.0}
        assert night == {(key, round(begin, 3)) for key, begin in early if 0.0 <= begin < 6 * 3_600.0}


@given(st.floats(-20_000.0, 107_000.0), st.floats(1.0, 30_000.0), st.sampled_from([60, 300]))
def test_moments_lie_on_steps_and_hold_the_incident(begin_s, length_s, step_s):
    begin, until = rounded_out(begin_s, begin_s + length_s, step_s)
    assert begin % step_s == until % step_s == 0
    assert begin >= 0
    assert until <= 108_000
    assert begin <= max(begin_s, 0.0)
    assert until >= min(begin_s + length_s, 108_000.0)
