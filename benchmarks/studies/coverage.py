"""What a city's flow estimate is worth by coverage, in the dense focus and the village: docs/estimation.md.

Twenty seeds on the riviera, nobody guided: see `twin.study.coverage` for what a seed decides. Days that were
lived are kept in a folder (``--folder``) and not lived again; the table has a line for each focus, seed, arm
and coverage, and a study that was stopped goes on with the seeds that are missing. Whoever changes code of
a simulation empties the folder; ``digest`` names the truth that a line was judged by.

Run ``python -m benchmarks.studies.coverage`` (about 20 minutes of one processor where no day is kept); add
``--page FILE`` for the page.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from twin.report.coverage import write_coverage
from twin.scenario.scenario import Scenario
from twin.study.coverage import CoveragePlan, coverage_rows
from twin.study.coverage_table import kept_rows, write_rows

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "coverage.csv"
SCENARIO = """
title = "Days of the riviera"
territory = "riviera"
app_share = 0.0
focus = ["dense", "la_turbie"]
"""
PLAN = CoveragePlan()


def scenario() -> Scenario:
    """The riviera on no date yet, nobody guided."""
    return Scenario.loads(SCENARIO, HOME)


def main() -> None:
    """Work out what the table lacks; write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--folder", type=Path, default=HOME / "runs" / "coverage-days")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    rows = kept_rows(options.table)
    done = {(row["focus"], int(row["seed"])) for row in rows}
    for lines in coverage_rows(scenario(), PLAN, options.folder, done):
        rows += lines
        write_rows(options.table, rows)
        print(lines[0]["focus"], lines[0]["seed"], file=sys.stderr, flush=True)
    print(f"{options.table}: {hashlib.sha256(options.table.read_bytes()).hexdigest()}")
    if options.page is not None:
        print(write_coverage(rows, "What counters and phones tell a city", PLAN.told(), options.page))


if __name__ == "__main__":
    main()
