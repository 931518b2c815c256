"""The command `value`: one JSON document, one line for bad input, on the village's crop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from twin.cli.main import run_command

pytestmark = pytest.mark.one_interpreter("draws a population")
TEXT = f"""
title = "The village"
territory = "{ROOT / "networks" / "la_turbie_crop"}"
app_share = 0.0
"""
PUBLISHED = """
[[modification]]
kind = "publish_dataset"
dataset = "{name}"
"""


def asked(folder: Path, more: str, *options: str) -> int:
    file = folder / "village.toml"
    file.write_text(TEXT + more, encoding="utf-8")
    return run_command(["value", str(file), "--quiet", *options])


def test_values_are_told_as_json(tmp_path, capsys):
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    assert asked(tmp_path, PUBLISHED.format(name="bookings"), "--seeds", "1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["unit"] == "EUR/day"
    assert len(told["decisions"]) == 4
    assert told["left_out"] == []
    assert told["third_party_services_per_month"] > 0.0, "bookings are open"
    holders = {each["holder"]: each["value"] for each in told["holders"]}
    assert sum(holders.values()) == pytest.approx(sum(each["all"]["value"] for each in told["decisions"]))
    assert {each["kind"] for each in told["sensors"]} == {"pressure logger"}


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (PUBLISHED.format(name="bookings") + 'licence = "ours"\n', "licence"),
        ('[[modification]]\nkind = "data_platform"\nmembers = []\n', "members"),
        ('[[modification]]\nkind = "data_platform"\nmembers = ["city", "city"]\n', "named twice"),
        ('[[modification]]\nkind = "share_dataset"\ndataset = "bookings"\n', "reader"),
        ('[[modification]]\nkind = "hold_dataset"\ndataset = "x"\nretention_days = 0\n', "retention_days"),
    ],
)
def test_bad_orders_of_data_are_one_line(tmp_path, capsys, more, line):
    assert asked(tmp_path, more) == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert line in complaint
