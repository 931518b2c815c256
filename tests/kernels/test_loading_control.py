"""Signals, gaps, lorries: answers worked out on paper, asked of the loading kernel and of its slow twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests import worlds
from tests.invariants import check_loaded
from tests.kernels.loading_door import load_by_kernel
from tests.oracles_loading import Loaded, SlowLoading, load
from tests.worlds import NO_GAP, NO_SIGNAL, Case, Incident, Net, Street, demand_of, even_flow

Loader = Callable[[Case], Loaded]
BOTH = pytest.mark.parametrize("loader", [load, load_by_kernel], ids=["twin", "kernel"])


def exits_s(loaded: Loaded, link: int) -> list[float]:
    """When vehicles left a link, in order."""
    return sorted(exit_ms / 1_000 for _, row, _, exit_ms in loaded.events if row == link)


# --------------------------------------------------------------------------------------------- signals


def signalled(*signal_s: int) -> Net:
    """A link of 50 s with a signal (cycle, offset, green) [s] and one behind it, 1,800 veh/h."""
    net = worlds.net_of([Street(0, 1, 1_000, 72, 1_800), Street(1, 2, 1_000, 72, 1_800)])
    cycle_ms, offset_ms, green_ms = (1_000 * moment for moment in signal_s)
    return replace(net, signals=((cycle_ms, offset_ms, green_ms), NO_SIGNAL))


@BOTH
@pytest.mark.parametrize(
    ("signal_s", "leaves_s"),
    [
        ((60, 10, 20), 70),  # at 50 it is 40 s into the cycle
        ((60, 40, 20), 50),  # 10 s into it
        ((60, 130, 20), 70),  # the offset is one of many
        ((60, -50, 20), 70),
        ((60, 30, 20), 90),  # the green ends at 50
        ((60, 10, 60), 50),
        ((0, 0, 0), 50),
    ],
)
def test_who_comes_at_red_waits_for_green(
    loader: Loader, signal_s: tuple[int, int, int], leaves_s: int
) -> None:
    loaded = loader(Case(signalled(*signal_s), demand_of([(0, (0, 1))]), n_steps=100))
    assert exits_s(loaded, 0) == [leaves_s]


@BOTH
def test_a_signal_that_is_never_green_holds_until_it_changes(loader: Loader) -> None:
    """It holds who ends there too; from 200 s on there is no signal."""
    change = Incident(200, 0, closed=False, headway_ms=2_000, signal=NO_SIGNAL)
    for route in ((0,), (0, 1)):
        case = Case(signalled(60, 0, 0), demand_of([(0, route)]), n_steps=300)
        assert exits_s(loader(case), 0) == []
        assert exits_s(loader(replace(case, incidents=(change,))), 0) == [200]


@BOTH
def test_saturation_flow_at_a_signal(loader: Loader) -> None:
    """Green 30 s of 60 and 1,800 veh/h: a standing queue sends 15 vehicles, 2 s apart, in every cycle."""
    case = Case(signalled(60, 0, 30), demand_of([(s, (0, 1)) for s in even_flow(1_800, 0, 700)]), 700)
    seen = exits_s(loader(case), 0)
    for start_s in range(120, 660, 60):
        inside = [moment for moment in seen if start_s <= moment < start_s + 60]
        assert inside == [start_s + 2 * vehicle for vehicle in range(15)]


# ------------------------------------------------------------------------------------------------ gaps


def crossing(*gaps: worlds.Gap, keys: tuple[int, ...] = (5, 6, 7)) -> Net:
    """Links 0, 1 and 2 of 1,000 m end at one node, from which 3, 4 and 5 go on."""
    net = worlds.net_of(
        [Street(row, 3, 1_000, 72, 1_800) for row in range(3)]
        + [Street(3, 4 + row, 1_000, 72, 1_800) for row in range(3)]
    )
    key = np.array([*keys, 8, 9, 10], dtype=np.uint64)
    return replace(net, gaps=(*gaps, NO_GAP, NO_GAP, NO_GAP), link_key=key)


GIVE_WAY = (5_000, (0,))


@BOTH
@pytest.mark.parametrize(
    ("major_s", "leaves_s"),
    [
        ([2.0], 52.001),
        ([4.999], 54.999 + 0.001),  # just within the gap
        ([5.0], 50.0),  # just not
        ([2.0, 6.0], 56.001),  # from one gap too short into the next
        ([2.0, 7.1], 52.001),  # 5.099 s between them are enough
    ],
)
def test_who_yields_waits_for_a_gap(loader: Loader, major_s: list[float], leaves_s: float) -> None:
    """Critical gap of 5 s; the one that yields is at the line at 50 s."""
    trips = [(moment, (0, 3)) for moment in major_s] + [(0.0, (1, 4))]
    loaded = loader(Case(crossing(NO_GAP, GIVE_WAY, NO_GAP), demand_of(trips), n_steps=100))
    assert exits_s(loaded, 0) == [50 + moment for moment in major_s]
    assert exits_s(loaded, 1) == [leaves_s]


@BOTH
@pytest.mark.parametrize(("keys", "leaves_s"), [((5, 6, 7), 50.0), ((6, 5, 7), 50.001)])
def test_two_at_the_line_at_once(loader: Loader, keys: tuple[int, int, int], leaves_s: float) -> None:
    """The smaller key looks first: the one that yields is asked after the other has gone, or 1 ms later."""
    net = crossing(NO_GAP, GIVE_WAY, NO_GAP, keys=keys)
    loaded = loader(Case(net, demand_of([(0.0, (0, 3)), (0.0, (1, 4))]), n_steps=100))
    assert (exits_s(loaded, 0), exits_s(loaded, 1)) == ([50.0], [leaves_s])


@BOTH
def test_one_gap_after_another_is_used_by_the_follow_up_time(loader: Loader) -> None:
    """Within a gap of 12.5 s, of which 5 are critical, four leave at gaps of 2 s."""
    trips = [(0.0, (0, 3)), (12.5, (0, 3))] + [(0.0, (1, 4))] * 8
    loaded = loader(Case(crossing(NO_GAP, GIVE_WAY, NO_GAP), demand_of(trips), n_steps=100))
    assert exits_s(loaded, 1)[:5] == [50, 52, 54, 56, 62.501]


@BOTH
def test_a_queue_that_stands_is_no_stream(loader: Loader) -> None:
    """The major's next link is closed: nothing comes, and the one that yields goes at once."""
    closed = (Incident(0, 3, closed=True, headway_ms=2_000),)
    trips = [(0.0, (0, 3)), (0.0, (1, 4))]
    case = Case(crossing(NO_GAP, GIVE_WAY, NO_GAP), demand_of(trips), 100, incidents=closed)
    loaded = loader(case)
    assert (exits_s(loaded, 0), exits_s(loaded, 1)) == ([], [50.0])


