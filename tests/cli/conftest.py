"""Every test of commands works in a folder of its own, with a small town and a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.territories import grid_territory

SCENARIO = """
title = "A day"
territory = "town"
focus = "village"
app_share = 0.5

[[provider]]
name = "Alpha"
market_share = 1.0

[[sensor_fleet]]
name = "counters"
kind = "road_counter"
owner = "city"
count = 4
"""

WORKS = """
title = "Works"
extends = "day.toml"

[[modification]]
kind = "speed_limit"
links = { zone = "town" }
speed_kmh = 10
from = "07:00"
until = "09:00"
"""


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a territory of one grid and two scenarios on it; commands run there."""
    grid_territory().save(tmp_path / "networks" / "town")
    (tmp_path / "day.toml").write_text(SCENARIO)
    (tmp_path / "works.toml").write_text(WORKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path
