"""Lines on maps: near the given ones, on the right side of the street, inside their frame, short to write."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.report.world import drawn_territory
from twin.report.geometry import (
    TENTHS,
    MapFrame,
    all_beside,
    beside,
    bounds_of,
    path_of,
    paths_of,
    simplified,
)
from twin.report.network import network_of, provenance_of

coordinates = st.integers(-5_000, 5_000)
lines = st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=12, unique=True).map(
    lambda points: np.array(points, dtype=np.float64)
)


@given(st.lists(lines, max_size=6), st.sampled_from([1.0, 50.0, 500.0]))
def test_simplified_lines_stay_near_and_keep_their_ends(
    given_lines: list[np.ndarray], tolerance: float
) -> None:
    found = simplified(given_lines, tolerance)
    assert len(found) == len(given_lines)
    for before, after in zip(given_lines, found, strict=True):
        assert len(after) <= len(before)
        assert (after[0] == before[0]).all()
        assert (after[-1] == before[-1]).all()
        reach = shapely.LineString(after).buffer(tolerance * (1 + 1e-9) + 1e-6)
        assert reach.covers(shapely.MultiPoint(before))


@given(lines)
def test_a_path_goes_through_the_rounded_points(line: np.ndarray) -> None:
    numbers = [int(each) for each in re.findall(r"-?\d+", path_of(line))]
    steps = np.array(numbers).reshape(-1, 2)
    through = np.cumsum(steps, axis=0)
    assert (through == line.astype(int)).all()


def test_a_point_that_does_not_move_is_still_drawn() -> None:
    assert path_of(np.array([[3.0, 4.0], [3.2, 4.3]])) == "M3 4l0 0"


def test_beside_is_to_the_right_of_travel() -> None:
    east = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    assert beside(east, 3.0)[:, 1].tolist() == [3.0, 3.0, 3.0]  # y points down
    assert beside(east[::-1], 3.0)[:, 1].tolist() == [-3.0, -3.0, -3.0]
    assert np.isfinite(beside(np.array([[0.0, 0.0], [0.0, 0.0], [5.0, 0.0]]), 2.0)).all()
    assert np.isfinite(beside(np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 0.0]]), 2.0)).all()


@given(st.lists(lines, max_size=6), st.floats(0.0, 40.0))
def test_lines_at_once_are_drawn_as_each_by_itself(many: list[np.ndarray], distance: float) -> None:
    far = np.linspace(0.0, distance, len(many))
    moved = [beside(line, float(each)) for line, each in zip(many, far, strict=True)]
    assert [each.tolist() for each in all_beside(many, far)] == [each.tolist() for each in moved]
    assert paths_of(many) == [path_of(line) for line in many]
    frame = MapFrame.around((0.0, 0.0, 500.0, 500.0), 300.0)
    assert [each.tolist() for each in frame.lines(many)] == [frame.units(line).tolist() for line in many]
    drawn = frame.lines(many)
    assert frame.shows(drawn).tolist() == [bool(frame.shows([line])[0]) for line in drawn]


@given(lines, st.sampled_from([300.0, 1_080.0]))
def test_a_frame_holds_what_it_is_drawn_around(line: np.ndarray, width: float) -> None:
    (west, south), (east, north) = line.min(axis=0), line.max(axis=0)
    frame = MapFrame.around((west, south, east, north), width)
    units = frame.units(line)
    assert (units >= -1e-6).all()
    assert (units[:, 0] <= width * TENTHS + 1e-6).all()
    assert (units[:, 1] <= frame.height_px * TENTHS + 1e-6).all()
    assert 0.5 <= frame.height_px / frame.width_px <= 0.85
    assert frame.shows([units, units + 2 * width * TENTHS]).tolist() == [True, False]


def test_a_territory_is_drawn_where_it_lies() -> None:
    network = network_of(drawn_territory())
    assert network.n_links == 20
    assert network.lines_m[0].shape == (3, 2)
    assert network.two_way.all()
    west, _, east, _ = bounds_of(network)
    assert east - west == pytest.approx(0.1 * 111_195 * np.cos(np.radians(43.7)), rel=1e-3)
    assert [gate.name for gate in network.gates] == ["A8 west", "A8 east"]
    assert network.gates[0].x_m == pytest.approx(west)
    assert [(each.name, each.label, len(each.rings_m)) for each in network.outlines] == [
        ("town", "Town", 0), ("village", "Èze-Village", 1),
    ]  # fmt: skip
    assert network.link_name[:3] == ("Rue de l'Église", "Avenue Princesse Alice", "Chemin de l'Été")
    east_of = bounds_of(network, ("village",))
    assert east_of[0] > west + 0.4 * (east - west)
    assert east_of[2] == east


def test_provenance_counts_every_element_once() -> None:
    territory = drawn_territory()
    shares = {each.what: each for each in provenance_of(territory)}
    assert shares["speeds of links"].observed == 20
    assert (shares["uses of buildings"].assumed, shares["uses of buildings"].total) == (4, 4)
