"""What the village study found, as Markdown: means over seeds, and paired differences from a base.

Run ``python -m benchmarks.studies.summary``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.studies.village import CLASS_SHARE, SHARES, TABLE, Member, finished
from twin.study.statistics import paired_difference

Lines = dict[tuple[str, ...], dict[str, str]]


def column(lines: Lines, experiment: str, share: float, respect: float | None, name: str) -> list[float]:
    """One measured column over all seeds of a member, in order of seed; NaN where a line is missing."""
    seeds = sorted({int(key[3]) for key in lines})
    values = []
    for seed in seeds:
        line = lines.get(Member(experiment, share, respect, seed).name)
        values.append(float(line[name]) if line else float("nan"))
    return values


def against_share(lines: Lines, experiment: str, names: tuple[str, ...]) -> list[str]:
    """A table of some columns by app share, each with its difference from share 0 and the interval."""
    rows = ["| app share | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for share in SHARES:
        cells = []
        for name in names:
            base = column(lines, experiment, 0.0, None, name)
            found = paired_difference(base, column(lines, experiment, share, None, name))
            cells.append(spoken(found.alternative, found.difference, found.low, found.high))
        rows.append(f"| {share:.0%} | " + " | ".join(cells) + " |")
    return rows


def spoken(mean: float | None, difference: float | None, low: float | None, high: float | None) -> str:
    """A mean, and how it differs from the base."""
    if mean is None:
        return "–"
    digits = 3 if abs(mean) < 10 else 0
    if difference in (None, 0.0):
        return f"{mean:.{digits}f}"
    interval = "no interval" if low is None else f"{low:+.{digits}f} to {high:+.{digits}f}"
    return f"{mean:.{digits}f} ({difference:+.{digits}f}; {interval})"


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--table", type=Path, default=TABLE)
    lines = finished(parser.parse_args().table)
    print("\n".join(against_share(lines, "one_lane", ("km_eastbound", "km_westbound", "through_km_day"))))
    print()
    print("\n".join(against_share(lines, "closed", ("use_eastbound", "use_westbound"))))
    print()
    print("| respect | guided_through_km | through_km_eastbound |\n|---|---|---|")
    for respect in (0.0, 1.0):
        cells = []
        for name in ("guided_through_km", "through_km_eastbound"):
            base = column(lines, "one_lane", CLASS_SHARE, None, name)
            found = paired_difference(base, column(lines, "class", CLASS_SHARE, respect, name))
            cells.append(spoken(found.alternative, found.difference, found.low, found.high))
        print(f"| {respect:g} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
