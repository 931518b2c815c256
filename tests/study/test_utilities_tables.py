"""A result keeps what failed and who was without, and tells the cascade line by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.indicators.small_day import small_day
from tests.study.stand_in import small_scenario
from tests.study.utility_runs import FELL, dark_result
from twin.study.results import Result
from twin.study.utilities_story import story_of


@pytest.fixture
def result(tmp_path: Path) -> Result:
    return dark_result(small_scenario(tmp_path), tmp_path / "dark")


def test_tables_come_back_as_they_were_written(result: Result, tmp_path: Path) -> None:
    again = Result.load(tmp_path / "dark")
    for name in ("utility_failures", "utility_frames", "utility_curves"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name), check_dtype=False)
    assert again.value("person_hours_lost_power") == result.value("person_hours_lost_power") > 0.0


def test_a_place_has_a_digit_for_each_quarter(result: Result) -> None:
    """Place 0 has no power (1) from ten on, no site (4) from half past; place 2 no water (2) at noon."""
    frames = result.utility_frames.set_index("place_id")["lost"]
    assert len(frames["way:1"]) == 120
    at = {hour: int(frames["way:1"][round(4 * hour)]) for hour in (9.75, 10.0, 10.5, 16.0, 16.25, 29.75)}
    assert at == {9.75: 0, 10.0: 1, 10.5: 5, 16.0: 5, 16.25: 5, 29.75: 0}
    assert int(frames["way:3"][48]) == 7
    assert int(frames["way:2"][48]) == 4
    assert result.utility_frames["inhabitants"].tolist() == [4.0, 0.0, 3.0, 0.0]


def test_curves_are_steps_of_the_share_served(result: Result) -> None:
    curves = result.utility_curves
    power = curves[(curves["focus"] == "town") & (curves["service"] == "power")]
    assert power["served"].tolist() == [1.0, 0.0, 1.0]
    assert power["from_s"].tolist() == [0.0, 36_000.0, 18.25 * 3_600.0]
    assert set(curves["service"]) == {"power", "water", "fibre", "mobile"}, "nobody has district heat"


def test_the_story_says_what_failed_when_why_because_of_what_and_who_mended_it(result: Result) -> None:
    lines = [line.spoken() for line in story_of(result.utility_failures)]
    late = "restored 16:15, 1 not that day"
    assert lines == [
        "10:00 HV/MV substation S1: broken; restored 16:00 by crew power 1",
        "10:00 MV/LV station T1, T2: not reached, because of HV/MV substation S1; restored 16:00",
        "10:00 pump P1: no power, because of MV/LV station T1; restored 16:15",
        "10:00 5 elements of kind low-voltage node: not reached, because of MV/LV station T1; restored 16:00",
        f"10:30 mobile site M1, M2: no power, because of low-voltage node L1, L2; {late}",
    ]
    assert sum(line.n_elements for line in story_of(result.utility_failures)) == len(FELL) - 1, (
        "all but a cable"
    )


def test_without_failures_there_is_no_story(tmp_path: Path) -> None:
    assert story_of(pd.DataFrame()) == ()
    plain = Result.of_day(small_day(), small_scenario(tmp_path))
    assert plain.utility_frames.empty
    plain.save(tmp_path / "plain")
    assert not (tmp_path / "plain" / "utility_frames.parquet").exists()
    assert np.isnan(Result.load(tmp_path / "plain").value("saidi"))
