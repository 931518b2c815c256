"""Scores the known answers: ``python -m benchmarks.accuracy [--json] [--peers] [CASE ...]``.

With ``--peers`` the cases that UXsim publishes as its verification are run by UXsim too, in the same call.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.accuracy.case import case_names, load_case
from benchmarks.accuracy.peer import run_by_uxsim
from benchmarks.accuracy.scorer import Score, score, score_case
from benchmarks.machine import machine
from twin.errors import InputError


def scores(names: list[str], peers: bool) -> list[Score]:
    """Scores of some cases, each followed by its peer's."""
    found = []
    for name in names:
        found += score_case(name)
        case = load_case(name)
        if peers and case.peer:
            run = run_by_uxsim(case)
            found += [score(case, run, answer, "UXsim", "peer") for answer in case.answers]
    return found


def agreement(found: list[Score]) -> dict[str, float]:
    """Largest relative difference between our numbers and the peer's, by case; drawn shares are left out."""
    ours = {(row.case, row.quantity): row.got for row in found if row.engine == "twin"}
    worst: dict[str, float] = {}
    for row in found:
        if row.engine != "twin" and not row.quantity.startswith("share("):
            mine = ours[row.case, row.quantity]
            worst[row.case] = max(worst.get(row.case, 0.0), abs(row.got - mine) / abs(mine))
    return worst


def spoken(row: Score) -> str:
    """One line of the table."""
    verdict = "holds" if row.holds else "MISSES"
    reason = f"  ({row.reason})" if row.reason and not row.holds else ""
    return (
        f"{row.case:24} {row.engine:6} {row.quantity:58.58} {row.expected:>10.5g} {row.got:>10.5g} "
        f"±{row.tolerance:<8.3g} {row.unit:8} {verdict}{reason}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the table, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("case", nargs="*", help="which cases; all without a name")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", action="store_true", help="ask UXsim too")
    options = parser.parse_args(arguments)
    try:
        found = scores(options.case or case_names(), options.peers)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": [row.as_row() for row in found], "machine": machine()}))
        return 0
    for row in found:
        print(spoken(row))
    for name, worst in agreement(found).items():
        print(f"{name:24} UXsim and the twin differ by at most {worst:.2%}")
    ours = [row for row in found if row.engine == "twin"]
    print(f"{sum(row.holds for row in ours)} of {len(ours)} answers hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
