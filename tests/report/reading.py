"""Reads a page back: its data block, its elements, what it would fetch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "link", "input", "br", "hr", "img", "option"}


@dataclass
class Element:
    """One element with its attributes and what stands in it, texts and elements in their order."""

    tag: str
    attributes: dict[str, str]
    content: list[Element | str] = field(default_factory=list)

    @property
    def inside(self) -> list[Element]:
        """Elements directly in it."""
        return [each for each in self.content if isinstance(each, Element)]

    def text(self) -> str:
        """Text of the element and of all in it."""
        return "".join(each if isinstance(each, str) else each.text() for each in self.content)

    def find(self, tag: str, **attributes: str) -> list[Element]:
        """Elements below of that tag; an attribute `class_` matches one of the classes."""
        found = []
        for each in self.inside:
            if each.tag == tag and all(_has(each, key, value) for key, value in attributes.items()):
                found.append(each)
            found += each.find(tag, **attributes)
        return found


def _has(element: Element, key: str, value: str) -> bool:
    if key == "class_":
        return value in element.attributes.get("class", "").split()
    return element.attributes.get(key.replace("_", "-")) == value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def parsed(html: str) -> Element:
    """The page as a tree."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


def data_of(html: str) -> dict[str, Any]:
    """The JSON behind the pictures."""
    (block,) = parsed(html).find("script", type="application/json")
    data: dict[str, Any] = json.loads(block.text())
    return data


def everything(root: Element) -> list[Element]:
    """All elements of a tree."""
    return [root, *(each for inside in root.inside for each in everything(inside))]
