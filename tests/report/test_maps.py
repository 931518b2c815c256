"""Maps for notebooks: the right values in the right colours, and a plain word for a wrong column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from twin.errors import InputError
from twin.report.drawer import ReportDrawer
from twin.report.maps import draw_links
from twin.report.scales import DELAY_COLOURS, DIVERGING_COLOURS
from twin.study.comparison import Comparison
from twin.study.drawing import hang
from twin.study.results import Result


def drawn_lines(axes: object) -> LineCollection:
    """The coloured links of a map: the last lines drawn."""
    return [each for each in axes.collections if isinstance(each, LineCollection)][-1]  # type: ignore[attr-defined]


def test_a_run_draws_a_column_in_its_focus(run_folder: Path) -> None:
    hang(ReportDrawer())
    figure = Result.load(run_folder).map("delay_s")
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "delay_s: A small day"
    links = drawn_lines(axes)
    assert len(links.get_segments()) == 20
    assert {to_hex(colour) for colour in links.get_colors()} <= {*DELAY_COLOURS, "#d3d5d2"}
    assert "© OpenStreetMap contributors, ODbL" in [text.get_text() for text in axes.texts]
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_comparison_draws_the_difference(paired: Comparison) -> None:
    figure = draw_links(paired, "flow_veh", hour=8)
    links = drawn_lines(figure.axes[0])
    colours = [to_hex(colour) for colour in links.get_colors()]
    assert colours[-1] == DIVERGING_COLOURS[-1]  # the widest line is drawn last: 40 more vehicles
    assert colours.count(DIVERGING_COLOURS[-1]) == 1
    assert np.argmax(links.get_linewidths()) == 19
    assert "08:00 to 09:00" in figure.axes[0].get_title(loc="left")


def test_two_focuses_are_drawn_side_by_side(side_by_side: Comparison) -> None:
    figure = draw_links(side_by_side, "flow_veh")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["flow_veh: The town", "flow_veh: A small day"]


def test_a_wrong_column_is_answered_with_the_right_ones(paired: Comparison) -> None:
    for wrong in ("speed", "name", "flow_veh_h99"):
        with pytest.raises(InputError, match=r"no numeric column .*flow_veh, delay_s"):
            draw_links(paired, wrong)
    with pytest.raises(InputError, match="co2_kg_h08"):
        draw_links(paired, "co2_kg", hour=8)
