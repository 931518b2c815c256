"""The command that holds a population against published figures: `population`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twin.cli.options import AsJson, Quiet, ScenarioFile, Seed, writable_file
from twin.cli.output import emit, paragraph, plain, say, table
from twin.cli.progress import shown
from twin.cli.studies import fitting
from twin.errors import InputError

if TYPE_CHECKING:
    from twin.population.published.validation import ValidationRow
    from twin.study.validation import Validation

COLUMNS = ("what", "of", "where", "target", "simulated", "error", "± sampling", "holds", "known", "source")
HEADINGS = {"fitted": "Fitted", "held_out": "Held out"}
HOLDS = {True: "yes", False: "no", None: ""}


def population(
    scenario: ScenarioFile,
    seed: Seed = None,
    seeds: Annotated[
        int,
        typer.Option("--seeds", metavar="N", min=1, help="Number of seeds, from that one on: their mean."),
    ] = 1,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Also people of another legal regime than the figures'.")
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="FILE.toml", help="Figures other than the French ones."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Also write the table to a file: .csv or .md."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hold a scenario's population against published figures: fitted ones, and held-out ones."""
    if out is not None and out.suffix not in (".csv", ".md"):
        raise InputError(f"--out {out}", "no form of table", "a name that ends in .csv or .md")
    if out is not None:
        writable_file(out)
    from twin.population.published.figures import read_figures
    from twin.study.validation import validate_population

    held = None if figures is None else read_figures(figures)
    (asked,) = fitting([scenario], quiet)
    start = asked.seed if seed is None else seed
    with shown(quiet) as progress:
        numbers = tuple(range(start, start + seeds))
        found = validate_population(asked, numbers, held, everyone, progress)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(as_csv(found) if out.suffix == ".csv" else as_markdown(found), encoding="utf-8")
    return emit(found.summary()) if as_json else _print(found)


def _print(found: Validation) -> None:
    table(
        (
            "area",
            "inhabitants",
            "density class",
            "legal regime",
            "known from",
            "compared",
            "class and regime from",
        ),
        [
            (
                area["name"],
                area["inhabitants"],
                area["density_class"],
                area["legal_regime"],
                area["basis"],
                HOLDS[area["compared"]],
                area["class_source"],
            )
            for area in found.areas
        ],
        f"{found.territory}, figures of {found.legal_regime}",
    )
    sources = sources_of(found.rows)
    for name, heading in HEADINGS.items():
        table(COLUMNS, [cells(row, sources) for row in found.listed(name)], heading)
    for text, number in sources.items():
        say(f"source {number}: {text}")
    for reason in found.calibration["reasons"]:
        say(f"Not calibrated: {reason}.")
    judged = [row for row in found.rows if row.holds is not None]
    say(f"{len(judged) - len(found.missed)} of {len(judged)} fitted figures hold, {seeds_in_words(found)}")
    say(paragraph(NOTE))


NOTE = (
    "A fitted figure holds within its published range, 3 points or 5 %; illectronism by age within two "
    "standard errors of what the place's density classes ask, the mean of several seeds within 1 point. "
    "Sampling: the standard error of a survey of all people compared, by households (Cochran 1977), at "
    "least binomial for shares."
)


def seeds_in_words(found: Validation) -> str:
    """The seeds in words: seed 1, or mean of seeds 1 to 20."""
    first, last = found.seeds[0], found.seeds[-1]
    return f"seed {first}" if first == last else f"mean of seeds {first} to {last}"


def sources_of(rows: Sequence[ValidationRow]) -> dict[str, str]:
    """Each source with what is said of the comparison, and the number by which the table names it."""
    texts = dict.fromkeys(_source(row) for row in rows)
    return {text: str(number) for number, text in enumerate(texts, start=1)}


def _source(row: ValidationRow) -> str:
    note = row.figure.note
    return row.figure.source + (f": {note}" if note else "")


def cells(row: ValidationRow, sources: Mapping[str, str]) -> tuple[str, ...]:
    """A row as people read it: shares in percent, their errors in points."""
    figure = row.figure
    target = amount(figure.value, row.unit)
    if figure.low is not None and figure.high is not None:
        target += f" ({amount(figure.low, row.unit, '', '')} to {amount(figure.high, row.unit, '', '')})"
    if row.expected is not None:
        target += f", here {amount(row.expected, row.unit, '', '')}"
    points = " pts" if row.unit == "share" else ""
    return (
        figure.measure.replace("_", " "),
        "" if figure.of == "all" else figure.of,
        "+".join(figure.group) or "all",
        target,
        amount(row.simulated, row.unit),
        amount(row.error, row.unit, "+", points),
        amount(row.standard_error, row.unit, "", points),
        HOLDS[row.holds],
        figure.known,
        sources[_source(row)],
    )


def amount(value: float | None, unit: str, sign: str = "", mark: str | None = None) -> str:
    """A number with its unit or another mark; a share in percent.

    >>> amount(0.3812, "share"), amount(-0.012, "share", "+", " pts"), amount(6.5, "km"), amount(None, "km")
    ('38.1 %', '-1.2 pts', '6.5 km', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if unit == "share":
        digits = 2 if 0.0 < abs(value) < 0.01 else 1
        return f"{100.0 * value:{sign}.{digits}f}{' %' if mark is None else mark}"
    digits = 2 if abs(value) < 5.0 else 1
    named = "" if unit == "1" else f" {unit}"
    return f"{value:{sign}.{digits}f}{named if mark is None else mark}"


def as_csv(found: Validation) -> str:
    """All rows with all their columns."""
    text = io.StringIO()
    rows = [plain(row.as_dict()) for row in found.rows]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_markdown(found: Validation) -> str:
    """Two tables, fitted and held out."""
    sources = sources_of(found.rows)
    parts = []
    for name, heading in HEADINGS.items():
        rows = [cells(row, sources) for row in found.listed(name)]
        parts.append(f"{heading}, {seeds_in_words(found)}:\n\n" + _markdown(COLUMNS, rows))
    listed = "".join(f"{number}. {text}\n" for text, number in sources.items())
    return "\n".join([*parts, "Sources:\n\n" + listed])


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
