"""What the study of influence found, as Markdown: tables, and where it contradicts what was expected.

Means over seeds; in brackets the difference from the base, paired by seed, and its 95 % interval.
Run ``python -m benchmarks.studies.influence_summary``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.studies.influence import FLAGSHIP, OF_PROVIDERS, TABLE, Study, finished
from benchmarks.studies.summary import spoken
from benchmarks.studies.table import Lines
from twin.indicators.focus import WHOLE
from twin.study.influence_found import note_of
from twin.study.statistics import LEAST_SEEDS, NO_INTERVAL, Ratio, paired_difference, paired_ratio

QUANTITIES = {
    "car_h": "hours in cars of the people of the focus",
    "co2_kg": "CO2 on its links [kg]",
    "local_km": "through vehicle-km on its local streets with homes or near schools",
    "classified_km": "through vehicle-km on its classified streets",
    "through_km": "through vehicle-km on all its links",
    "gini": "concentration of flow (Gini coefficient)",
    "routes": "routes in use between one link and another",
    "regret_s": "regret of its people's routes [s/trip]",
}
"""Columns that are told of each focus, and what they are."""
U_SHAPED = ("car_h", "co2_kg")
"""Columns for which the literature has a least value between none and all guided."""


@dataclass(frozen=True)
class Curve:
    """One column along app shares: values by share, each over seeds."""

    shares: tuple[float, ...]
    values: tuple[list[float], ...]

    @property
    def means(self) -> list[float]:
        """Mean of each share."""
        return [sum(each) / len(each) for each in self.values]

    def shape(self) -> str:
        """U, falling, rising or flat, by paired intervals of both ends against the least share.

        A U has its least value inside, and both ends lie above it by more than their intervals.
        """
        least = min(range(len(self.values)), key=lambda at: self.means[at])
        share = f"{self.shares[least]:.0%}"
        if len(self.values[0]) < LEAST_SEEDS:
            return f"no answer: least at {share}, {NO_INTERVAL}"
        above = [_above(self.values[least], self.values[end]) for end in (0, -1)]
        if all(above) and 0 < least < len(self.values) - 1:
            return f"agrees: U-shaped, least at {share}"
        if _above(self.values[-1], self.values[0]):
            return f"contradicts it: falls from none to all guided, least at {share}"
        if _above(self.values[0], self.values[-1]):
            return f"contradicts it: rises from none to all guided, least at {share}"
        return "contradicts it: no difference between none and all guided beyond the interval"


def _above(base: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one lies above the base by more than the interval of their paired difference."""
    low = paired_difference(base, other).low
    return low is not None and low > 0.0


def column(
    lines: Lines, experiment: str, share: float, respect: float | None, name: str, absent: str = ""
) -> list[float]:
    """One measured column over all seeds, in order of seed; NaN where a line or a value is missing."""
    asked = "" if respect is None or not share else f"{respect:g}"
    values = []
    for seed in sorted({int(key[-1]) for key in lines}):
        line = lines.get((experiment, f"{share:g}", asked, absent, str(seed)), {})
        values.append(float(line.get(name) or "nan"))
    return values


def curve(lines: Lines, study: Study, respect: float, name: str) -> Curve:
    """A column along the app shares that were run, on the days of works."""
    found = [(share, column(lines, "works", share, respect, name)) for share in study.shares]
    known = [(share, values) for share, values in found if np.isfinite(values).all()]
    return Curve(tuple(share for share, _ in known), tuple(values for _, values in known))


def ratio_at(
    lines: Lines,
    experiment: str,
    share: float,
    respect: float | None,
    measure: str,
    manager: str = "manager",
) -> Ratio:
    """Calculators over road manager, or over ``works_too``: the manager with his works."""
    above, below = (
        column(lines, experiment, share, respect, f"{measure}_{mover}") for mover in ("calculators", manager)
    )
    return paired_ratio(above, below)


def by_share(lines: Lines, study: Study, name: str) -> Iterator[str]:
    """A column by app share and respect, against share 0."""
    yield "| app share | " + " | ".join(f"respect {each:g}" for each in study.respects) + " |"
    yield "|---" * (len(study.respects) + 1) + "|"
    base = column(lines, "works", 0.0, None, name)
    for share in study.shares:
        cells = [_cell(base, column(lines, "works", share, each, name)) for each in study.respects]
        yield f"| {share:.0%} | " + " | ".join(cells) + " |"


