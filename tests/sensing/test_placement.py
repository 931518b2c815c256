"""Placement as an order of a scenario: nested, free of rows, and better where it is meant to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.devices import Site, Spots
from twin.sensing.fleets import deploy
from twin.sensing.placement import place, place_devices

LEDGER = Parameters.defaults()
N = 300


def spots(n: int = N) -> Spots:
    rows = np.arange(n, dtype=np.uint64)
    x_m, y_m, worth = (uniforms(1, stream_of(each), rows) for each in ("x", "y", "worth"))
    nobody = np.arange(n, dtype=np.int32)
    return Spots(nobody, rows * np.uint64(31) + np.uint64(7), 4_000.0 * x_m, 4_000.0 * y_m, nobody,
                 np.round(100.0 * worth**4), np.ones(n))  # fmt: skip


def turned(by: np.ndarray, of: Spots) -> Spots:
    n = len(by)
    columns = [column[by] for column in (of.key, of.x_m, of.y_m, of.street, of.worth, of.units)]
    return Spots(np.arange(n, dtype=np.int32), *columns)


def order(rule: str | None = None, **more: object) -> SensorFleet:
    given_ = {"name": "f", "kind": "noise_sensor", "owner": "city", "placement": rule, **more}
    return SensorFleet.model_validate(given_)


def seen(rows: np.ndarray, of: Spots) -> float:
    """Worth within sight of at least one device."""
    away = np.hypot(of.x_m[rows][:, None] - of.x_m, of.y_m[rows][:, None] - of.y_m)
    return float(of.worth[(away <= LEDGER["sensing.sees_m"]).any(axis=0)].sum())


@settings(max_examples=12)
@given(st.sampled_from(["random", "coverage", "value"]), st.integers(1, 40), st.integers(1, 40), st.randoms())
def test_fewer_are_among_more_whatever_the_rows(rule, few, more, random):
    here = spots()
    a, b = (place_devices(order(rule, count=n), here, 3, LEDGER) for n in (few, few + more))
    assert len(a) == few
    assert set(a.tolist()) <= set(b.tolist())
    by = np.array(random.sample(range(N), N))
    again = place_devices(order(rule, count=few), turned(by, here), 3, LEDGER)
    assert sorted(by[again].tolist()) == a.tolist()


def test_coverage_sees_more_worth_than_chance_and_value_spreads_over_what_varies():
    here = spots()
    rows = {rule: place_devices(order(rule, count=12), here, 3, LEDGER)
            for rule in ("random", "coverage", "value")}  # fmt: skip
    assert seen(rows["coverage"], here) > 1.3 * seen(rows["random"], here)
    assert seen(rows["coverage"], here) >= seen(rows["value"], here)
    assert here.worth[rows["value"]].mean() > 2.0 * here.worth[rows["random"]].mean()

    def nearest_m(chosen: np.ndarray) -> float:
        away = np.hypot(
            here.x_m[chosen][:, None] - here.x_m[chosen], here.y_m[chosen][:, None] - here.y_m[chosen]
        )
        return float(np.where(np.eye(len(chosen)) > 0, np.inf, away).min(axis=1).mean())

    richest = np.argsort(-here.worth)[:12]
    assert nearest_m(rows["value"]) > nearest_m(richest), "two side by side tell much the same"


def test_a_share_and_all_and_counters_by_coverage():
    here = spots()
    assert len(place_devices(order(), here, 3, LEDGER)) == N
    half = place_devices(order(share=0.5), here, 3, LEDGER)
    assert 0.4 * N < len(half) < 0.6 * N
    assert len(place_devices(order("coverage", share=0.1), here, 3, LEDGER)) == round(0.1 * N)
    site = Site(here.candidates, here.key, np.zeros(N, np.int8), 3, spots=here)
    counters = SensorFleet(name="c", kind="road_counter", owner="city", count=12, placement="coverage")
    assert seen(place(counters, site, LEDGER), here) > 1.3 * seen(
        place(counters.model_copy(update={"placement": "random"}), site, LEDGER), here
    )
    assert len(deploy(counters, site, LEDGER).link) == 12


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"count": N + 1}, "301 sensors for 300 links"),
        ({"count": 3, "share": 0.5}, "either share or count"),
        ({"rule": "class"}, "knows no class of roads"),
        ({"sampling": 0.5}, "observes all before it"),
        ({"interval_s": 700.0}, "a whole divisor of 86400 s"),
        ({"options": {"radio": "smoke"}}, "lorawan or mobile"),
        ({"options": {"gateways": 2}}, "a whole number above 0, over lorawan"),
        ({"options": {"radio": "lorawan", "gateways": N}}, r"options\.gateways: 300 for \d+ sites"),
    ],
)
def test_wrong_orders_are_one_line(changes, line):
    site = Site(np.arange(N, dtype=np.int32), spots().key, np.zeros(N, np.int8), 3, spots=spots())
    with pytest.raises(InputError, match=line) as error:
        deploy(order(**changes), site, LEDGER)
    assert "\n" not in str(error.value)


def test_where_there_is_no_spot_or_nothing_is_known_of_any():
    nowhere = Site(np.empty(0, np.int32), np.empty(0, np.uint64), np.empty(0, np.int8), 3)
    with pytest.raises(InputError, match="nothing is known of where a noise_sensor may stand"):
        deploy(order(), nowhere, LEDGER)
    empty = spots(3)._replace(candidates=np.empty(0, np.int32))
    with pytest.raises(InputError, match="no spot for a noise_sensor"):
        deploy(order(), nowhere._replace(spots=empty), LEDGER)
