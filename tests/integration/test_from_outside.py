"""A package that knows the twin only by its doors adds a modification, a sensor and an indicator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.commands import ask, environment, one_object
from tests.integration.conftest import Desk
from tests.model.village import TABLES
from tests.outside import QUIET_STREET, install

MODULE = '''
import numpy as np

from twin.indicators.indicator import IndicatorValue
from twin.knowledge.datasets import Dataset, no_observations, observations
from twin.sensing.devices import Fleet, sensor_keys

LOUD_DB = 60.0


class NoiseMeter:
    """Hears the vehicles that leave its link in a step; silent when none does."""

    def deploy(self, order, site, parameters, provider):
        link = site.candidates[: order.count]
        dataset = Dataset.of_links(order.name, order.owner, "level of passing vehicles", "dB", cadence_s=300)
        key = sensor_keys(order.name, site.link_key[link])
        return Fleet(order.name, order.kind, dataset, link, key, order.options, provider)

    def observe(self, fleet, truth, seed):
        passed = np.bincount(truth.events.link, minlength=len(truth.link_key))[fleet.link]
        heard = passed > 0
        if not heard.any():
            return no_observations()
        level_db = fleet.settings["one_vehicle_db"] + 10.0 * np.log10(passed[heard])
        end_s = truth.end_ms / 1_000
        return observations(fleet.link[heard], end_s, end_s + 60.0, level_db)




def loud_moments(record, focus):
    """Observations of noise above 60 dB, of the whole area."""
    if not focus.is_whole or "noise" not in record.datasets:
        return []
    own = record.observations["dataset"] == record.datasets.index("noise")
    loud = int((record.observations["result"][own] > LOUD_DB).sum())
    return [IndicatorValue("loud_moments", float(loud), "1", "lower")]
'''
ENTRIES = """
[twin.modification]
quiet_street = quiet_towns:QuietStreet
[twin.sensor]
noise_meter = quiet_towns:NOISE_METER
[twin.indicator]
loud_moments = quiet_towns:loud_moments
"""
METERS = """
[[sensor_fleet]]
name = "noise"
kind = "noise_meter"
owner = "city"
links = { ref = "D2564" }
count = 3
options = { one_vehicle_db = 50.0 }
"""
QUIET = """
title = "A quiet street"
extends = "meters.toml"
[[modification]]
kind = "quiet_street"
links = { ref = "D2564" }
speed_kmh = 15
"""
RUN = """
import json, sys
import numpy as np
from twin import run

told = []
for file in ("meters.toml", "quiet.toml"):
    result = run(file, seed=1)
    record, seen = result.record, result.observations
    noise = seen[seen["dataset"] == "noise"]
    rows = np.flatnonzero(np.isin(record.territory.streets.link_id, noise["datastream"].unique()))
    left = np.isin(record.event_link, rows)
    steps = np.unique(np.stack([record.event_link[left], record.event_exit_ms[left] // 300_000]), axis=1)
    named = result.indicators[result.indicators["indicator"] == "loud_moments"]
    told.append({
        "digest": result.digest,
        "counted": result.manifest["observations"]["noise"],
        "sites": sorted(noise["datastream"].unique()),
        "levels_db": noise["result"].tolist(),
        "delays_s": sorted((noise["result_time_s"] - noise["phenomenon_time_s"]).unique()),
        "n_steps_with_vehicles": int(steps.shape[1]),
        "loud_moments": named[["value", "unit", "focus"]].to_numpy().tolist(),
    })
json.dump(told, sys.stdout)
"""


@pytest.fixture(scope="module")
def package(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its metadata, as an installer leaves them; scenarios that use it on the desk."""
    folder = tmp_path_factory.mktemp("site")
    install(folder, "quiet_towns", QUIET_STREET + MODULE + "\n\nNOISE_METER = NoiseMeter()\n", ENTRIES)
    (desk.folder / "meters.toml").write_text(TABLES + METERS)
    (desk.folder / "quiet.toml").write_text(QUIET)
    return folder


@pytest.fixture(scope="module")
def told(desk: Desk, package: Path) -> list[dict[str, Any]]:
    """Of the day with meters, and of the day with the quiet street too, what came of them."""
    answer = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=desk.folder,
        env=environment(desk.cache, package),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def test_the_new_fleet_observes(told: list[dict[str, Any]]) -> None:
    for each in told:
        assert len(each["sites"]) == 3
        assert each["counted"] == len(each["levels_db"]) == each["n_steps_with_vehicles"] > 100
        assert min(each["levels_db"]) == 50.0
        assert each["delays_s"] == [60.0]


def test_the_new_indicator_stands_with_the_others(told: list[dict[str, Any]]) -> None:
    for each in told:
        loud = sum(level > 60.0 for level in each["levels_db"])
        assert each["loud_moments"] == [[float(loud), "1", "all"]]
        assert loud > 0


def test_the_new_modification_changes_the_day_and_meters_do_not(
    told: list[dict[str, Any]], day: dict[str, Any]
) -> None:
    with_meters, with_street = told
    assert with_meters["digest"] == day["digest"]
    assert with_street["digest"] != day["digest"]


def test_commands_know_the_new_kinds(desk: Desk, package: Path) -> None:
    command = [sys.executable, "-m", "twin.cli.main", "check", "quiet.toml", "--json"]
    answer = subprocess.run(
        command,
        cwd=desk.folder,
        env=environment(desk.cache, package),
        capture_output=True,
        text=True,
        check=False,
    )
    found = one_object(answer)
    assert found["resolved"]["modification"][0]["kind"] == "quiet_street"
    assert found["modification_links"][0] > 3


def test_without_the_package_its_kinds_are_refused(desk: Desk, package: Path) -> None:
    assert package.is_dir()
    answer = ask(desk.folder, desk.cache, "run", "quiet.toml", "--out", "refused", "--quiet")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "no kind 'quiet_street'" in answer.stderr
    assert not (desk.folder / "refused").exists()
