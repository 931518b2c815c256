"""Bins: a day's waste of those at home, full as planned when they are emptied, each place on its own day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from twin.kernels.random import keys_of
from twin.scenario.ledger import Parameters
from twin.utilities.waste import Bins

LEDGER = Parameters.defaults()
N = 60
HOUR_MS = 3_600_000


class People(NamedTuple):
    """Three at home everywhere, for a share of the time."""

    share: float

    def presence(self, start_ms: int, end_ms: int) -> Home:
        return Home(np.full(N, 3.0 * self.share * (end_ms - start_ms) / 1_000.0))


class Home(NamedTuple):
    at_home_s: np.ndarray


def bins(residents: float = 3.0) -> Bins:
    return Bins(np.full(N, residents), keys_of(np.arange(N).astype(str)), LEDGER, 1)


MEAN = People(float(np.mean(LEDGER["utilities.home_presence"])))


def test_a_days_waste_falls_in_a_day_of_mean_presence():
    found = bins()
    today = found.days_ago != 0.0
    rise = found.fill(MEAN, 24 * HOUR_MS) - found.fill(MEAN, 0)
    kg = (rise * found.capacity_kg)[today]
    assert kg == pytest.approx(3.0 * LEDGER["utilities.waste_kg_per_person_per_day"])
    away = bins().fill(People(0.0), 24 * HOUR_MS) - bins().fill(People(0.0), 0)
    assert away[today] == pytest.approx(0.0)


def test_bins_are_emptied_in_the_morning_of_their_day_and_are_then_as_full_as_planned_at_most():
    found = bins(40.0)
    today = found.days_ago == 0.0
    assert 0.1 < today.mean() < 0.7
    before, after = found.fill(MEAN, 6 * HOUR_MS - 1), found.fill(MEAN, 6 * HOUR_MS)
    assert (after[today] < 0.001).all()
    assert np.allclose(before[~today], after[~today], atol=1e-4)
    assert before.max() <= LEDGER["utilities.bin_fill_planned"] + 0.05
    assert before[today].min() > after[~today].max() * 0.9, "whoever waits longest is fullest"


def test_nobody_has_no_waste_and_more_people_have_more_bins():
    assert np.isnan(bins(0.0).fill(MEAN, HOUR_MS)).all()
    assert (bins(40.0).capacity_kg > bins(4.0).capacity_kg).all()
