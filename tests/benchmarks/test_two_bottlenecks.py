"""Two bottlenecks and two classes of drivers: the loading meets the closed form for every share informed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.accuracy.case import Case, load_case
from benchmarks.accuracy.door import run_case
from benchmarks.accuracy.measures import mean_trip_s
from twin.errors import InputError

MAIN_VPS, SIDE_VPS, LONGER_S = 2_400 / 3_600, 1_800 / 3_600, 300.0
RUSH_S, FREE_S = 3_600.0, 12.0
WITHIN = 0.02


def mean_delay_s(inflow_vps: float, informed: float) -> float:
    """Delay of a driver by deterministic queues, the informed being in equilibrium among themselves.

    The main queue grows alone until it costs the longer way; then the informed turn off, all of them or as
    many as keep both routes equal.
    """
    first_veh = LONGER_S * MAIN_VPS
    alone_s = first_veh / (inflow_vps - MAIN_VPS)
    both_s = RUSH_S - alone_s
    both_vps = MAIN_VPS + SIDE_VPS
    equal_vps = inflow_vps - MAIN_VPS if inflow_vps <= both_vps else inflow_vps * SIDE_VPS / both_vps
    side_vps = min(informed * inflow_vps, equal_vps)
    main_veh = first_veh + (inflow_vps - side_vps - MAIN_VPS) * both_s
    side_veh = max(side_vps - SIDE_VPS, 0.0) * both_s
    on_main = first_veh * alone_s / 2 + (first_veh + main_veh) * both_s / 2 + main_veh**2 / (2 * MAIN_VPS)
    on_side = side_veh * both_s / 2 + side_veh**2 / (2 * SIDE_VPS) + side_vps * both_s * LONGER_S
    return (on_main + on_side) / (inflow_vps * RUSH_S)


def two_bottlenecks(inflow_vps: float, informed: float, sees: str = "tails") -> Case:
    """The case with another demand, share of informed drivers, or way of seeing."""
    case = load_case("two_bottlenecks")
    habit = replace(case.flows[0], vph=3_600 * inflow_vps * (1.0 - informed))
    choice = replace(case.choices[0], vph=3_600 * inflow_vps * informed, sees=sees)
    return replace(
        case,
        flows=(habit,) if informed < 1.0 else (),
        choices=(choice,) if informed > 0.0 else (),
        until_s=9_000,
    )


def miss(case: Case, inflow_vps: float, informed: float) -> float:
    """Relative difference of the mean delay from the closed form."""
    expected_s = mean_delay_s(inflow_vps, informed)
    return (mean_trip_s(run_case(case)) - FREE_S - expected_s) / expected_s


def test_the_closed_form_in_plain_numbers() -> None:
    """The sums that the case's page writes out, and one driver class less than the other's threshold."""
    assert mean_delay_s(1.0, 0.0) == pytest.approx(900.0)
    assert mean_delay_s(1.0, 0.2) == pytest.approx(475.0)
    assert mean_delay_s(1.0, 1 / 3) == pytest.approx(275.0)
    assert mean_delay_s(1.0, 1.0) == pytest.approx(275.0)
    # both oversaturated: the waits grow alike, the main one stays 300 s ahead
    assert mean_delay_s(1.5, 3 / 7) == pytest.approx(mean_delay_s(1.5, 1.0))


@pytest.mark.parametrize("inflow_vps", [1.0, 1.5])
@pytest.mark.parametrize("tenths", range(11))
def test_the_loading_meets_the_closed_form(inflow_vps: float, tenths: int) -> None:
    """With the times of this moment, at every share, with the side route below its capacity and above."""
    case = two_bottlenecks(inflow_vps, tenths / 10)
    assert abs(miss(case, inflow_vps, tenths / 10)) <= WITHIN


@pytest.mark.parametrize("sees", ["passages", "phones"])
@pytest.mark.parametrize("inflow_vps", [1.0, 1.5])
def test_who_sees_late_misses_it(inflow_vps: float, sees: str) -> None:
    """Control: times of those who have left, or of all in the queue, are older, and cost everyone more."""
    assert miss(two_bottlenecks(inflow_vps, 0.5, sees), inflow_vps, 0.5) > WITHIN


@pytest.mark.parametrize("link", ["gate1", "gate2"])
def test_a_wrong_capacity_misses_it(link: str) -> None:
    """Control: either bottleneck a tenth narrower."""
    case = two_bottlenecks(1.5, 0.5)
    links = [replace(x, capacity_vph=0.9 * x.capacity_vph) if x.id == link else x for x in case.links]
    assert miss(replace(case, links=tuple(links)), 1.5, 0.5) > WITHIN


def test_an_unknown_way_of_seeing_is_told() -> None:
    with pytest.raises(InputError, match="tails"):
        run_case(two_bottlenecks(1.0, 0.5, sees="oracle"))
