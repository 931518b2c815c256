"""Figures: those that come with the package are sound and agree with the ledger; a bad file gets one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError
from twin.population.published.figures import Figure, french_figures, read_figures
from twin.population.published.measures import MEASURES
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
FIGURES = """
schema_version = 1
legal_regime = "France"

[[figures]]
measure = "mode_share"
values = { walk = 0.2, car = 0.7 }
ranges = { walk = [0.1, 0.3] }
list = "fitted"
known = "seen"
source = "made for the test"
"""


def fitted(measure: str, of: str = "all", *group: str) -> Figure:
    (found,) = (
        row
        for row in french_figures().rows
        if (row.measure, row.of, row.group, row.list) == (measure, of, group, "fitted")
    )
    return found


def test_every_figure_says_where_it_comes_from() -> None:
    rows = french_figures().rows
    assert french_figures().legal_regime == "France"
    assert len({(row.measure, row.of, row.group) for row in rows}) == len(rows), "no figure is given twice"
    for row in rows:
        assert row.source
        assert row.list == "held_out" or row.value is not None, "who fits, fits to a number"
        assert (row.value is None) == (row.known == ""), "a number is seen or recalled, and nothing else is"
        if MEASURES[row.measure].unit == "share" and row.value is not None:
            assert 0.0 <= row.value <= 1.0


def test_what_is_held_out_is_not_fitted() -> None:
    rows = french_figures().rows
    held = {row.measure for row in rows if row.list == "held_out"}
    hours = [row for row in rows if row.measure == "car_start_share"]
    assert {"trip_length_km", "commute_median_km", "car_start_share", "mode_share_by_cars"} <= held
    assert len(hours) == 24
    assert sum(row.value or 0.0 for row in hours) == pytest.approx(1.0, abs=0.01)
    cars = [row for row in rows if row.measure == "mode_share_by_cars"]
    assert len(cars) == 9
    assert all(row.value is None for row in cars), "no published figure is at hand, and none is made up"


def test_the_ledger_aims_at_the_figures() -> None:
    assert LEDGER["population.trips_per_person_per_day"] == fitted("trips_per_person").value
    assert LEDGER["population.consent_share"] == fitted("consent_share").value
    for density in ("dense", "town", "village"):
        for mode, aim in zip(
            ("car", "walk", "cycle", "transit"), LEDGER[f"population.mode_shares_{density}"], strict=True
        ):
            assert aim == fitted("mode_share", mode, density).value
    smart = ("12-17", "18-24", "25-39", "40-59", "60-69", "70-")
    assert LEDGER["population.smartphone_share"] == tuple(
        fitted("smartphone_share", each).value for each in smart
    )
    skills = ("15-24", "25-39", "45-59", "60-74", "75-")
    none = tuple(fitted("illectronism_share", each).value for each in skills)
    assert LEDGER["population.illectronism_share"] == none
    ratio = LEDGER["population.illectronism_ratio"]
    assert ratio[0] < 1.0 <= ratio[1] < ratio[2]


def test_figures_of_another_country(tmp_path: Path) -> None:
    file = tmp_path / "figures.toml"
    file.write_text(FIGURES.replace("France", "Monaco"))
    read = read_figures(file)
    assert read.legal_regime == "Monaco"
    assert [(row.of, row.value, row.low, row.rule) for row in read.rows] == [
        ("walk", 0.2, 0.1, "points or percent"),
        ("car", 0.7, None, "points or percent"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("mode_share", "mode_shares", "no measure 'mode_shares'; right would be: mode_share"),
        ("walk = 0.2, car", "walk = 0.2, boat", "'boat' is not measured; right would be: one of car"),
        ("[0.1, 0.3]", "[0.3, 0.4]", "the range of 'walk' holds no value"),
        (
            'list = "fitted"',
            'list = "guessed"',
            "list: 'guessed' is not right; right would be: fitted or held_out",
        ),
        ('known = "seen"\n', "", "values of which nobody says how they are known"),
        ("walk = 0.2", "walk = nan", "figures 1: values.walk"),
        ('source = "made for the test"', "", "source: missing"),
        ("schema_version = 1", "schema_version = ", "figures.toml"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    file = tmp_path / "figures.toml"
    file.write_text(FIGURES.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_figures(file)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_figures(tmp_path / "nowhere.toml")
