"""The study of influence as one page to mail: ``python -m benchmarks.studies.influence_page FILE``.

The figure, all tables and what they contradict, read from the committed table; nothing is run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from pathlib import Path

from markdown_it import MarkdownIt  # rich, which prints the tables of commands, brings it

from benchmarks.pictures import influence_chart
from benchmarks.studies.influence import FLAGSHIP, TABLE, finished
from benchmarks.studies.influence_summary import report
from twin.errors import InputError

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; font-variant-numeric: tabular-nums }
td, th { border-bottom: 1px solid #d5dbe1; padding: .2rem .8rem .2rem 0; text-align: left }
svg { max-width: 100%; height: auto }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Who moves whom</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>{style}</style></head><body>
<h1>Who moves whom</h1>
<p>Calculators and the road manager on {n_days} simulated days of {n_seeds} seeds. In brackets: differences
from no app, paired by seed, with their 95 % interval. Words and method: docs/influence.md.</p>
<p>Table: {name}, sha256 {digest}.</p>
{figure}
{tables}
<p>Map data &copy; OpenStreetMap contributors, ODbL 1.0.</p>
</body></html>
"""


def page_of(table: Path) -> str:
    """The page of a table, as HTML text."""
    if not table.is_file():
        raise InputError(str(table), "is not there", "the table that `make influence` writes")
    lines, drawn = finished(table), io.StringIO()
    influence_chart(table).savefig(drawn, format="svg")
    figure = drawn.getvalue()
    return PAGE.format(
        style=STYLE,
        n_days=len(lines),
        n_seeds=len({key[-1] for key in lines}),
        name=table.name,
        digest=hashlib.sha256(table.read_bytes()).hexdigest(),
        figure=figure[figure.index("<svg") :],
        tables=MarkdownIt("commonmark").enable("table").render("\n".join(report(lines, FLAGSHIP))),
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    options.file.write_text(page_of(options.table), encoding="utf-8")
    print(options.file)


if __name__ == "__main__":
    main()
