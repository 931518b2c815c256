"""Weights of every objective: against formulas written out link by link, and never below free flow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.calculators.objectives import CALCULATORS, Objective, View, co2_g, link_weights_ms, objective_of
from twin.calculators.provider import advice_times_ms
from twin.errors import InputError
from twin.kernels.paths import BLOCKED
from twin.mobility.curves import factors_of
from twin.mobility.mean_car import mean_car_co2_curve
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
CURVE = mean_car_co2_curve(LEDGER)
KINDS = ("time", "time_co2", "secondary_penalty", "marginal_cost", "forward", "diverse")
rows = st.lists(
    st.tuples(
        *(st.integers(100, 10**6), st.floats(1, 6), st.floats(1, 5_000), st.integers(1, 4)),
        *(st.booleans(), st.integers(0, 500), st.booleans()),
    ),
    min_size=1,
    max_size=6,
)


def view_of(links: list[tuple]) -> tuple[View, np.ndarray]:
    """What a provider sees of links: free time, delay factor, length, lanes, minor, users sent, closed."""
    free_ms, slow, length_m, lanes, minor, sent, closed = (
        np.array(column) for column in zip(*links, strict=True)
    )
    time_ms = np.maximum(np.rint(free_ms * slow), free_ms).astype(np.int64)
    return View(time_ms, free_ms, length_m, lanes, minor, sent, CURVE), closed


def by_hand(kind: str, view: View, k: int) -> float:
    """The weight of one link, as the formula is written in docs/calculators.md."""
    time_ms, free_ms = int(view.time_ms[k]), int(view.free_ms[k])
    if kind == "time_co2":
        km = view.length_m[k] / 1_000
        kmh = km / (time_ms / 3.6e6)
        g = km * max(CURVE[0] / kmh + CURVE[1] + CURVE[2] * kmh + CURVE[3] * kmh**2, 0.0)
        hours = g / 1e6 * LEDGER["calculators.co2_value_eur_per_t"]
        hours /= LEDGER["population.value_of_time_commute_eur_per_h"]
        return time_ms + hours * 3.6e6
    if kind == "secondary_penalty":
        return time_ms * (LEDGER["calculators.secondary_penalty_factor"] if view.minor[k] else 1.0)
    if kind == "marginal_cost":
        return time_ms + LEDGER["calculators.marginal_cost_power"] * (time_ms - free_ms)
    if kind == "forward":
        p = LEDGER["calculators.forward_penalty_per_veh"]
        return time_ms * (1 + p * view.sent_veh[k] / view.n_lanes[k])
    return time_ms


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), rows)
def test_weights_agree_with_one_link_at_a_time(kind, links):
    view, closed = view_of(links)
    weight_ms = link_weights_ms(objective_of(kind, "test"), view, closed, LEDGER)
    assert weight_ms.dtype == np.int32
    assert (weight_ms >= view.free_ms).all()
    for k in range(len(links)):
        expected = BLOCKED if closed[k] else min(by_hand(kind, view, k), BLOCKED - 1)
        assert weight_ms[k] == pytest.approx(expected, abs=0.51, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(rows)
def test_time_is_what_it_was(links):
    """The objective of scenarios that name none: believed times, to the last digit."""
    view, closed = view_of(links)
    believed_s = view.time_ms / 1_000.0
    before = np.where(closed, BLOCKED, advice_times_ms(believed_s, view.free_ms))
    assert link_weights_ms(objective_of("time", "test"), view, closed, LEDGER).tobytes() == before.tobytes()


@given(rows)
def test_marginal_cost_is_the_derivative_of_total_time(links):
    """Under the law t = t0 (1 + 0.15 (q/c)^4), d(q t)/dq by differences is the weight."""
    view, _ = view_of(links)
    free_ms = view.free_ms.astype(np.float64)
    flow = np.linspace(0.2, 1.5, len(links))

    def time_ms(q: np.ndarray) -> np.ndarray:
        return free_ms * (1.0 + 0.15 * q**4)

    h = 1e-5
    derivative = ((flow + h) * time_ms(flow + h) - (flow - h) * time_ms(flow - h)) / (2 * h)
    seen = view._replace(time_ms=time_ms(flow))
    weight = objective_of("marginal_cost", "test").weigh(seen, LEDGER)
    assert weight == pytest.approx(derivative, rel=1e-6)


def test_co2_of_a_mean_car_lies_between_those_of_petrol_and_diesel_less_what_runs_on_current():
    view, _ = view_of([(72_000, 1.0, 1_000.0, 1, False, 0, False)])
    factors = factors_of(LEDGER)
    at = np.array([50.0**-1, 1.0, 50.0, 50.0**2])
    by_fuel = 1_000 * np.einsum("fck,c,k->f", factors.energy_curve[:30:6], factors.co2_kg_per_unit, at)
    shares = np.array(LEDGER["fleet.car_fuel_shares"])
    assert co2_g(view)[0] == pytest.approx(by_fuel @ shares / shares.sum())
    assert 100.0 < co2_g(view)[0] < by_fuel.max()


def test_a_kind_from_outside_counts_and_a_wrong_name_lists_those_there_are(monkeypatch):
    monkeypatch.setattr(CALCULATORS, "_kinds", dict(CALCULATORS._kinds))
    CALCULATORS.add("shortest", Objective(lambda view, parameters: view.length_m * 1_000))
    view, closed = view_of([(1_000, 1.0, 700.0, 1, False, 0, False)])
    assert link_weights_ms(objective_of("shortest", "here"), view, closed, LEDGER).tolist() == [700_000]
    with pytest.raises(
        InputError, match=r"here: no calculator kind 'quick'.*diverse, forward, marginal_cost"
    ):
        objective_of("quick", "here")


def test_weights_below_free_flow_are_raised_to_it():
    view, closed = view_of([(9_000, 1.0, 700.0, 1, False, 0, False)])
    below = Objective(lambda view, parameters: view.time_ms * 0.5)
    assert link_weights_ms(below, view, closed, LEDGER).tolist() == [9_000]
