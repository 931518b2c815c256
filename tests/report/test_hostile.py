"""Hostile texts in every field of a report stay texts: none runs, none breaks out of its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.report.browser import opened
from tests.report.payloads import PAYLOADS
from tests.report.reading import data_of, everything, parsed
from twin.report.build import view_of
from twin.report.page import render
from twin.report.view import ReportView
from twin.study.comparison import Comparison

OURS = ("kind", "verdict", "better", "measure", "method", "lost")
"""Fields whose text is one of a few words, or digits, of this program."""
OPENS_AND_SHUTS = {"html", "head", "body", "script", "style", "title"}


def hostile(value: Any, texts: Iterator[str]) -> Any:
    """The same value with every text replaced by the next payload."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, tuple):
        return tuple(hostile(each, texts) for each in value)
    if isinstance(value, Mapping):
        return {hostile(key, texts): hostile(each, texts) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            each.name: hostile(getattr(value, each.name), texts)
            for each in fields(value)
            if each.name not in OURS
        }
        return replace(value, **changed)
    return value


@pytest.fixture(scope="module")
def view(paired: Comparison) -> ReportView:
    """A real report in which every name, title, unit, group, digest and note is a payload."""
    made: ReportView = hostile(view_of(paired), cycle(PAYLOADS))
    return made


def test_there_are_payloads_enough() -> None:
    assert len(set(PAYLOADS)) >= 60


def test_no_text_becomes_an_element_or_leaves_the_data(view: ReportView) -> None:
    html = render(view)
    root = parsed(html)
    counts = {tag: len(root.find(tag)) for tag in OPENS_AND_SHUTS - {"title"}}
    assert counts == {"html": 1, "head": 1, "body": 1, "script": 2, "style": 1}
    for element in everything(root):
        assert element.tag not in (
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "link",
            "math",
            "video",
            "animate",
        )
        assert not [key for key in element.attributes if key.startswith("on") or key == "srcdoc"]
        assert not element.attributes.get("href", "#").startswith(("javascript", "data"))
    (title,) = root.find("head")[0].find("title")
    assert title.text() == view.title
    data = data_of(html)
    assert data["title"] == view.title
    assert data["networks"][0]["link_name"] == list(view.networks[0].link_name)
    assert data["networks"][0]["link_id"] == list(view.networks[0].link_id)
    names = {path.attributes["data-link"] for path in root.find("path") if "data-link" in path.attributes}
    assert names <= set(view.networks[0].link_id)


def test_no_text_runs_in_a_browser(chromium: str, view: ReportView, tmp_path: Path) -> None:
    page = tmp_path / "hostile.html"
    page.write_text(render(view), encoding="utf-8")
    for row in (0, 7):  # the card tells a street's name and id, written by the page's own script
        fragment = f"hour=8&map=map-1&link={quote(view.networks[0].link_id[row])}"
        found = opened(chromium, page, tmp_path / f"profile {row}", fragment)
        assert found.console == ()
        root = parsed(found.dom)
        assert root.find("head")[0].find("title")[0].text() == view.title
        assert view.networks[0].link_name[row] in root.find("div", id="card")[0].text()
        assert not root.find("img")


def test_the_browser_would_have_told(chromium: str, tmp_path: Path) -> None:
    """The same payloads, not escaped and without a policy: the title tells that code has run."""
    page = tmp_path / "careless.html"
    page.write_text(f"<!doctype html><title>calm</title><p>{PAYLOADS[0]}</p>", encoding="utf-8")
    found = opened(chromium, page, tmp_path / "profile")
    assert parsed(found.dom).find("title")[0].text() == "PWNED"
    page.write_text("<!doctype html><script>absent()</script>", encoding="utf-8")
    assert "absent is not defined" in opened(chromium, page, tmp_path / "profile 2").console[0]


def test_the_policy_holds_even_where_a_text_is_not_escaped(
    chromium: str, paired: Comparison, tmp_path: Path
) -> None:
    """A second wall: markup smuggled into a finished page does not run either."""
    html = render(view_of(paired))
    for payload in ("<script>document.title='PWNED'</script>", "<img src=x onerror=document.title='PWNED'>"):
        page = tmp_path / "smuggled.html"
        page.write_text(html.replace("<main>", f"<main>{payload}"), encoding="utf-8")
        found = opened(chromium, page, tmp_path / f"profile {len(payload)}")
        assert parsed(found.dom).find("title")[0].text() == "More on the app"
        assert "Content Security Policy" in found.console[0]
