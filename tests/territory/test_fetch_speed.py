"""How long and how much memory `twin fetch` takes on a town of 14 MB, in a process of its own.

Processor time is what is promised, 4 s, and that is what is asserted. But it is no fixed quantity: where
another process shares the cores, their caches and their clock, the same work takes up to half as much time
again. So on a machine that is not quiet the same file is also read by a yardstick, some lines of the
standard library that do what fetching does most (parsing, dictionaries, sorting), in turn with the fetches,
and the best of each are compared: what slows one slows the other. Measured so, fetching takes 2.4 to 2.6
times the yardstick on a quiet machine, and up to 3.1 times beside the whole suite where caches are small:
it touches more memory, and waits more for it. So only half as much again as on a quiet machine is refused.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from tests.conftest import ROOT
from tests.osm_town import write_town

pytestmark = pytest.mark.one_interpreter("seconds and bytes of one interpreter are enough")

BUDGET_S = 4.0
MOST_YARDSTICKS = 3.6
MOST_MB = 500.0
ROUNDS = (2, 5)
"""At least and at most so many fetches: further ones only if the first were too slow."""
YARDSTICK = """
import sys
from xml.parsers import expat

seen = []
parser = expat.ParserCreate()
parser.StartElementHandler = lambda name, attributes: seen.append((name, attributes))
with open(sys.argv[1], "rb") as file:
    parser.ParseFile(file)
places = {int(a["id"]): (float(a["lon"]), float(a["lat"])) for name, a in seen if name == "node"}
near = {}
for (name, a), (other, b) in zip(seen, seen[1:]):
    if name == other == "nd":
        near.setdefault(int(a["ref"]), []).append(int(b["ref"]))
steps = ((places[u], places[v], u, v) for u, others in near.items() for v in others)
print(len(sorted((abs(a[0] - b[0]) + abs(a[1] - b[1]), u, v) for a, b, u, v in steps)))
"""


@dataclass
class Watch:
    """Processor time of child processes, and whether others held the cores meanwhile."""

    quiet: bool = True

    def spent_on(self, arguments) -> tuple[float, str]:
        """Processor time and output of a Python process, whose modules may be kept as byte code."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        answer = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT, env=env
        )
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.quiet &= os.getloadavg()[0] < 1.5 and wall < 1.1 * spent + 0.1
        return spent, answer.stdout


@pytest.fixture(scope="module")
def town_file(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("town") / "town.osm", n_side=46, seed=3)


def test_a_town_of_14_mb_takes_four_seconds_of_processor(town_file, tmp_path):
    assert 13e6 < town_file.stat().st_size < 16e6
    command = ["-m", "twin.cli.main", "fetch", str(town_file), "--out", str(tmp_path / "out"), "--json"]
    watch, fetches, yardsticks, reports = Watch(), [], [], []
    for done in range(1, ROUNDS[1] + 1):
        yardsticks.append(watch.spent_on(["-c", YARDSTICK, str(town_file)])[0])
        spent, answer = watch.spent_on(command)
        fetches.append(spent)
        reports.append(json.loads(answer))
        times, seconds = min(fetches) / min(yardsticks), min(fetches)
        held = seconds <= BUDGET_S or (times <= MOST_YARDSTICKS and not watch.quiet)
        if held and done >= ROUNDS[0]:
            break
    report = reports[0]
    assert {each["digest"] for each in reports} == {report["digest"]}
    assert (report["links"] > 5000, report["buildings"] > 8000, report["places"] > 8000) == (True,) * 3
    assert 50 < report["peak_memory_mb"] < MOST_MB
    assert held, f"{seconds:.2f} s, {times:.2f} yardsticks, quiet: {watch.quiet}"


def test_the_generator_repeats_itself(town_file, tmp_path):
    again = write_town(tmp_path / "again.osm", n_side=46, seed=3)
    assert again.read_bytes() == town_file.read_bytes()
    assert write_town(tmp_path / "other.osm", n_side=3, seed=4).read_bytes() != town_file.read_bytes()
