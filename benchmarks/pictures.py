"""The pictures of the README: ``python -m benchmarks.pictures`` (or ``make pictures``).

- ``riviera.png``: the whole area, its zones, and what drives on every street in `scenarios/riviera.toml`;
- ``village.svg``: through traffic in the village's street by app share, from the village study's table.

Run again, they are the same byte for byte while scenario, code and libraries are.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.studies.summary import column
from benchmarks.studies.village import SHARES, TABLE, finished
from twin import run
from twin.report.maps import Map
from twin.scenario.scenario import Scenario
from twin.study.statistics import paired_difference

HOME = Path(__file__).resolve().parents[1]
PICTURES = HOME / "docs" / "pictures"
SCENARIO = HOME / "scenarios" / "riviera.toml"
SEED = 1
ATTRIBUTION = "© OpenStreetMap contributors, ODbL"
INK, LINE, BAND = "#33464f", "#1f5f7a", "#c9dfe6"
MOST_BYTES = 200_000


@style.context("default")
def app_share_chart(table: Path = TABLE) -> Figure:
    """Through vehicle-km of the day against the app share, works on the A8; band: 95 % interval, paired."""
    lines = finished(table)
    base = column(lines, "one_lane", 0.0, None, "through_km_day")
    means, lows, highs = [], [], []
    for share in SHARES:
        found = paired_difference(base, column(lines, "one_lane", share, None, "through_km_day"))
        if found.base is None or found.alternative is None:
            raise ValueError(f"{table}: no line with app share {share:g}")
        means.append(found.alternative)
        lows.append(found.base + (found.low or 0.0))
        highs.append(found.base + (found.high or 0.0))
    figure = Map(figsize=(6.4, 3.4), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    percent = [100.0 * share for share in SHARES]
    axes.fill_between(percent, lows, highs, color=BAND, linewidth=0)
    axes.plot(percent, means, color=LINE, marker="o", markersize=4)
    axes.set(
        xlabel="share of travellers who consult an app (%)", ylabel="vehicle-km of the day", ylim=(0, None)
    )
    n_seeds = len(base)
    axes.set_title(
        f"Through traffic in the main street of La Turbie, works on the A8\nmean of {n_seeds} seeds; "
        "band: 95 % interval of the difference from share 0",
        loc="left", fontsize=9, color=INK,
    )  # fmt: skip
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.text(0.995, 0.02, ATTRIBUTION, transform=axes.transAxes, ha="right", fontsize=7, color=INK)
    return figure


def area_map(scenario: Path = SCENARIO, seed: int = SEED) -> tuple[Figure, dict[str, str]]:
    """Flows of the day on every street, with the zones; and what tells which run it shows."""
    asked = Scenario.load(scenario)
    result = run(asked, seed)
    figure = result.map("flow_veh")
    figure.axes[0].set_title(
        f"{asked.title}: vehicles on each street in a day", loc="left", fontsize=11, color=INK
    )
    about = {"Title": asked.title, "Source": ATTRIBUTION, "Comment": f"seed {seed}, digest {result.digest}"}
    return figure, about


def svg_bytes(figure: Figure) -> bytes:
    """A figure as SVG without date, its ids from its content alone."""
    sink = io.BytesIO()
    with style.context("default"), mpl.rc_context({"svg.hashsalt": "twin", "svg.fonttype": "none"}):
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None, "Rights": ATTRIBUTION})
    return sink.getvalue()


def png_bytes(figure: Figure, about: dict[str, str]) -> bytes:
    """A figure as PNG of few colours, with what tells which run it shows."""
    drawn, sink, known = io.BytesIO(), io.BytesIO(), PngInfo()
    figure.savefig(drawn, format="png", dpi=100)
    for key, text in about.items():
        known.add_itxt(key, text)
    few = Image.open(drawn).convert("RGB").quantize(colors=48, dither=Image.Dither.NONE)
    few.save(sink, format="png", optimize=True, pnginfo=known)
    return sink.getvalue()


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=PICTURES)
    parser.add_argument("--scenario", type=Path, default=SCENARIO)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    figure, about = area_map(options.scenario)
    made = {"riviera.png": png_bytes(figure, about), "village.svg": svg_bytes(app_share_chart(options.table))}
    for name, content in made.items():
        if len(content) > MOST_BYTES:
            print(f"{name}: {len(content)} bytes, more than {MOST_BYTES}", file=sys.stderr)
            return 1
        (options.out / name).write_bytes(content)
        print(f"{options.out / name} ({len(content):,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
