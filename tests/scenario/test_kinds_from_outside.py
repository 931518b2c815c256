"""A package outside adds a kind of modification by entry point."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.outside import QUIET_STREET, install

ASK = '''
from twin.errors import InputError
from twin.scenario.scenario import Scenario

def scenario(extra=""):
    return Scenario.loads("""
    title = "Schools"
    territory = "riviera"
    [[modification]]
    kind = "quiet_street"
    links = { way = 12 }
    """ + extra)

print([part.kind for part in scenario().in_force()])
print(scenario().resolved()["modification"])
try:
    scenario("speed = 3")
except InputError as error:
    print(error)
'''


def ask(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own that finds the package."""
    path = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    return subprocess.run(
        [sys.executable, "-c", path + textwrap.dedent(script)], capture_output=True, text=True, check=False
    )


def test_a_kind_from_outside_is_checked_and_made_of_kinds_known_here(tmp_path: Path) -> None:
    install(
        tmp_path,
        "quiet_streets",
        QUIET_STREET,
        "[twin.modification]\nquiet_street = quiet_streets:QuietStreet\n",
    )
    answer = ask(tmp_path, ASK)
    assert answer.returncode == 0, answer.stderr
    parts, resolved, error = answer.stdout.splitlines()
    assert parts == "['close_link', 'speed_limit']"
    assert resolved == "[{'kind': 'quiet_street', 'links': {'way': [12]}, 'speed_kmh': 20.0}]"
    assert error == "scenario: modification 1: speed: unknown key; right would be: speed_kmh"


def test_an_entry_point_that_is_no_modification_is_refused(tmp_path: Path) -> None:
    install(
        tmp_path, "quiet_streets", QUIET_STREET, "[twin.modification]\nquiet_street = quiet_streets:Literal\n"
    )
    answer = ask(tmp_path, ASK)
    assert answer.returncode == 1
    assert "modification 1: kind: 'quiet_street' is no modification" in answer.stderr.splitlines()[-1]
