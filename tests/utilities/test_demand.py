"""Consumption: more people present draw more, a mean day the mean total, and hours add up."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.population.days import days, population_of
from tests.territories import grid_territory
from twin.errors import InputError
from twin.population.presence import Presence
from twin.population.tables import HOME, WORK
from twin.scenario.ledger import Parameters
from twin.utilities.demand import ConsumptionRates, DayConsumption

LEDGER = Parameters.defaults()
PLACES = grid_territory(2).places
N = PLACES.n_places
HOUR_MS = 3_600_000
NONE = np.zeros(0, dtype=np.int64)


def stay_at_home(n: int) -> DayConsumption:
    """A day on which n persons stay in place 0."""
    return DayConsumption(ConsumptionRates(population_of([0] * n, [[]] * n), PLACES, LEDGER), NONE, NONE)


@pytest.mark.parametrize("utility", ["water", "power"])
def test_more_people_at_home_draw_more_at_every_hour(utility):
    for hour in range(30):
        drawn = [stay_at_home(n).between(utility, hour * HOUR_MS, (hour + 1) * HOUR_MS)[0] for n in range(4)]
        assert all(a < b for a, b in pairwise(drawn)), hour


def test_people_who_are_at_home_like_the_mean_use_the_daily_totals():
    demand = stay_at_home(1)._demand
    total = {"water": 0.0, "power": 0.0}
    share = LEDGER["utilities.home_presence"]
    nobody = np.zeros(N)
    for hour in range(24):
        there = nobody.copy()
        there[0] = 3_600.0 * share[hour] * 2.15
        for utility in total:
            at_home = demand.drawn(utility, Presence(there, nobody, nobody), hour, 1.0)
            total[utility] += float(at_home[0]) - float(demand.job_base_kw[0]) * (utility == "power")
    assert total["water"] == pytest.approx(148.0 * 2.15)
    assert total["power"] == pytest.approx(13.15), "a household of the mean size"


def test_who_goes_to_work_draws_there_and_not_at_home():
    population = population_of([0], [[(1, WORK), (0, HOME)]])
    demand = ConsumptionRates(population, PLACES, LEDGER)
    out = DayConsumption(demand, np.array([8, 17]) * HOUR_MS, np.array([9, 18]) * HOUR_MS)
    at_ten = out.between("water", 10 * HOUR_MS, 11 * HOUR_MS)
    assert at_ten[0] == 0.0
    assert at_ten[1] == pytest.approx(5.0)
    empty = DayConsumption(ConsumptionRates(population_of([], []), PLACES, LEDGER), NONE, NONE)
    power = out.between("power", 10 * HOUR_MS, 11 * HOUR_MS) - empty.between(
        "power", 10 * HOUR_MS, 11 * HOUR_MS
    )
    assert power[0] == pytest.approx(0.35 * 13.15 / 24), "the fridge runs on"
    assert power[1] == pytest.approx(1.0)
    assert out.between("water", 8 * HOUR_MS, 9 * HOUR_MS).sum() == 0.0, "nobody draws on the way"


@given(days(4), st.integers(0, 200), st.integers(1, 200), st.integers(1, 200))
def test_parts_of_a_time_add_up(day, start_s, first_s, second_s):
    population, departed, arrived = day
    consumption = DayConsumption(ConsumptionRates(population, PLACES, LEDGER), departed, arrived)
    at = [(3_500 + start_s) * 1_000]
    at += [at[0] + first_s * 1_000, at[0] + (first_s + second_s) * 1_000]
    for utility in ("water", "power"):
        parts = consumption.between(utility, at[0], at[1]) + consumption.between(utility, at[1], at[2])
        whole = consumption.between(utility, at[0], at[2])
        assert np.allclose(parts, whole, rtol=1e-12, atol=1e-9)
        assert (whole >= 0.0).all()


def test_a_base_above_the_least_of_the_night_is_refused():
    ledger = LEDGER.replaced({"utilities.household_base_share": 0.36})
    ConsumptionRates(population_of([], []), PLACES, ledger)
    steep = [0.1] + [1.0] * 23
    with pytest.raises(InputError, match="more than the night's least"):
        ConsumptionRates(
            population_of([], []), PLACES, LEDGER.replaced({"utilities.power_home_shape": steep})
        )


def test_only_known_utilities_are_drawn():
    with pytest.raises(InputError, match="water or power"):
        stay_at_home(1).between("gas", 0, 1_000)
