"""A planner's folder with the village's day in it, one cache for all, and that day as it was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.commands import ask, one_object
from tests.model.village import TABLES


class Desk(NamedTuple):
    """Where commands run, and where they keep what they learned."""

    folder: Path
    cache: Path


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder that holds `day.toml`, an ordinary day of the tight village crop."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "day.toml").write_text(TABLES)
    return Desk(folder, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def day(desk: Desk) -> dict[str, Any]:
    """What `twin run day.toml --json` printed; its folder is `out`."""
    return one_object(
        ask(desk.folder, desk.cache, "run", "day.toml", "--out", "out", "--threads", "1", "--json")
    )
