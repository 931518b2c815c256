"""What a city believes of the day: flows where it counts, speeds where a provider tells it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.knowledge.oracles import slow_fill
from twin.clock import N_SLICES
from twin.errors import InputError
from twin.kernels.picture import fill_gaps
from twin.knowledge.datasets import Dataset, observations
from twin.knowledge.day import CountReading, DayEstimate, city_picture, flows_from_counts, speeds_from_times
from twin.knowledge.estimates import Prior, prior_picture
from twin.knowledge.platform import DataPlatform
from twin.knowledge.rights import Right

LOOPS = CountReading(interval_s=300, miss_share=0.0, longest_gap_s=3_600.0)
N_LINKS = 3


def counted(ends_s: list[float], counts: list[float], link: int = 1):
    return observations(
        np.full(len(ends_s), link), np.array(ends_s), np.array(ends_s) + 60.0, np.array(counts)
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.just(float("nan")), st.integers(0, 9).map(float)), max_size=12), st.integers(0, 4)
)
def test_gaps_agree_with_their_slow_twin(values, longest_gap):
    column = np.array(values, dtype=np.float64).reshape(-1, 1)
    fill_gaps(column, longest_gap)
    assert column[:, 0] == pytest.approx(slow_fill(values, longest_gap), nan_ok=True)


def test_flow_is_known_only_where_a_counter_stands():
    flow_veh = flows_from_counts(counted([300.0, 600.0, 900.0], [10, 20, 30]), N_LINKS, LOOPS)
    assert flow_veh.shape == (N_SLICES, N_LINKS)
    assert flow_veh[0, 1] == 60.0
    assert np.isnan(flow_veh).sum() == flow_veh.size - 1


def test_missing_intervals_are_scaled_up_and_missed_vehicles_put_back():
    two_of_three = counted([300.0, 900.0], [10, 20])
    assert flows_from_counts(two_of_three, N_LINKS, LOOPS)[0, 1] == 45.0
    reading = LOOPS._replace(miss_share=0.25)
    assert flows_from_counts(two_of_three, N_LINKS, reading)[0, 1] == 60.0


def test_short_gaps_are_bridged_and_long_ones_left():
    first, third, tenth = 900.0, 3 * 900.0, 10 * 900.0
    reading = CountReading(900, 0.0, 3_600.0)
    flow_veh = flows_from_counts(counted([first, third, tenth], [10, 30, 99]), N_LINKS, reading)[:, 1]
    assert flow_veh[:3].tolist() == [10.0, 20.0, 30.0]
    assert np.isnan(flow_veh[3:9]).all()
    assert flow_veh[9] == 99.0


def test_several_counters_on_a_link_are_averaged():
    rows = counted([900.0, 900.0], [10, 14])
    assert flows_from_counts(rows, N_LINKS, CountReading(900, 0.0, 0.0))[0, 1] == 12.0


def test_an_interval_must_fit_into_a_slice():
    for interval_s in (0, 420, 1_800):
        with pytest.raises(InputError, match="a divisor of 900 s"):
            flows_from_counts(counted([900.0], [1]), N_LINKS, CountReading(interval_s, 0.0, 0.0))


def test_speed_is_length_over_mean_time_of_the_slice_that_ended():
    rows = observations(
        np.array([0, 0, 1]), np.array([300.0, 900.0, 901.0]), 950.0, np.array([20.0, 60.0, 10.0])
    )
    speed_mps = speeds_from_times(rows, np.array([400.0, 50.0, 50.0]))
    assert speed_mps[0, 0] == 10.0
    assert speed_mps[1, 1] == 5.0
    assert np.isnan(speed_mps).sum() == speed_mps.size - 2


def test_estimate_keeps_the_last_picture_of_each_slice():
    estimate = DayEstimate.unknown("swift", 2)
    length_m = np.array([100.0, 100.0])
    for moment_s, time_s in ((600.0, 10.0), (900.0, 20.0), (1_200.0, 50.0)):
        picture = prior_picture("swift", moment_s, Prior(np.full(2, time_s), 3.0))
        estimate.note_picture(picture, length_m)
    assert estimate.speed_mps[:2].tolist() == [[5.0, 5.0], [2.0, 2.0]]
    assert np.isnan(estimate.speed_mps[2:]).all()
    assert estimate.blind_share[:2].tolist() == [1.0, 1.0]
    assert estimate.picture is picture


def test_city_sees_its_counts_and_only_granted_traffic():
    platform = DataPlatform()
    for name in ("loops", "cameras"):
        platform.add(Dataset.of_links(name, "city", "vehicles", "veh", cadence_s=300))
    traffic = Dataset.of_links("swift.traffic", "swift", "travel time", "s", cadence_s=300)
    platform.add(traffic)
    platform.append("loops", counted([900.0], [30]))
    platform.append("cameras", counted([900.0], [50]))
    platform.append("cameras", counted([900.0], [7], link=2))
    platform.append("swift.traffic", observations(np.array([0]), 300.0, 300.0, 20.0))
    counts = {"loops": CountReading(900, 0.0, 0.0), "cameras": CountReading(900, 0.0, 0.0)}
    length_m = np.full(N_LINKS, 100.0)
    alone = city_picture(platform, "city", counts, ["swift.traffic"], length_m, 2_000.0)
    assert alone.flow_veh[0, 1:].tolist() == [40.0, 7.0]
    assert np.isnan(alone.flow_veh[:, 0]).all()
    assert np.isnan(alone.speed_mps).all()
    platform.rights.grant(traffic, "city", Right(lag_s=120.0))
    told = city_picture(platform, "city", counts, ["swift.traffic"], length_m, 2_000.0)
    assert told.speed_mps[0, 0] == 5.0
    assert np.isnan(told.speed_mps[:, 1:]).all()
    assert city_picture(platform, "city", counts, [], length_m, 959.0).flow_veh[0].tolist() == pytest.approx(
        [np.nan] * N_LINKS, nan_ok=True
    )
