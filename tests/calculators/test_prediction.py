"""Predicted times: a trend where it was seen twice, what followed on an earlier day, nothing made up."""

from __future__ import annotations

import numpy as np
import pytest

from twin.calculators.prediction import by_profile_s, by_trend_s
from twin.clock import N_SLICES
from twin.knowledge.estimates import LinkPicture


def picture(moment_s: float, times_s: list[float], probes: list[int]) -> LinkPicture:
    n = np.array(probes, dtype=np.int32)
    return LinkPicture("p", moment_s, np.array(times_s), n, np.full(len(probes), moment_s))


def test_a_trend_goes_on_where_probes_were_in_both_pictures():
    before, now = picture(300.0, [10.0, 10.0, 10.0], [2, 0, 3]), picture(600.0, [16.0, 16.0, 7.0], [1, 4, 2])
    assert by_trend_s(now, before, 600.0, 0.5).tolist() == [22.0, 16.0, 4.0]
    assert by_trend_s(now, before, 600.0, 0.0).tolist() == now.travel_time_s.tolist()
    assert by_trend_s(now, now, 600.0, 0.5).tolist() == now.travel_time_s.tolist()


def test_a_trend_foresees_a_steady_rise_exactly_if_all_of_it_is_believed():
    pictures = [picture(300.0 * k, [20.0 + 5.0 * k], [1]) for k in range(4)]
    assert by_trend_s(pictures[1], pictures[0], 600.0, 1.0)[0] == pytest.approx(pictures[3].travel_time_s[0])


def test_an_earlier_day_tells_what_follows():
    profile_s = np.full((N_SLICES, 2), np.nan)
    profile_s[32:34] = [[10.0, 10.0], [25.0, np.nan]]
    now = picture(32 * 900.0 + 600.0, [12.0, 12.0], [0, 0])
    assert by_profile_s(now, profile_s, 600.0).tolist() == [27.0, 12.0]
    assert by_profile_s(now, profile_s, 100.0).tolist() == [12.0, 12.0]
