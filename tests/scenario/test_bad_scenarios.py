"""Each wrong scenario is answered with one line: file, key, what is wrong, what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError
from twin.scenario.scenario import Scenario

GOOD = """
title = "A day"
territory = "riviera"
[[provider]]
name = "Alpha"
market_share = 0.6
[[provider]]
name = "Beta"
market_share = 0.4
"""

CLOSE = '[[modification]]\nkind = "close_link"\n'

WRONG = {
    "unknown key": ("apshare = 0.3\n" + GOOD, "apshare", "unknown key", "app_share"),
    "plural of a list": (GOOD + '[[providers]]\nname = "C"', "providers", "unknown key", "provider"),
    "python's name of a key": ("modifications = []\n" + GOOD, "modifications", "unknown key", "modification"),
    "no title": (GOOD.replace('title = "A day"', ""), "title", "missing", "a text"),
    "no territory": (GOOD.replace('territory = "riviera"', ""), "territory", "missing", "a folder in"),
    "empty territory": (GOOD.replace('"riviera"', '""'), "territory", "'' is not right", "a folder in"),
    "share above one": ("app_share = 30\n" + GOOD, "app_share", "30 is not right", "between 0 and 1"),
    "share as text": ('app_share = "0.3"\n' + GOOD, "app_share", "'0.3' is not right", "between 0 and 1"),
    "share that is no number": ("app_share = nan\n" + GOOD, "app_share", "nan is not right", "between 0"),
    "share as truth": ("app_share = true\n" + GOOD, "app_share", "True is not right", "between 0 and 1"),
    "broken seed": ("seed = 1.5\n" + GOOD, "seed", "1.5 is not right", "a whole number"),
    "negative seed": ("seed = -1\n" + GOOD, "seed", "-1 is not right", "a whole number"),
    "huge seed": (f"seed = {10**30}\n" + GOOD, "seed", "is not right", "a whole number"),
    "huge scale": (f"demand_scale = {10**400}\n" + GOOD, "demand_scale", "is not right", "a factor"),
    "no focus": ("focus = []\n" + GOOD, "focus", "[] is not right", "a zone"),
    "focus of numbers": ("focus = [1]\n" + GOOD, "focus", "[1] is not right", "a zone"),
    "wrong month": ('month = "2027-13"\n' + GOOD, "month", "'2027-13' is not a month", "YYYY-MM"),
    "another schema": ("schema_version = 2\n" + GOOD, "schema_version", "2 is not right", "1"),
    "shares that do not add up": (GOOD.replace("0.6", "0.5"), "provider", "sum to 0.9", "a sum of 1"),
    "two providers of one name": (
        GOOD.replace("Beta", "Alpha"),
        "provider",
        "two tables named 'Alpha'",
        "one",
    ),
    "unknown key of a provider": (GOOD + "respekt = 1", "provider 2: respekt", "unknown key", "respect"),
    "provider without name": (GOOD.replace('name = "Beta"', ""), "provider 2: name", "missing", "a name"),
    "provider that is no table": ("provider = 3", "provider", "3 is not right", "[[provider]] tables"),
    "unknown parameter": (
        GOOD + '[parameters]\n"scenario.app_shar" = 1',
        "parameters",
        "no parameter 'scenario.app_shar'",
        "app_share",
    ),
    "parameter as text": (
        GOOD + '[parameters]\n"scenario.app_share" = "x"',
        "scenario.app_share",
        "'x' is not a finite",
        "a number",
    ),
    "parameter without quotes": (
        GOOD + "[parameters]\nscenario.app_share = 1",
        "parameters",
        "scenario is a table",
        '"scenario.app_share"',
    ),
    "parameters that are no table": ("parameters = 1\n" + GOOD, "parameters", "1 is not right", "a table"),
    "modification without kind": (
        GOOD + "[[modification]]\nx = 1",
        "modification 1: kind",
        "missing",
        "close_link",
    ),
    "unknown kind": (
        GOOD + '[[modification]]\nkind = "close_lnk"',
        "kind",
        "no kind 'close_lnk'",
        "close_link",
    ),
    "kind as number": (
        GOOD + "[[modification]]\nkind = 3",
        "modification 1: kind",
        "3 is not right",
        "one of",
    ),
    "modification without links": (
        GOOD + CLOSE,
        "modification 1: links",
        "missing",
        "a table that names links",
    ),
    "modification that names no link": (
        GOOD + CLOSE + "links = {}",
        "links",
        "names no link",
        "at least one of ref",
    ),
    "links as text": (GOOD + CLOSE + 'links = "A8"', "modification 1: links", "'A8' is not right", "a table"),
    "unknown selector": (GOOD + CLOSE + 'links = {reff = "A8"}', "links.reff", "unknown key", "ref"),
    "wrong direction": (
        GOOD + CLOSE + 'links = {ref = "A8", direction = "east"}',
        "links.direction",
        "'east' is not",
        "eastbound",
    ),
    "box inside out": (
        GOOD + CLOSE + "links = {bbox = [7.5, 43.7, 7.4, 43.8]}",
        "links",
        "is no box",
        "west < east",
    ),
    "short box": (GOOD + CLOSE + "links = {bbox = [7.5, 43.7]}", "links.bbox", "missing", "[west, south"),
    "file of links that is not there": (
        GOOD + CLOSE + 'links = {file = "none.csv"}',
        "links",
        "no file 'none.csv'",
        "a CSV file",
    ),
    "wrong time": (
        GOOD + CLOSE + 'links = {ref = "A8"}\nfrom = "25h"',
        "modification 1: from",
        "'25h' is not a month",
        "HH:MM",
    ),
    "time out of the day": (
        GOOD + CLOSE + 'links = {ref = "A8"}\nfrom = "31:00"',
        "from",
        "'31:00' is not a time",
        "between 00:00",
    ),
    "time as TOML time": (
        GOOD + CLOSE + 'links = {ref = "A8"}\nfrom = 07:00:00',
        "from",
        "is not right",
        "HH:MM",
    ),
    "until before from": (
        GOOD + CLOSE + 'links = {ref = "A8"}\nfrom = "09:00"\nuntil = "07:00"',
        "modification 1",
        "is not after",
        "later",
    ),
    "two clocks": (
        GOOD + CLOSE + 'links = {ref = "A8"}\nfrom = "09:00"\nuntil = "2027-01"',
        "modification 1",
        "two clocks",
        "HH:MM",
    ),
    "capacity and factor": (
        GOOD + '[[modification]]\nkind = "incident"\nlinks = {ref = "A8"}\nfactor = 1.0\ncapacity_vph = 1500',
        "modification 1",
        "takes one of",
        "either",
    ),
    "agreement with nobody": (
        GOOD + '[[modification]]\nkind = "data_agreement"\nprovider = "Gamma"',
        "modification 1: provider",
        "no provider 'Gamma'",
        "one of Alpha, Beta",
    ),
    "app share from a time of day": (
        GOOD + '[[modification]]\nkind = "app_share"\nvalue = 0.5\nfrom = "07:00"',
        "modification 1: from",
        "holds for whole days",
        "YYYY-MM",
    ),
    "fleet without owner": (
        GOOD + '[[sensor_fleet]]\nname = "x"\nkind = "y"',
        "sensor_fleet 1: owner",
        "missing",
        "city",
    ),
    "fleet of no sensors": (
        GOOD + '[[sensor_fleet]]\nname = "x"\nkind = "y"\nowner = "city"\ncount = 0',
        "count",
        "0 is not",
        "above 0",
    ),
    "modification that is no table": (
        "modification = [1]\n" + GOOD,
        "modification",
        "is not right",
        "tables",
    ),
    "not TOML": ("title = ", "case.toml", "Invalid value", "a TOML file"),
    "too deep": ("x = " + "[" * 100_000, "case.toml", "", "a TOML file"),
    "not a path": ("extends = 3\n" + GOOD, "extends", "3 is not right", "path of a scenario file"),
    "extends nothing": ('extends = "none.toml"\n' + GOOD, "extends", "no file 'none.toml'", ""),
    "extends an impossible name": ('extends = "a\\u0000b"\n' + GOOD, "extends", "no file", ""),
    "extends itself": (
        'extends = "case.toml"\n' + GOOD,
        "extends",
        "'case.toml' is the file itself",
        "lead back",
    ),
    "extends itself by another name": (
        'extends = "../t/case.toml"\n' + GOOD,
        "extends",
        "the file itself",
        "lead",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_scenario_is_answered_with_one_line(case: str, tmp_path: Path) -> None:
    text, key, what, right = WRONG[case]
    file = tmp_path / "t" / "case.toml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        Scenario.load(file)
    line = str(error.value)
    assert line.startswith(file.as_posix())
    assert "\n" not in line
    assert key in error.value.where
    assert what in error.value.what
    assert right in error.value.right


def test_a_cycle_of_files_is_named_where_it_closes(tmp_path: Path) -> None:
    for file, extends in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{file}.toml").write_text(f'extends = "{extends}.toml"\n' + GOOD)
    with pytest.raises(InputError, match=r"c\.toml: extends: 'a\.toml' is a file that extends this one"):
        Scenario.load(tmp_path / "a.toml")


def test_an_error_names_the_file_and_the_place_in_it_where_the_value_was_written(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(GOOD + CLOSE + 'links = {ref = "A8"}')
    (tmp_path / "leaf.toml").write_text('extends = "base.toml"\n' + CLOSE + "links = {ref = 8}")
    with pytest.raises(InputError) as error:
        Scenario.load(tmp_path / "leaf.toml")
    assert error.value.where == f"{(tmp_path / 'leaf.toml').as_posix()}: modification 1: links.ref 1"


def test_a_missing_file_is_answered_with_the_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "village.toml").write_text(GOOD)
    with pytest.raises(InputError, match=r"vilage\.toml: no such file; right would be: village\.toml"):
        Scenario.load(tmp_path / "vilage.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"title = '" + b"x" * 2**21 + b"'"])
def test_bytes_that_are_no_scenario_are_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "case.toml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"case\.toml: (not UTF-8|larger than)"):
        Scenario.load(file)


def test_a_territory_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "networks" / "riviera").mkdir(parents=True)
    file = tmp_path / "scenarios" / "case.toml"
    file.parent.mkdir()
    file.write_text(GOOD)
    assert Scenario.load(file).territory_path() == (tmp_path / "networks" / "riviera").resolve()
    file.write_text(GOOD.replace("riviera", "rivera"))
    with pytest.raises(
        InputError, match=r"case\.toml: territory: no territory 'rivera'; right would be: riviera"
    ):
        Scenario.load(file).territory_path()
