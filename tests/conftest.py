"""What tests share: where real extracts lie, the browser, and settings that make a run repeatable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
KERNELS = ROOT / "tests" / "kernels"

# Drawn examples are the same on every run; compiling a kernel counts in no example's time.
settings.register_profile("twin", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("twin")

os.environ.setdefault("MPLBACKEND", "Agg")


def compiling_order(item: pytest.Item) -> int:
    """Files of kernels come first, for each compiles its own, into the cache on disk, which all others read.

    Two processes that began with days would both compile the whole loading, and so would two that began with
    its files: all but one of these wait.
    """
    if KERNELS not in item.path.parents:
        return 2
    return int(item.path.name.startswith("test_loading_"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Kernels first; skip, with the reason, what an earlier interpreter of `make test` has run for all."""
    items.sort(key=compiling_order)
    done_on = os.environ.get("TWIN_TEST_DONE_ON")
    for item in items:
        marker = item.get_closest_marker("one_interpreter")
        if marker is None:
            continue
        if not marker.args:  # told on the first interpreter too, where nothing is skipped
            raise pytest.UsageError(f"{item.nodeid}: one_interpreter says why, as in one_interpreter('long')")
        if done_on:
            item.add_marker(pytest.mark.skip(reason=f"{marker.args[0]}; run on Python {done_on}"))


@pytest.fixture(scope="session")
def data_file() -> Callable[[str], Path]:
    """Path of a real extract, as in ``data_file("osm/monaco.osm.pbf")``.

    TWIN_TEST_DATA names the folder; where the file is absent the test is skipped.
    """

    def find(name: str) -> Path:
        folder = os.environ.get("TWIN_TEST_DATA")
        if not folder:
            pytest.skip(f"{name}: TWIN_TEST_DATA names no folder of extracts")
        file = Path(folder, name)
        if not file.exists():
            pytest.skip(f"{name} is not in {folder} (TWIN_TEST_DATA)")
        return file

    return find


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one the test is skipped, or fails where TWIN_REQUIRE_CHROMIUM is set."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("TWIN_REQUIRE_CHROMIUM"):
        pytest.fail("TWIN_REQUIRE_CHROMIUM is set and no chromium was found on the path")
    pytest.skip("no chromium on the path")
