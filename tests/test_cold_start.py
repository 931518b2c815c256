"""`twin --help` answers at once: no heavy library is loaded to print a text."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

from tests.conftest import ROOT

HEAVY = ("mesa", "numba", "osmnx", "pandas", "matplotlib", "pyarrow", "geopandas", "scipy", "networkx")
BUDGET_S = 0.5
LOADED = """
import json, sys
sys.argv = ["twin", "--help"]
from twin.cli.main import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def without_bytecode_ban() -> dict[str, str]:
    """The environment, with byte code kept as it is in an installed twin."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def run_python(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=without_bytecode_ban(),
        check=True,
    )
    return done.stdout


def test_help_loads_nothing_heavy():
    loaded = json.loads(run_python("-c", LOADED).splitlines()[-1])
    assert "twin" in loaded
    assert sorted(set(HEAVY) & set(loaded)) == []


def test_help_takes_less_than_half_a_second_of_processor():
    spent = []
    for _ in range(4):  # the first may write byte code; the least of the others is the command's own
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "compare" in run_python("-m", "twin.cli.main", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < BUDGET_S
