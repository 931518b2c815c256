"""Fixed-time signal plans: worked out by hand at one crossing, and what must hold at every real one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.territories import territory_of
from tests.worlds import Street, net_of
from twin.mobility.links import headway_ms
from twin.mobility.network import roads_of
from twin.mobility.signals import SignalPlans, plan_signals
from twin.scenario.ledger import Parameters
from twin.territory.tables import SIGNAL, Streets
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
LOST_S, WALK_S = LEDGER["junctions.lost_time_s"], LEDGER["junctions.walk_s"]
LEAST_S, MOST_S = LEDGER["junctions.least_cycle_s"], LEDGER["junctions.most_cycle_s"]
XY = [(0.0, 0.0), (-200.0, 0.0), (0.0, -200.0), (200.0, 0.0), (0.0, 200.0)]


def crossing(*arms: int) -> Streets:
    """Two-way arms from node 0 to the west (1), south (2), east (3), north (4), with signals at node 0."""
    streets = [each for arm in arms for each in (Street(arm, 0, 200, 50, 900), Street(0, arm, 200, 50, 900))]
    made = territory_of(net_of(streets, XY)).streets
    return replace(made, control=np.where(made.head == 0, SIGNAL, 0).astype(np.int8))


def by_arm(streets: Streets, plans: SignalPlans) -> dict[int, tuple[int, int, int]]:
    """Cycle, offset and green of each approach by the arm it comes from."""
    rows = np.flatnonzero(streets.control == SIGNAL).tolist()
    columns = (plans.cycle_ms, plans.offset_ms, plans.green_ms)
    return {int(streets.tail[row]): tuple(int(column[row]) for column in columns) for row in rows}


def demand(streets: Streets, **vph: float) -> np.ndarray:
    arm = {"west": 1, "south": 2, "east": 3, "north": 4}
    flow = np.zeros(streets.n_links)
    for name, value in vph.items():
        flow[(streets.tail == arm[name]) & (streets.head == 0)] = value / 3600.0
    return flow


def is_green(plans: SignalPlans, moment_ms: int) -> np.ndarray:
    """Links that may be left at a moment (n_links,) bool."""
    since_ms = (moment_ms - plans.offset_ms) % np.maximum(plans.cycle_ms, 1)
    return (since_ms < plans.green_ms) | (plans.cycle_ms == 0)


def test_webster_by_hand():
    """y = 0.5 and 0.25: L = 8 s, C = 17 / 0.25 = 68 s, greens 40 and 20 s."""
    streets = crossing(1, 2, 3, 4)
    flow = demand(streets, west=900, east=300, south=450, north=100)
    found = by_arm(streets, plan_signals(streets, LEDGER, 1, flow))
    assert {arm: row[0] for arm, row in found.items()} == dict.fromkeys((1, 2, 3, 4), 68_000)
    assert {arm: row[2] for arm, row in found.items()} == {1: 40_000, 3: 40_000, 2: 20_000, 4: 20_000}
    assert found[1][1] == found[3][1]
    assert (found[2][1] - found[1][1]) % 68_000 in (44_000, 68_000 - 24_000)


def test_conflicting_phases_are_never_green_together_and_clear_in_between():
    streets = crossing(1, 2, 3, 4)
    plans = plan_signals(streets, LEDGER, 3)
    rows = {int(streets.tail[row]): row for row in np.flatnonzero(streets.control == SIGNAL).tolist()}
    cycle = int(plans.cycle_ms[rows[1]])
    green = np.array([is_green(plans, t) for t in range(0, cycle, 100)])
    assert (green[:, rows[1]] == green[:, rows[3]]).all()
    assert not (green[:, rows[1]] & green[:, rows[2]]).any()
    neither = ~(green[:, rows[1]] | green[:, rows[2]])
    assert neither.sum() * 0.1 == pytest.approx(2 * LOST_S, abs=0.3)
    assert green[:, streets.head != 0].all(), "a link without a signal may always be left"


def test_without_counts_the_wider_class_has_more_green():
    streets = crossing(1, 2, 3, 4)
    capacity = np.where(np.isin(streets.tail, (1, 3)), 1500.0, 600.0) / 3600.0
    found = by_arm(streets, plan_signals(replace(streets, flow_capacity_vps=capacity), LEDGER, 1))
    left = found[1][0] - 2 * LOST_S * 1_000
    assert found[1][2] == pytest.approx(left * 1500 / 2100, abs=1)
    assert found[2][2] == pytest.approx(left * 600 / 2100, abs=1)


@pytest.mark.parametrize(("vph", "cycle_s"), [(50, LEAST_S), (1_700, MOST_S)])
def test_the_cycle_stays_within_its_bounds(vph, cycle_s):
    streets = crossing(1, 2, 3, 4)
    plans = plan_signals(streets, LEDGER, 1, demand(streets, west=vph, south=vph))
    assert plans.cycle_ms.max() == cycle_s * 1_000


def test_one_phase_of_vehicles_leaves_time_for_people_on_foot():
    streets = crossing(1, 3)
    found = by_arm(streets, plan_signals(streets, LEDGER, 1))
    assert found[1] == found[3]
    assert found[1][0] - found[1][2] == 1_000 * (WALK_S + 2 * LOST_S)


def test_two_nodes_of_one_junction_share_a_cycle_and_let_out_who_is_between():
    """Carriageways 20 m apart: the link between them has no signal of its own."""
    xy = [(0.0, 0.0), (20.0, 0.0), (-200.0, 0.0), (220.0, 0.0), (0.0, -200.0), (20.0, 200.0)]
    pairs = [(2, 0), (0, 1), (1, 0), (3, 1), (4, 0), (5, 1), (0, 2), (1, 3)]
    lengths = [abs(xy[a][0] - xy[b][0]) + abs(xy[a][1] - xy[b][1]) for a, b in pairs]
    made = [Street(a, b, m, 50, 900) for (a, b), m in zip(pairs, lengths, strict=True)]
    streets = territory_of(net_of(made, xy)).streets
    streets = replace(streets, control=np.where(streets.head < 2, SIGNAL, 0).astype(np.int8))
    plans = plan_signals(streets, LEDGER, 1)
    assert plans.cycle_ms[[1, 2]].tolist() == [0, 0]
    assert len(set(plans.cycle_ms[[0, 3, 4, 5]].tolist())) == 1
    assert plans.offset_ms[0] == plans.offset_ms[3]
    assert plans.offset_ms[4] == plans.offset_ms[5] != plans.offset_ms[0]


def test_plans_depend_on_outside_ids_and_the_seed_not_on_rows():
    streets = crossing(1, 2, 3, 4)
    turned = np.arange(streets.n_links)[::-1]
    columns = {
        name: column[turned] for name, column in streets.columns().items()
        if isinstance(column, np.ndarray) and len(column) == streets.n_links
    }  # fmt: skip
    shape = np.stack([streets.shape_lon, streets.shape_lat]).reshape(2, -1, 2)[:, turned].reshape(2, -1)
    other = replace(streets, **columns, shape_lon=shape[0], shape_lat=shape[1])
    here, there = plan_signals(streets, LEDGER, 5), plan_signals(other, LEDGER, 5)
    for name in ("cycle_ms", "offset_ms", "green_ms"):
        assert getattr(here, name)[turned].tolist() == getattr(there, name).tolist()
    assert here.offset_ms.tolist() != plan_signals(streets, LEDGER, 6).offset_ms.tolist()


def test_no_signal_is_cycle_zero():
    streets = territory_of(net_of([Street(0, 1, 200, 50, 900), Street(1, 0, 200, 50, 900)])).streets
    plans = plan_signals(streets, LEDGER, 1)
    assert plans.cycle_ms.tolist() == plans.green_ms.tolist() == plans.offset_ms.tolist() == [0, 0]
    assert is_green(plans, 12_345).all()
    assert plans.cycle_ms.dtype == plans.green_ms.dtype == plans.offset_ms.dtype == np.int32


@given(
    st.lists(st.floats(0.0, 1_900.0), min_size=4, max_size=4), st.integers(0, 2**31), st.integers(0, 10**8)
)
def test_phases_fill_the_cycle_whatever_the_demand(vph, seed, moment_ms):
    streets = crossing(1, 2, 3, 4)
    flow = demand(streets, west=vph[0], south=vph[1], east=vph[2], north=vph[3])
    found = by_arm(streets, plan_signals(streets, LEDGER, seed, flow))
    cycle = found[1][0]
    assert found[1][2] + found[2][2] + 2 * LOST_S * 1_000 == cycle
    assert min(found[1][2], found[2][2]) >= LEDGER["junctions.least_green_s"] * 1_000
    assert all(0 <= offset < cycle for _, offset, _ in found.values())
    green = [(moment_ms - found[arm][1]) % cycle < found[arm][2] for arm in (1, 2)]
    assert not all(green)


def check(territory: Territory) -> int:
    """What holds at every junction of a territory; the number of junctions."""
    streets = territory.streets
    plans = plan_signals(streets, LEDGER, 1)
    held = plans.cycle_ms > 0
    assert (streets.control[held] == SIGNAL).all()
    let_out = (streets.control == SIGNAL) & ~held
    assert (streets.length_m[let_out] <= LEDGER["junctions.signal_spacing_m"]).all()
    phases = defaultdict(set)
    for row in np.flatnonzero(held).tolist():
        phases[int(plans.junction[row])].add(
            (int(plans.cycle_ms[row]), int(plans.phase[row]), int(plans.green_ms[row]))
        )
    for rows in phases.values():
        (cycle,) = {each[0] for each in rows}
        assert LEAST_S * 1_000 <= cycle <= MOST_S * 1_000
        assert sorted(each[1] for each in rows) == list(range(len(rows)))
        lost_s = len(rows) * LOST_S if len(rows) > 1 else 2 * LOST_S + WALK_S
        assert sum(each[2] for each in rows) + round(lost_s * 1_000) == cycle
    check_headways(streets, held)
    return len(phases)


def check_headways(streets: Streets, held: np.ndarray) -> None:
    """Saturation flow under a signal, follow-up times where a link yields; both stay where others change."""
    roads = roads_of(streets, LEDGER, seed=1)
    free = ~held & (roads.follow_up_ms == 0)
    capacity = streets.flow_capacity_vps
    assert (roads.headway_ms[free] == headway_ms(capacity)[free]).all()
    np.testing.assert_allclose(roads.headway_ms[held], 2_000 / streets.lanes[held], atol=0.5)
    assert (roads.headway_ms >= roads.follow_up_ms).all()
    assert (roads.headways_ms(capacity) == roads.headway_ms).all()
    half = capacity.copy()
    half[np.flatnonzero(held)[0]] /= 2.0
    changed = np.flatnonzero(roads.headways_ms(half) != roads.headway_ms)
    assert changed.tolist() == np.flatnonzero(held)[:1].tolist()
    assert roads.headways_ms(half)[changed[0]] == 2 * roads.headway_ms[changed[0]]


def test_every_signal_of_the_riviera_has_a_plan():
    assert 5 <= check(Territory.load(ROOT / "networks" / "riviera")) <= 21


def test_every_signal_of_geneva_has_a_plan(data_file):
    assert check(Territory.from_osm(data_file("osm/geneva.osm.pbf"))) > 100
