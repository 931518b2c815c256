"""Privacy against the quality of decisions, metropolis and village: ``python -m benchmarks.studies.privacy``.

The days of one run of `scenarios/metropolis.toml` are published ever more strictly, twenty draws of noise
each, and services sited and a fleet sized by what is shown. ``--run DIR`` takes a run that stands; without,
one is made. The table is ``privacy.csv``, the chart ``docs/pictures/privacy.svg`` (``--chart`` only draws).
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure

from twin.report.maps import Map
from twin.scenario.scenario import Scenario
from twin.study.privacy_front import FLEET, SITING, FrontPoint, free_lunch, front
from twin.study.run import run
from twin.study.traces import resident_days

HOME = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_suffix(".csv")
CHART = HOME / "docs" / "pictures" / "privacy.svg"
SCENARIO = HOME / "scenarios" / "metropolis.toml"
FOCUSES = ("dense", "la_turbie")
DAYS, SEED = 14, 1
UNITS = {SITING: "m of way for each inhabitant's visit", FLEET: "cents a day for each inhabitant"}
COLOURS = {"dense": "#1f5f7a", "la_turbie": "#c0504d"}
INK = "#33464f"
NONE = 100.0
"""Where on the axis of epsilon a table without noise is drawn."""


def points_of(folder: Path) -> list[FrontPoint]:
    """Both decisions in both focuses at every level."""
    parameters = Scenario.load(SCENARIO).ledger()
    return front(resident_days(folder, DAYS), parameters, FOCUSES)


def write_points(points: Sequence[FrontPoint], file: Path = TABLE) -> None:
    """One line a point; the numbers with six digits, so that machines agree on them."""
    with file.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(FrontPoint._fields)
        lines.writerows([[_text(value) for value in each] for each in points])


def read_points(file: Path = TABLE) -> list[FrontPoint]:
    """The points of a table."""
    with file.open(encoding="utf-8", newline="") as given:
        rows = list(csv.DictReader(given))
    texts, whole = ("focus", "decision"), ("fewest", "n_draws")
    return [
        FrontPoint(**{k: v if k in texts else int(v) if k in whole else float(v) for k, v in row.items()})  # type: ignore[arg-type]
        for row in rows
    ]


@style.context("default")
def chart(points: Sequence[FrontPoint]) -> Figure:
    """Regret by epsilon and by fewest people shown, a panel a decision; bands: 95 % interval over draws.

    Dotted: regret of deciding by maps and totals alone, with no table.
    """
    figure = Map(figsize=(9.2, 5.6), layout="constrained", facecolor="white")
    panels = figure.subplots(2, 2)
    for row, decision in enumerate((SITING, FLEET)):
        for focus in FOCUSES:
            mine = [each for each in points if (each.focus, each.decision) == (focus, decision)]
            noisy = sorted((e for e in mine if e.fewest == 10 and e.epsilon), key=lambda e: -e.epsilon)
            hidden = sorted((e for e in mine if math.isinf(e.epsilon)), key=lambda e: e.fewest)
            for axes, some, x in (
                (panels[row, 0], noisy, [min(e.epsilon, NONE) for e in noisy]),
                (panels[row, 1], hidden, [float(e.fewest) for e in hidden]),
            ):
                low, high = [e.regret_low for e in some], [e.regret_high for e in some]
                axes.fill_between(x, low, high, color=COLOURS[focus], alpha=0.2, linewidth=0)
                axes.plot(
                    x, [e.regret for e in some], color=COLOURS[focus], marker="o", markersize=3, label=focus
                )
            for unseen in (each.regret for each in mine if each.epsilon == 0.0):
                panels[row, 0].axhline(unseen, color=COLOURS[focus], linewidth=0.8, linestyle=":")
        panels[row, 0].set(xscale="log", ylabel=f"{decision}: regret\n{UNITS[decision]}")
        panels[row, 0].invert_xaxis()
    panels[1, 0].set_xlabel(
        f"epsilon of the table, stricter to the right; {NONE:g}: no noise; dotted: no table"
    )
    panels[1, 1].set_xlabel("fewest people that a cell shows, no noise")
    panels[0, 0].legend(fontsize=8, frameon=False)
    for axes in panels.flat:
        axes.tick_params(labelsize=8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.suptitle(
        "What decisions cost more when people are published more strictly", fontsize=10, color=INK
    )
    return figure


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def main() -> int:
    """Make the table and the chart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--run", type=Path, help="a folder that `twin run scenarios/metropolis.toml` wrote")
    parser.add_argument("--chart", action="store_true", help="draw the table that stands")
    options = parser.parse_args()
    if not options.chart:
        with tempfile.TemporaryDirectory() as made:
            folder = options.run or Path(made) / "run"
            if options.run is None:
                run(SCENARIO, SEED, out=folder)
            write_points(points_of(folder))
    points = read_points()
    from benchmarks.pictures import svg_bytes

    CHART.write_bytes(svg_bytes(chart(points)))
    for focus, decision, epsilon in free_lunch(points):
        print(f"{focus}, {decision}: free down to epsilon {epsilon:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
