"""The pictures of the README: ``python -m benchmarks.pictures`` (or ``make pictures``).

- ``riviera.png``: the whole area, its zones, and what drives on every street in `scenarios/riviera.toml`;
- ``village.svg``: through traffic in the village's street by app share, from the village study's table;
- ``privacy.svg``: what decisions cost more under stricter publication, from the privacy study's table;
- ``influence.svg``: both focuses by app share and respect of the law, and who moves whom, from the table of
  the study of influence.

Run again, they are the same byte for byte while scenario, code and libraries are.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.studies import influence as moving
from benchmarks.studies import influence_summary as found_of
from benchmarks.studies import privacy
from benchmarks.studies.summary import column
from benchmarks.studies.table import Lines
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


CURVES = {
    "car_h": "hours in cars",
    "co2_kg": "CO2 (kg)",
    "local_km": "through vehicle-km,\nlocal streets",
    "gini": "concentration (Gini)",
}
RESPECTS = ("#c0504d", "#8a8a8a", "#1f5f7a")
"""Colour of respect 0, 1/2 and 1."""


@style.context("default")
def influence_chart(table: Path = moving.TABLE) -> Figure:
    """Both focuses against the app share, by respect of the law; and the ratio of what is moved.

    Lines: means; bands: 95 % interval of the difference from share 0, paired; of the ratio, Fieller's.
    """
    study, lines = moving.FLAGSHIP, moving.finished(table)
    figure = Map(figsize=(10.4, 6.6), layout="constrained", facecolor="white")
    panels = figure.subplots(3, len(CURVES))
    percent = [100.0 * share for share in study.shares]
    for row, focus in enumerate(study.focuses):
        for axes, (name, said) in zip(panels[row], CURVES.items(), strict=True):
            base = found_of.column(lines, "works", 0.0, None, f"{name}_{focus}")
            for respect, colour in zip(study.respects, RESPECTS, strict=True):
                values = found_of.curve(lines, study, respect, f"{name}_{focus}").values
                found = [paired_difference(base, each) for each in values]
                means = [each.alternative for each in found]
                ends = [
                    [(each.base or 0.0) + (end or 0.0) for each in found for end in (getattr(each, side),)]
                    for side in ("low", "high")
                ]
                axes.fill_between(percent, *ends, color=colour, alpha=0.15, linewidth=0)
                axes.plot(percent, means, color=colour, linewidth=1.2, label=f"respect {respect:g}")
            axes.set_title(f"{focus}: {said}", loc="left", fontsize=8, color=INK)
    for place, (experiment, measure) in enumerate(
        (experiment, measure) for experiment in ("works", "closed") for measure in moving.MEASURES
    ):
        _ratio_panel(panels[2, place], lines, experiment, measure)
    for axes in panels.flat:
        axes.tick_params(labelsize=7)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0, 0].legend(fontsize=7, frameon=False)
    figure.supxlabel("share of travellers who consult an app (%)", fontsize=8, color=INK)
    figure.text(0.995, 0.002, ATTRIBUTION, ha="right", va="bottom", fontsize=6, color=INK)
    return figure


def _ratio_panel(axes: Axes, lines: Lines, experiment: str, measure: str) -> None:
    """Calculators over road manager by app share; a dotted line where both move as much."""
    study = moving.FLAGSHIP
    works = experiment == "works"
    shares = [share for share in (study.shares if works else study.some_shares) if share]
    for respect, colour in zip(study.respects if works else (None,), RESPECTS, strict=False):
        told = [found_of.ratio_at(lines, experiment, share, respect, measure) for share in shares]
        known = [(100.0 * share, each) for share, each in zip(shares, told, strict=True) if each.value]
        if not known:
            continue
        percent, ratios = zip(*known, strict=True)
        values = [each.value for each in ratios]
        low, high = (
            [each.value if (end := getattr(each, side)) is None else end for each in ratios]
            for side in ("low", "high")
        )
        axes.fill_between(percent, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(percent, values, color=colour, linewidth=1.2, marker="o", markersize=2)
    axes.axhline(1.0, color=INK, linewidth=0.8, linestyle=":")
    unit = {"km": "vehicle-km", "min": "person-minutes"}[measure]
    day = "works" if works else "A8 closed and signed"
    axes.set_title(f"{day}: calculators /\nroad manager, {unit}", loc="left", fontsize=8, color=INK)


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
    parser.add_argument("--influence", type=Path, default=moving.TABLE)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    figure, about = area_map(options.scenario)
    made = {
        "riviera.png": png_bytes(figure, about),
        "village.svg": svg_bytes(app_share_chart(options.table)),
    }
    if privacy.TABLE.is_file():
        made["privacy.svg"] = svg_bytes(privacy.chart(privacy.read_points()))
    if options.influence.is_file():
        made["influence.svg"] = svg_bytes(influence_chart(options.influence))
    for name, content in made.items():
        if len(content) > MOST_BYTES:
            print(f"{name}: {len(content)} bytes, more than {MOST_BYTES}", file=sys.stderr)
            return 1
        (options.out / name).write_bytes(content)
        print(f"{options.out / name} ({len(content):,} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