def ratios(lines: Lines, study: Study, measure: str) -> Iterator[str]:
    """What calculators and manager move on the days of works, and their ratio."""
    yield "| app share | respect | calculators | road manager | ratio |"
    yield "|---|---|---|---|---|"
    for share in study.shares[1:]:
        for respect in study.respects:
            yield _ratio_line(lines, ("works", share, respect), measure, f"{share:.0%} | {respect:g}")


def works_too(lines: Lines, study: Study, measure: str) -> Iterator[str]:
    """The ratio on the days of works, were the works themselves counted as the road manager's."""
    yield "| app share | respect | road manager and works | ratio |"
    yield "|---|---|---|---|"
    for share in study.some_shares[1:]:
        for respect in study.respects:
            day = ("works", share, respect)
            moved = _interval(column(lines, *day, f"{measure}_works_too"))
            told = _told(ratio_at(lines, *day, measure, "works_too"))
            yield f"| {share:.0%} | {respect:g} | {moved} | {told} |"


def other_days(lines: Lines, study: Study, measure: str) -> Iterator[str]:
    """The same on the day of the closed motorway, with what both share."""
    yield "| app share | calculators | road manager | ratio | both | overlap |"
    yield "|---|---|---|---|---|---|"
    for share in study.some_shares[1:]:
        parts = [
            column(lines, "closed", share, None, f"{measure}_{mover}")
            for mover in ("calculators", "manager", "both")
        ]
        overlap = [one + other - both for one, other, both in zip(*parts, strict=True)]
        told = _ratio_line(lines, ("closed", share, None), measure, f"{share:.0%}")
        yield f"{told} {_interval(parts[2])} | {_interval(overlap)} |"


def ordinary(lines: Lines, study: Study) -> Iterator[str]:
    """The ordinary day by app share, against share 0."""
    focuses = (*study.focuses, WHOLE)
    for name in ("car_h", "co2_kg", "through_km", "gini"):
        yield f"\n{QUANTITIES[name]}:\n"
        yield "| app share | " + " | ".join(focuses) + " |"
        yield "|---" * (len(focuses) + 1) + "|"
        for share in study.some_shares:
            cells = [
                _cell(*(column(lines, "ordinary", each, None, f"{name}_{focus}") for each in (0.0, share)))
                for focus in focuses
            ]
            yield f"| {share:.0%} | " + " | ".join(cells) + " |"


def alone(lines: Lines, study: Study, providers: Sequence[str]) -> Iterator[str]:
    """What each provider moves alone, at respect 0, beside all of them."""
    yield "| app share | " + " | ".join((*providers, "all providers")) + " |"
    yield "|---" * (len(providers) + 2) + "|"
    for share in study.absent_shares:
        own = [_interval(column(lines, "works", share, 0.0, "km_absent", name)) for name in providers]
        whole = _interval(column(lines, "works", share, 0.0, "km_calculators"))
        yield f"| {share:.0%} | " + " | ".join((*own, whole)) + " |"


def knowledge(lines: Lines, study: Study, providers: Sequence[str]) -> Iterator[str]:
    """Blind spots and errors of each provider by focus, and the village against the dense zone."""
    dense, village = study.focuses[0], study.focuses[-1]
    for name, meaning in OF_PROVIDERS.items():
        yield f"\n`{meaning}`:\n"
        yield f"| app share | provider | {dense} | {village} | difference |"
        yield "|---|---|---|---|---|"
        for share in (each for each in study.shares if each):
            for provider in providers:
                here, there = (
                    column(lines, "works", share, 0.0, f"{name}_{provider}_{focus}")
                    for focus in (dense, village)
                )
                told = _interval([value - base for base, value in zip(here, there, strict=True)])
                yield f"| {share:.0%} | {provider} | {_interval(here)} | {_interval(there)} | {told} |"


