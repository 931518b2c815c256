"""One self-contained page: markup, style, script and data in one file that asks nothing of any server."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from twin.errors import InputError
from twin.report.build import view_of
from twin.report.legends import map_colours
from twin.report.outage_section import outage_colours
from twin.report.payload import as_block, payload
from twin.report.scales import SCENARIO_COLOURS
from twin.report.sections import context, draw_all
from twin.report.view import ReportView
from twin.report.words import group_label, label_of, minutes, number, percent, seeds_words, signed, unit_label
from twin.study import store
from twin.study.compare import load_comparison
from twin.study.comparison import Comparison
from twin.study.results import Result

PAGE = "report.html"


def render(view: ReportView) -> str:
    """The page of a view as HTML text; the same view gives the same text."""
    drawings, scales = draw_all(view)
    style = _style("\n".join((map_colours(list(scales.items())), _swatches(), outage_colours())))
    script = _asset("report.js") + _asset("outage.js")
    data = as_block(payload(view, drawings, {str(measure): scale for measure, scale in scales.items()}))
    page = _templates().get_template("report.html.j2")
    return page.render(
        **context(view, drawings, scales),
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=data,
    )


def page_of(template: str, **context: Any) -> str:
    """A page without a script from a template of its own, in the style of all."""
    style = _style(_swatches())
    text = _templates().get_template(template)
    return text.render(**context, style=Markup(style), policy=policy(style, ""))


def write_report(directory: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of a finished run or comparison; by default `report.html` in its folder.

    Raises `InputError` where the folder holds neither, or there is no folder for the file.
    """
    folder = Path(directory)
    file = folder / PAGE if out is None else Path(out)
    if file.is_dir() or not file.parent.is_dir():
        raise InputError(str(file), "is no place for a file", "a file in a folder that is there")
    return write_page(load_subject(folder), file)


def write_page(subject: Result | Comparison, file: Path) -> Path:
    """Write the page of a run or a comparison at hand; the file."""
    store.write_bytes(file, render(view_of(subject)).encode())
    return file


def load_subject(folder: Path) -> Result | Comparison:
    """The run or the comparison that a folder holds, by what its manifest says."""
    path = folder / store.MANIFEST
    right = "a folder that `twin run --out` or `twin compare --out` has finished"
    try:
        manifest = json.loads(path.read_bytes())
    except OSError:
        raise InputError(str(folder), f"holds no {store.MANIFEST}", right) from None
    except ValueError as error:
        raise store.damaged(path, str(error)) from None
    kind = manifest.get("kind") if isinstance(manifest, dict) else None
    if kind not in ("run", "comparison"):
        raise InputError(str(path), f"is of kind {kind!r}", right)
    return load_comparison(folder) if kind == "comparison" else Result.load(folder)


def policy(style: str, script: str) -> str:
    """Content security policy: this style, this script, nothing else, from nowhere else."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _style(added: str) -> str:
    return _asset("report.css") + added + "\n"


def _swatches() -> str:
    return "\n".join(f".swatch.s{row}{{background:{colour}}}" for row, colour in enumerate(SCENARIO_COLOURS))


@cache
def _asset(name: str) -> str:
    text = (files("twin.report") / "templates" / name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("twin.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "signed": signed,
        "percent": percent,
        "minutes": minutes,
        "unit": unit_label,
        "label": label_of,
        "group": group_label,
        "capital": lambda text: text[:1].upper() + text[1:],
        "seeds": seeds_words,
    }
    return environment