@BOTH
def test_a_major_at_red_is_no_stream_until_its_green(loader: Loader) -> None:
    """The major's green begins at 60: at 50 there are 10 s, at 56 only 4."""
    net = crossing(NO_GAP, GIVE_WAY, NO_GAP)
    net = replace(net, signals=((100_000, 60_000, 30_000), *[NO_SIGNAL] * 5))
    trips = [(0.0, (0, 3)), (0.0, (1, 4)), (6.0, (1, 4))]
    loaded = loader(Case(net, demand_of(trips), n_steps=100))
    assert (exits_s(loaded, 0), exits_s(loaded, 1)) == ([60.0], [50.0, 60.001])


@BOTH
@pytest.mark.parametrize("keys", [(5, 6, 7), (7, 6, 5)])
def test_who_gives_way_to_one_that_gives_way_waits_for_both(
    loader: Loader, keys: tuple[int, int, int]
) -> None:
    """Link 2 yields to 1, and 1 to 0: the last goes when the second has gone, or a step later."""
    net = crossing(NO_GAP, GIVE_WAY, (5_000, (1,)), keys=keys)
    loaded = loader(Case(net, demand_of([(2.5, (0, 3)), (0.0, (1, 4)), (0.0, (2, 5))]), n_steps=100))
    assert (exits_s(loaded, 0), exits_s(loaded, 1)) == ([52.5], [52.501])
    assert exits_s(loaded, 2)[0] in (52.501, 53.0)


