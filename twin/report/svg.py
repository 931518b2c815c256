"""The few lines by which every picture is written: elements with escaped attributes and text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from markupsafe import Markup, escape

Part = str | Markup


def tag(name: str, *parts: Part, **attributes: object) -> Markup:
    """One element; attribute ``stroke_width`` is written ``stroke-width``, ``class_`` is ``class``.

    >>> str(tag("text", "a < b", x=1, class_="note", data_link='"x"'))
    '<text x="1" class="note" data-link="&#34;x&#34;">a &lt; b</text>'
    """
    written = "".join(
        f' {_attribute(key)}="{_text(value)}"' for key, value in attributes.items() if value is not None
    )
    inside = "".join(escape(part) for part in parts)
    if not inside:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{inside}</{name}>")


def group(parts: Iterable[Part], **attributes: object) -> Markup:
    """Several elements in one group."""
    return tag("g", *parts, **attributes)


def picture(parts: Iterable[Part], title: str, description: str, **attributes: object) -> Markup:
    """A whole drawing with the name and description that a screen reader says."""
    said = {"role": "img", "aria_label": title}
    return tag("svg", tag("desc", description), *parts, **said, **attributes)


@cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _text(value: object) -> str:
    """Numbers without a needless tail, words escaped."""
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value) if isinstance(value, int) else escape(str(value))
