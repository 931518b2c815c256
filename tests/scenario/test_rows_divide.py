"""No row by which the package divides takes 0: a scenario that sets it is told so, before anything is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import twin
from twin.scenario.ledger import Parameters

HOME = Path(twin.__file__).parent
LEDGER = Parameters.defaults()


def factors(divisor: ast.expr) -> Iterator[str]:
    """Rows that a divisor is 0 with: itself, a power or a factor of it, as a number or not."""
    match divisor:
        case ast.Subscript(slice=ast.Constant(value=str(name))) if name in LEDGER:
            yield name
        case ast.Subscript(value=inner) | ast.BinOp(left=inner, op=ast.Pow()):
            yield from factors(inner)
        case ast.Call(func=ast.Name(id="float" | "int" | "round"), args=[inner]):
            yield from factors(inner)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from (*factors(left), *factors(right))


def divisors() -> Iterator[str]:
    """Rows by which the package divides where it asks for them."""
    for source in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
                yield from factors(node.right)


@pytest.mark.one_interpreter("reads sources, which are the same on each")
def test_what_divides_takes_no_0() -> None:
    found = set(divisors())
    assert len(found) > 20, "divisors are found"
    assert sorted(name for name in found if LEDGER.row(name).zero) == []
