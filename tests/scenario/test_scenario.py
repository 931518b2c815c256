"""Scenarios: what an extension overrides, merges, appends; digests; variations."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.scenario.files import Merged, merge_chain, read_file
from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification
from twin.scenario.modifications import ClassifySecondary, CloseLink
from twin.scenario.scenario import Scenario

BASE = """
title = "A day"
territory = "riviera"
focus = "dense"
[[provider]]
name = "Alpha"
market_share = 0.6
[[provider]]
name = "Beta"
market_share = 0.4
[[sensor_fleet]]
name = "counters"
kind = "road_counter"
owner = "city"
count = 40
[[modification]]
kind = "speed_limit"
links = { ref = "D 2564" }
speed_kmh = 30
"""


def chain(tmp_path: Path, *texts: str) -> Scenario:
    """The last of texts that extend each other."""
    for row, text in enumerate(texts):
        extends = f'extends = "{row - 1}.toml"\n' if row else ""
        (tmp_path / f"{row}.toml").write_text(extends + text)
    return Scenario.load(tmp_path / f"{len(texts) - 1}.toml")


def test_an_extension_says_only_what_differs(tmp_path: Path) -> None:
    scenario = chain(
        tmp_path,
        BASE,
        """
        title = "Another day"
        [parameters]
        "scenario.provider_delay_s" = 60
        [[provider]]
        name = "Beta"
        respect = 1.0
        [[modification]]
        kind = "close_link"
        links = { way = 12 }
        """,
    )
    assert (scenario.title, scenario.focus) == ("Another day", "dense")
    assert [each.name for each in scenario.providers] == ["Alpha", "Beta"]
    assert [each.respect for each in scenario.providers] == [0.5, 1.0]
    assert [each.delay_s for each in scenario.providers] == [60.0, 60.0]
    assert [each.kind for each in scenario.modifications] == ["speed_limit", "close_link"]
    assert scenario.ledger()["scenario.provider_delay_s"] == 60.0


def test_every_value_says_where_it_comes_from(tmp_path: Path) -> None:
    scenario = chain(tmp_path, BASE, 'focus = "la_turbie"\n[[provider]]\nname = "Beta"\nrespect = 1.0')
    origins = scenario.provenance()
    base, leaf = (tmp_path / "0.toml").as_posix(), (tmp_path / "1.toml").as_posix()
    assert origins["title"] == f"{base}: title"
    assert origins["focus"] == f"{leaf}: focus"
    assert origins["provider 2: respect"] == f"{leaf}: provider 1: respect"
    assert origins["provider 2: market_share"] == f"{base}: provider 2: market_share"
    assert origins["provider 1: respect"] == "ledger: scenario.provider_respect"
    assert origins["app_share"] == "ledger: scenario.app_share"
    assert origins["modification 1: links.ref"] == f"{base}: modification 1: links.ref"
    assert origins["seed"] == "default"


def test_a_scenario_without_a_change_says_that_there_is_none() -> None:
    origins = Scenario.loads('title = "A day"\nterritory = "riviera"').provenance()
    assert origins["modification"] == "default"


def test_an_empty_list_empties_what_was_named(tmp_path: Path) -> None:
    scenario = chain(tmp_path, BASE, "provider = []\nsensor_fleet = []\nmodification = []")
    assert scenario.providers == ()
    assert scenario.sensor_fleets == ()
    assert len(scenario.modifications) == 1, "modifications add up; they are not taken back"


def test_a_file_of_links_is_read_beside_the_scenario_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "links.csv").write_text("link_id,name\n1:2:3,a\n4:5:6,b\n")
    (tmp_path / "deep" / "base.toml").write_text(
        BASE
        + '[[modification]]\nkind = "classify_secondary"\nlinks = { file = "links.csv", link = "7:8:9" }\n'
    )
    (tmp_path / "leaf.toml").write_text('extends = "deep/base.toml"\ntitle = "leaf"')
    scenario = Scenario.load(tmp_path / "leaf.toml")
    change = scenario.modifications[1]
    assert isinstance(change, ClassifySecondary)
    assert change.links.link == ("7:8:9", "1:2:3", "4:5:6")
    assert scenario.varied("app_share", 0.0).modifications == scenario.modifications
    assert Scenario.from_tables(scenario.resolved()).digest == scenario.digest, "resolved needs no file"


def test_a_file_of_links_without_ids_is_refused(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("id\n1:2:3\n")
    with pytest.raises(InputError, match=r"modification 1: links: 'links\.csv' names no link"):
        Scenario.loads(BASE.replace('ref = "D 2564"', 'file = "links.csv"'), folder=tmp_path)


@pytest.mark.parametrize("line", ['title = "Other"', 'focus = "all"', 'description = "Long"'])
def test_what_is_only_reported_does_not_enter_the_simulation(line: str, tmp_path: Path) -> None:
    base, other = Scenario.loads(BASE), chain(tmp_path, BASE, line)
    assert base.digest != other.digest
    assert base.simulation_digest() == other.simulation_digest()


@pytest.mark.parametrize(
    "line",
    [
        "app_share = 0.3",
        "seed = 2",
        "demand_scale = 1.2",
        'month = "2028-01"',
        "provider = []",
        '[parameters]\n"scenario.provider_delay_s" = 60',
        '[[modification]]\nkind = "app_share"\nvalue = 0.1',
    ],
)
def test_all_else_does(line: str, tmp_path: Path) -> None:
    assert Scenario.loads(BASE).simulation_digest() != chain(tmp_path, BASE, line).simulation_digest()


def test_a_parameter_set_to_its_present_value_changes_nothing(tmp_path: Path) -> None:
    same = Parameters.defaults()["scenario.provider_delay_s"]
    other = chain(tmp_path, BASE, f'[parameters]\n"scenario.provider_delay_s" = {same}')
    assert Scenario.loads(BASE).simulation_digest() == other.simulation_digest()


def test_one_value_varies_and_the_rest_stays() -> None:
    base = Scenario.loads(BASE)
    assert base.varied("app_share", 0.6).app_share == 0.6
    assert base.varied("provider.Beta.respect", 1.0).providers[1].respect == 1.0
    assert base.varied("sensor_fleet.counters.count", 3).sensor_fleets[0].count == 3
    assert base.varied("modification.1.speed_kmh", 50).modifications[0].speed_kmh == 50
    varied = base.varied("parameters.scenario.provider_delay_s", 30)
    assert [each.delay_s for each in varied.providers] == [30.0, 30.0]
    assert base.app_share == Parameters.defaults()["scenario.app_share"]
    assert base.varied("app_share", base.app_share).digest == base.digest


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("apshare", 0.3, "--vary: apshare: unknown key; right would be: app_share"),
        ("app_share", 3, "--vary: app_share: 3 is not right; right would be: share of travellers"),
        ("provider.Gamma.respect", 1.0, "--vary: provider.Gamma.respect: no provider 'Gamma'"),
        (
            "modification.2.speed_kmh",
            1.0,
            "no modification '2'; right would be: modification.N.KEY, N from 1 to 1",
        ),
        ("modification.one.speed_kmh", 1.0, "no modification 'one'"),
        (
            "modification.1.speed",
            1.0,
            "--vary: modification 1: speed: unknown key; right would be: speed_kmh",
        ),
        ("title.x", 1.0, "--vary: title.x: title has no keys"),
        ("parameters.no.such", 1.0, "no parameter 'no.such'"),
    ],
)
def test_what_cannot_vary_is_said_in_one_line(key: str, value: Any, line: str) -> None:
    with pytest.raises(InputError) as error:
        Scenario.loads(BASE).varied(key, value)
    assert line in str(error.value)


def test_a_scenario_is_frozen_and_travels_between_processes() -> None:
    scenario = Scenario.loads(BASE)
    with pytest.raises(ValueError, match="frozen"):
        scenario.app_share = 0.9  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(scenario))
    assert again.digest == scenario.digest
    assert again.where("title") == scenario.where("title") == "scenario: title"


def test_modifications_hold_from_their_month_on() -> None:
    text = BASE + '[[modification]]\nkind = "app_share"\nvalue = 0.9\nfrom = "2027-03"\nuntil = "2027-05"\n'
    shares = {
        month: Scenario.loads(f'month = "{month}"\n{text}').app_share_in_force
        for month in ("2027-02", "2027-03", "2027-04", "2027-05")
    }
    default = Parameters.defaults()["scenario.app_share"]
    assert shares == {"2027-02": default, "2027-03": 0.9, "2027-04": 0.9, "2027-05": default}


def test_a_time_window_is_in_seconds_and_all_day_by_default() -> None:
    change = CloseLink.model_validate({"links": {"ref": "A8"}, "from": "07:00", "until": "09:30"})
    assert (change.from_s, change.until_s) == (25_200, 34_200)
    always = CloseLink.model_validate({"links": {"ref": "A8"}})
    assert (always.from_s, always.until_s) == (0, 108_000)
    assert change.differs() == "close link: on ref A8, from 07:00, until 09:30"
    assert change.parts() == (change,)
    assert isinstance(change, Modification)


VALUES = st.integers(0, 1)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        "title": VALUES,
        "seed": VALUES,
        "parameters": st.dictionaries(st.sampled_from("abc"), VALUES),
        "modification": st.lists(st.fixed_dictionaries({"kind": VALUES}), max_size=2),
        "provider": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("xyz")}, optional={"respect": VALUES}),
            min_size=1,
            max_size=2,
            unique_by=lambda table: table["name"],
        ),
    },
)


def merge(sources: list[dict[str, Any]], folder: Path) -> Merged:
    """Merge tables, each extending the one before it, from files."""
    for row, tables in enumerate(sources):
        lines = [f'extends = "{row - 1}.toml"'] if row else []
        lines += [f"{key} = {value}" for key, value in tables.items() if isinstance(value, int)]
        if "parameters" in tables:
            lines += ["[parameters]", *(f"{name} = {value}" for name, value in tables["parameters"].items())]
        for key in ("modification", "provider"):
            for table in tables.get(key, []):
                lines += [f"[[{key}]]", *(f"{name} = {value!r}" for name, value in table.items())]
        (folder / f"{row}.toml").write_text("\n".join(lines))
    last = folder / f"{len(sources) - 1}.toml"
    return merge_chain(read_file(last), last)


@given(st.lists(TABLES, min_size=1, max_size=4))
def test_merging_is_override_union_and_concatenation(
    tmp_path_factory: pytest.TempPathFactory, sources: list[dict[str, Any]]
) -> None:
    merged = merge(sources, tmp_path_factory.mktemp("chain"))
    for key in ("title", "seed"):
        given_values = [tables[key] for tables in sources if key in tables]
        assert merged.tables.get(key) == (given_values[-1] if given_values else None)
    union = {name: value for tables in sources for name, value in tables.get("parameters", {}).items()}
    assert merged.tables.get("parameters", {}) == union
    together = [table for tables in sources for table in tables.get("modification", [])]
    assert merged.tables.get("modification", []) == together
    by_name: dict[str, dict[str, Any]] = {}
    for tables in sources:
        for table in tables.get("provider", []):
            by_name.setdefault(table["name"], {}).update(table)
    assert merged.tables.get("provider", []) == list(by_name.values())


@given(st.lists(TABLES, min_size=1, max_size=3))
def test_extending_without_a_word_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, sources: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("chain")
    assert merge([*sources, {}], folder).tables == merge(sources, folder).tables
