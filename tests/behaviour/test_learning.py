"""The volume-delay function at its limits, times lived, expectations, and who reviews."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from twin.behaviour.learning import lived_times_ms, reviewers, smoothed, volume_delay_ms
from twin.scenario.ledger import Parameters

T_MS = 900_000
FREE_MS = np.array([30_000, 60_000])
CAPACITY_VEH = np.array([200.0, 500.0])
LEDGER = Parameters.defaults()


def with_j(delay_parameter: float) -> Parameters:
    """The ledger with a delay parameter."""
    return LEDGER.replaced({"behaviour.volume_delay_parameter": delay_parameter})


def delay_ms(ratio: float, delay_parameter: float) -> list[int]:
    """Delay on both links at that flow over capacity."""
    flow = (ratio * CAPACITY_VEH).reshape(1, -1)
    times = volume_delay_ms(FREE_MS, flow, CAPACITY_VEH, T_MS, with_j(delay_parameter))
    return (times[0] - FREE_MS).tolist()


# ------------------------------------------------------------------------ the volume-delay function


def test_no_flow_no_delay() -> None:
    assert delay_ms(0.0, 0.8) == [0, 0]


def test_light_flow_is_delayed_by_random_arrivals() -> None:
    """Far below capacity the delay tends to T J x / Q, Q the capacity of a slice."""
    measured = delay_ms(0.01, 0.4)
    expected = [T_MS * 0.4 * 0.01 / capacity for capacity in CAPACITY_VEH]
    assert measured == pytest.approx(expected, rel=0.02, abs=0.5)


def test_at_capacity() -> None:
    """x = 1: a quarter of the slice times the root of 8 J / Q; 40 s for J = 0.8 and 200 vehicles a slice."""
    assert delay_ms(1.0, 0.8) == [round(225_000 * np.sqrt(6.4 / q)) for q in (200, 500)]
    assert delay_ms(1.0, 0.8)[0] == 40_249


def test_far_above_capacity_it_is_the_deterministic_queue() -> None:
    """Half the slice times what is above capacity; exactly so without random arrivals."""
    assert delay_ms(2.0, 0.0) == [450_000, 450_000]
    assert delay_ms(5.0, 0.8) == pytest.approx([1_800_000, 1_800_000], rel=0.01)


def test_hopeless_links_stay_within_whole_numbers() -> None:
    assert delay_ms(1e9, 0.8) == delay_ms(LEDGER["behaviour.volume_delay_most_load"], 0.8)


def test_more_flow_is_never_quicker() -> None:
    ratios = np.linspace(0.0, 4.0, 81)
    flow = ratios[:, None] * CAPACITY_VEH
    times = volume_delay_ms(FREE_MS, flow, CAPACITY_VEH, T_MS, LEDGER)
    assert (np.diff(times, axis=0) >= 0).all()
    assert times.dtype == np.int32


# ----------------------------------------------------------------------------------- lived times


def lived(*passages: tuple[int, int, int]) -> np.ndarray:
    """Lived times [s] by slice and link, from (link, enter_s, exit_s); 5 slices, 2 links."""
    columns = np.array(passages, dtype=np.int64).reshape(-1, 3).T
    times = lived_times_ms(
        columns[0].astype(np.int32), columns[1] * 1_000, columns[2] * 1_000, T_MS, 5, FREE_MS
    )
    return times / 1_000


def test_who_drives_alone_lives_free_flow() -> None:
    assert lived().tolist() == [[30.0, 60.0]] * 5


def test_lived_times_are_means_by_slice_of_entry() -> None:
    """50 s and 70 s entered in slice 0, 100 s in slice 2; link 1 untouched."""
    times = lived((0, 10, 60), (0, 890, 960), (0, 1_800, 1_900))
    assert times[:, 0].tolist() == [60.0, 30.0, 100.0, 30.0, 30.0]
    assert times[:, 1].tolist() == [60.0] * 5


def test_lived_times_carry_the_queue() -> None:
    """2,000 s lived in slice 0: after an empty slice 1,100 s of that queue are left, then 200, then none."""
    assert lived((0, 0, 2_000))[:, 0].tolist() == [2_000.0, 1_100.0, 200.0, 30.0, 30.0]


def test_a_lived_time_outweighs_the_carried_queue() -> None:
    assert lived((0, 0, 2_000), (0, 950, 1_000))[:, 0].tolist() == [2_000.0, 50.0, 30.0, 30.0, 30.0]


def test_expectation_moves_by_its_weight() -> None:
    expected, lived_ms = np.array([[100.0, 200.0]]), np.array([[300.0, 200.0]])
    assert smoothed(expected, lived_ms, 0.25).tolist() == [[150.0, 200.0]]
    assert smoothed(expected, lived_ms, 1.0).tolist() == lived_ms.tolist()


# ------------------------------------------------------------------------------------- reviewers

PERSONS = np.arange(4_000, dtype=np.uint64)


def test_reviewers_are_nested() -> None:
    """Who reviews at a small share reviews at every larger one."""
    chosen = [reviewers(1, 2, share, PERSONS) for share in (0.0, 0.1, 0.3, 1.0)]
    for fewer, more in pairwise(chosen):
        assert (more | ~fewer).all()
    assert not chosen[0].any()
    assert chosen[-1].all()


def test_reviewers_are_as_many_as_the_share_and_others_each_round() -> None:
    first, second = (reviewers(1, number, 0.3, PERSONS) for number in (1, 2))
    sigma = np.sqrt(0.3 * 0.7 / len(PERSONS))
    assert first.mean() == pytest.approx(0.3, abs=4 * sigma)
    assert (first & second).mean() == pytest.approx(0.09, abs=4 * sigma)


def test_another_person_changes_nobody() -> None:
    assert reviewers(1, 2, 0.3, PERSONS)[10:].tolist() == reviewers(1, 2, 0.3, PERSONS[10:]).tolist()
