"""One self-contained page: markup, style, script and data in one file that asks nothing of any server."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from twin.report.legends import map_colours
from twin.report.payload import as_block, payload
from twin.report.scales import SCENARIO_COLOURS
from twin.report.sections import context, draw_all
from twin.report.view import ReportView
from twin.report.words import group_label, label_of, number, percent, seeds_words, signed, unit_label


def render(view: ReportView) -> str:
    """The page of a view as HTML text; the same view gives the same text."""
    drawings, scales = draw_all(view)
    style = _style("\n".join((map_colours(list(scales.items())), _swatches())))
    script = _asset("report.js")
    data = as_block(payload(view, drawings, {str(measure): scale for measure, scale in scales.items()}))
    page = _templates().get_template("report.html.j2")
    return page.render(
        **context(view, drawings, scales),
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=data,
    )


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
        "unit": unit_label,
        "label": label_of,
        "group": group_label,
        "seeds": seeds_words,
    }
    return environment
