"""The options of a query: $filter, $expand, $orderby, $select, $top, $skip, $count, also within $expand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.errors import InputError
from twin.live.odata import parse

MOST_TOP = 1_000
USUAL_TOP = 100
MOST_DEPTH = 4
KNOWN = ("$filter", "$expand", "$orderby", "$select", "$top", "$skip", "$count")


@dataclass(frozen=True)
class Options:
    """What is asked of a set: a condition as a tree, related entities, order (path, if falling), names."""

    where: Any = None
    expand: Mapping[str, Options] = field(default_factory=dict)
    order: tuple[tuple[tuple[str, ...], bool], ...] = ()
    select: tuple[str, ...] = ()
    top: int = USUAL_TOP
    skip: int = 0
    count: bool = False


def options_of(given: Mapping[str, str], depth: int = 0) -> Options:
    """Options as they stand in an address; raises `InputError` for what is not known or not right.

    >>> options_of({"$top": "5", "$orderby": "result desc,id"}).order
    ((('result',), True), (('id',), False))
    """
    for name in given:
        if name not in KNOWN:
            raise InputError(f"option {name}", "is not known", f"one of {', '.join(KNOWN)}")
    if given.get("$count", "false") not in ("true", "false"):
        raise InputError("$count", repr(given["$count"]), "true or false")
    return Options(
        where=parse(given["$filter"]) if given.get("$filter", "").strip() else None,
        expand=_expanded(given.get("$expand", ""), depth),
        order=tuple(_ordered(part) for part in split(given.get("$orderby", ""), ",")),
        select=tuple(split(given.get("$select", ""), ",")),
        top=min(_whole(given, "$top", USUAL_TOP), MOST_TOP),
        skip=_whole(given, "$skip", 0),
        count=given.get("$count") == "true",
    )


def split(text: str, at: str) -> list[str]:
    """Parts of a text, cut where a letter stands outside of brackets and quotes.

    >>> split("a($top=1;$filter=name eq 'x,y'),b", ",")
    ["a($top=1;$filter=name eq 'x,y')", 'b']
    """
    parts, depth, quoted = [""], 0, False
    for letter in text:
        if letter == "'":
            quoted = not quoted
        if not quoted:
            depth += (letter == "(") - (letter == ")")
        if letter == at and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _expanded(text: str, depth: int) -> dict[str, Options]:
    """Related entities by name; ``A/B`` is B within A."""
    found: dict[str, Options] = {}
    for part in split(text, ","):
        if depth >= MOST_DEPTH:
            raise InputError("$expand", f"more than {MOST_DEPTH} deep", "fewer")
        head, slash, rest = part.partition("/")
        if slash and "(" not in head:
            found[head] = options_of({"$expand": rest}, depth + 1)
            continue
        name, bracket, inner = part.partition("(")
        if bracket and not inner.endswith(")"):
            raise InputError("$expand", f"no end to the bracket of {name}", "NAME(OPTION;OPTION)")
        given: dict[str, str] = {}
        for option in split(inner[:-1], ";"):
            key, equals, value = option.partition("=")
            if not equals:
                raise InputError("$expand", f"{option!r}", "$OPTION=VALUE")
            given[key.strip()] = value
        found[name.strip()] = options_of(given, depth + 1)
    return found


def _ordered(part: str) -> tuple[tuple[str, ...], bool]:
    name, _, way = part.partition(" ")
    if way.strip().lower() not in ("", "asc", "desc"):
        raise InputError("$orderby", repr(part), "NAME, NAME asc or NAME desc")
    return tuple(name.split("/")), way.strip().lower() == "desc"


def _whole(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name, str(usual))
    if not text.isdecimal() or len(text) > 12:
        raise InputError(name, repr(text), "a whole number, 0 or more")
    return int(text)