def verdicts(lines: Lines, study: Study) -> Iterator[str]:
    """Where the study contradicts the literature's U, or the sentence that calculators move more."""
    yield "Against the U of the literature (worst where none or all are guided, best between):\n"
    for focus in (*study.focuses, WHOLE):
        for name in U_SHAPED:
            for respect in study.respects:
                shape = curve(lines, study, respect, f"{name}_{focus}").shape()
                yield f"- {focus}, {QUANTITIES[name]}, respect {respect:g}: {shape}"
    yield "\nAgainst the sentence that calculators influence users more than road managers:\n"
    asked: list[tuple[str, float, float | None]] = []
    asked += [("works", share, each) for share in study.shares[1:] for each in study.respects]
    asked += [("closed", share, None) for share in study.some_shares[1:] if "closed" in dict(study.files)]
    for measure in ("km", "min"):
        told: dict[str, list[str]] = {}
        for day in asked:
            law = "" if day[2] is None else f", respect {day[2]:g}"
            judged = judgement(ratio_at(lines, *day, measure))
            told.setdefault(judged, []).append(f"{day[0]} {day[1]:.0%}{law}")
        yield from (f"- {measure}: {judged}: {'; '.join(cases)}" for judged, cases in told.items())


def judgement(ratio: Ratio) -> str:
    """Whether a ratio bears out that calculators move more than the road manager."""
    if ratio.value is None or ratio.low is None or ratio.high is None:
        return f"no answer ({note_of(ratio, levers=True)})"
    if ratio.low > 1.0:
        return "borne out"
    return "contradicted" if ratio.high < 1.0 else "not told apart"


def _ratio_line(lines: Lines, day: tuple[str, float, float | None], measure: str, label: str) -> str:
    own = [_interval(column(lines, *day, f"{measure}_{mover}")) for mover in ("calculators", "manager")]
    return f"| {label} | {own[0]} | {own[1]} | {_told(ratio_at(lines, *day, measure))} |"


def _told(ratio: Ratio) -> str:
    """A ratio and its interval, or why it has none."""
    if ratio.value is None:
        return note_of(ratio, levers=True)
    if ratio.low is None:
        return f"{ratio.value:.3g} ({note_of(ratio, levers=True)})"
    return f"{ratio.value:.3g} ({ratio.low:.3g} to {ratio.high:.3g})"


def _cell(base: list[float], values: list[float]) -> str:
    found = paired_difference(base, values)
    return spoken(found.alternative, found.difference, found.low, found.high)


def _interval(values: list[float]) -> str:
    """A mean over seeds and its interval."""
    found = paired_difference([0.0] * len(values), values)
    if found.alternative is None:
        return "–"
    digits = 3 if abs(found.alternative) < 10 else 0
    mean = f"{found.alternative:.{digits}f}"
    return mean if found.low is None else f"{mean} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def report(lines: Lines, study: Study) -> Iterator[str]:
    """All tables, then the verdicts."""
    providers = [each.name for each in study.scenario("works").providers]
    for focus in (*study.focuses, WHOLE):
        for name, meaning in QUANTITIES.items():
            if focus == WHOLE and name in ("local_km", "classified_km"):
                continue  # who crosses the whole area keeps to its great roads
            yield f"\n### {focus}: {meaning}\n"
            yield from by_share(lines, study, f"{name}_{focus}")
    for measure, unit in (("km", "vehicle-km"), ("min", "person-minutes")):
        yield f"\n### Works: {unit} moved\n"
        yield from ratios(lines, study, measure)
        if "incident" in dict(study.files):
            yield f"\n### The same, were the works counted as the road manager's: {unit}\n"
            yield from works_too(lines, study, measure)
        if "closed" in dict(study.files):
            yield f"\n### A8 closed and signed: {unit} moved\n"
            yield from other_days(lines, study, measure)
    yield "\n### Works, respect 0: vehicle-km moved by each provider alone\n"
    yield from alone(lines, study, providers)
    if "ordinary" in dict(study.files):
        yield "\n### An ordinary day"
        yield from ordinary(lines, study)
    yield "\n### What providers know, on the day of works at respect 0"
    yield from knowledge(lines, study, providers)
    yield "\n### What it contradicts\n"
    yield from verdicts(lines, study)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--table", type=Path, default=TABLE)
    lines = finished(parser.parse_args().table)
    print("\n".join(report(lines, FLAGSHIP)))


if __name__ == "__main__":
    main()
