"""Every row of the ledger is asked for by the package: what nothing reads is an assumption of nothing.

Names are looked for where code speaks of them: as a string, or put together by an f-string of which every
part is itself a string of the package, or put together of such. Docstrings do not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import twin
from twin.scenario.ledger import Parameters

HOME = Path(twin.__file__).parent
PART = None
"""What is put into an f-string, among its fixed pieces."""
Pieces = tuple[str | None, ...]


@cache
def spoken() -> tuple[frozenset[str], tuple[Pieces, ...]]:
    """Strings of the package, and its f-strings as pieces."""
    strings, made = set(), set()
    for source in HOME.rglob("*.py"):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                strings.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                made.add(
                    tuple(str(each.value) if isinstance(each, ast.Constant) else PART for each in node.values)
                )
    return frozenset(strings), tuple(pieces for pieces in made if any(pieces))


def parts_of(text: str, pieces: Pieces) -> Iterator[list[str]]:
    """Every way in which a text can be those pieces: what stands in place of each part."""
    if not pieces or any(piece not in text for piece in pieces if piece):
        if not text and not pieces:
            yield []
        return
    first, rest = pieces[0], pieces[1:]
    if first is not PART:
        if text.startswith(first):
            yield from parts_of(text[len(first) :], rest)
        return
    for end in range(1, len(text) + 1) if rest else (len(text),):
        yield from ([text[:end], *others] for others in parts_of(text[end:], rest))


@cache
def is_said(name: str, depth: int) -> bool:
    """Whether code says a text, or puts it together of what code says."""
    strings, made = spoken()
    if name in strings or depth < 0:
        return name in strings
    return any(
        all(is_said(part, depth - 1) for part in parts)
        for pieces in made
        for parts in parts_of(name, pieces)
        if all(parts)
    )


def is_read(name: str) -> bool:
    """Whether code says the name of a row, its room at the beginning of a fixed piece."""
    strings, made = spoken()
    room = name[: name.index(".") + 1]
    return name in strings or any(
        all(is_said(part, 0) for part in parts)
        for pieces in made
        if (pieces[0] or "").startswith(room)
        for parts in parts_of(name, pieces)
        if all(parts)
    )


@pytest.mark.one_interpreter("reads sources, which are the same on each")
def test_every_row_is_read_by_the_package() -> None:
    assert [name for name in Parameters.defaults() if not is_read(name)] == []


@pytest.mark.one_interpreter("reads sources, which are the same on each")
def test_a_name_that_nobody_says_is_found_out() -> None:
    rooms = {name.split(".")[0] for name in Parameters.defaults()}
    assert not [room for room in rooms if is_read(f"{room}.nobody_says_s")]
    assert not is_read("transit.early_s")
