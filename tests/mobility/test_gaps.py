"""Giving way: who yields to whom, and capacities against vehicles counted gap by gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.territories import territory_of
from tests.worlds import Street, net_of
from twin.mobility.gaps import YIELDING, gaps_of, harders_vps, siegloch_vps
from twin.scenario.ledger import Parameters
from twin.territory.tables import GIVE_WAY, INFERRED, NO_CONTROL, OBSERVED, ROUNDABOUT, SIGNAL, STOP, Streets
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
INFERS = LEDGER.replaced({"junctions.inferred_gaps": 1})


def junction(*controls: int, provenance: int = OBSERVED) -> Streets:
    """Two-way arms from node 0; the control of each at its head there, mapped or only inferred."""
    arms = range(1, len(controls) + 1)
    made = [each for arm in arms for each in (Street(arm, 0, 200, 50, 900), Street(0, arm, 200, 50, 900))]
    streets = territory_of(net_of(made)).streets
    control = np.zeros(streets.n_links, dtype=np.int8)
    control[::2] = controls
    return replace(streets, control=control, control_provenance=np.full_like(control, provenance))


def majors(streets: Streets, parameters: Parameters = LEDGER) -> dict[int, list[int]]:
    """Arms that each yielding arm yields to."""
    gaps = gaps_of(streets, parameters)
    arm = streets.tail.tolist()
    return {
        arm[row]: [arm[each] for each in gaps.major_links[gaps.major_start[row] : gaps.major_start[row + 1]]]
        for row in np.flatnonzero(gaps.yields).tolist()
    }


@pytest.mark.parametrize(
    ("controls", "expected"),
    [
        ((NO_CONTROL, NO_CONTROL, GIVE_WAY), {3: [1, 2]}),
        ((NO_CONTROL, NO_CONTROL, STOP, GIVE_WAY), {3: [1, 2], 4: [1, 2]}),
        ((SIGNAL, NO_CONTROL, GIVE_WAY), {3: [1, 2]}),
        ((STOP, STOP, STOP, STOP), {1: [], 2: [], 3: [], 4: []}),
        ((NO_CONTROL, ROUNDABOUT), {2: [1]}),
        ((NO_CONTROL, NO_CONTROL, NO_CONTROL), {}),
    ],
)
def test_who_yields_to_whom(controls, expected):
    assert majors(junction(*controls)) == expected


def test_who_would_yield_by_inference_only_does_so_where_the_ledger_says():
    streets = junction(NO_CONTROL, NO_CONTROL, GIVE_WAY, provenance=INFERRED)
    assert majors(streets) == {}
    assert majors(streets, INFERS) == {3: [1, 2]}


def test_times_go_by_the_kind_of_control_and_are_whole_milliseconds():
    gaps = gaps_of(junction(STOP, GIVE_WAY, ROUNDABOUT, NO_CONTROL), LEDGER)
    assert gaps.critical_gap_ms[::2].tolist() == [6_500, 6_200, 5_200, 0]
    assert gaps.follow_up_ms[::2].tolist() == [4_000, 3_300, 3_200, 0]
    assert not gaps.yields[1::2].any()
    assert (gaps.critical_gap_ms.dtype, gaps.major_start.dtype, gaps.major_links.dtype) == (
        np.int32, np.int64, np.int32,
    )  # fmt: skip


def test_on_the_riviera_who_yields_does_so_to_links_that_end_at_the_same_node():
    streets = Territory.load(ROOT / "networks" / "riviera").streets
    gaps, mapped = gaps_of(streets, INFERS), gaps_of(streets, LEDGER)
    assert (gaps.yields == np.isin(streets.control, YIELDING)).all()
    assert gaps.yields.sum() == 396
    assert (mapped.yields == (gaps.yields & (streets.control_provenance == OBSERVED))).all()
    assert 0 < mapped.yields.sum() < gaps.yields.sum()
    minor = np.repeat(np.arange(streets.n_links), np.diff(gaps.major_start))
    assert (streets.head[minor] == streets.head[gaps.major_links]).all()
    assert not gaps.yields[gaps.major_links].any()
    assert (np.diff(gaps.major_start)[~gaps.yields] == 0).all()
    lonely = gaps.yields & (np.diff(gaps.major_start) == 0)
    assert lonely.sum() < 0.2 * gaps.yields.sum()


FLOWS = st.floats(1e-4, 0.6)
GAPS = st.tuples(st.floats(3.0, 8.0), st.floats(2.0, 3.0))


@given(FLOWS, FLOWS, GAPS)
def test_capacity_falls_with_the_major_flow_and_never_exceeds_an_empty_road(first, second, times):
    low, high = sorted((first, second))
    for formula in (harders_vps, siegloch_vps):
        empty, few, many = formula(np.array([0.0, low, high]), *times)
        assert empty == pytest.approx(1.0 / times[1])
        assert empty >= few >= many > 0.0


@given(FLOWS, GAPS)
def test_both_formulas_agree_where_few_drive_and_differ_by_the_broken_gaps_only(flow, times):
    """Harders rounds the vehicles of a gap down, Siegloch lets half a vehicle more go on the mean."""
    exact, linear = harders_vps(np.array([flow]), *times)[0], siegloch_vps(np.array([flow]), *times)[0]
    x = flow * times[1] / 2.0
    assert exact / linear == pytest.approx(x / np.sinh(x))


@pytest.mark.parametrize("flow_vph", [100, 400, 900, 1_500])
@pytest.mark.parametrize("times", [(6.5, 4.0), (6.2, 3.3), (5.2, 3.2)])
def test_harders_is_what_gaps_drawn_one_by_one_let_through(flow_vph, times):
    gap_s = np.random.default_rng(7).exponential(3_600 / flow_vph, 400_000)
    served = np.floor((gap_s - times[0]) / times[1]) + 1.0
    counted = np.maximum(served, 0.0).sum() / gap_s.sum()
    assert counted == pytest.approx(harders_vps(np.array([flow_vph / 3_600]), *times)[0], rel=0.03)
