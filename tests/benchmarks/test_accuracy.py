"""The known answers hold, but for those listed here; what begins to hold must be taken off the list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.accuracy.__main__ import main
from benchmarks.accuracy.case import Case, case_names, load_case
from benchmarks.accuracy.diagram import clockwise, maxima
from benchmarks.accuracy.door import run_case
from benchmarks.accuracy.scorer import Score, score, score_case

pytestmark = pytest.mark.one_interpreter("answers of kernels that are compared with slow twins on each")

NOT_YET = {
    "merge_oriented: entries(link=tight, flow=0, from_s=1800, until_s=5400)",
    "merge_oriented: entries(link=tight, flow=2, from_s=1800, until_s=5400)",
    "merge_oriented: entries(link=wide, flow=1, from_s=1800, until_s=5400)",
}
"""Answers that the engine misses; each says why in its expected.toml."""

ANSWERS = [(name, row) for name in case_names() for row in range(len(load_case(name).answers))]


@cache
def scores_of(name: str) -> list[Score]:
    return score_case(name)


def named(name: str, row: int) -> str:
    return f"{name}: {load_case(name).answers[row].label}"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        pytest.param(
            *answer,
            id=named(*answer),
            marks=[pytest.mark.xfail(reason=load_case(answer[0]).answers[answer[1]].not_yet, strict=True)]
            if named(*answer) in NOT_YET
            else [],
        )
        for answer in ANSWERS
    ],
)
def test_known_answer(name: str, row: int) -> None:
    found = scores_of(name)[row]
    assert found.holds, f"{found.got} instead of {found.expected} ± {found.tolerance} {found.unit}"


def test_misses_are_listed_and_give_their_reason() -> None:
    said = {named(name, row) for name, row in ANSWERS if load_case(name).answers[row].not_yet}
    assert said == NOT_YET


@pytest.mark.parametrize("name", case_names())
def test_every_answer_tells_its_source(name: str) -> None:
    case = load_case(name)
    assert case.answers
    assert all(answer.source for answer in case.answers)


def slower(case: Case, link: str, factor: float) -> Case:
    """The same case with another capacity of one link."""
    return replace(
        case,
        links=tuple(
            replace(other, capacity_vph=other.capacity_vph * factor) if other.id == link else other
            for other in case.links
        ),
    )


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("queue_triangle", "exit"),
        ("shock_12kmh5", "bottleneck"),
        ("spillback_three_links", "bottleneck"),
        ("vickrey_bottleneck", "bottleneck"),
        ("signal_by_closing", "exit"),
        ("diverge_blocking", "slow"),
        ("ring_diagram", "k25.0"),
        ("uxsim_spillback", "link3"),
    ],
)
def test_a_wrong_capacity_is_found(name: str, link: str) -> None:
    """Control: with a capacity that is a fifth too small, at least one answer of the case fails."""
    case = slower(load_case(name), link, 0.8)
    run = run_case(case)
    assert not all(score(case, run, answer, "twin").holds for answer in case.answers)


def longer_red(case: Case) -> Case:
    """Every green is a tenth shorter."""
    return replace(case, signals=tuple(replace(x, green_s=x.green_s * 9 // 10) for x in case.signals))


def later_green(case: Case) -> Case:
    """Every green but the first begins a second later."""
    return replace(
        case, signals=tuple(replace(x, offset_s=x.offset_s + (x.offset_s > 0)) for x in case.signals)
    )


def longer_gap(case: Case) -> Case:
    """Every critical gap is a tenth longer."""
    return replace(case, links=tuple(replace(x, gap_s=1.1 * x.gap_s) for x in case.links))


def quicker_lorries(case: Case) -> Case:
    """Lorries are followed after 7 quarters of a car's headway."""
    return replace(case, kinds=tuple(replace(x, pace=min(x.pace, 7)) for x in case.kinds))


def shorter_lorries(case: Case) -> Case:
    """Lorries take two places at most."""
    return replace(case, kinds=tuple(replace(x, places=min(x.places, 2)) for x in case.kinds))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("signal_webster", longer_red),
        ("green_wave", later_green),
        ("give_way", longer_gap),
        ("lorries", quicker_lorries),
        ("lorries", shorter_lorries),
    ],
)
def test_a_wrong_control_is_found(name: str, wrong: Callable[[Case], Case]) -> None:
    """Control: signals, gaps and kinds of vehicles are what makes these answers."""
    case = wrong(load_case(name))
    run = run_case(case)
    assert not all(score(case, run, answer, "twin").holds for answer in case.answers)


def test_a_wrong_wave_speed_is_found() -> None:
    """Control: the backward wave is what makes the queue reach the entry at that moment."""
    for name in ("spillback_2km_10min8", "start_up_wave", "ring_diagram"):
        case = load_case(name)
        case = replace(case, links=tuple(replace(link, wave_kmh=18.0) for link in case.links))
        run = run_case(case)
        assert not all(score(case, run, answer, "twin").holds for answer in case.answers), name


@pytest.mark.parametrize(
    ("production", "expected"),
    [
        ([1, 2, 3, 4], 0),
        ([1, 3, 4, 2], 1),
        ([1, 3, 4, 3.9], 0),
        ([1, 4, 2, 4, 1], 2),
        ([4, 3, 2, 1], 0),
    ],
)
def test_maxima_are_counted(production: list[float], expected: int) -> None:
    n = len(production)
    state = np.column_stack([np.arange(n) + 0.5, production]).astype(float)
    assert maxima(state, n) == expected


def test_the_sense_of_a_loop() -> None:
    loop = np.array([[0, 0], [1, 2], [2, 2], [1, 0.5]], dtype=float)
    assert clockwise(loop) > 0
    assert clockwise(loop[::-1]) == -clockwise(loop)


def test_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["one_link", "merge_oriented", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["case"], row["holds"], row["got"]) for row in rows] == [
        ("one_link", True, 50.0),
        ("one_link", True, 52.0),
        *[("merge_oriented", False, 750.0)] * 3,
    ]
    assert all({"expected", "tolerance", "source"} <= set(row) for row in rows)


def test_unknown_case_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such_case"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "no_such_case" in shown.err


@pytest.mark.filterwarnings("default")
def test_the_peer_runs_the_same_case() -> None:
    pytest.importorskip("uxsim", reason="the peers are an extra: pip install uxsim", exc_type=ImportError)
    from benchmarks.accuracy.peer import run_by_uxsim

    case = load_case("uxsim_spillback")
    run = run_by_uxsim(case)
    assert all(score(case, run, answer, "UXsim").holds for answer in case.answers)
