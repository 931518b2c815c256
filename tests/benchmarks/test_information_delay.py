"""The queues of old information on streets: the loading swings where the point queues do."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.studies import information_delay
from benchmarks.studies.information_delay import (
    LOOK_S,
    QUEUES,
    guided,
    line,
    main,
    on_streets,
    rows,
    seeing,
)
from benchmarks.studies.loaded_queues import loaded
from tests.conftest import ROOT
from twin.calculators.delay import critical_delay_s, swing
from twin.scenario.ledger import Parameters

CRITICAL_S = critical_delay_s(QUEUES)


@pytest.mark.one_interpreter("whole vehicles are loaded the same by bit on each, as other tests show")
@pytest.mark.parametrize(("times", "least", "most"), [(0.9, 0.0, 3.0), (1.1, 50.0, 150.0)])
def test_the_loading_swings_where_theory_says(times: float, least: float, most: float) -> None:
    """Whole vehicles on streets: at rest but for single vehicles below, sustained above, period 4 delays."""
    delay_s = times * CRITICAL_S
    found = swing(on_streets(delay_s), LOOK_S, 4 * delay_s)
    assert least <= found.amplitude <= most
    assert found.period_s == pytest.approx(4 * delay_s, rel=0.05)


def test_what_the_streets_do_is_what_the_point_queues_do() -> None:
    """Vehicle by vehicle the same course: four periods at the critical delay, within three vehicles."""
    told = seeing(CRITICAL_S)
    queues = loaded(QUEUES, told, (125, 75), round(16 * CRITICAL_S))
    fluid = information_delay.fluid(CRITICAL_S)
    first_s = int(np.ceil((1 + told.to_queue_s) / LOOK_S)) * LOOK_S + 2 * LOOK_S
    # the streets' first vehicles come to the queue when the point queues' clock starts
    at = first_s - 1 - told.to_queue_s + LOOK_S * np.arange(queues.shape[0])
    steps = np.rint(at / information_delay.STEP_S).astype(int)
    assert np.abs(queues[:, 0] - queues[:, 1] - fluid[steps]).max() < 3.0


@pytest.mark.one_interpreter("long, and of the same kernels")
def test_the_models_own_pictures_are_old() -> None:
    """With the ledger's window, refresh and delay few guided drivers come to rest, and many do not."""
    few, many = guided(Parameters.defaults(), 100, (0.2, 0.7), hours=12)
    assert few.swing.amplitude < 10.0
    assert many.swing.amplitude > 100.0
    assert many.swing.period_s / 4 > many.critical_s


def test_draws_are_told_beside_what_is_expected_of_them() -> None:
    (row,) = rows((0.5,), seeds=8, streets=False)
    assert row.fluid.amplitude < 1e-6
    assert all(each.amplitude > 10.0 for each in row.by_seed)
    assert row.loading is None


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--point-queues", "--seeds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "471.24 s" in lines[0]
    assert len(lines) == 3 + len(information_delay.TIMES)


def test_the_page_shows_what_the_command_prints() -> None:
    """The columns of the point queues, digit by digit, in docs/information_delay.md."""
    page = (ROOT / "docs" / "information_delay.md").read_text(encoding="utf-8")
    for row in rows(streets=False):
        columns = line(row).split(" | ")[:5]
        assert " | ".join(columns) + " |" in page
