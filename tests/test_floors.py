"""The house rules that a machine can check: imports go down only, files and functions stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_KERNEL_LINES = 80
MAX_ARGUMENTS = 8
SOURCES = sorted((ROOT / "twin").rglob("*.py"))
KERNEL_MARKS = {"kernel", "inline_kernel", "hot_kernel"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_imports_go_down_only():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("kernels/upward.py", "import twin.study"),
        ("mobility/sideways.py", "import twin.sensing"),
        ("study/drawing.py", "import matplotlib"),
        ("readers/second_door.py", "import osmnx"),
        ("writers/sideways.py", "import twin.live"),
        ("study/listening.py", "import starlette"),
        ("unknown_room.py", "x = 1"),
    ],
)
def test_the_contracts_bite(tmp_path, room, line):
    """A house of empty rooms keeps the contracts, and one wrong import breaks them."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for source in SOURCES:
        module = tmp_path / source.relative_to(ROOT)
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text("")
    assert lint_imports(tmp_path).returncode == 0
    (tmp_path / "twin" / room).write_text(line + "\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr


def functions(source: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_kernel(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id in KERNEL_MARKS for mark in function.decorator_list)


def n_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def test_files_and_functions_stay_short():
    found = []
    for source in SOURCES:
        where = source.relative_to(ROOT).as_posix()
        n_lines = len(source.read_text(encoding="utf-8").splitlines())
        if n_lines > MAX_FILE_LINES:
            found.append(f"{where}: {n_lines} lines; right would be {MAX_FILE_LINES} at most")
        for function in functions(source):
            length = (function.end_lineno or 0) - function.lineno + 1
            limit = MAX_KERNEL_LINES if is_kernel(function) else MAX_FUNCTION_LINES
            if length > limit:
                found.append(f"{where}: {function.name} has {length} lines; right would be {limit} at most")
            if n_arguments(function) > MAX_ARGUMENTS:
                found.append(f"{where}: {function.name} has {n_arguments(function)} arguments; 8 at most")
    assert found == []


def test_no_room_is_called_utils():
    assert [source.name for source in SOURCES if source.stem in ("utils", "helpers", "misc", "common")] == []


def test_no_two_classes_have_one_name():
    """One word a thing: who reads a class's name anywhere knows which class it is."""
    homes: dict[str, list[str]] = {}
    for source in SOURCES:
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(source.relative_to(ROOT).as_posix())
    assert len(homes) > 500
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
