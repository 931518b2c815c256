"""The broker that tests of MQTT need."""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def mosquitto() -> str:
    """Path of a mosquitto; without one the test is skipped, or fails where TWIN_REQUIRE_MOSQUITTO is set."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found:
        return found
    if os.environ.get("TWIN_REQUIRE_MOSQUITTO"):
        pytest.fail("TWIN_REQUIRE_MOSQUITTO is set and no mosquitto was found on the path")
    pytest.skip("no mosquitto on the path")
