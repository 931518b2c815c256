"""Protection and switching: a fault trips its feeder; what is sound is fed again, from afar or by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utilities.ring_worlds import ring
from twin.scenario.ledger import Parameters
from twin.territory.utilities.tables import POWER, Utilities
from twin.utilities.failures.inventory import Inventory, inventory_of
from twin.utilities.failures.laid import laid_cascade, paths_of
from twin.utilities.failures.switching import PLANNED, SHED, Switching, feeders_of

LEDGER = Parameters.defaults()
MINUTE = 60.0
Faulty = dict[str, tuple[int, int]]


def lived(
    layers: Utilities,
    faulty: Faulty,
    n_steps: int = 100,
    parameters: Parameters = LEDGER,
    how: dict[str, int] | None = None,
) -> tuple[Inventory, np.ndarray, Switching]:
    """Levels (n_steps, n) when elements are broken from a step until another."""
    known = inventory_of(layers)
    cascade = laid_cascade(layers, parameters, 1)
    switching = Switching(known, feeders_of(layers, paths_of(layers, POWER).upstream), parameters)
    ways = np.zeros(known.n_elements, dtype=np.int32)
    for name, kind in (how or {}).items():
        ways[known.row_of[name]] = kind
    level, found = np.ones(known.n_elements), []
    for step in range(n_steps):
        health = np.ones(known.n_elements)
        for name, (first, last) in faulty.items():
            health[known.row_of[name]] = float(not first <= step < last)
        closed = switching.step(health, MINUTE, level, ways)
        level = cascade.step(health, MINUTE, closed, switching.opener)
        found.append(level)
    return known, np.array(found), switching


def dark(known: Inventory, level: np.ndarray, name: str) -> list[int]:
    return np.flatnonzero(level[:, known.row_of[name]] < 0.5).tolist()


RING = ring(2, 3, ((2, 5),))


def test_a_faulted_cable_trips_its_feeder_and_all_are_fed_from_afar_after_minutes():
    known, level, switching = lived(RING, {"c1": (10, 90)})
    for house in ("h0", "h1", "h2"):
        assert dark(known, level, house) == list(range(10, 15)), "five minutes, then its own side or the tie"
    for house in ("h3", "h4", "h5"):
        assert dark(known, level, house) == [], "the other feeder"
    assert dark(known, level, "c1") == list(range(10, 90))
    moves = [(each.step, str(known.element_id[each.element]), each.closed) for each in switching.log]
    assert moves == [(10, "c0", False), (15, "c0", True), (15, "t0", True), (90, "t0", False)]
    assert all(each.remote for each in switching.log if each.closed)


def test_without_a_tie_what_lies_beyond_waits_until_the_cable_is_mended():
    known, level, _ = lived(ring(2, 3), {"c1": (10, 90)})
    assert dark(known, level, "h0") == list(range(10, 15))
    assert dark(known, level, "h2") == list(range(10, 90))


def test_without_telecom_somebody_switches_on_the_spot_an_hour_later():
    known, level, switching = lived(RING, {"c1": (10, 90), "f0": (0, 100)})
    assert dark(known, level, "h2") == list(range(10, 70))
    assert not any(each.remote for each in switching.log)


def test_telecom_that_falls_with_the_fault_slows_its_own_repair():
    """The exchange hangs on the feeder that trips; with a battery it lives until it has been switched."""
    without = LEDGER.replaced({"utilities.exchange_battery_h": 0}, "here")
    known, level, _ = lived(RING, {"c1": (10, 90)}, parameters=without)
    assert dark(known, level, "h2") == list(range(10, 70))
    assert len(dark(known, level, "exchange")) >= 60


def test_a_station_blows_its_fuse_and_trips_nobody():
    known, level, _ = lived(RING, {"s1": (10, 90)})
    assert dark(known, level, "h0") == []
    assert dark(known, level, "h1") == list(range(10, 90))
    assert dark(known, level, "h2") == list(range(10, 15)), "fed over the tie"


def test_low_voltage_has_nobody_who_switches_from_afar():
    known, level, _ = lived(RING, {"l1": (10, 90)})
    assert dark(known, level, "h1") == list(range(10, 90))
    assert dark(known, level, "h0") == dark(known, level, "h2") == []


def test_a_lost_source_is_replaced_over_ties_only_by_another_source():
    known, level, _ = lived(RING, {"c0": (10, 90)})
    assert dark(known, level, "h0") == list(range(10, 15)), "all of the feeder over its tie"
    known, level, _ = lived(RING, {"sub": (10, 90)})
    assert dark(known, level, "h0") == list(range(10, 90)), "both feeders have lost the same one"


def test_planned_works_and_cuts_trip_nothing():
    known, level, _ = lived(RING, {"c1": (10, 90)}, how={"c1": PLANNED})
    assert dark(known, level, "h2") == [], "fed from the other side before the cable is opened"
    known, level, _ = lived(RING, {"c0": (10, 90)}, how={"c0": SHED})
    assert dark(known, level, "h2") == list(range(10, 90)), "nobody feeds whom he wants to cut off"


@st.composite
def rings(draw: st.DrawFn) -> tuple[Utilities, Faulty]:
    n_feeders, n_stations = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    number = st.integers(0, n_feeders * n_stations - 1)
    ties = draw(st.lists(st.tuples(number, number), max_size=3))
    layers = ring(n_feeders, n_stations, [(a, b) for a, b in ties if a != b])
    names = inventory_of(layers).element_id.tolist()
    span = st.tuples(st.integers(0, 60), st.integers(1, 80)).map(lambda pair: (pair[0], sum(pair)))
    return layers, draw(st.dictionaries(st.sampled_from(names), span, min_size=1, max_size=4))


@given(rings(), st.data())
@settings(max_examples=40, deadline=None)
def test_a_fault_less_never_lowers_a_level(world, data):
    layers, faulty = world
    kept = data.draw(st.sets(st.sampled_from(sorted(faulty))))
    _, many, _ = lived(layers, faulty)
    _, few, _ = lived(layers, {name: faulty[name] for name in kept})
    rows = inventory_of(layers).kind != "mv_tie"  # a tie carries something because of a fault
    assert (few[:, rows] >= many[:, rows] - 1e-12).all()


@given(rings())
@settings(max_examples=25, deadline=None)
def test_endless_batteries_never_lose_more_with_switching(world):
    layers, faulty = world
    endless = {"utilities.exchange_battery_h": 24, "utilities.site_battery_min": 240}
    none = {"utilities.exchange_battery_h": 0, "utilities.site_battery_min": 0}
    few, many = (lived(layers, faulty, 100, LEDGER.replaced(each, "here"))[1] for each in (none, endless))
    assert (many >= few - 1e-12).all()


@pytest.mark.parametrize(("parameter", "value"), [("utilities.remote_switch_min", 15)])
def test_slower_switching_leaves_more_dark(parameter, value):
    known, fast, _ = lived(RING, {"c1": (10, 90)})
    _, slow, _ = lived(RING, {"c1": (10, 90)}, parameters=LEDGER.replaced({parameter: value}, "here"))
    assert len(dark(known, slow, "h2")) == 15 > len(dark(known, fast, "h2"))
