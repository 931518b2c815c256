"""Whatever a scenario can get wrong is told by file and key before anybody learns, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli import wrong_values as w
from tests.conftest import ROOT
from twin.cli.fit import fit
from twin.cli.main import run_command
from twin.errors import InputError
from twin.scenario.coherence import LEVERS
from twin.scenario.modifications import MODIFICATIONS
from twin.scenario.scenario import Scenario
from twin.sensing.fleets import SENSORS
from twin.territory.territory import Territory

AT_STEPS = {"school_street", "works"}
"""Kinds made of others that act between two steps."""
RIGHT = {
    ("hold_dataset", "dataset"): "one more dataset may be held",
    ("head", "seed"): "any whole number is a seed",
    ("head", "parameters"): "the ledger's own tests hold its rows",
}
"""Where what the damages write is not wrong, and why."""
LATE = '{ kind = "fare", price_eur = 1.0 }'
"""Found only on the ground: no line runs."""
COMMANDS = {
    "check": [],
    "run": ["--out", "out"],
    "compare": ["day.toml", "--out", "out", "--seeds", "1"],
    "sweep": ["--vary", "app_share=0,0.3", "--out", "out"],
    "respond": [],
    "adopt": [],
    "influence": ["--out", "out"],
    "utilities": [],
    "coverage": ["--out", "out"],
    "value": [],
    "calibrate": ["--counts", "counts.csv", "--out", "out/population.toml"],
    "population": [],
}


def _modification(kind: str, table: w.Table) -> str:
    return w.scenario_text(w.LEAN, w.PROVIDERS, [w.LOOPS], [*w.BESIDE.get(kind, []), {"kind": kind, **table}])


def _fleet(kind: str, table: w.Table) -> str:
    fleets = [w.LOOPS, {"name": "one", "kind": kind, **table}]
    if kind in w.OF_NETWORKS:
        return w.scenario_text(w.HEAD, w.PROVIDERS, fleets, [w.HEATED])
    return w.scenario_text(w.LEAN, w.PROVIDERS, fleets, [])


def _provider(table: w.Table) -> str:
    return w.scenario_text(w.HEAD, [table, w.PROVIDERS[1]], [w.LOOPS], [])


def _head(table: w.Table) -> str:
    return w.scenario_text(table, w.PROVIDERS, [w.LOOPS], [])


def _needs(scenario: Scenario) -> Scenario:
    """A scenario, unless its networks cannot be reckoned here."""
    if scenario.with_utilities:
        pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    return scenario


def _each_is_refused(name: str, table: w.Table, text: Callable[[w.Table], str], at_steps: bool) -> None:
    fit(_needs(Scenario.loads(text(table))))
    passed, untold = [], []
    for damage in w.damages(table, at_steps):
        if (name, damage.key) in RIGHT:
            continue
        try:
            fit(Scenario.loads(text(damage.table)))
            passed.append(damage.said)
        except InputError as error:
            if not error.where.startswith("scenario: ") or damage.key not in f"{error.where}: {error.what}":
                untold.append(f"{damage.said}: {error}")
    assert not passed
    assert not untold, "told by file and key"


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("kind", sorted(w.KINDS))
def test_each_value_of_a_modification_is_refused_where_it_is_wrong(kind: str) -> None:
    at_steps = issubclass(MODIFICATIONS.get(kind, kind), LEVERS) or kind in AT_STEPS
    _each_is_refused(kind, w.KINDS[kind], partial(_modification, kind), at_steps)


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("kind", sorted(w.FLEETS))
def test_each_value_of_a_sensor_fleet_is_refused_where_it_is_wrong(kind: str) -> None:
    _each_is_refused(kind, w.FLEETS[kind], partial(_fleet, kind), at_steps=False)


@pytest.mark.one_interpreter("what is refused is the same on all")
def test_each_value_of_a_provider_and_of_the_scenario_is_refused_where_it_is_wrong() -> None:
    _each_is_refused("provider", w.PROVIDERS[0], _provider, at_steps=False)
    _each_is_refused("head", w.HEAD, _head, at_steps=False)


def test_every_kind_has_a_right_table_that_is_damaged() -> None:
    assert set(w.KINDS) == set(MODIFICATIONS.names())
    assert set(w.FLEETS) == set(SENSORS.names())


CLASS = {"kind": "classify_secondary", "links": w.SIGNED}
SCHOOL = {"kind": "school_street", "links": {"link": w.LINK}, "hours": ["08:00-08:45"]}
TOGETHER: dict[str, tuple[list[w.Table], str]] = {
    "classes of two shares": (
        [{**CLASS, "respect": 0.5, "from": "07:00"}, {**CLASS, "respect": 1.0, "until": "08:00"}],
        "modification 2: respect: 1, and 0.5 at the same time by scenario: modification 1",
    ),
    "a school street and a class": ([SCHOOL, {**CLASS, "respect": 0.5}], "modification 2: respect: 0.5"),
    "a class and a school street": ([{**CLASS, "respect": 0.5}, SCHOOL], "modification 2: kind: 1, and 0.5"),
    "off the step": (
        [{"kind": "close_link", "links": {"link": w.LINK}, "from": "07:02"}],
        "modification 1: from: 07:02:00 lies within a step",
    ),
    "fare without a line": ([{"kind": "fare", "price_eur": 1.0}], "modification 1: kind: no line runs"),
    "a fare later on": (
        [{"kind": "fare", "price_eur": 1.0, "from": "2027-06"}],
        "modification 1: kind: no line runs",
    ),
    "a fare that is over": (
        [{"kind": "fare", "price_eur": 1.0, "until": "2026-06"}],
        "modification 1: kind: no line runs",
    ),
    "lines of one name": ([w.LINE, w.LINE], "modification 2: name: the timetable has a line of that id"),
    "agreements with one": (
        [{"kind": "data_agreement", "provider": "Alpha"}] * 2,
        "modification 2: provider: this reader may read it already",
    ),
    "two services on demand": (
        [{"kind": "on_demand_transport", **w.KINDS["on_demand_transport"]}] * 2,
        "modification 2: kind: 'D' and 'D' at one time",
    ),
    "two district heatings": ([w.HEATED, w.HEATED], "modification 2: kind: 2 district heatings"),
    "stealthy without a way": (
        [{"kind": "attack", "means": "stealthy", "fleet": "loops", "links": w.SIGNED, "count": 1}],
        "modification 1: links: no way from gate to gate",
    ),
    "a loop that a phone is to spoof": (
        [{"kind": "attack", "means": "spoof", "fleet": "loops", "links": w.SIGNED}],
        "modification 1: fleet: spoof does not suit 'loops'",
    ),
    "loops in buildings": (
        [{"kind": "sensor_fault", "fault": "stuck", "fleet": "loops", "places": {"zone": "rest"}}],
        "modification 1: places: 'loops' stands at links",
    ),
    "a fleet named as a dataset": (
        [{"kind": "add_sensor_fleet", "fleet": {**w.LOOPS, "name": "Alpha.reports"}}],
        "modification 1: fleet.name: stands already",
    ),
}


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("name", TOGETHER)
def test_orders_that_contradict_each_other_are_refused(name: str) -> None:
    orders, said = TOGETHER[name]
    with pytest.raises(InputError) as refused:
        fit(Scenario.loads(w.scenario_text(w.LEAN, w.PROVIDERS, [w.LOOPS], orders)))
    assert str(refused.value).startswith(f"scenario: {said}")


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mobility.step_s", 7.0, "7 s; right would be: whole seconds that divide 900 s"),
        ("utilities.cascade_step_s", 70.0, ""),
    ],
)
def test_a_parameter_that_the_day_cannot_open_with_is_told_by_its_name(
    name: str, value: float, said: str
) -> None:
    head = {**w.HEAD, "parameters": {name: value}}
    noise = {"name": "noise", "kind": "noise_sensor", "owner": "city", "count": 2}
    with pytest.raises(InputError) as refused:
        fit(_needs(Scenario.loads(w.scenario_text(head, w.PROVIDERS, [noise], []))))
    assert str(refused.value).startswith(f"scenario: parameters.{name}: {said}")


@pytest.mark.parametrize("name", ["sensing.life_shape", "sensing.radio_duty_cycle"])
def test_a_parameter_by_which_is_divided_is_no_0(name: str) -> None:
    head = {**w.HEAD, "parameters": {name: 0.0}}
    with pytest.raises(
        InputError, match=r"^scenario: parameters: .*: 0\.0 is not above 0; right .* more than 0"
    ):
        Scenario.loads(w.scenario_text(head, w.PROVIDERS, [w.LOOPS], []))


def test_classes_of_two_shares_one_after_the_other_are_right() -> None:
    one = {**CLASS, "respect": 0.5, "until": "08:00"}
    orders = [one, {**CLASS, "respect": 1.0, "from": "08:00"}]
    later = [{**CLASS, "respect": 0.5, "until": "2027-03"}, {**CLASS, "respect": 1.0, "from": "2027-03"}]
    for each in (orders, later):
        text = w.scenario_text(w.HEAD, w.PROVIDERS, [w.LOOPS], each)
        assert len(Scenario.loads(text).modifications) == 2


def _nobody_learns(*_: object, **__: object) -> None:
    raise AssertionError("learning has begun")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a right scenario and a wrong one; whoever begins to learn there fails."""
    for module in ("run", "link_counts"):
        monkeypatch.setattr(f"twin.study.{module}.learned_habits", _nobody_learns)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = _head({**w.LEAN, "territory": str(ROOT / "networks" / "la_turbie_crop")})
    (tmp_path / "day.toml").write_text(text)
    text = text.replace("modification = []", f"modification = [{LATE}]")
    (tmp_path / "wrong.toml").write_text(text)
    link = Territory.load(ROOT / "networks" / "la_turbie_crop").streets.link_id[0]
    (tmp_path / "counts.csv").write_text(
        f"links,from_hour,until_hour,vehicles,source\n{link},0,24,9,a loop\n"
    )
    return tmp_path


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_refuses_before_it_learns_or_writes(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert run_command([command, "wrong.toml", *COMMANDS[command], "--quiet"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("twin: wrong.toml: modification 1: kind: no line runs in this scenario;")
    assert printed.err.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_what_is_right_is_learned(folder: Path) -> None:
    with pytest.raises(AssertionError, match="learning has begun"):
        run_command(["run", "day.toml", "--out", "out", "--quiet"])


def test_an_ensemble_of_which_no_member_can_be_run_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from twin.study.sweep import sweep

    with pytest.raises(InputError, match=r"wrong\.toml: modification 1: kind: no line runs"):
        sweep("wrong.toml", {"app_share": [0.0, 0.3]}, 2, out="deep/out")
    assert not (folder / "deep").exists()
    vary = ["--vary", "provider.Alpha.refresh_s=100,200", "--out", "out"]
    assert run_command(["sweep", "day.toml", *vary, "--quiet"]) == 2
    assert "refresh_s: 100 s is no whole number" in capsys.readouterr().err
    assert not (folder / "out").exists()
