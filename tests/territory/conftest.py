"""Territories that several tests look at: the embedded ones, and a small town built here."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.osm_maps import small_town
from twin.territory.territory import Territory


@pytest.fixture(scope="session")
def riviera() -> Territory:
    return Territory.load(ROOT / "networks" / "riviera")


@pytest.fixture(scope="session")
def la_turbie_crop() -> Territory:
    return Territory.load(ROOT / "networks" / "la_turbie_crop")


@pytest.fixture(scope="session")
def town(tmp_path_factory) -> Territory:
    return Territory.from_osm(small_town().write(tmp_path_factory.mktemp("town") / "town.osm"))