@pytest.mark.parametrize("node_order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_who_comes_up_within_the_step_is_not_seen_before_its_end(node_order: tuple[int, ...]) -> None:
    """A vehicle enters a major link at 50.5 s; whichever node is worked first, it is not seen at 50.7."""
    streets = [Street(0, 1, 1_000, 72, 1_800), Street(1, 2, 20, 72, 1_800), Street(3, 2, 1_000, 72, 1_800)]
    net = replace(worlds.net_of(streets), gaps=(NO_GAP, NO_GAP, (5_000, (1,))))
    case = Case(net, demand_of([(0.5, (0, 1)), (0.7, (2,))]), n_steps=60)
    assert SlowLoading(case, node_order).run() == load(case)
    assert exits_s(load_by_kernel(case), 2) == exits_s(load(case), 2) == [50.7]


# ---------------------------------------------------------------------------------------------- lorries

LORRIES = {"places": (1, 3), "pace": (4, 8)}


@BOTH
def test_lorries_take_twice_the_time(loader: Loader) -> None:
    """1,800 veh/h: a car is followed after 2 s, a lorry (pace 8) after 4 s, at both ends of a link."""
    demand = replace(demand_of([(0.1 * row, (0, 1)) for row in range(5)]), kind=(0, 1, 1, 0, 0))
    loaded = loader(Case(signalled(0, 0, 0), demand, 200, **LORRIES))
    assert loaded.entered_ms == [0, 2_000, 6_000, 10_000, 12_000]
    assert exits_s(loaded, 0) == [50, 52, 56, 60, 62]


@BOTH
@pytest.mark.parametrize(
    ("kinds", "stored"), [((1,) * 9, 2), ((0,) * 9, 7), ((1, 0, 0, 1, 0, 0, 0, 0, 0), 3)]
)
def test_lorries_take_three_places(loader: Loader, kinds: tuple[int, ...], stored: int) -> None:
    """Seven places before a closure: two lorries, or seven cars; a lorry that finds two places waits."""
    net = worlds.net_of([Street(0, 1, 47, 36, 1_800), Street(1, 2, 200, 36, 1_800)])
    demand = replace(demand_of([(float(row), (0, 1)) for row in range(9)]), kind=kinds)
    closed = (Incident(0, 1, closed=True, headway_ms=2_000),)
    loaded = loader(Case(net, demand, 200, incidents=closed, **LORRIES))
    assert int(net.storage[0]) == 7
    assert sum(moment >= 0 for moment in loaded.entered_ms) == stored


@BOTH
def test_a_lorry_longer_than_a_link_takes_all_of_it(loader: Loader) -> None:
    """Two places for three: it enters, nobody shares the link, and the next follows behind its hole."""
    net = worlds.net_of([Street(0, 1, 14, 36, 1_800), Street(1, 2, 200, 36, 1_800)])
    demand = replace(demand_of([(0.0, (0, 1)), (0.1, (0, 1))]), kind=(1, 0))
    loaded = loader(Case(net, demand, 100, **LORRIES))
    assert int(net.storage[0]) == 2
    assert loaded.entered_ms == [0, max(4_000, int(net.free_ms[0]) + int(net.hole_ms[0]))]


@BOTH
def test_a_rotation_squeezes_a_lorry_in(loader: Loader) -> None:
    """Three full links of two places: a lorry that has two gets one, and gives one back when it leaves."""
    net = worlds.ring(3, storage=2)
    routes = [(0, 1), (0, 1), (1, 2), (2, 0), (2, 0)]
    demand = replace(demand_of([(0.0, route) for route in routes]), kind=(0, 0, 1, 0, 0))
    case = Case(net, demand, 120, places=(1, 2), pace=(4, 4))
    loaded = loader(case)
    assert loaded.rotations == 1
    assert (2, 1, 0, 30_000) in loaded.events
    assert min(loaded.arrived_ms) > 30_000
    check_loaded(case, loaded)
